# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._model.errors import PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project, WantedMembers
from ansible_collections.xloud.image.plugins.module_utils._plan.member import plan_answer, plan_members
from ansible_collections.xloud.image.tests.unit.fakes.samples import image

A, B, C = Project("p-a", "team-a"), Project("p-b", "team-b"), Project("p-c", "p-c")
SHARED = image(visibility="shared")
ONE = (Member("p-a", "accepted"),)
TWO = (*ONE, Member("p-b", "pending"))


def steps(plan):
    return [(action.verb, action.project.id) for action in plan.actions if hasattr(action, "project")]


def listed(members):
    return {member.project_id: member.status for member in members}


@pytest.mark.parametrize(
    ("asked", "found", "expected", "after"),
    [
        ({"projects": (A,)}, (), [("add_member", "p-a")], {"p-a": "pending"}),
        ({"projects": (A,)}, ONE, [], {"p-a": "accepted"}),
        ({"projects": (B,)}, ONE, [("add_member", "p-b")], {"p-a": "accepted", "p-b": "pending"}),
        ({"projects": ()}, TWO, [], {"p-a": "accepted", "p-b": "pending"}),
        ({"projects": (A,), "exact": True}, TWO, [("remove_member", "p-b")], {"p-a": "accepted"}),
        (
            {"projects": (C,), "exact": True},
            TWO,
            [("add_member", "p-c"), ("remove_member", "p-a"), ("remove_member", "p-b")],
            {"p-c": "pending"},
        ),
        ({"projects": (), "exact": True}, TWO, [("remove_member", "p-a"), ("remove_member", "p-b")], {}),
        ({"projects": (A, C), "absent": True}, TWO, [("remove_member", "p-a")], {"p-b": "pending"}),
        ({"projects": (C,), "absent": True}, TWO, [], {"p-a": "accepted", "p-b": "pending"}),
        (
            {"projects": (A,), "answers": {A: "accepted"}},
            (),
            [("add_member", "p-a"), ("set_member_status", "p-a")],
            {"p-a": "accepted"},
        ),
        ({"projects": (A,), "answers": {A: "accepted"}}, ONE, [], {"p-a": "accepted"}),
        ({"projects": (A,), "answers": {A: "rejected"}}, ONE, [("set_member_status", "p-a")], {"p-a": "rejected"}),
        ({"projects": (A,), "answers": {A: "pending"}}, (), [("add_member", "p-a")], {"p-a": "pending"}),
        ({"projects": (A,), "answers": {B: "accepted"}}, ONE, [], {"p-a": "accepted"}),
    ],
    ids=[
        "add",
        "there",
        "more",
        "none",
        "exact",
        "exact-other",
        "exact-none",
        "absent",
        "gone",
        "add-answer",
        "answered",
        "another-answer",
        "pending-anyway",
        "stranger",
    ],
)
def test_owners_side(asked, found, expected, after):
    plan, members = plan_members(WantedMembers(**asked), SHARED, found)
    assert steps(plan) == expected
    assert listed(members) == plan.after["members"] == after
    assert plan.before["members"] == listed(found)


@pytest.mark.parametrize("absent", [False, True])
def test_a_project_named_twice_is_one_project(absent):
    twice = (A, Project("p-a", "p-a"))
    plan, _members = plan_members(WantedMembers(twice, absent=absent), SHARED, ONE if absent else ())
    assert steps(plan) == [("remove_member" if absent else "add_member", "p-a")]


@pytest.mark.parametrize("visibility", ["private", "community", "public"])
def test_only_shared_images_have_members(visibility):
    found = image(visibility=visibility)
    with pytest.raises(PlanError, match=f"is {visibility}, and only shared images have members. Set make_shared"):
        plan_members(WantedMembers((A,)), found, ())
    plan, _members = plan_members(WantedMembers((A,), make_shared=True), found, ())
    assert [action.verb for action in plan.actions] == ["update", "forget_members", "add_member"]
    assert (plan.before["visibility"], plan.after["visibility"]) == (visibility, "shared")
    assert plan.image.visibility == "shared"


def test_sharing_is_a_publication():
    plan, _members = plan_members(WantedMembers((A,), make_shared=True, today="2026-03-01"), image(), ())
    assert plan.image.properties["published_since"] == "2026-03-01"
    published = image(properties={"published_since": "2026-01-01"})
    plan, _members = plan_members(WantedMembers((A,), make_shared=True, today="2026-03-01"), published, ())
    assert plan.image.properties["published_since"] == "2026-01-01"


@pytest.mark.parametrize(
    "asked", [{"projects": ()}, {"projects": (), "exact": True}, {"projects": (A,), "absent": True}]
)
def test_an_image_is_made_shared_only_to_share_it(asked):
    plan, members = plan_members(WantedMembers(make_shared=True, **asked), image(), ())
    assert (plan.actions, members) == ((), ())


@pytest.mark.parametrize(
    ("found", "status", "changes"),
    [("pending", "accepted", True), ("accepted", "accepted", False), ("accepted", "rejected", True)],
)
def test_consumers_side(found, status, changes):
    plan, members = plan_answer(SHARED, Member("p-a", found), A, status)
    assert steps(plan) == ([("set_member_status", "p-a")] if changes else [])
    assert listed(members) == {"p-a": status}
    assert (plan.before["members"], plan.after["members"]) == ({"p-a": found}, {"p-a": status})


def test_nobody_answers_what_was_not_asked():
    with pytest.raises(PlanError, match=r"is not shared with project team-a \(p-a\)"):
        plan_answer(SHARED, None, A, "accepted")


IDS = st.sampled_from(["p-a", "p-b", "p-c", "p-d"])
STATUSES = st.sampled_from(["pending", "accepted", "rejected"])


@st.composite
def cases(draw):
    projects = tuple(Project(i, i) for i in draw(st.lists(IDS, unique=True)))
    absent = draw(st.booleans())
    answers = {} if absent else {project: draw(STATUSES) for project in projects if draw(st.booleans())}
    wanted = WantedMembers(projects, absent, not absent and draw(st.booleans()), True, answers=answers)
    found = tuple(Member(i, status) for i, status in draw(st.dictionaries(IDS, STATUSES)).items())
    return wanted, found


@given(cases())
def test_planning_again_finds_nothing(case):
    wanted, found = case
    plan, members = plan_members(wanted, SHARED, found)
    assert plan_members(wanted, plan.image, members)[0].actions == ()


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_what_is_found_does_not_matter(case, random):
    wanted, found = case
    shuffled = list(found)
    random.shuffle(shuffled)
    assert plan_members(wanted, SHARED, shuffled) == plan_members(wanted, SHARED, found)


@given(cases())
def test_nobody_is_removed_without_a_word(case):
    wanted, found = case
    plan, _members = plan_members(wanted, SHARED, found)
    removed = {project for verb, project in steps(plan) if verb == "remove_member"}
    if wanted.absent:
        assert removed <= {project.id for project in wanted.projects}
    elif not wanted.exact:
        assert removed == set()
