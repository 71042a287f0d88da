# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: catalog_summary
short_description: What a run did to each version of a catalogue
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Puts the results of the tasks that looped over P(xloud.image.catalog_versions#filter) together, one row for each
    version, in the order of the versions.
positional: _input
options:
  _input:
    description: The versions that the tasks looped over.
    type: list
    elements: dict
    required: true
  results:
    description:
      - The C(results) that the tasks registered, in the order of the tasks.
      - What a later one says of an image wins.
    type: list
    elements: list
    required: true
"""

EXAMPLES = r"""
- name: Put together what was done
  ansible.builtin.set_fact:
    summary: "{{ versions | xloud.image.catalog_summary([uploaded.results, published.results]) }}"
"""

RETURN = r"""
_value:
  description: One row for each version.
  type: list
  elements: dict
  sample:
    - template: ubuntu-24.04-base
      version: "1.0"
      name: ubuntu-24.04-base-v1.0
      id: 0f3b8c52-3c1c-4f0e-9d6c-5b8a4d3c2e1f
      stage: deprecated
      visibility: community
      disk_format: qcow2
      size: 626524160
      replaced_by: ubuntu-24.04-base-v1.1
      changed: true
      actions:
        - "update ubuntu-24.04-base-v1.0: deprecated true"
"""

import typing as t

_OF_IMAGE: t.Final = ("id", "stage", "visibility", "disk_format", "size")


def catalog_summary(
    versions: t.Sequence[t.Mapping[str, t.Any]], results: t.Sequence[t.Sequence[t.Mapping[str, t.Any]]]
) -> list[dict[str, t.Any]]:
    """Return one row for each version: what it is now, and what was done to it."""
    by_name: dict[str, list[t.Mapping[str, t.Any]]] = {version["name"]: [] for version in versions}
    for result in (result for task in results for result in task):
        if result.get("image"):
            by_name[result["image"]["name"]].append(result)
    return [_row(version, by_name[version["name"]]) for version in versions]


def _row(version: t.Mapping[str, t.Any], results: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, t.Any]:
    image = results[-1]["image"] if results else {}
    # A dry run knows of an image that it would create what the catalogue says, and not what publishing it would give.
    planned = {} if image.get("id") else {key: version[key] for key in ("stage", "visibility")}
    return {
        **{key: version[key] for key in ("template", "version", "name")},
        **{key: image.get(key) for key in _OF_IMAGE},
        "replaced_by": image.get("properties", {}).get("replaced_by"),
        **planned,
        "changed": any(result["changed"] for result in results),
        "actions": [action["reason"] for result in results for action in result["actions"]],
    }


class FilterModule:
    """Filters for the results of catalogue runs."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"catalog_summary": catalog_summary}
