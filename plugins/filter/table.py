# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: table
short_description: Rows as a table of text
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Renders a list of dictionaries as lines of aligned columns under a head line.
  - Numbers stand right, all else left. What is missing or null is a dash.
positional: _input
options:
  _input:
    description: The rows.
    type: list
    elements: dict
    required: true
  columns:
    description: The keys to show, in their order. All keys of the first row unless given.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Print what is in the catalogue
  ansible.builtin.debug:
    msg: "{{ catalog_result.versions | xloud.image.table(columns=['name', 'stage', 'visibility']) }}"
"""

RETURN = r"""
_value:
  description: The lines of the table, joined by line feeds.
  type: str
"""

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


class FilterModule:
    """Filters that present data to people."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"table": table}
