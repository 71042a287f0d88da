# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom to tell of what."""

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.inventory import Inventory, WantedInventory
from ansible_collections.xloud.image.plugins.module_utils._model.run import WantedCatalog
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
        "retire_on": None,
        "delete_on": "2027-01-01",
        "while_used": None,
        "replaced_by": {"version": "1.9", "name": name("1.9"), "id": "id-1.9"},
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


@pytest.mark.parametrize(
    ("state", "retention", "expected"),
    [
        ("deprecated 5", {"available": 1}, ago(5)),
        ("deprecated 5", {"available": 1, "min_age": "30d"}, ago(-25)),
        ("hidden 40", {"available": 1, "min_age": "30d"}, ago(10)),
        ("deprecated 5", {"available": 2}, None),
        ("deprecated 5", {}, None),
        ("retired 5", {"available": 1}, None),
        (there("1.0", "deprecated", properties={"deprecated_since": "soon"}), {"available": 1}, None),
        (there("1.0", "deprecated 5", properties={"retire_on": "2027-01-01"}), {"available": 1}, "2027-01-01"),
    ],
)
def test_the_day_of_the_retirement(state, retention, expected):
    document = {UBUNTU: described("1.0 1.9", retention={**retention, "while_used": "keep"})}
    found = fate(there("1.0", state) if isinstance(state, str) else state, document)
    assert (found["retire_on"], found["while_used"]) == (expected, "keep")
