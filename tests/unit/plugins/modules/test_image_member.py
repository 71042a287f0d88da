# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME, OURS


def test_a_share(glance, run_thrice):
    image_id = glance.add(NAME, **OURS)
    result = run_thrice("image_member", cloud="admin", image=NAME, members=["team-a"], make_shared=True)
    assert result["members"] == [{"project_id": "p-a", "status": "pending"}]
    assert glance.members[image_id] == {"p-a": "pending"}


def test_both_sides(glance, run_thrice):
    image_id = glance.add(NAME, visibility="shared", **OURS)
    options = {"members": ["team-a"], "member_clouds": {"team-a": "team-a"}}
    result = run_thrice("image_member", image=NAME, **options)
    assert result["members"] == [{"project_id": "p-a", "status": "accepted"}]
    assert glance.members[image_id] == {"p-a": "accepted"}


def test_the_consumers_side(glance, run_thrice):
    image_id = glance.add(NAME, visibility="shared", members={"p-a": "pending", "p-b": "pending"}, **OURS)
    result = run_thrice("image_member", cloud="team-a", image=NAME, status="rejected")
    assert result["members"] == [{"project_id": "p-a", "status": "rejected"}]
    assert glance.members[image_id] == {"p-a": "rejected", "p-b": "pending"}


def test_the_exact_set(glance, run_thrice):
    image_id = glance.add(NAME, visibility="shared", members={"p-a": "accepted", "p-b": "accepted"}, **OURS)
    run_thrice("image_member", cloud="admin", image=NAME, members=["team-a"], exact=True)
    assert glance.members[image_id] == {"p-a": "accepted"}


def test_the_end_of_a_share(glance, run_thrice):
    image_id = glance.add(NAME, visibility="shared", members={"p-a": "accepted", "p-b": "accepted"}, **OURS)
    run_thrice("image_member", cloud="admin", image=NAME, members=["team-a"], state="absent")
    assert glance.members[image_id] == {"p-b": "accepted"}


def test_one_project_by_name_and_by_id(cloud, glance, run_thrice):
    project = "0123456789abcdef0123456789abcdef"
    cloud.projects[project] = "team-x"
    image_id = glance.add(NAME, visibility="shared", members={project: "accepted"}, **OURS)
    run_thrice("image_member", cloud="admin", image=NAME, members=["team-x", project], state="absent")
    assert glance.members[image_id] == {}


def test_who_was_a_member_once_is_not_let_in_again(glance, run):
    """The service keeps the members of an image that is no longer shared, and they are back once it is again."""
    image_id = glance.add(NAME, members={"p-b": "accepted"}, **OURS)
    options = {"members": ["team-a"], "exact": True, "make_shared": True}
    result = run("image_member", cloud="admin", image=NAME, **options)
    assert glance.members[image_id] == {"p-a": "pending"}
    assert result["members"] == [{"project_id": "p-a", "status": "pending"}]
    assert not run("image_member", cloud="admin", image=NAME, **options)["changed"]


def test_what_is_returned_is_what_is_there(glance, run):
    image_id = glance.add(NAME, members={"p-a": "accepted"}, **OURS)
    result = run("image_member", cloud="admin", image=NAME, members=["team-a"], make_shared=True)
    assert {each["project_id"]: each["status"] for each in result["members"]} == glance.members[image_id]


@pytest.mark.parametrize("check", [True, False])
def test_a_project_that_does_not_exist(cloud, glance, run, check):
    glance.add(NAME, visibility="shared", **OURS)
    result = run("image_member", cloud="admin", check=check, image=NAME, members=["0" * 32])
    assert result["failed"]
    assert "there is no project" in result["msg"]
    assert cloud.changes == []
