# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.sidecar import parse_sidecar
from ansible_collections.xloud.image.plugins.module_utils._plan.export import sidecar_content
from ansible_collections.xloud.image.tests.unit.fakes.samples import image


def document(**changes):
    found = json.loads(sidecar_content(image(), ()))
    found["image"].update(changes)
    return found


def test_what_an_export_writes_is_read():
    assert parse_sidecar(json.dumps(document())) == document()["image"]


@pytest.mark.parametrize(
    "text",
    ["", "not JSON", "[]", "null", "{}", '{"format_version": 1}', '{"format_version": 1, "image": []}', "[" * 100_000],
    ids=lambda text: text[:40],
)
def test_what_is_no_sidecar(text):
    with pytest.raises(InputError, match="sidecar: the file is no sidecar"):
        parse_sidecar(text)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"min_disk": "1", "tags": None}, "min_disk, tags"),
        ({"properties": []}, "properties"),
        ({"name": None}, "name"),
    ],
)
def test_values_of_another_type(changes, named):
    with pytest.raises(InputError, match=f"unusable values for {named}"):
        parse_sidecar(json.dumps(document(**changes)))


@pytest.mark.parametrize("contents", [document()["image"], {}], ids=["same", "other"])
def test_a_newer_format_says_so(contents):
    with pytest.raises(InputError, match="has format 2, and this release reads format 1"):
        parse_sidecar(json.dumps({"format_version": 2, "image": contents}))
