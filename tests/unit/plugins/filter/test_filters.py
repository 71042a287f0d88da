# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.filter import catalog_summary, catalog_versions, table

VERSION = {"template": "a-1-x", "version": "1.0", "name": "a-1-x-v1.0", "stage": "published", "visibility": "public"}


def test_versions_of_a_document():
    document = {"a-1-x": {"visibility": "public", "versions": {"1.0": {"source": "a.raw"}}}}
    (row,) = catalog_versions.catalog_versions(document, source_directory="/images")
    assert (row["name"], row["source"], row["stage"]) == ("a-1-x-v1.0", "/images/a.raw", "published")


def test_a_wrong_document_fails_as_filters_do():
    with pytest.raises(AnsibleFilterError, match=r"image_catalog\.a-1-x\.colour: is not known"):
        catalog_versions.catalog_versions({"a-1-x": {"colour": "blue"}})


def result(stage, changed, reason=None, image_id="i"):
    image = {"name": "a-1-x-v1.0", "id": image_id, "stage": stage, "visibility": "private", "properties": {}}
    actions = [{"action": "update", "image": image["name"], "reason": reason}] if reason else []
    return {"image": image, "changed": changed, "actions": actions}


def test_a_later_result_says_what_an_image_is():
    skipped = {"skipped": True, "item": VERSION}
    (row,) = catalog_summary.catalog_summary(
        [VERSION], [[result("staged", True, "create")], [result("published", False)], [skipped]]
    )
    assert (row["stage"], row["changed"], row["actions"]) == ("published", True, ["create"])


def test_an_image_that_a_dry_run_would_create_is_as_the_catalogue_says():
    (row,) = catalog_summary.catalog_summary([VERSION], [[result("staged", True, "create", image_id=None)]])
    assert (row["stage"], row["visibility"], row["id"]) == ("published", "public", None)


def test_a_version_without_a_result():
    (row,) = catalog_summary.catalog_summary([VERSION], [])
    assert (row["stage"], row["changed"], row["actions"]) == ("published", False, [])


def test_table():
    rows = [
        {"name": "a", "size": 5, "replaced_by": None, "changed": True, "tags": ["x", "y"]},
        {"name": "longer", "size": 1234, "replaced_by": None, "changed": False, "tags": []},
    ]
    assert table.table(rows).splitlines() == [
        "NAME    SIZE  REPLACED BY  CHANGED  TAGS",
        "a          5  -            yes      x, y",
        "longer  1234  -            no       -",
    ]
    assert table.table(rows, ["size", "name"]).splitlines()[1] == "   5  a"


def test_a_table_without_rows():
    assert table.table([], ["name"]) == "NAME"
    assert table.table([]) == ""
