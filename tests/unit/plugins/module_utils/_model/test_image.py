# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.image import (
    DEPRECATED,
    PUBLISHED_SINCE,
    TEMPLATE,
    Image,
    is_custom_property,
)
from ansible_collections.xloud.image.tests.unit.fakes.glance import FakeImageService
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME, image

DEPRECATION = {DEPRECATED: "true"}


def test_a_body_of_the_api_is_read():
    glance = FakeImageService()
    body = glance.images[glance.add(NAME, b"data", tags=["b", "a"], os_distro="ubuntu", os_glance_failed_import="x")]
    found = Image.from_api(body)
    assert (found.name, found.status, found.size, found.owner) == (NAME, "active", 4, "p-own")
    assert found.tags == {"a", "b"}
    assert found.properties == {"os_distro": "ubuntu"}


def test_what_is_null_or_missing_is_plain():
    found = Image.from_api(
        {"id": "1", "status": "queued", "visibility": "shared", "name": None, "min_ram": None, "x": None}
    )
    assert (found.name, found.min_ram, found.hidden, found.tags, found.properties) == ("", 0, False, frozenset(), {})


def test_a_result_is_plain_and_sorted():
    result = image(tags=frozenset("ba"), properties={"z": "1", "a": "2", TEMPLATE: None}).as_result()
    assert result["tags"] == ["a", "b"]
    assert list(result["properties"]) == ["a", "xloud_image_version", "z"]
    assert result["stage"] == "staged"


def test_an_image_still_to_be_has_no_id():
    assert image(id="").as_result()["id"] is None


@pytest.mark.parametrize(
    ("changes", "stage"),
    [
        ({}, "staged"),
        ({"visibility": "shared"}, "published"),
        ({"visibility": "community"}, "published"),
        ({"visibility": "public"}, "published"),
        ({"visibility": "public", "properties": DEPRECATION}, "deprecated"),
        ({"visibility": "public", "properties": {DEPRECATED: "false"}}, "published"),
        ({"visibility": "public", "hidden": True}, "hidden"),
        ({"visibility": "public", "hidden": True, "properties": DEPRECATION}, "hidden"),
        ({"status": "deactivated"}, "retired"),
        ({"status": "deactivated", "hidden": True, "properties": DEPRECATION}, "retired"),
        ({"status": "deactivated", "visibility": "public"}, "published"),
        ({"properties": DEPRECATION}, "deprecated"),
    ],
)
def test_stages(changes, stage):
    assert image(**changes).stage == stage


@pytest.mark.parametrize(
    ("changes", "published"),
    [
        ({}, False),
        ({"visibility": "shared"}, True),
        ({"properties": {PUBLISHED_SINCE: "2026-01-01"}}, True),
    ],
)
def test_once_published_stays_published(changes, published):
    assert image(**changes).was_published is published


@pytest.mark.parametrize("status", ["queued", "saving", "uploading", "importing", "active", "deactivated"])
def test_unfinished(status):
    assert image(status=status).is_unfinished is (status not in ("active", "deactivated"))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, NAME),
        ({"name": "ubuntu-24.04-base-v1.1"}, "None"),
        ({"name": "ubuntu-24.04-base"}, "None"),
        ({"name": ""}, "None"),
        ({"properties": {TEMPLATE: None}}, "None"),
        ({"properties": {TEMPLATE: "rocky-9-nginx"}}, "None"),
        ({"properties": {"xloud_image_version": "1.00"}}, "None"),
    ],
)
def test_a_version_is_named_as_its_marks_say(changes, expected):
    assert str(image(**changes).version_name) == expected


def test_ours_bears_both_marks():
    assert image().is_ours
    assert not image(properties={TEMPLATE: None}).is_ours


@pytest.mark.parametrize(
    ("key", "custom"), [("os_distro", True), ("os_hidden", False), ("os_glance_x", False), ("tags", False), ("", True)]
)
def test_custom_properties(key, custom):
    assert is_custom_property(key) is custom
