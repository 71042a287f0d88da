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
seealso:
  - module: xloud.image.image_catalog
    description: Returns rows as C(versions).
  - module: xloud.image.image_catalog_info
    description: Returns rows as the C(versions) of each of its C(templates).
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
  sample: |-
    NAME                    STAGE       VISIBILITY
    ubuntu-24.04-base-v1.1  published   community
    ubuntu-24.04-base-v1.0  deprecated  community
"""

import typing as t

from ansible_collections.xloud.image.plugins.plugin_utils._table import table


class FilterModule:
    """Filters that present data to people."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"table": table}
