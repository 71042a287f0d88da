# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This plugin util is private to the collection.
"""Rows as lines of text."""

from __future__ import annotations

import typing as t


def table(rows: t.Sequence[t.Mapping[str, t.Any]], columns: t.Sequence[str] | None = None) -> str:
    """Return rows as lines of aligned columns under a head line."""
    keys = list(columns or (rows[0] if rows else ()))
    cells = [[_text(row.get(key)) for key in keys] for row in rows]
    heads = [key.replace("_", " ").upper() for key in keys]
    widths = [max(map(len, column)) for column in zip(heads, *cells, strict=True)]
    right = [_is_numeric([row[key] for row in rows if row.get(key) is not None]) for key in keys]
    return "\n".join(_line(line, widths, right) for line in (heads, *cells))


def _line(cells: t.Sequence[str], widths: t.Sequence[int], right: t.Sequence[bool]) -> str:
    padded = (
        cell.rjust(width) if is_right else cell.ljust(width)
        for cell, width, is_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(padded).rstrip()


def _text(value: t.Any) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value)) or "-"
    return str(value)


def _is_numeric(values: t.Sequence[t.Any]) -> bool:
    return bool(values) and all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)
