# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is found in a catalogue, and what is not."""

from __future__ import annotations

import itertools

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ForbiddenError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.inventory import Inventory, WantedInventory
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member, Project
from ansible_collections.xloud.image.plugins.module_utils._model.promotion import requirements
from ansible_collections.xloud.image.plugins.module_utils._model.run import WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._plan.findings import find
from ansible_collections.xloud.image.tests.unit.fakes.catalog import TODAY, UBUNTU, ago, described, name, there
from ansible_collections.xloud.image.tests.unit.fakes.samples import digest, image
from ansible_collections.xloud.image.tests.unit.fakes.usage import REFUSED, UNUSED, server, used, volume

ROCKY = "rocky-9-nginx"
UNMARKED = {"xloud_image_template": None, "xloud_image_version": None}


def wanted(document=None, **changes):
    """What is asked for; C(document) holds templates."""
    templates = parse_catalog(document, {}, "/images") if document else ()
    return WantedInventory(WantedCatalog(templates, changes.pop("today", TODAY)), **changes)


def signed(version, state="published", /, **changes):
    """A version that nothing is to be found about."""
    properties = {"img_signature": "c2lnbmF0dXJl", **changes.pop("properties", {})}
    return there(version, state, properties=properties, **changes)


def found(*images, members=None, projects=None, **changes):
    """What is found of images, as pairs of a kind and of the version that it is about."""
    inventory = Inventory(images, members or {}, projects or {})
    return [(each.kind, each.image.removeprefix(f"{UBUNTU}-v")) for each in find(wanted(**changes), inventory)]


def message(*images, members=None, projects=None, **changes):
    (finding,) = find(wanted(**changes), Inventory(images, members or {}, projects or {}))
    return finding.message


LIVES = ["staged", "published", "deprecated", "hidden", "retired", "revoked"]
HEALTHY = [signed("2.0"), *(signed(f"1.{minor}", stage) for minor, stage in enumerate(LIVES) if stage != "published")]


def test_nothing_is_found_in_a_catalogue_that_is_well():
    assert found() == []
    assert found(*HEALTHY) == []
    assert found(*HEALTHY, image(name="anything", properties=UNMARKED)) == []


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        (signed("2.0", id="other"), ("duplicate", "2.0")),
        (signed("1.9", "staged", name="odd"), ("bad_name", "odd")),
        (signed("1.9", "staged", name=""), ("bad_name", "")),
        (signed("1.9", "staged", name=name("1.8")), ("bad_name", "1.8")),
        (signed("1.9", "staged", properties={"xloud_image_version": None}), ("bad_name", "1.9")),
        (signed("1.9", "staged", properties={"xloud_image_template": "Ubuntu"}), ("bad_name", "1.9")),
        (signed("1.9", "staged", properties={"xloud_image_version": "1.90"}), ("bad_name", "1.9")),
        (image(name="odd", tags=frozenset({"xloud.image"}), properties=UNMARKED), ("bad_name", "odd")),
        (image(name=name("1.9"), properties=UNMARKED), ("unmarked", "1.9")),
        (image(name=name("1.9"), tags=frozenset({"xloud.image"}), properties=UNMARKED), ("unmarked", "1.9")),
        (signed("1.9", "staged", tags=frozenset()), ("unmarked", "1.9")),
        (signed("1.9", "staged", status="queued"), ("unfinished", "1.9")),
        (signed("1.9", "staged", status="saving"), ("unfinished", "1.9")),
        (signed("1.9", properties={"revoked_since": TODAY}), ("revoked", "1.9")),
        (signed("1.9", visibility="private", properties={"revoked_since": TODAY}), ("revoked", "1.9")),
        (signed("1.9", "deprecated", properties={"retire_on": "2026-05-31"}), ("overdue", "1.9")),
        (signed("1.9", "retired", properties={"delete_on": "2026-05-31"}), ("overdue", "1.9")),
        (signed("1.9", visibility="public"), ("unprotected", "1.9")),
        (signed("1.9", properties={"img_signature": None}), ("unsigned", "1.9")),
        (signed("1.9", "staged", properties={"xloud_image_frozen_for_export": "true"}), ("exporting", "1.9")),
    ],
)
def test_one_odd_image_is_one_finding(odd, expected):
    for place in range(len(HEALTHY) + 1):
        assert found(*HEALTHY[:place], odd, *HEALTHY[place:]) == [expected]


@pytest.mark.parametrize(
    "well",
    [
        image(name="ubuntu-24.04-base", properties=UNMARKED),
        image(name=f"{ROCKY}-v1.0", properties=UNMARKED),
        image(name=f"{ROCKY}-v1.0", status="queued", properties=UNMARKED),
        image(id="other", name="anything", properties=UNMARKED),
        signed("1.9", "deprecated", properties={"retire_on": TODAY}),
        signed("1.9", "retired", properties={"retire_on": "2026-01-01"}),
        signed("1.9", "retired", properties={"delete_on": TODAY}),
        signed("1.9", "deprecated", properties={"retire_on": "2027-01-01", "delete_on": "2027-02-01"}),
        signed("1.9", visibility="public", protected=True),
        signed("1.9", "staged", properties={"img_signature": None}),
        signed("1.9", "deprecated", properties={"img_signature": None}),
        signed("1.9", hidden=True),
    ],
)
def test_what_is_well_is_not_found(well):
    assert found(*HEALTHY, well) == []


def test_a_hand_made_image_with_the_name_of_a_version_is_told_apart():
    stranger = image(id="other", name=name("1.2"), properties=UNMARKED)
    assert found(*HEALTHY, stranger) == [("duplicate", "1.2"), ("unmarked", "1.2")]


def test_an_interrupted_upload_is_no_duplicate():
    assert found(signed("1.0"), signed("1.0", "staged", id="other", status="queued")) == [("unfinished", "1.0")]


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([signed("1.0", hidden=True)], [("hidden", "1.0")]),
        ([signed("1.0", "deprecated"), signed("1.1", hidden=True)], [("hidden", "1.1")]),
        ([signed("1.0", "hidden"), signed("1.1", "staged")], [("hidden", "1.0")]),
        ([signed("1.0", "hidden"), signed("1.1", "revoked")], [("hidden", "1.0")]),
        ([signed("1.0", "hidden"), signed("1.1")], []),
        ([signed("1.0"), signed("1.1", "hidden")], []),
        ([signed("1.0", "deprecated")], []),
        ([signed("1.0", "deprecated"), signed("1.1", "retired")], []),
        ([signed("1.0", "staged", hidden=True)], []),
    ],
)
def test_a_template_of_which_nothing_is_current_since_it_is_hidden(images, expected):
    assert found(*images) == expected


def replaced(version, by):
    return signed(version, "deprecated", properties={"replaced_by": by})


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([replaced("1.0", name("1.1")), replaced("1.1", name("1.0"))], [("no_current", "1.1")]),
        ([replaced("1.0", name("1.1")), signed("1.1", "staged")], [("no_current", "1.0")]),
        ([replaced("1.0", name("1.1")), signed("1.1")], []),
        ([replaced("1.0", f"{ROCKY}-v1.0")], []),
    ],
)
def test_a_template_whose_versions_replace_one_another(images, expected):
    assert found(*images) == expected


@pytest.mark.parametrize(
    ("state", "statuses", "expected"),
    [
        ("published", ["accepted", "rejected"], []),
        ("published", [], []),
        ("published", ["accepted", "pending"], [("unaccepted", "1.0")]),
        ("deprecated", ["pending"], []),
    ],
)
def test_shares_that_nobody_answered(state, statuses, expected):
    members = {"id-1.0": tuple(Member(f"p-{number}", status) for number, status in enumerate(statuses))}
    assert found(signed("1.0", state, visibility="shared"), members=members) == expected


def test_who_has_not_answered():
    members = {"id-1.0": (Member("p-a", "pending"), Member("p-b", "accepted"), Member("p-c", "pending"))}
    words = message(signed("1.0", visibility="shared"), members=members)
    assert words == "2 of 3 projects have not accepted it: p-a, p-c"


def test_members_that_cannot_be_read_are_told():
    members = {"id-1.0": ForbiddenError("no", 403)}
    assert found(signed("1.0", visibility="shared"), members=members) == [("unread", "1.0")]


COMPLETE = dict.fromkeys(["os_distro", "os_version", "hw_disk_bus", "hw_vif_model", "description"], "x")


@pytest.mark.parametrize(
    ("state", "properties", "expected"),
    [
        ("published", COMPLETE, []),
        ("published", {**COMPLETE, "os_distro": None}, [("properties", "1.0")]),
        ("published", {**COMPLETE, "os_distro": ""}, [("properties", "1.0")]),
        ("staged", {}, []),
        ("deprecated", {}, []),
    ],
)
def test_metadata_that_a_preset_requires(state, properties, expected):
    given = {key: value for key, value in properties.items() if value is not None}
    needed = requirements(["xloud"], {})
    assert found(signed("1.0", state, properties=given), requirements=needed)[-1:] == expected
    assert found(signed("1.0", state, properties=given)) == []


def test_metadata_that_the_document_requires():
    rules = {"presets": ["xloud"], "required_properties": {"tier": ["gold"], "os_distro": None}}
    document = {UBUNTU: described("1.0", promotion=rules)}
    complete = signed("1.0", properties={**COMPLETE, "tier": "gold"})
    assert found(complete, document=document) == []
    lacking = signed("1.0", properties={**COMPLETE, "tier": "tin"})
    assert found(lacking, document=document) == [("properties", "1.0")]
    assert message(lacking, document=document) == "it is on offer, and tier (gold) is 'tin'"


def test_a_cloud_that_is_as_the_document_says():
    document = {UBUNTU: described({"1.0": {"source": "a.raw", "checksum": f"sha512:{digest('sha512')}"}})}
    assert found(signed("1.0"), document=document) == []


@pytest.mark.parametrize(
    ("images", "versions", "keys", "expected"),
    [
        (
            [],
            {"1.0": {"source": "https://a.test/x"}},
            {},
            "create ubuntu-24.04-base-v1.0 from https://a.test/x: it is not",
        ),
        (
            [],
            {"1.0": {"source": "/no/x", "disk_format": "qcow2"}},
            {},
            "create ubuntu-24.04-base-v1.0 from /no/x: it is",
        ),
        ([], {"1.0": {}}, {}, "source: image ubuntu-24.04-base-v1.0 is not in the cloud"),
        ([signed("1.0", "staged")], {"1.0": {}}, {}, "update ubuntu-24.04-base-v1.0: publish it as community"),
        ([signed("1.0", "deprecated")], {"1.0": {}}, {}, "update ubuntu-24.04-base-v1.0: deprecate it no longer"),
        ([signed("1.0")], {"1.0": {}}, {"protected": True}, "update ubuntu-24.04-base-v1.0: protected on (was off)"),
        (
            [signed("1.0")],
            {"1.0": {"checksum": f"sha512:{'0' * 128}", "source": "x"}},
            {},
            "is published, and published",
        ),
        ([signed("1.0")], {"1.0": {"revoked": True}}, {}, "revoke it"),
    ],
)
def test_drift(images, versions, keys, expected):
    document = {UBUNTU: described(versions, **keys)}
    assert found(*images, document=document)[0] == ("drift", "1.0")
    assert expected in find(wanted(document), Inventory(tuple(images)))[0].message


def test_without_a_document_nothing_drifts():
    assert found(signed("1.0", "staged")) == []


def test_what_the_catalogue_finds_itself_is_found():
    gated = {UBUNTU: described("1.0 1.1", promotion={"soak": "7d"}, min_ram=512)}
    assert found(signed("1.0"), signed("1.1", "staged 1"), document=gated) == [
        ("drift", "1.1"),
        ("gate", "1.1"),
        ("frozen", "1.0"),
    ]
    assert found(signed("1.0"), signed("1.1", "staged"), document={UBUNTU: described("1.0")}) == [("unlisted", "1.1")]


def test_a_name_that_two_images_have_is_no_drift_as_well():
    document = {UBUNTU: described("1.0 1.1")}
    assert found(
        signed("1.0", "deprecated", properties={"replaced_by": name("1.1")}),
        signed("1.1", id="a"),
        signed("1.1", id="b"),
        document=document,
    )[0] == (
        "duplicate",
        "1.1",
    )


SHARED = {UBUNTU: described("1.0", visibility="shared", members=["team-a"])}
TEAM_A = {"team-a": Project("p-a", "team-a")}


def shared(version="1.0", **changes):
    return signed(version, visibility="shared", **changes)


@pytest.mark.parametrize(
    ("members", "changes", "expected"),
    [
        ({"id-1.0": (Member("p-a", "accepted"),)}, {}, []),
        ({"id-1.0": ()}, {}, [("drift", "1.0")]),
        ({}, {"members": False}, []),
        ({"id-1.0": ForbiddenError("no", 403)}, {}, [("unread", "1.0")]),
    ],
)
def test_members_are_compared_where_they_are_known(members, changes, expected):
    inventory = Inventory((shared(),), members, TEAM_A)
    assert [(each.kind, each.image[-3:]) for each in find(wanted(SHARED, **changes), inventory)] == expected


def test_a_project_that_is_not_known_is_told():
    projects = {"team-a": InputError("image_catalog.members", "no such project")}
    words = message(shared(), document=SHARED, members={"id-1.0": ()}, projects=projects)
    assert words == "image_catalog.members: no such project"


def test_only_what_is_asked_for_is_found():
    ours, theirs = there("1.0"), there("1.0", template=ROCKY, id="rocky")
    odd = there("1.1", name="odd"), image(name="odder", tags=frozenset({"xloud.image"}), properties=UNMARKED)
    document = {UBUNTU: described("1.0 2.0"), ROCKY: described("1.0 2.0")}
    everything = found(ours, theirs, *odd, document=document)
    assert {each[1].rpartition("-v")[0] for each in everything} == {"", ROCKY}
    some = found(ours, theirs, *odd, document=document, templates=frozenset({ROCKY}))
    assert set(some) == {each for each in everything if ROCKY in each[1]}


def test_the_order_of_the_images_makes_no_difference():
    images = [there("1.0"), there("1.1", name="odd"), there("1.2", visibility="public"), there("1.2", id="b")]
    results = {tuple(find(wanted(), Inventory(order))) for order in itertools.permutations(images)}
    assert len(results) == 1


# In use


def of_use(image, usage, document=None, **changes):
    inventory = Inventory((image, signed("1.9")), usage={image.id: usage})
    return {each.kind: each.message for each in find(wanted(document, **changes), inventory)}


def test_who_still_launches_from_a_deprecated_version():
    usage = used(server("old", days=9), server("new", days=4), volume("disk", "p-b", days=1))
    (words,) = of_use(signed("1.0", "deprecated 5"), usage).values()
    assert words == (
        f"it is deprecated since {ago(5)}, and was launched from since then: 1 server and 1 volume "
        "(team-a: 1 server; team-b: 1 volume)"
    )
    assert list(of_use(signed("1.0", "hidden 5"), usage)) == ["still_launched"]


@pytest.mark.parametrize(
    ("state", "usage"),
    [
        ("deprecated 5", used(server("old", days=5))),
        ("retired 5", used(server("new", days=1))),
        ("deprecated 5", REFUSED),
    ],
)
def test_nobody_launches_from_it_any_more(state, usage):
    assert of_use(signed("1.0", state), usage) == {}


def test_whom_a_revocation_hit():
    (words,) = of_use(signed("1.0", "revoked"), used(server("web"))).values()
    assert words == "it is revoked, and is used by 1 server (team-a: 1 server)"


def test_what_is_held_back_is_no_drift():
    document = {UBUNTU: described("1.0 1.9", retention={"available": 1})}
    old = signed("1.0", "hidden", properties={"replaced_by": name("1.9")})
    assert list(of_use(old, used(server("web", days=200)), document)) == ["in_use"]
    assert list(of_use(old, UNUSED, document)) == ["drift"]
