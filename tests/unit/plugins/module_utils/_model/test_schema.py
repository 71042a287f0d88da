# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The schema that editors get accepts and refuses what the parser does."""

from __future__ import annotations

import datetime
from copy import deepcopy

import pytest
from jsonschema import Draft7Validator, FormatChecker

from ansible_collections.xloud.image.plugins.module_utils._model import document as table
from ansible_collections.xloud.image.plugins.module_utils._model.catalog import compose, parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.schema import json_schema

NAME = "ubuntu-24.04-base"
VALIDATOR = Draft7Validator(json_schema(), format_checker=FormatChecker())

# One of each kind, and what is nearly one. JSON Schema cannot tell 1.0 from 1, so that there is no such number.
VALUES = [
    *(None, True, False, 0, 1, 4, -1, 1.5, 10**6),
    *("", "text", "a/path.qcow2", "https://example.com/a?b=c", "HTTP://example.com", "ftp://example.com/a"),
    *("1.0", "01.0", "1", "30d", "4w", "30", "30m", "-1d", "123456d", "2027-04-30", "2027-02-30", "2027-4-3"),
    *(f"sha256:{'a' * 64}", f"sha256:{'a' * 63}", f"sha512:{'A' * 128}", "sha256", "md5:0", "sha1:0", "sha3"),
    *("auto", "direct", "shared", "public", "private", "published", "staged", "hidden", "retired", "deleted"),
    *([], ["a"], [1], [None], ["xloud"], ["xloud", "scs-0102"], ["iso-9001"], "xloud"),
    *({}, {"a": "b"}, {"a": 1}, {"a": True}, {"a": None}, {"a": 1.5}, {"a": ["x"]}, {"a": [1]}, {"a": {}}),
    *({"name": "x"}, {"min_disk": 1}, {"replaced_by": "x"}, {"xloud_image_x": "y"}, {"os_glance_x": "y"}),
    *({"os_hidden": "x"}, {"visible": 2}, {"soak": "2d"}, datetime.datetime(2027, 4, 30)),
]
PLACES = {
    (table.DEFAULTS,): table.SHARED,
    (table.DEFAULTS, "retention"): table.RETENTION,
    (table.DEFAULTS, "promotion"): table.PROMOTION,
    (table.ROOT, NAME): table.TEMPLATE,
    (table.ROOT, NAME, "retention"): table.RETENTION,
    (table.ROOT, NAME, "promotion"): table.PROMOTION,
    (table.ROOT, NAME, "versions", "1.0"): table.VERSION_KEYS,
}
# Of these, only the whole catalogue tells whether they are right.
WHOLE = ("visibility", "versions")


def base() -> dict:
    return {table.DEFAULTS: {}, table.ROOT: {NAME: {"visibility": "shared", "versions": {"1.0": {}}}}}


def with_value(place: tuple[str, ...], key: str, value: object) -> dict:
    changed = base()
    target = changed
    for step in place:
        target = target.setdefault(step, {})
    target[key] = deepcopy(value)
    return changed


def schema_accepts(document: object) -> bool:
    return VALIDATOR.is_valid(document)


def parser_accepts(document: dict) -> bool:
    try:
        parse_catalog(*compose([document]), "")
    except InputError:
        return False
    return True


def test_the_schema_is_one():
    Draft7Validator.check_schema(json_schema())


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_every_key_takes_the_same_values(place):
    cases = [(key, value) for key in (*PLACES[place], "unknown") if key not in WHOLE for value in VALUES]
    differing = [
        (key, value, schema_accepts(document))
        for key, value in cases
        if schema_accepts(document := with_value(place, key, value)) != parser_accepts(document)
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("accepted", "document"),
    [
        (True, base()),
        (True, {**base(), table.DEFAULTS: {"visibility": "community"}}),
        (False, {**base(), table.DEFAULTS: {"description": "x"}}),
        (False, {table.ROOT: []}),
        *(
            (accepted, {table.ROOT: {name: {"visibility": "public", "versions": {"1.0": {}}}}})
            for accepted, name in [
                (True, "opensuse-leap-15.6-base"),
                (True, "windows-2022-core-en"),
                (False, "ubuntu"),
                (False, "ubuntu-24.04"),
                (False, "Ubuntu-24.04-base"),
                (False, "ubuntu-24.04-base_x"),
                (False, "ubuntu-24.04-base-"),
                (False, "24.04-base"),
            ]
        ),
        *(
            (accepted, {table.ROOT: {NAME: {"visibility": "public", "versions": {number: {}}}}})
            for accepted, number in [(True, "1.10"), (False, "1"), (False, "v1.0"), (False, "01.0"), (False, "1.0.0")]
        ),
        (False, {table.ROOT: {NAME: {"visibility": "public", "versions": {"1.0": None}}}}),
        (False, {table.ROOT: {NAME: {"visibility": "public", "versions": ["1.0"]}}}),
        (False, {table.ROOT: {NAME: None}}),
        (False, {table.ROOT: {NAME: {"visibility": "private", "versions": {"1.0": {}}}}}),
        (False, with_value((table.ROOT, NAME, "versions"), "1.1", {"revoked": True, "stage": "published"})),
        (True, with_value((table.ROOT, NAME, "versions"), "1.1", {"revoked": True, "stage": "retired"})),
        (True, with_value((table.ROOT, NAME, "versions"), "1.1", {"revoked": False, "stage": "published"})),
    ],
)
def test_documents_as_a_whole(accepted, document):
    assert (schema_accepts(document), parser_accepts(document)) == (accepted, accepted)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {table.ROOT: None},
        {table.DEFAULTS: None},
        {table.ROOT: {NAME: {}}},
        {table.ROOT: {NAME: {"versions": {"1.0": {}}}}},
        with_value((table.ROOT, NAME), "current", "1.1"),
        with_value((table.ROOT, NAME), "retention", {"visible": 2, "available": 1}),
    ],
)
def test_what_only_all_files_together_tell_is_left_to_the_parser(document):
    assert schema_accepts(document)
    assert not parser_accepts({key: value or {} for key, value in document.items()})


def test_strangers_beside_the_catalogue():
    assert not schema_accepts({**base(), "x-anchors": {}})
    assert not schema_accepts([])


def test_every_key_is_described():
    def bare(schema: dict, path: str):
        for word in ("properties", "patternProperties"):
            for name, value in schema.get(word, {}).items():
                if not {"title", "description"} <= set(value):
                    yield f"{path}.{name}"
                yield from bare(value, f"{path}.{name}")

    assert list(bare(json_schema(), "")) == []
