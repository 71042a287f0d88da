# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The catalogue of a project as data."""

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import ForbiddenError
from ansible_collections.xloud.image.plugins.module_utils._model.inventory import Inventory, WantedInventory
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.plugins.module_utils._model.run import Finding, WantedCatalog
from ansible_collections.xloud.image.plugins.module_utils._plan.inventory import as_result
from ansible_collections.xloud.image.tests.unit.fakes.catalog import TODAY, UBUNTU, name, there
from ansible_collections.xloud.image.tests.unit.fakes.samples import image

ROCKY = "rocky-9-nginx"


def result(*images, findings=(), members=None, **changes):
    return as_result(WantedInventory(WantedCatalog((), TODAY), **changes), Inventory(images, members or {}), findings)


def order(*images):
    return [row["version"] for row in result(*images)["templates"][UBUNTU]["versions"]]


def test_an_empty_project():
    assert result() == {
        "templates": {},
        "current": {},
        "projects": {},
        "summary": {"templates": 0, "images": 0, "stages": {}, "findings": {}},
        "findings": [],
    }


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([there("1.9", "deprecated"), there("1.10")], ["1.10", "1.9"]),
        ([there("1.0"), there("1.1", "staged")], ["1.0", "1.1"]),
        ([there("1.0"), there("1.1", "deprecated"), there("1.2", "deprecated")], ["1.0", "1.2", "1.1"]),
        ([there("1.0", "retired"), there("1.1", "hidden")], ["1.1", "1.0"]),
    ],
)
def test_the_current_version_comes_first(images, expected):
    assert order(*images) == order(*images[::-1]) == expected


def test_the_current_versions():
    images = there("1.0"), there("2.0", "staged"), there("1.0", "retired", template=ROCKY)
    found = result(*images)
    assert found["current"] == {UBUNTU: {"version": "1.0", "name": name("1.0"), "id": "id-1.0"}}
    assert {template: each["current"] for template, each in found["templates"].items()} == {
        ROCKY: None,
        UBUNTU: found["current"][UBUNTU],
    }


def test_of_two_images_of_the_newest_version_none_is_current():
    found = result(there("1.0", id="a"), there("1.0", id="b"))
    assert found["current"] == {}
    assert sorted(row["id"] for row in found["templates"][UBUNTU]["versions"]) == ["a", "b"]


def test_what_is_no_version_is_not_returned():
    assert not result(there("1.0", name="odd"), there("1.1", status="queued"), image(name="x"))["templates"]


def test_a_row():
    found = result(there("1.0", "deprecated 1", properties={"replaced_by": name("1.1"), "retire_on": "2027-01-01"}))
    (row,) = found["templates"][UBUNTU]["versions"]
    assert {key: row[key] for key in row if not key.startswith("os_hash")} == {
        "template": UBUNTU,
        "version": "1.0",
        "id": "id-1.0",
        "name": name("1.0"),
        "status": "active",
        "stage": "deprecated",
        "visibility": "community",
        "protected": False,
        "disk_format": "raw",
        "size": 4,
        "created_at": None,
        "replaced_by": name("1.1"),
        "published_since": "2025-11-12",
        "deprecated_since": "2026-05-31",
        "deprecated_reason": None,
        "retired_since": None,
        "revoked_since": None,
        "retire_on": "2027-01-01",
        "delete_on": None,
        "members": None,
        "usage": None,
    }
    assert (row["os_hash_algo"], len(row["os_hash_value"])) == ("sha512", 128)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, None),
        ({"id-1.0": ()}, []),
        ({"id-1.0": (Member("p-a", "pending"),)}, [{"project_id": "p-a", "status": "pending"}]),
        ({"id-1.0": ForbiddenError("no")}, None),
    ],
)
def test_members(members, expected):
    found = result(there("1.0", visibility="shared"), members=members)
    assert found["templates"][UBUNTU]["versions"][0]["members"] == expected


def test_a_summary():
    findings = Finding("unsigned", "a", "x"), Finding("drift", "a", "x"), Finding("drift", "b", "y")
    found = result(there("1.0", "hidden"), there("1.1"), there("1.0", template=ROCKY), findings=findings)
    assert found["summary"] == {
        "templates": 2,
        "images": 3,
        "stages": {"hidden": 1, "published": 2},
        "findings": {"drift": 2, "unsigned": 1},
    }
    assert found["findings"][0] == {"kind": "unsigned", "image": "a", "message": "x"}


def test_only_what_is_asked_for_is_returned():
    found = result(there("1.0"), there("1.0", template=ROCKY), templates=frozenset({ROCKY, "debian-12-base"}))
    assert list(found["templates"]) == list(found["current"]) == [ROCKY]
