# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of a catalogue document and what each may hold."""

from __future__ import annotations

import datetime
import re

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model import document
from ansible_collections.xloud.image.plugins.module_utils._model.document import (
    COUNT,
    DATE,
    DURATION,
    FLAG,
    PROPERTIES,
    REQUIREMENTS,
    TEXT,
    TEXTS,
    VERSION,
    WHOLE,
    days,
    is_date,
    one_of,
    some_of,
)

NOTHING = [None, [], {}]


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        (TEXT, ["", "a"], [1, True, *NOTHING]),
        (WHOLE, [0, 1, 10**6], [-1, 1.0, "1", True, False, *NOTHING]),
        (COUNT, [1, 2], [0, -1, 1.0, "1", True, *NOTHING]),
        (FLAG, [True, False], ["true", "yes", 0, 1, *NOTHING]),
        (TEXTS, [[], ["a", "b"]], ["a", ["a", 1], [None], {"a": 1}, None]),
        (
            DATE,
            ["2027-04-30", datetime.date(2027, 4, 30)],
            ["2027-02-30", "2027-4-3", "20270430", "tomorrow", 20270430],
        ),
        (DATE, ["2028-02-29"], [datetime.datetime(2027, 4, 30), "2027-04-30T00:00", " 2027-04-30", *NOTHING]),
        (DURATION, [0, 30, "30", "30d", "4w", "99999d"], [-1, 1.5, "30 d", "1m", "d", "-1", "100000", True, *NOTHING]),
        (PROPERTIES, [{}, {"a": 1.5}], ["a", [], None]),
        (REQUIREMENTS, [{}, {"a": None, "b": [], "c": ["x"]}], [{"a": "x"}, {"a": [1]}, [], None]),
        (one_of(("a", "b")), ["a", "b"], ["c", "", 1, ["a"], None]),
        (some_of(("a", "b")), [[], ["a"], ["b", "a"]], ["a", ["c"], ["a", 1], None]),
    ],
)
def test_what_a_kind_accepts(kind, right, wrong):
    assert [value for value in right if not kind.accepts(value)] == []
    assert [value for value in wrong if kind.accepts(value)] == []


@pytest.mark.parametrize(
    ("text", "count"), [(0, 0), (30, 30), ("30", 30), ("30d", 30), ("4w", 28), ("0w", 0), ("a month", 0)]
)
def test_durations_in_days(text, count):
    assert days(text) == count


@pytest.mark.parametrize("value", ["2027-04-30", datetime.date(2027, 4, 30)])
def test_a_day_may_stand_without_quotes(value):
    assert is_date(value)
    assert str(value) == "2027-04-30"


@pytest.mark.parametrize("kind", [DATE, DURATION, VERSION], ids=["date", "duration", "version"])
def test_a_pattern_of_the_schema_takes_no_more_than_all(kind):
    for choice in kind.schema.get("anyOf", [kind.schema]):
        assert re.fullmatch(r"\^.*\$", choice.get("pattern", "^$"))


def keys_of(keys, path=""):
    for name, key in keys.items():
        yield f"{path}{name}", key
        yield from keys_of(key.keys or {}, f"{path}{name}.")


KEYS = dict(keys_of(document.TEMPLATE))


@pytest.mark.parametrize("path", KEYS)
def test_every_key_is_explained(path):
    key = KEYS[path]
    assert re.fullmatch(r"[A-Z].*\.", key.meaning, re.DOTALL)
    assert key.kind.schema
    assert key.kind.words


def test_what_stands_where():
    assert set(document.IMAGE) < set(document.SHARED) < set(document.TEMPLATE)
    assert set(document.TEMPLATE) - set(document.SHARED) == {"description", "current", "versions"}
    assert set(document.IMAGE) < set(document.VERSION_KEYS)
    assert set(document.VERSION_KEYS) - set(document.IMAGE) == {
        "source",
        "checksum",
        "stage",
        "reason",
        "revoked",
        "retire_on",
        "delete_on",
    }
    assert set(document.MERGED) <= set(document.SHARED)
