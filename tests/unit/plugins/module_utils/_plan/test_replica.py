# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._cloud.origin import origin_name
from ansible_collections.xloud.image.plugins.module_utils._cloud.replica import read_originals, read_replicas
from ansible_collections.xloud.image.plugins.module_utils._cloud.run import run_steps
from ansible_collections.xloud.image.plugins.module_utils._model.errors import (
    DataError,
    ForbiddenError,
    InputError,
    PlanError,
)
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DELETE_ON,
    DEPRECATED,
    DEPRECATED_SINCE,
    FROZEN,
    PUBLISHED_SINCE,
    REPLACED_BY,
    RETIRED_SINCE,
    REVOKED_SINCE,
    SOURCE_CHECKSUM,
    STAGED_SINCE,
    TAG,
    VISIBILITIES,
    Image,
)
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName
from ansible_collections.xloud.image.plugins.module_utils._model.plan import CreateImage
from ansible_collections.xloud.image.plugins.module_utils._model.replica import (
    Original,
    ReplicaFacts,
    Unusable,
    WantedReplica,
)
from ansible_collections.xloud.image.plugins.module_utils._model.source import CloudSource, SourceFacts
from ansible_collections.xloud.image.plugins.module_utils._plan.replica import (
    originals_of,
    plan_replica,
    plan_replicas,
    plan_with_answers,
)
from ansible_collections.xloud.image.tests.unit.fakes.catalog import marks, name, there
from ansible_collections.xloud.image.tests.unit.fakes.cloud import FakeCloud
from ansible_collections.xloud.image.tests.unit.fakes.samples import DATA, checksum, verbs
from ansible_collections.xloud.image.tests.unit.fakes.usage import ABSENT, REFUSED, UNUSED, server, used, volume

ADMIN = frozenset({"admin"})
ALL = WantedReplica()


def original(version="1.0", state="published", /, **changes):
    image = there(version, state, **changes)
    members = tuple(Member(project, status) for project, status in changes.pop("members", {}).items())
    facts = SourceFacts(image.disk_format, image.size, image.virtual_size, {"sha512": image.os_hash_value})
    source = CloudSource("the origin", image.name, image.id)
    return Original(ImageName.parse(image.name), image, members, source, checksum("sha512"), facts)


def shared_with(members, **changes):
    made = original("1.0", visibility="shared", **changes)
    return dataclasses.replace(made, members=tuple(Member(key, status) for key, status in members.items()))


def plan(made, *images, wanted=ALL, **facts):
    return plan_replica(made, images, wanted, ReplicaFacts(**{"roles": ADMIN, "project_id": "p-own", **facts}))


def patch_of(whole):
    [update] = [action for action in whole.actions if action.verb == "update"]
    return {operation.path: operation.value for operation in update.patch}


# Stages


@pytest.mark.parametrize(
    ("state", "changes", "expected"),
    [
        ("staged", {}, ["create"]),
        ("staged", {"protected": True}, ["create", "update"]),
        ("staged", {"status": "deactivated"}, ["create", "deactivate"]),
        ("published", {}, ["create", "update"]),
        ("deprecated", {}, ["create", "update"]),
        ("hidden", {}, ["create", "update"]),
        ("retired", {}, ["create", "update", "deactivate"]),
        ("revoked", {}, ["create", "update", "deactivate"]),
    ],
)
def test_a_replica_that_is_missing(state, changes, expected):
    made = original("1.0", state, **changes)
    whole, shortcoming = plan(made)
    assert (verbs(whole), shortcoming) == (expected, None)
    assert whole.image.stage == made.image.stage
    assert whole.image.properties == made.image.properties


def test_an_image_is_created_private_and_without_its_stage():
    whole, _none = plan(original("1.0", "deprecated", protected=True))
    creation = whole.actions[0]
    assert creation.body["visibility"] == "private"
    assert not {DEPRECATED, DEPRECATED_SINCE, PUBLISHED_SINCE, "protected"} & creation.body.keys()


def test_what_replaces_a_staged_replica_belongs_to_the_owner_as_well():
    other = there("1.0", "staged", id="id-replica", owner="p-x", os_hash_value="0" * 128)
    whole, _none = plan(original("1.0", "staged"), other, wanted=WantedReplica(owner="p-x"))
    assert verbs(whole) == ["create", "delete"]
    assert whole.actions[0].body["owner"] == "p-x"


@pytest.mark.parametrize("state", ["staged", "published", "deprecated", "hidden", "retired", "revoked"])
def test_a_replica_that_is_right(state):
    made = original("1.0", state)
    whole, shortcoming = plan(made, dataclasses.replace(made.image, id="id-replica"))
    assert (whole.actions, shortcoming, whole.before) == ((), None, whole.after)


@pytest.mark.parametrize(
    ("here", "state", "expected", "patch"),
    [
        ("staged", "published", ["update"], {"visibility", PUBLISHED_SINCE}),
        ("published", "deprecated", ["update"], {DEPRECATED, DEPRECATED_SINCE, PUBLISHED_SINCE}),
        ("deprecated", "published", ["update"], {DEPRECATED, DEPRECATED_SINCE, PUBLISHED_SINCE}),
        (
            "published",
            "retired",
            ["update", "deactivate"],
            {"visibility", "os_hidden", DEPRECATED, DEPRECATED_SINCE, RETIRED_SINCE, PUBLISHED_SINCE},
        ),
        (
            "retired",
            "published",
            ["update", "reactivate"],
            {"visibility", "os_hidden", DEPRECATED, DEPRECATED_SINCE, RETIRED_SINCE, PUBLISHED_SINCE},
        ),
    ],
)
def test_a_replica_follows_its_original(here, state, expected, patch):
    whole, _none = plan(original("1.0", state), there("1.0", here, id="id-replica", properties={STAGED_SINCE: None}))
    assert verbs(whole) == expected
    assert patch_of(whole).keys() == patch


def test_what_only_the_replica_has():
    image = there("1.0", properties={"own": "1", DELETE_ON: "2027-01-01"}, tags=frozenset({TAG, "own"}))
    whole, _none = plan(original(), image)
    assert patch_of(whole) == {DELETE_ON: None}
    assert whole.image.properties["own"] == "1"
    assert whole.image.tags == {TAG, "own"}


def test_without_visibility():
    wanted = WantedReplica(visibility=False)
    made = original("1.0", "retired")
    assert verbs(plan(made, wanted=wanted)[0]) == ["create"]
    assert plan(made, there("1.0", "published"), wanted=wanted)[0].actions == ()


def test_a_revoked_replica_stays_revoked():
    with pytest.raises(PlanError, match="is revoked here since"):
        plan(original(), there("1.0", "revoked"))
    assert plan(original("1.0", "retired"), there("1.0", "retired"))[0].actions == ()


# Content


def test_published_content_never_changes():
    with pytest.raises(PlanError, match="published content never changes"):
        plan(original(), there("1.0", data=b"other"))


def test_published_metadata_never_changes():
    with pytest.raises(PlanError, match="its metadata never changes: min_ram"):
        plan(original("1.0", min_ram=512), there("1.0"))


def test_an_image_of_somebody_else():
    foreign = there("1.0", properties={"xloud_image_template": None}, tags=frozenset())
    assert verbs(plan(original(), foreign)[0]) == ["update"]
    with pytest.raises(PlanError, match="was not made by this collection"):
        plan(original(), dataclasses.replace(foreign, os_hash_value="0" * 128))


def test_data_that_cannot_be_had_is_needed_only_for_what_is_missing():
    made = dataclasses.replace(original(), unreadable=ForbiddenError("deactivated"))
    with pytest.raises(ForbiddenError, match="deactivated"):
        plan(made)
    assert plan(made, there("1.0"))[0].actions == ()


def test_data_that_nothing_verifies():
    with pytest.raises(DataError, match="cannot be verified"):
        plan(dataclasses.replace(original(), checksum=None))


def test_the_checksum_that_a_replica_is_compared_by_is_recorded():
    made = original("1.0", properties={SOURCE_CHECKSUM: str(checksum("sha256", b"compressed"))})
    made = dataclasses.replace(made, checksum=checksum("sha256"))
    whole, _none = plan(made)
    [creation] = [action for action in whole.actions if isinstance(action, CreateImage)]
    assert creation.body[SOURCE_CHECKSUM] == str(checksum("sha256"))
    assert creation.upload.keep


# Members


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ({"p-a": "pending"}, {}, [("add_member", "p-a", None)]),
        ({"p-a": "accepted"}, {}, [("add_member", "p-a", None), ("set_member_status", "p-a", "accepted")]),
        ({"p-a": "rejected"}, {"p-a": "pending"}, [("set_member_status", "p-a", "rejected")]),
        ({"p-a": "accepted"}, {"p-a": "rejected"}, []),
        ({"p-a": "pending"}, {"p-a": "accepted"}, []),
        ({}, {"p-a": "accepted"}, []),
        ({"p-own": "accepted"}, {}, []),
    ],
)
def test_members(theirs, ours, expected):
    image = there("1.0", visibility="shared")
    members = {image.id: tuple(Member(key, status) for key, status in ours.items())}
    whole, shortcoming = plan(shared_with(theirs), image, members=members)
    assert [(each.verb, each.project.id, getattr(each, "status", None)) for each in whole.actions] == expected
    assert shortcoming is None


def test_answers_of_others_are_lacking_without_an_administrator():
    image = there("1.0", visibility="shared")
    whole, shortcoming = plan(shared_with({"p-a": "accepted", "p-b": "pending"}), image, roles=frozenset({"member"}))
    assert verbs(whole) == ["add_member", "add_member"]
    assert "p-a accepted" in shortcoming.message
    assert "p-b" not in shortcoming.message


def test_projects_of_the_target():
    image = there("1.0", visibility="shared")
    error = PlanError("there is no project p-c.")
    projects = {"p-a": Project("p-1", "one"), "p-b": None, "p-c": error}
    whole, shortcoming = plan(shared_with(dict.fromkeys(projects, "pending")), image, projects=projects)
    assert [each.project.id for each in whole.actions] == ["p-1"]
    assert "there is no project p-c" in shortcoming.message


@pytest.mark.parametrize("wanted", [WantedReplica(members=False), WantedReplica(visibility=False)])
def test_an_image_that_is_not_to_be_shared(wanted):
    whole, shortcoming = plan(shared_with({"p-a": "accepted"}), wanted=wanted)
    assert not {"add_member", "set_member_status"} & {*verbs(whole)}
    assert shortcoming is None


# What is in use


def answered(made, *found, usage, wanted=ALL):
    """Plan for one image, and return the plan and what was asked."""
    asked = []

    def tell(images):
        asked.extend(image.id for image in images)
        return {image.id: usage for image in images}

    facts = ReplicaFacts({name("1.0"): found}, roles=ADMIN)
    return plan_with_answers((made,), wanted, facts, lambda _plan: {}, tell), asked


@pytest.mark.parametrize("usage", [used(server("web")), used(volume("disk")), REFUSED])
def test_what_may_be_in_use_is_hidden_with_all_else_of_its_original(usage):
    made = original("1.0", "retired", protected=True)
    whole, asked = answered(made, there("1.0", id="id-replica"), usage=usage)
    [version] = whole.versions
    expected = {"os_hidden", "protected", DEPRECATED, DEPRECATED_SINCE, PUBLISHED_SINCE}
    assert (asked, set(patch_of(version))) == (["id-replica"], expected)
    assert [action.verb for action in version.actions] == ["update"]
    assert (version.stage, version.image.stage, version.error) == ("hidden", "hidden", None)
    assert [finding.kind for finding in whole.findings] == ["in_use" if usage.resources else "usage_unknown"]
    # The next run asks again, changes nothing, and says the same.
    again, asked_again = answered(made, version.image, usage=usage)
    assert (again.changed, again.findings, asked_again) == (False, whole.findings, asked)


@pytest.mark.parametrize("usage", [UNUSED, ABSENT])
def test_what_nobody_uses_is_taken_away(usage):
    for found in (there("1.0"), there("1.0", "hidden")):
        whole, asked = answered(original("1.0", "retired"), found, usage=usage)
        assert (len(asked), whole.findings) == (1, ())
        assert whole.versions[0].image.stage == whole.versions[0].stage == "retired"


@pytest.mark.parametrize(
    ("changes", "after", "words"),
    [
        ({"status": "deactivated"}, ("community", "active"), "is deactivated, as its original is, once"),
        ({"visibility": "private"}, ("community", "active"), "is made private, as its original is, once"),
    ],
)
def test_half_of_a_retirement_takes_away_as_well(changes, after, words):
    whole, asked = answered(original("1.0", **changes), there("1.0"), usage=used(server("web")))
    image = whole.versions[0].image
    assert ((image.visibility, image.status), image.stage, len(asked)) == (after, "hidden", 1)
    assert words in whole.findings[0].message


def test_a_staged_replica_that_somebody_tried_is_not_taken_for_one_that_is_retired():
    made = original("1.0", "retired")
    whole, _asked = answered(made, there("1.0", "staged"), usage=used(server("trial")))
    image = whole.versions[0].image
    assert (image.status, image.hidden, RETIRED_SINCE in image.properties) == ("active", True, False)
    again, asked = answered(made, image, usage=used(server("trial")))
    assert (again.changed, len(asked)) == (False, 1)


@pytest.mark.parametrize("here", ["original", "replica"])
def test_a_revocation_is_not_held_back(here):
    revoked = {"properties": {REVOKED_SINCE: "2026-05-01"}}
    made = original("1.0", "revoked" if here == "original" else "retired")
    found = there("1.0", **(revoked if here == "replica" else {}))
    whole, asked = answered(made, found, usage=used(server("web")))
    assert (whole.versions[0].image.stage, len(asked)) == ("retired", 1)
    assert [finding.kind for finding in whole.findings] == ["revoked_in_use"]
    unknown, _asked = answered(made, found, usage=REFUSED)
    assert (unknown.versions[0].image.stage, unknown.findings) == ("retired", ())


@pytest.mark.parametrize(
    ("state", "found"),
    [
        ("published", there("1.0")),
        ("hidden", there("1.0")),
        ("retired", there("1.0", "retired")),
        ("published", there("1.0", "retired")),
        # Staged, with other data, and replaced.
        ("retired", there("1.0", "staged", os_hash_value="0" * 128)),
    ],
)
def test_nobody_is_asked_where_nothing_is_taken_away(state, found):
    whole, asked = answered(original("1.0", state), found, usage=used(server("web")))
    assert (asked, whole.findings, whole.usage) == ([], (), {})
    assert whole.versions[0].image.stage == state


def test_an_interrupted_retirement_is_completed_once_nobody_uses_it():
    found = there("1.0", "retired", status="active")
    whole, asked = answered(original("1.0", "retired"), found, usage=used(server("web")))
    assert ([finding.kind for finding in whole.findings], len(asked)) == (["in_use"], 1)
    image = whole.versions[0].image
    assert (image.visibility, image.status) == ("private", "active")
    whole, asked = answered(original("1.0", "retired"), found, usage=UNUSED)
    assert (whole.versions[0].image.stage, len(asked)) == ("retired", 1)


def test_a_revocation_of_what_is_retired_is_asked_about():
    whole, asked = answered(original("1.0", "revoked"), there("1.0", "retired"), usage=used(server("web")))
    assert ([finding.kind for finding in whole.findings], len(asked)) == (["revoked_in_use"], 1)


def test_a_revocation_does_not_wait_for_those_who_may_ask():
    def fail(_images):
        raise InputError("usage_cloud", "the Identity service refused the credentials")

    def plan(state):
        facts = ReplicaFacts({name("1.0"): (there("1.0"),)}, roles=ADMIN)
        return plan_with_answers((original("1.0", state),), ALL, facts, lambda _plan: {}, fail)

    assert plan("revoked").versions[0].image.stage == "retired"
    with pytest.raises(InputError):
        plan("retired")


def test_projects_that_do_not_exist_are_left_out_of_what_is_asked_about_too():
    gone = dataclasses.replace(
        original("1.1", visibility="shared"), members=(Member("p-a", "accepted"), Member("p-b", "accepted"))
    )
    found = {name("1.0"): (there("1.0"),), name("1.1"): (there("1.1", visibility="shared"),)}
    whole = plan_with_answers(
        (original("1.0", "retired"), gone),
        ALL,
        ReplicaFacts(found, roles=ADMIN),
        lambda plan: {"p-a": PlanError("no project p-a")} if plan.changed else {},
        lambda images: {image.id: used(server("web")) for image in images},
    )
    current, old = whole.versions
    assert "no project p-a" in current.error.message
    assert {action.project.id for action in current.actions} == {"p-b"}
    assert (old.stage, [finding.kind for finding in whole.findings]) == ("hidden", ["in_use"])


# Many


def test_the_current_version_goes_first():
    made = (original("1.0", "deprecated"), original("1.1"), original("1.2", "staged"))
    found = {name("1.0"): (there("1.0"),)}
    whole = plan_replicas(made, ALL, ReplicaFacts(found, roles=ADMIN))
    assert [version.version for version in whole.versions] == ["1.1", "1.2", "1.0"]
    assert {step.key: step.needs for step in whole.steps} == {
        name("1.1"): (),
        name("1.2"): (),
        name("1.0"): (name("1.1"),),
    }


def test_versions_of_other_templates_and_what_is_unusable_do_not_wait():
    made = (original("1.1"), Unusable("broken.raw", DataError("it is broken")))
    whole = plan_replicas(made, WantedReplica(("*", "absent-1-base-v1.0")), ReplicaFacts(roles=ADMIN))
    assert [(version.name, bool(version.error)) for version in whole.versions] == [
        (name("1.1"), False),
        ("broken.raw", True),
        ("absent-1-base-v1.0", True),
    ]


def test_stores_are_a_step_of_their_own():
    wanted = WantedReplica(stores=("main", "archive"))
    found = {name("1.0"): (there("1.0", stores=frozenset({"main"})),), name("1.1"): ()}
    whole = plan_replicas((original("1.0"), original("1.1")), wanted, ReplicaFacts(found, roles=ADMIN))
    assert {step.key: verbs(step.plan) for step in whole.steps} == {
        f"{name('1.0')} (stage)": ["copy_to_stores"],
        name("1.1"): ["create", "update"],
    }


def test_a_replica_that_is_larger_than_allowed():
    made = original("1.0", size=100, virtual_size=200)
    plan(made, wanted=WantedReplica(max_virtual_size=200))
    with pytest.raises(DataError, match="virtual size of 200 bytes .*, and max_virtual_size allows 199"):
        plan(made, wanted=WantedReplica(max_virtual_size=199))
    with pytest.raises(DataError, match="virtual size of 100 bytes"):
        plan(original("1.0", size=100, virtual_size=None), wanted=WantedReplica(max_virtual_size=99))
    assert (
        verbs(
            plan(
                original("1.0", "staged", size=100),
                there("1.0", "staged", size=100),
                wanted=WantedReplica(max_virtual_size=1),
            )[0]
        )
        == []
    )


# Once it is done, there is nothing left to do

FLAGS = st.booleans()
NUMBERS = ("1.0", "1.1", "1.2")
PROJECTS = {"p-own": "own", "p-a": "team-a", "p-b": "team-b"}
ALGORITHMS = st.sampled_from(["sha512", "sha256"])
STATUSES = st.sampled_from(["pending", "accepted", "rejected"])
PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "os_distro": st.sampled_from(["ubuntu", "debian"]),
        "only_some": st.just("have it"),
        PUBLISHED_SINCE: st.sampled_from(["2026-01-01", "2026-01-02"]),
        DEPRECATED: st.sampled_from(["true", "false"]),
        DEPRECATED_SINCE: st.just("2026-02-01"),
        REPLACED_BY: st.just("one"),
        RETIRED_SINCE: st.just("2026-02-15"),
        REVOKED_SINCE: st.just("2026-02-15"),
        STAGED_SINCE: st.sampled_from(["2025-12-01", "2025-12-02"]),
        FROZEN: st.just("true"),
    },
)
IMAGES = st.fixed_dictionaries(
    {
        "data": st.sampled_from([DATA, b"other"]),
        "status": st.sampled_from(["active", "deactivated"]),
        "visibility": st.sampled_from(VISIBILITIES),
        "os_hidden": FLAGS,
        "protected": FLAGS,
        "min_ram": st.sampled_from([0, 512]),
        "members": st.dictionaries(st.sampled_from(sorted(PROJECTS)), STATUSES),
    }
)
HALF = st.fixed_dictionaries({"data": st.none(), "status": st.sampled_from(["queued", "saving"])})


@st.composite
def images(draw, states):
    """An image, perhaps with a record of what it was made from: its data, or that in a compressed file."""
    image = {**draw(states), **draw(PROPERTIES)}
    if image["data"] is None or draw(FLAGS):
        return image
    made_from = draw(st.sampled_from([image["data"], b"packed " + image["data"]]))
    return {**image, SOURCE_CHECKSUM: str(checksum(draw(ALGORITHMS), made_from))}


def catalogues(states):
    """Images by their versions."""
    return st.dictionaries(st.sampled_from(NUMBERS), images(states))


def cloud_of(found, algorithm):
    cloud = FakeCloud(projects=PROJECTS)
    cloud.glance.hash_algorithm = algorithm
    for version, attributes in found.items():
        cloud.glance.add(name(version), **{**marks(version), **attributes})
    return cloud


WANTED = st.builds(WantedReplica, members=FLAGS, visibility=FLAGS)


@settings(max_examples=300)
@given(catalogues(IMAGES), catalogues(IMAGES | HALF), WANTED, ALGORITHMS, ALGORITHMS, FLAGS)
def test_replicas(theirs, ours, wanted, their_algorithm, our_algorithm, as_admin):
    origin, cloud = cloud_of(theirs, their_algorithm), cloud_of(ours, our_algorithm)
    source = origin.session(roles=("admin",))
    session = cloud.session(roles=("admin",) if as_admin else ("member",))
    before = {image["name"]: dict(image) for image in cloud.glance.images.values()}

    def planned():
        originals = read_originals(source, wanted, None, originals_of)
        return plan_replicas(originals, wanted, read_replicas(session, originals, wanted, {}))

    first = planned()
    outcomes = run_steps(Applier(session, origins={origin_name(source): source}), first.steps, 2)
    assert origin.changes == []
    again = planned()
    failed = {key for key, outcome in outcomes.items() if outcome.error}
    assert {step.key for step in again.steps} <= failed
    assert as_admin <= (not failed)
    images = {image["name"]: image for image in cloud.glance.images.values()}
    for version in again.versions:
        if version.error is None and version.name not in failed:
            check_replica(version.name, origin, cloud, images, wanted)
    for key, image in before.items():
        if image["visibility"] != "private" and image["status"] in ("active", "deactivated"):
            assert (images[key]["id"], images[key]["os_hash_value"]) == (image["id"], image["os_hash_value"])


USERS = st.sets(st.sampled_from(NUMBERS))


@given(catalogues(IMAGES), catalogues(IMAGES), USERS, FLAGS)
def test_nothing_is_taken_away_from_users(theirs, ours, users, knows):
    origin, cloud = cloud_of(theirs, "sha512"), cloud_of(ours, "sha512")
    source, session = origin.session(roles=("admin",)), cloud.session(roles=("admin",))
    before = {image["name"]: Image.from_api(image) for image in cloud.glance.images.values()}
    revoked = {
        each["name"] for place in (origin, cloud) for each in place.glance.images.values() if REVOKED_SINCE in each
    }
    in_use = {name(version) for version in users}
    usage = used(server("web")) if knows else REFUSED

    def tell(images):
        return {image.id: usage if image.name in in_use else UNUSED for image in images}

    def planned():
        originals = read_originals(source, ALL, None, originals_of)
        facts = read_replicas(session, originals, ALL, {})
        return plan_with_answers(originals, ALL, facts, lambda _plan: {}, tell)

    first = planned()
    run_steps(Applier(session, origins={origin_name(source): source}), first.steps, 2)
    again = planned()
    held = {finding.image for finding in first.findings if finding.kind != "revoked_in_use"}
    assert held <= in_use - revoked
    assert not held & {step.name for step in again.steps}
    assert {finding for finding in first.findings if finding.image in held} == {*again.findings}
    for image in map(Image.from_api, cloud.glance.images.values()):
        was = before.get(image.name)
        if image.name in held:
            assert (image.id, image.visibility, image.status, image.hidden) == (
                was.id,
                was.visibility,
                was.status,
                True,
            )
        elif was and was.id == image.id and was.visibility != "private" and image.name in in_use - revoked:
            assert image.visibility != "private"
            assert image.status == "active" or was.status == "deactivated"


def check_replica(key, origin, cloud, images, wanted):
    [made] = [image for image in origin.glance.images.values() if image["name"] == key]
    image = images[key]
    assert cloud.glance.data[image["id"]] == origin.glance.data[made["id"]]
    assert image["min_ram"] == made["min_ram"]
    if not wanted.visibility:
        return
    assert [image[each] for each in ("visibility", "os_hidden", "protected")] == [
        made[each] for each in ("visibility", "os_hidden", "protected")
    ]
    for prop in (PUBLISHED_SINCE, DEPRECATED, DEPRECATED_SINCE, REPLACED_BY, RETIRED_SINCE, REVOKED_SINCE):
        assert image.get(prop) == made.get(prop)
    if FROZEN not in image:
        assert image["status"] == ("active" if FROZEN in made else made["status"])
    if wanted.members and made["visibility"] == "shared":
        assert cloud.glance.members[image["id"]].keys() >= origin.glance.members[made["id"]].keys() - {"p-own"}
