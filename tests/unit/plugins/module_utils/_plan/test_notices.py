# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom to tell of what."""

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ForbiddenError
from ansible_collections.xloud.image.plugins.module_utils._model.inventory import Inventory, WantedInventory
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.plugins.module_utils._model.run import WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._model.usage import Usage
from ansible_collections.xloud.image.plugins.module_utils._plan import notices as module
from ansible_collections.xloud.image.plugins.module_utils._plan.notices import notices
from ansible_collections.xloud.image.tests.unit.fakes.catalog import TODAY, UBUNTU, ago, described, name, there
from ansible_collections.xloud.image.tests.unit.fakes.usage import REFUSED, server, used, volume

CURRENT = there("1.9")


def told(usage, *images, document=None):
    templates = parse_catalog(document, {}, "/images") if document else ()
    wanted = WantedInventory(WantedCatalog(templates, TODAY))
    return notices(wanted, Inventory((*images, CURRENT), usage={f"id-{each}": by for each, by in usage.items()}))


def fate(image, document=None):
    """What one project is told of one version that it uses."""
    version = image.version_name.version
    (notice,) = told({version: used(server("web"))}, image, document=document)
    (found,) = notice["images"]
    return found


def test_each_project_is_told_of_what_it_uses():
    usage = {
        "1.0": used(server("web"), server("db", "p-b")),
        "1.10": used(volume("disk", "p-x")),
        "1.2": used(server("app"), volume("data")),
        "1.9": used(server("new")),
    }
    images = there("1.0", "retired"), there("1.2", "deprecated"), there("1.10", "hidden"), there("1.3", "deprecated")
    found = told(usage, *images)
    assert [(each["project_id"], each["project"]) for each in found] == [
        ("p-x", None),
        ("p-a", "team-a"),
        ("p-b", "team-b"),
    ]
    shown = {
        each["project_id"]: [(one["version"], one["servers"], one["volumes"]) for one in each["images"]]
        for each in found
    }
    assert shown == {"p-x": [("1.10", 0, 1)], "p-a": [("1.0", 1, 0), ("1.2", 1, 1)], "p-b": [("1.0", 1, 0)]}
    assert [each["name"] for each in found[1]["images"][1]["resources"]] == ["app", "data"]


def test_what_is_told_of_a_version():
    found = fate(there("1.0", "deprecated 5", properties={"deprecated_reason": "old", "delete_on": "2027-01-01"}))
    del found["resources"]
    assert found == {
        "template": UBUNTU,
        "version": "1.0",
        "name": name("1.0"),
        "id": "id-1.0",
        "stage": "deprecated",
        "deprecated_since": ago(5),
        "reason": "old",
        "revoked_since": None,
        "retired_since": None,
        "retire_on": "2027-01-01",
        "delete_on": "2027-01-01",
        "while_used": None,
        "replaced_by": {"version": "1.9", "name": name("1.9"), "id": "id-1.9", "retire_on": None},
        "servers": 1,
        "volumes": 0,
    }


@pytest.mark.parametrize(
    ("usage", "images"),
    [
        ({}, [there("1.0", "deprecated")]),
        ({"1.0": REFUSED}, [there("1.0", "deprecated")]),
        ({"1.9": used(server("web"))}, []),
        ({"1.0": used(server("web"))}, [there("1.0", "staged")]),
    ],
)
def test_nobody_is_told_of_nothing(usage, images):
    assert told(usage, *images) == []


def test_an_announcement_concerns_the_current_version_too():
    announced = there("2.0", properties={"retire_on": "2027-01-01"})
    found = fate(announced)
    assert (found["stage"], found["retire_on"], found["replaced_by"]) == ("published", "2027-01-01", None)


def document(versions="1.0 1.9", **keys):
    return {UBUNTU: described(versions, **{"retention": {}, **keys})}


def retention(**keys):
    return document(retention={**keys, "while_used": "keep"})


DUE = {"available": 1, "min_age": "30d"}
SOON, LATER = ago(-10), ago(-300)


@pytest.mark.parametrize(
    ("state", "keys", "expected"),
    [
        # A day on which it was not retired is none on which it was due: another version may have come between.
        ("deprecated 5", {"available": 1}, TODAY),
        ("hidden 40", DUE, TODAY),
        ("deprecated 5", DUE, ago(-25)),
        ("deprecated 5", {"available": 2}, None),
        ("deprecated 5", {}, None),
        ("retired 5", {"available": 1}, None),
        (there("1.0", "deprecated", properties={"deprecated_since": "soon"}), {"available": 1}, TODAY),
    ],
)
def test_the_day_on_which_retention_retires(state, keys, expected):
    found = fate(there("1.0", state) if isinstance(state, str) else state, retention(**keys))
    assert (found["retire_on"], found["while_used"]) == (expected, "keep")


@pytest.mark.parametrize(
    ("version", "keys", "retire_on", "delete_on"),
    [
        ({"retire_on": SOON}, {}, SOON, None),
        ({"retire_on": SOON}, DUE, SOON, None),
        # Whichever comes first: retention does not wait for an announced day.
        ({"retire_on": LATER}, DUE, ago(-25), None),
        # What is to be deleted is retired before.
        ({"delete_on": SOON}, {}, SOON, SOON),
        ({"retire_on": LATER, "delete_on": SOON}, {}, SOON, SOON),
        ({"retire_on": ago(3)}, {}, ago(3), None),
        ({"stage": "retired"}, DUE, TODAY, None),
    ],
)
def test_the_day_that_a_document_announces(version, keys, retire_on, delete_on):
    """Be it on the image yet or not."""
    template = document({"1.0": version, "1.9": {}}, retention=keys)
    for recorded in {}, {key: day for key, day in version.items() if key.endswith("_on")}:
        found = fate(there("1.0", "deprecated 5", properties=recorded), template)
        assert (found["retire_on"], found["delete_on"]) == (retire_on, delete_on)


def test_the_day_that_an_image_announces():
    for properties, expected in (({"retire_on": LATER}, LATER), ({"delete_on": SOON, "retire_on": LATER}, SOON)):
        assert fate(there("1.0", "deprecated 5", properties=properties))["retire_on"] == expected
        assert fate(there("1.0", "retired 5", properties=properties))["retire_on"] == LATER


def test_the_users_of_the_current_version_are_told_what_a_document_announces():
    template = document({"1.0": {}, "1.9": {"retire_on": SOON}})
    (notice,) = told({"1.9": used(server("web"))}, there("1.0", "deprecated 5"), document=template)
    assert [(each["version"], each["retire_on"]) for each in notice["images"]] == [("1.9", SOON)]


def test_what_is_not_known_is_not_counted():
    (notice,) = told({"1.0": Usage(None, (volume("disk"),), REFUSED.refused)}, there("1.0", "deprecated"))
    (image,) = notice["images"]
    assert (notice["as_of"], image["servers"], image["volumes"]) == (TODAY, None, 1)


MEMBERS = (Member("p-b", "pending"),)


@pytest.mark.parametrize(
    ("visibility", "members", "expected"),
    [
        ("community", {}, ["p-own", "p-a", "p-b"]),
        ("shared", {"id-1.9": MEMBERS}, ["p-own", "p-b"]),
        ("shared", {"id-1.9": ForbiddenError("No.")}, ["p-own", "p-a", "p-b"]),
        ("shared", {}, ["p-own", "p-a", "p-b"]),
    ],
)
def test_a_project_is_told_to_use_only_what_it_can_use(visibility, members, expected):
    images = there("1.0", "deprecated", owner="p-own"), there("1.9", visibility=visibility, owner="p-own")
    usage = {"id-1.0": used(*(server(f"of-{project}", project) for project in ("p-a", "p-b", "p-own")))}
    found = notices(WantedInventory(WantedCatalog((), TODAY)), Inventory(images, members, usage=usage))
    assert [each["project_id"] for each in found if each["images"][0]["replaced_by"]] == expected


def test_a_replacement_may_be_going_too():
    replacement = there("1.9", properties={"retire_on": SOON})
    usage = {"id-1.0": used(server("web"))}
    images = there("1.0", "deprecated"), replacement
    (notice,) = notices(WantedInventory(WantedCatalog((), TODAY)), Inventory(images, usage=usage))
    assert notice["images"][0]["replaced_by"]["retire_on"] == SOON


def test_nothing_is_foretold_of_what_nobody_uses(monkeypatch):
    """That takes long for a large catalogue."""
    monkeypatch.setattr(module, "place", None)
    assert told({"1.0": Usage((), ())}, there("1.0", "deprecated 5"), document=retention(**DUE)) == []
