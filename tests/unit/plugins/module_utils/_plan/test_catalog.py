# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run over a catalogue does, in which order, and what it leaves alone."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import Retention, parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DEPRECATED,
    PUBLISHED_SINCE,
    REPLACED_BY,
    RETIRED_SINCE,
    STAGED_SINCE,
    TAG,
    TEMPLATE,
    VERSION,
)
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project
from ansible_collections.xloud.image.plugins.module_utils._model.run import Facts, Finding, Read, WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._model.source import SourceFacts
from ansible_collections.xloud.image.plugins.module_utils._plan.catalog import (
    absentees,
    plan_catalog,
    plan_with_answers,
    readings,
    with_strays,
)
from ansible_collections.xloud.image.tests.unit.fakes.catalog import TODAY, UBUNTU, described, name, there
from ansible_collections.xloud.image.tests.unit.fakes.samples import checksum, digest, verbs
from ansible_collections.xloud.image.tests.unit.fakes.usage import server, used

V0, V1, V2, V3 = (name(version) for version in ("1.0", "1.1", "1.2", "1.3"))
DEBIAN = "debian-13-base"
SAME = Read(None, SourceFacts("raw", 4, 4, {"sha512": digest("sha512")}))
OTHER = Read(None, SourceFacts("raw", 5, 5, {"sha512": digest("sha512", b"other")}))
UNREAD = Read()
FOREIGN = {TEMPLATE: None, VERSION: None}
SHARED = {"visibility": "shared", "members": ["team-a"]}
PROJECTS = {"team-a": Project("p-a", "team-a"), "team-b": Project("p-b", "team-b")}


def sourced(versions):
    """Versions, each with a source; "1.0 1.1" stands for two of which nothing else is said."""
    given = {number: {} for number in versions.split()} if isinstance(versions, str) else versions
    return {number: {"source": f"{number}.raw", **keys} for number, keys in given.items()}


def wanted(versions, template=None, others=(), **options):
    document = {UBUNTU: described(sourced(versions), **(template or {})), **dict(others)}
    return WantedCatalog(parse_catalog(document, {}, "/images"), TODAY, **options)


def by_name(images):
    found = {}
    for image in images:
        found[image.name] = (*found.get(image.name, ()), image)
    return found


def planned(asked, *images, reads=None, members=None, projects=None):
    projects = PROJECTS if projects is None else projects
    asked = with_strays(asked, by_name(images))
    names = [str(version.name) for template in asked.templates for version in template.versions]
    facts = {**dict.fromkeys(names, SAME), **(reads or {})}
    return plan_catalog(asked, Facts(by_name(images), facts, members or {}, projects))


def steps(plan):
    """What is done, as "1.0: create update" with what has to be done before."""
    prefix = f"{UBUNTU}-v"
    return {
        step.key.removeprefix(prefix): (
            " ".join(verbs(step.plan)),
            *(need.removeprefix(prefix) for need in step.needs),
        )
        for step in plan.steps
    }


def version_of(plan, image):
    return next(version for version in plan.versions if version.name == image)


def stages(plan):
    return {version.version: version.stage for version in plan.versions if version.template == UBUNTU}


def reasons(plan):
    return [action.reason for action in plan.actions]


BROKEN = DataError("The source cannot be fetched.")
CURRENT = there("1.1")
REPLACED = there("1.0", "deprecated 9", properties={REPLACED_BY: V1})


# Steps and what they need


@pytest.mark.parametrize(
    ("versions", "keys", "images", "expected"),
    [
        ("1.0 1.1", {}, [REPLACED, CURRENT], {}),
        ("1.0", {}, [], {"1.0": ("create update",)}),
        ({"1.0": {"protected": True}}, {}, [], {"1.0": ("create update",)}),
        ({"1.0": {"stage": "staged"}}, {}, [], {"1.0": ("create",)}),
        ("1.0", {}, [there("1.0", "staged")], {"1.0": ("update",)}),
        ("1.0", {"min_ram": 512}, [there("1.0", "staged", tags=frozenset())], {"1.0": ("update",)}),
        ("1.0 1.1", {}, [there("1.0")], {"1.1": ("create update",), "1.0": ("update", "1.1")}),
        ("1.0 1.1", {}, [there("1.0"), there("1.1", "staged")], {"1.1": ("update",), "1.0": ("update", "1.1")}),
        ("1.0 1.1", {}, [there("1.0"), there("1.1")], {"1.0": ("update",)}),
        (
            "1.0 1.1",
            {},
            [],
            {"1.1": ("create update",), "1.0": ("create",), "1.0 (stage)": ("update", "1.0", "1.1")},
        ),
        ("1.0 1.1", {}, [CURRENT], {"1.0": ("create",), "1.0 (stage)": ("update", "1.0")}),
        (
            "1.0 1.1",
            {"current": "1.0"},
            [REPLACED, CURRENT],
            {"1.0": ("update",), "1.1": ("update", "1.0")},
        ),
        (
            "1.0 1.1",
            {"current": "1.0"},
            [there("1.0", "retired"), CURRENT],
            {"1.0": ("update reactivate",), "1.1": ("update", "1.0")},
        ),
        (
            "1.0 1.1",
            {"retention": {"available": 1}},
            [REPLACED, there("1.1", "staged")],
            {"1.1": ("update",), "1.0": ("update deactivate", "1.1")},
        ),
        ("1.0 1.1", {"retention": {"stored": 1}}, [there("1.0", "retired 9"), CURRENT], {"1.0": ("delete",)}),
        (
            {"1.0": {"protected": False, "delete_on": TODAY}, "1.1": {}},
            {},
            [there("1.0", "retired 9", protected=True), CURRENT],
            {"1.0": ("update delete",)},
        ),
    ],
)
def test_steps_and_what_they_need(versions, keys, images, expected):
    plan = planned(wanted(versions, keys), *images)
    assert steps(plan) == expected
    assert plan.findings == ()
    assert [version.error for version in plan.versions if version.error] == []


@pytest.mark.parametrize(
    ("images", "parts"),
    [
        ([there("1.0"), there("1.1")], 1),
        ([REPLACED, CURRENT], 1),
        ([there("1.0", "hidden"), CURRENT], 1),
        ([CURRENT], 2),
        ([there("1.0", "staged"), CURRENT], 2),
        ([there("1.0", "staged"), there("1.1", "staged")], 2),
    ],
    ids=["on-offer", "deprecated", "hidden", "missing", "staged", "never-published"],
)
def test_a_revocation_waits_for_nothing(images, parts):
    plan = planned(wanted({"1.0": {}, "1.1": {"revoked": True, "reason": "CVE"}}), *images)
    found = steps(plan)
    assert found["1.1"] == ("update deactivate",)
    assert found.get("1.1 (stage)") == (None if parts == 1 else ("update", "1.1", "1.0"))
    after = version_of(plan, V1).image
    assert (after.stage, after.properties[REPLACED_BY], after.is_revoked) == ("retired", V0, True)


def test_a_revocation_does_not_fail_with_what_replaces_the_version():
    images = [there("1.0", status="deactivated"), CURRENT]
    plan = planned(wanted({"1.0": {}, "1.1": {"revoked": True}}), *images, reads={V0: BROKEN})
    assert steps(plan) == {"1.1": ("update deactivate",)}
    assert version_of(plan, V1).error is None


def test_what_replaces_is_recorded_once_it_is_on_offer():
    plan = planned(wanted({"1.0": {}, "1.1": {"revoked": True}}), there("1.1"))
    at_once, noted = (step for step in plan.steps if step.name == V1)
    assert REPLACED_BY not in at_once.plan.image.properties
    assert (noted.late, noted.needs) == (True, (V1, V0))
    assert [operation.path for operation in noted.plan.actions[0].patch] == [REPLACED_BY]


def test_one_image_is_changed_by_one_patch():
    image = there("1.0", "staged", tags=frozenset("a"), properties=FOREIGN | {"old": "x"})
    plan = planned(wanted({"1.0": {"min_ram": 512, "properties": {"old": None}}}), image)
    [action] = plan.actions
    assert [operation.path for operation in action.patch] == [
        "min_ram",
        "old",
        PUBLISHED_SINCE,
        "tags",
        "visibility",
        TEMPLATE,
        VERSION,
    ]


def test_a_creation_records_the_day_and_belongs_to_the_owner():
    plan = planned(wanted("1.0", owner="p-x"))
    body = plan.actions[0].body
    assert (body[STAGED_SINCE], body["owner"], body["visibility"], body["tags"]) == (TODAY, "p-x", "private", [TAG])


def test_what_interrupted_runs_left_is_taken_away():
    half = there("1.0", "staged", id="half", status="queued", size=None)
    assert steps(planned(wanted("1.0"), half)) == {"1.0": ("delete create update",)}
    beyond = planned(wanted("1.0 1.1", {"retention": {"available": 1}}), half, CURRENT)
    assert steps(beyond) == {"1.0": ("delete",)}
    assert version_of(beyond, V0).stage == "absent"


@pytest.mark.parametrize(
    ("keys", "state", "done"),
    [
        ({"stage": "retired"}, "published", "update deactivate delete"),
        ({"revoked": True}, "published", "update deactivate delete"),
        ({}, "retired", "delete"),
        ({"delete_on": TODAY}, "retired 9", "delete delete"),
        ({}, "deprecated", "delete update"),
        ({"stage": "staged"}, "staged", "delete"),
    ],
)
def test_it_is_taken_away_beside_an_image_that_is_there(keys, state, done):
    half = there("1.0", "staged", id="half", status="queued", size=None)
    plan = planned(wanted({"1.0": keys, "1.1": {}}), there("1.0", state), half, CURRENT)
    assert steps(plan) == {"1.0": (done,)}
    purged = planned(wanted("1.1", purge=True), there("1.0", "deprecated 0"), half, CURRENT)
    assert steps(purged)["1.0"][0].startswith("delete")


def test_other_content_of_a_staged_version_replaces_it():
    plan = planned(wanted("1.0"), there("1.0", "staged"), reads={V0: OTHER})
    assert steps(plan) == {"1.0": ("create delete update",)}


def test_what_replaces_a_staged_version_belongs_to_the_owner_as_well():
    plan = planned(wanted("1.0", owner="p-x"), there("1.0", "staged", owner="p-x"), reads={V0: OTHER})
    assert plan.actions[0].body["owner"] == "p-x"


@pytest.mark.parametrize(
    ("gate", "found"),
    [
        ({"soak": 1}, {}),
        ({"required_properties": {"os_distro": None}}, {"properties": {"os_distro": "ubuntu"}}),
    ],
)
def test_gates_are_those_of_the_content_that_is_published(gate, found):
    image = there("1.0", "staged", **found)
    assert stages(planned(wanted("1.0", {"promotion": gate}), image)) == {"1.0": "published"}
    plan = planned(wanted("1.0", {"promotion": gate}), image, reads={V0: OTHER})
    assert steps(plan) == {"1.0": ("create delete",)}
    assert stages(plan) == {"1.0": "staged"}
    assert [finding.kind for finding in plan.findings] == ["gate"]


def test_plans_are_in_a_stable_order():
    asked = wanted("1.0 1.1 1.2", others={DEBIAN: described(sourced("1.0"))})
    plan = planned(asked, there("1.0"), there("1.1"), there("1.2"))
    assert [version.name for version in plan.versions] == [name("1.0", DEBIAN), V2, V1, V0]


# Failures


@pytest.mark.parametrize("images", [[], [there("1.1", "staged")]], ids=["missing", "staged"])
def test_a_new_version_that_fails_does_not_supersede(images):
    plan = planned(wanted("1.0 1.1"), there("1.0", "hidden"), *images, reads={V1: BROKEN})
    assert steps(plan) == {"1.0": ("update",)}
    assert version_of(plan, V1).error is BROKEN
    assert (version_of(plan, V0).stage, version_of(plan, V0).error) == ("published", None)


@pytest.mark.parametrize("state", ["published", "deprecated", "hidden"])
def test_a_published_version_that_fails_keeps_its_place(state):
    plan = planned(wanted("1.0 1.1"), REPLACED, there("1.1", state), reads={V1: BROKEN})
    assert steps(plan) == {}
    assert stages(plan) == {"1.1": "published", "1.0": "deprecated"}
    assert version_of(plan, V1).error is BROKEN


def test_other_versions_go_on_where_one_fails():
    asked = wanted("1.0 1.1 1.2", {"retention": {"visible": 1}}, others={DEBIAN: described(sourced("1.0"))})
    plan = planned(asked, there("1.0"), there("1.1"), reads={V2: BROKEN})
    assert steps(plan) == {name("1.0", DEBIAN): ("create update",), "1.0": ("update",)}
    assert version_of(plan, V0).image.properties[REPLACED_BY] == V1


def test_a_current_version_that_fails_does_not_stop_what_it_replaces():
    plan = planned(wanted("1.0 1.1"), there("1.0"), there("1.1"), reads={V1: BROKEN})
    assert steps(plan) == {"1.0": ("update",)}


@pytest.mark.parametrize(
    ("versions", "images", "reads", "words"),
    [
        ({"1.0": {"source": "a", "min_ram": 512}}, [there("1.0")], {}, "metadata never changes: min_ram 512"),
        ({"1.0": {"source": "a", "tags": ["a"]}}, [there("1.0")], {}, "metadata never changes: tags"),
        ({"1.0": {"source": "a", "disk_format": "qcow2"}}, [there("1.0")], {}, "which never changes"),
        ({"1.0": {"source": "a"}}, [there("1.0")], {V0: OTHER}, "published content never changes"),
        ({"1.0": {}}, [there("1.0")], {V0: Read(checksum("sha512", b"x"))}, "content never changes"),
        ({"1.0": {"source": None}}, [], {V0: UNREAD}, "source: image .* is not in the cloud, and creating it needs"),
        ("1.0", [there("1.0"), there("1.0", id="twin")], {}, "2 images are named .*id-1.0, twin"),
        (
            "1.0",
            [there("1.0", "staged", status="queued", properties=FOREIGN)],
            {},
            "is queued and was not made by this",
        ),
        ("1.0", [there("1.0", "staged", protected=True)], {V0: OTHER}, "is protected and is not replaced"),
    ],
)
def test_what_fails(versions, images, reads, words):
    if isinstance(versions, dict):
        versions = {number: {key: value for key, value in keys.items() if value} for number, keys in versions.items()}
    document = {UBUNTU: described(versions)}
    plan = planned(WantedCatalog(parse_catalog(document, {}, "/images"), TODAY), *images, reads=reads)
    [version] = plan.versions
    assert plan.steps == ()
    with pytest.raises(Exception, match=words):
        raise version.error


def test_a_version_that_nothing_replaces_yet_is_not_retired():
    plan = planned(
        wanted({"1.0": {"stage": "retired"}, "1.1": {}}),
        there("1.0"),
        there("1.1", status="deactivated"),
        reads={V1: BROKEN},
    )
    assert steps(plan) == {}
    assert "which nobody can use" in version_of(plan, V0).error.message


@pytest.mark.parametrize(
    ("retention", "state", "goes"),
    [
        ({"visible": 1}, "hidden", False),
        ({"available": 1}, "hidden", False),
        ({"visible": 1}, "published", True),
        ({"available": 1}, "published", True),
    ],
)
def test_no_version_leaves_the_lists_for_one_that_fails_and_is_in_none(retention, state, goes):
    plan = planned(
        wanted("1.0 1.1", {"retention": retention}), there("1.0", "deprecated"), there("1.1", state), reads={V1: BROKEN}
    )
    assert ("1.0" in steps(plan)) is goes
    if not goes:
        assert version_of(plan, V0).error.message == f"Image {V0} is left as it is: {V1} is to replace it, and failed."
    revoked = wanted({"1.0": {}, "1.1": {"revoked": True}})
    plan = planned(revoked, there("1.0", state), there("1.1"), reads={V0: BROKEN})
    assert steps(plan) == {"1.1": ("update deactivate",)}


@pytest.mark.parametrize("retention", [{}, {"visible": 1}, {"available": 1}])
def test_the_current_version_does_not_give_way_to_a_deprecated_one_that_fails(retention):
    asked = wanted("1.0 1.1", {"retention": retention})
    plan = planned(asked, there("1.0"), there("1.1", "deprecated"), reads={V1: BROKEN})
    assert steps(plan) == {}
    assert version_of(plan, V0).error.message == f"Image {V0} is left as it is: {V1} is to replace it, and failed."
    mended = planned(asked, there("1.0"), there("1.1", "deprecated"))
    assert {"1.0", "1.1"} <= steps(mended).keys()


@pytest.mark.parametrize(("state", "place"), [("published", "published"), ("hidden", "published")])
def test_a_published_version_that_is_there_twice_keeps_its_place(state, place):
    twins = (there("1.1", state), there("1.1", state, id="twin"))
    plan = planned(wanted("1.0 1.1"), REPLACED, *twins)
    assert steps(plan) == {}
    assert stages(plan) == {"1.1": place, "1.0": "deprecated"}
    assert "2 images are named" in version_of(plan, V1).error.message


def test_a_version_that_was_not_worth_reading_takes_no_place_of_one_that_fails():
    asked = wanted("1.0 1.1", {"retention": {"available": 1}})
    assert absentees(asked, {}) == (V1,)
    facts = Facts({}, {V1: BROKEN})
    plan = plan_catalog(asked, facts)
    assert plan.steps == ()
    assert version_of(plan, V1).error is BROKEN
    assert "is not brought in: newer versions take its place" in version_of(plan, V0).error.message


# Metadata of published versions


def test_inherited_metadata_is_not_applied_to_what_is_published():
    keys = {"min_ram": 512, "properties": {"os_distro": "ubuntu"}, "tags": ["a"]}
    plan = planned(wanted("1.0 1.1", keys), REPLACED, CURRENT)
    assert plan.steps == ()
    words = "it is published and keeps its metadata; the next version gets min_ram 512 (was 0), os_distro ubuntu, tags "
    [finding] = plan.findings
    assert (finding.kind, finding.image) == ("frozen", V1)
    assert finding.message.startswith(words)


@pytest.mark.parametrize("own", [{}, {"min_ram": 512}])
def test_inherited_metadata_is_applied_to_what_is_staged(own):
    plan = planned(
        wanted({"1.0": own, "1.1": {}}, {"min_ram": 512}), there("1.0", "staged", min_ram=512 if own else 0), CURRENT
    )
    assert version_of(plan, V0).image.min_ram == 512


@pytest.mark.parametrize("level", ["template", "version"])
def test_protection_is_no_metadata(level):
    keys = {"protected": True}
    asked = wanted("1.0", keys) if level == "template" else wanted({"1.0": keys})
    plan = planned(asked, there("1.0"))
    assert steps(plan) == {"1.0": ("update",)}
    assert plan.findings == ()
    assert version_of(plan, V0).image.protected


# Adoption


@pytest.mark.parametrize(
    ("version", "read"),
    [
        ({}, SAME),
        ({"checksum": str(checksum("sha512"))}, Read(checksum("sha512"), SourceFacts("raw", 4, 4))),
        ({}, Read(None, SourceFacts("raw", 4, 4, {"md5": digest("md5")}))),
    ],
)
@pytest.mark.parametrize("state", ["staged", "published"])
def test_an_image_made_by_hand_is_adopted_by_its_content(version, read, state):
    image = there("1.0", state, tags=frozenset("a"), properties=FOREIGN)
    plan = planned(wanted({"1.0": version}), image, reads={V0: read})
    assert steps(plan) == {"1.0": ("update",)}
    after = version_of(plan, V0).image
    assert after.is_ours
    assert (after.id, after.stage, after.tags) == ("id-1.0", "published", {"a", TAG})


@pytest.mark.parametrize(
    ("version", "read"),
    [({}, OTHER), ({}, Read(None, SourceFacts("raw", 4, 4))), ({}, UNREAD), ({}, Read(checksum("sha512", b"other")))],
)
@pytest.mark.parametrize("state", ["staged", "published", "deprecated", "retired", "revoked"])
@pytest.mark.parametrize("keys", [{}, {"stage": "retired"}, {"revoked": True}, {"delete_on": TODAY}])
def test_an_image_made_by_hand_of_other_content_is_left_alone(version, read, state, keys):
    image = there("1.0", state, properties=FOREIGN)
    plan = planned(wanted({"1.0": {**version, **keys}}), image, reads={V0: read})
    assert plan.steps == ()
    assert "was not made by this collection" in version_of(plan, V0).error.message


@pytest.mark.parametrize(
    ("state", "keys", "done"),
    [
        ("retired", {}, "update"),
        ("published", {"stage": "retired"}, "update deactivate"),
        ("published", {"revoked": True}, "update deactivate"),
        ("retired", {"delete_on": TODAY}, "delete"),
    ],
)
def test_what_is_known_to_be_the_version_is_taken_away_like_one_of_ours(state, keys, done):
    image = there("1.0", state, properties=FOREIGN)
    plan = planned(wanted({"1.0": keys, "1.1": {}}), image, CURRENT)
    assert steps(plan) == {"1.0": (done,)}
    after = version_of(plan, V0).image
    assert after is None or after.is_ours


def test_the_content_of_an_image_made_by_hand_is_always_looked_at():
    image = there("1.0", "retired", properties=FOREIGN)
    assert [each.name for each in readings(wanted("1.0"), by_name([image]))] == [V0]


def test_an_image_made_by_hand_does_not_supersede_before_it_is_adopted():
    plan = planned(wanted("1.0 1.1"), there("1.0"), there("1.1", "staged", properties=FOREIGN), reads={V1: OTHER})
    assert steps(plan) == {}
    assert version_of(plan, V0).stage == "published"


# Removals


ALL = [there("1.0", "deprecated"), there("1.1", "deprecated"), there("1.2", "deprecated"), there("1.3")]


@pytest.mark.parametrize(
    ("limit", "retired", "held"),
    [(9, {"1.0", "1.1", "1.2"}, []), (2, {"1.0", "1.1"}, [V2]), (1, {"1.0"}, [V2, V1]), (0, set(), [V2, V1, V0])],
)
def test_so_many_are_taken_away_and_the_oldest_first(limit, retired, held):
    asked = wanted("1.0 1.1 1.2 1.3", {"retention": {"available": 1}}, max_removals=limit)
    plan = planned(asked, *ALL)
    assert {version for version, stage in stages(plan).items() if stage == "retired"} == retired
    assert [(each.kind, each.image) for each in plan.findings] == [("max_removals", each) for each in held]


def test_templates_share_what_may_be_taken_away():
    keys = {"retention": {"available": 1}}
    asked = wanted("1.0 1.1", keys, others={DEBIAN: described(sourced("1.0 1.1"), **keys)}, max_removals=1)
    debian = [there("1.0", "deprecated", template=DEBIAN, id="d0"), there("1.1", template=DEBIAN, id="d1")]
    plan = planned(asked, *debian, there("1.0", "deprecated"), CURRENT)
    taken = {version.name for version in plan.versions if version.stage == "retired"}
    assert taken == {name("1.0", DEBIAN)}


def test_deletions_count_and_revocations_do_not():
    versions = {"1.0": {"delete_on": TODAY}, "1.1": {"revoked": True}, "1.2": {"revoked": True}, "1.3": {}}
    images = [there("1.0", "retired 9"), there("1.1"), there("1.2"), there("1.3")]
    assert stages(planned(wanted(versions, max_removals=0), *images))["1.0"] == "retired"
    plan = planned(wanted(versions, max_removals=1), *images)
    assert stages(plan) == {"1.3": "published", "1.2": "retired", "1.1": "retired", "1.0": "deleted"}


# What an interrupted run left half retired


HALF_RETIRED = there("1.0", "deprecated", visibility="private", hidden=True, properties={RETIRED_SINCE: TODAY})


@pytest.mark.parametrize("limit", [0, 10])
def test_a_retirement_that_was_interrupted_is_completed_and_not_undone(limit):
    plan = planned(wanted("1.0 1.1", {"retention": {"available": 1}}, max_removals=limit), HALF_RETIRED, CURRENT)
    assert version_of(plan, V0).image.visibility == "private"
    assert steps(plan) == {"1.0": ("update deactivate",)} or steps(plan) == {"1.0": ("deactivate",)}


# What is asked, and what the answers keep

RETIRING = {"1.0": {"stage": "retired"}, "1.1": {}}


def answered(asked, images, tell):
    """The plan with what is told of who uses the images, and the images that it was asked of."""
    names = {str(version.name): SAME for template in asked.templates for version in template.versions}
    seen = []

    def ask(those):
        seen.extend(image.name for image in those)
        return tell(those)

    return plan_with_answers(asked, Facts(by_name(images), names), lambda _plan: {}, ask), seen


def in_use(images):
    return {image.id: used(server("web")) for image in images}


@pytest.mark.parametrize(
    "image",
    [
        there("1.0", "deprecated 9", status="deactivated"),
        there("1.0", "deprecated 9", visibility="private"),
        there("1.0", "deprecated 9", visibility="private", properties={RETIRED_SINCE: TODAY}),
    ],
    ids=["deactivated", "private", "interrupted"],
)
@pytest.mark.parametrize("while_used", ["hide", "keep"])
def test_what_is_held_back_stays_withdrawn_as_far_as_it_is(image, while_used):
    asked = wanted(RETIRING, {"retention": {"while_used": while_used}})
    plan, seen = answered(asked, [image, CURRENT], in_use)
    assert seen == [V0]
    assert [finding.kind for finding in plan.findings] == ["in_use"]
    after = version_of(plan, V0).image
    assert (after.visibility, after.status) == (image.visibility, image.status)
    again, _seen = answered(asked, [after, CURRENT], in_use)
    assert again.actions == ()


def test_a_revocation_of_what_is_retired_is_asked_about_once():
    asked = wanted({"1.0": {"revoked": True}, "1.1": {}})
    plan, seen = answered(asked, [there("1.0", "retired"), CURRENT], in_use)
    assert (seen, [finding.kind for finding in plan.findings]) == ([V0], ["revoked_in_use"])
    _plan, seen = answered(asked, [version_of(plan, V0).image, CURRENT], in_use)
    assert seen == []


def test_a_revocation_does_not_wait_for_those_who_may_ask():
    def fail(_images):
        raise InputError("usage_cloud", "the Identity service refused the credentials")

    images = [there("1.0", "deprecated 9"), there("1.1", "deprecated 9"), there("1.2")]
    plan, _seen = answered(wanted({**RETIRING, "1.1": {"revoked": True}, "1.2": {}}), images, fail)
    assert stages(plan) == {"1.2": "published", "1.1": "retired", "1.0": "hidden"}
    assert [(finding.kind, finding.image) for finding in plan.findings] == [("usage_unknown", V0)]
    assert "usage_cloud: the Identity service refused the credentials" in plan.findings[0].message
    with pytest.raises(InputError, match="usage_cloud"):
        answered(wanted({**RETIRING, "1.2": {}}), images, fail)


# What left the document


def test_what_left_the_document_is_told_and_left_alone():
    strays = [there("1.0", "published"), there("1.1"), there("3.0", template=DEBIAN, id="d")]
    plan = planned(wanted("1.1"), *strays)
    assert plan.steps == ()
    words = "it carries the marks of the catalogue and is not in the document"
    assert plan.findings == (Finding("unlisted", name("3.0", DEBIAN), words), Finding("unlisted", V0, words))


def test_a_purge_takes_it_through_the_stages():
    strays = [
        there("1.0", "deprecated 5"),
        there("1.1"),
        there("1.2"),
        there("3.0", "deprecated 5", template=DEBIAN, id="d"),
    ]
    asked = wanted("1.1", purge=True, retention=Retention(min_age=9))
    plan = planned(asked, *strays)
    assert {version.name: version.stage for version in plan.versions} == {
        V1: "published",
        V2: "deprecated",
        V0: "retired",
        name("3.0", DEBIAN): "deprecated",
    }
    assert plan.findings == ()
    assert steps(plan) == {"1.2": ("update",), "1.0": ("update deactivate",)}


@pytest.mark.parametrize("changes", [{"visibility": "private"}, {"status": "deactivated"}])
def test_a_purge_offers_nothing_to_anybody_again(changes):
    stray = there("1.0", "published", **changes)
    plan = planned(wanted("1.1", SHARED, purge=True), shared_there("1.1"), stray)
    assert steps(plan)["1.0"][0] == "update"
    after = version_of(plan, V0).image
    assert (after.visibility, after.status) == (stray.visibility, stray.status)
    assert after.is_deprecated


def test_a_purge_deletes_where_it_is_said_how_much_is_stored():
    strays = [there("1.0", "retired 5"), there("1.1"), there("3.0", "retired 5", template=DEBIAN, id="d")]
    plan = planned(wanted("1.1", {"retention": {"stored": 1}}, purge=True, retention=Retention(stored=1)), *strays)
    assert {version.name: version.stage for version in plan.versions} == {
        V1: "published",
        V0: "deleted",
        name("3.0", DEBIAN): "retired",
    }


@pytest.mark.parametrize(
    "changes",
    [{"properties": FOREIGN}, {"properties": {VERSION: "9.9"}}, {"properties": {TEMPLATE: DEBIAN}}, {"name": "mine"}],
)
@pytest.mark.parametrize("purge", [False, True])
def test_images_without_our_marks_are_none_of_our_business(changes, purge):
    plan = planned(wanted("1.1", purge=purge), CURRENT, there("1.0", **changes))
    assert [version.name for version in plan.versions] == [V1]
    assert (plan.steps, plan.findings) == ((), ())


def test_a_purge_takes_away_what_interrupted_runs_left_of_it():
    half = there("1.0", "staged", status="queued", size=None)
    plan = planned(wanted("1.1", purge=True), CURRENT, half)
    assert steps(plan) == {"1.0": ("delete",)}
    assert [version.error for version in plan.versions] == [None, None]


# Members


def members_of(plan):
    return [
        action.reason.partition(": ")[0]
        for action in plan.actions
        if action.verb.endswith("_members") or action.verb.endswith("_member")
    ]


def shared_there(version="1.0", state="published", **changes):
    return there(version, state, visibility="shared", **changes)


@pytest.mark.parametrize(
    ("keys", "image", "members", "expected"),
    [
        ({}, None, (), [f"share {V0} with team-a (p-a)"]),
        ({}, there("1.0", "staged"), (), [f"share {V0} with team-a (p-a)"]),
        ({}, shared_there(), (), [f"share {V0} with team-a (p-a)"]),
        ({}, shared_there(), (Member("p-a", "pending"),), []),
        ({}, shared_there(), (Member("p-a", "rejected"), Member("p-x", "accepted")), []),
        (
            {"members_exact": True},
            shared_there(),
            (Member("p-x", "accepted"), Member("p-a", "accepted")),
            [f"stop sharing {V0} with p-x"],
        ),
        (
            {"members": [], "members_exact": True},
            shared_there(),
            (Member("p-x", "accepted"),),
            [f"stop sharing {V0} with p-x"],
        ),
        ({"members": []}, shared_there(), (Member("p-x", "accepted"),), []),
        (
            {},
            there("1.0"),
            (),
            [f"forget members of {V0} from when it was shared before", f"share {V0} with team-a (p-a)"],
        ),
        (
            {"members": []},
            there("1.0", "deprecated"),
            (),
            [f"forget members of {V0} from when it was shared before"],
        ),
    ],
)
def test_members(keys, image, members, expected):
    images = (image,) if image else ()
    plan = planned(wanted("1.0", {**SHARED, **keys}), *images, members={"id-1.0": members})
    assert members_of(plan) == expected


def test_superseded_versions_are_shared_and_staged_ones_are_not():
    versions = {"1.0": {"stage": "hidden"}, "1.1": {}, "1.2": {"stage": "staged"}}
    plan = planned(wanted(versions, SHARED))
    assert members_of(plan) == [f"share {each} with team-a (p-a)" for each in (V1, V0)]


def test_a_retired_version_that_comes_back_forgets_who_had_it():
    plan = planned(wanted({"1.0": {"stage": "published"}}, SHARED), there("1.0", "retired"))
    assert verbs(plan) == ["update", "reactivate", "forget_members", "add_member"]


def test_a_project_that_is_not_known_fails_what_is_shared_with_it():
    unknown = InputError("members", "there is no project team-x.")
    asked = wanted("1.0", {**SHARED, "members": ["team-x"]}, others={DEBIAN: described(sourced("1.0"))})
    plan = planned(asked, projects={"team-x": unknown})
    assert version_of(plan, V0).error is unknown
    assert [step.name for step in plan.steps] == [name("1.0", DEBIAN)]


# What has to be read first


def test_only_what_is_missing_and_wanted_is_looked_for_by_name():
    asked = wanted("1.0 1.1 1.2 1.3", {"retention": {"available": 3}})
    assert absentees(asked, by_name([there("1.2")])) == (V3, V1)
    assert absentees(asked, by_name(ALL)) == ()
    gone = wanted({"1.0": {"revoked": True}, "1.1": {"retire_on": TODAY}, "1.2": {"stage": "staged"}})
    assert absentees(gone, {}) == (V2,)


def test_sources_are_read_of_what_is_wanted_in_the_cloud():
    asked = wanted({"1.0": {"revoked": True}, "1.1": {}, "1.2": {"stage": "staged"}, "1.3": {}})
    images = by_name([there("1.0"), there("1.1", "deprecated"), there("1.3", "staged")])
    assert [(each.name, each.settled) for each in readings(asked, images)] == [(V3, False), (V2, False), (V1, True)]


def test_strays_have_no_source_to_read():
    images = by_name([there("1.0"), CURRENT])
    asked = with_strays(wanted("1.1", purge=True), images)
    assert [each.name for each in readings(asked, images)] == [V1]


def test_a_source_is_hashed_where_only_that_tells():
    [new] = readings(wanted("1.0"), {})
    [staged] = readings(wanted("1.0"), by_name([there("1.0", "staged")]))
    [first] = readings(
        dataclasses.replace(wanted({"1.0": {"checksum": str(checksum("sha512"))}}), verify_first=True), {}
    )
    assert new.need(new.source, None).algorithms == frozenset()
    assert staged.need(staged.source, None).algorithms == {"sha512"}
    assert first.need(first.source, checksum("sha512")).algorithms == {"sha512"}


def test_without_a_purge_nothing_is_added():
    asked = wanted("1.1")
    assert with_strays(asked, by_name([there("1.0")])) == asked


def test_a_version_that_nothing_is_known_of_is_not_deprecated_yet():
    plan = planned(wanted("1.0"), there("1.0", "deprecated"))
    assert DEPRECATED not in version_of(plan, V0).image.properties
    assert reasons(plan) == [f"update {V0}: deprecate it no longer"]


def test_a_template_without_a_current_version_is_worth_knowing():
    plan = planned(wanted("1.0"), there("1.0", "retired"))
    assert [(finding.kind, finding.image) for finding in plan.findings] == [("no_current", UBUNTU)]
    assert planned(wanted("1.0"), there("1.0")).findings == ()
