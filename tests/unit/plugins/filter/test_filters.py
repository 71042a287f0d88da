# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that makes a table."""

from __future__ import annotations

from ansible_collections.xloud.image.plugins.filter import table


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
