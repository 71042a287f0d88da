# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: image_ids
short_description: The ids of the current versions, by the names of their templates
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Makes a dictionary of ids, which Terraform and others take as variables, of C(current) as
    M(xloud.image.image_catalog) and M(xloud.image.image_catalog_info) return it.
  - A template that has no current version is not in it, so that whoever asks for it is told.
positional: _input
options:
  _input:
    description: The current versions, each with its C(id).
    type: dict
    required: true
  unknown:
    description:
      - What stands for an id that is not known yet, as of an image that a run in check mode only would create.
      - Without it, such templates are left out.
    type: str
seealso:
  - plugin: xloud.image.current
    plugin_type: lookup
  - module: xloud.image.image_catalog
  - module: xloud.image.image_catalog_info
"""

EXAMPLES = r"""
- name: Ask for the ids, which takes no right to change anything
  xloud.image.image_catalog_info:
    cloud: mycloud
  register: found

- name: Write them where Terraform finds them
  ansible.builtin.copy:
    content: "{{ {'image_ids': found.current | xloud.image.image_ids} | to_nice_json }}\n"
    dest: terraform/image_ids.auto.tfvars.json
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The ids.
  type: dict
  sample:
    ubuntu-24.04-base: 6f2a3f0e-0f3b-4c52-9d6c-2e1f5b8a4d3c
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.module_utils._plan import summary


def image_ids(current: t.Any, unknown: str | None = None) -> dict[str, str]:
    """
    Return the ids of current versions by the names of their templates.

    :raises AnsibleFilterError: These are no current versions.
    """
    versions = current.values() if isinstance(current, dict) else [None]
    if not all(isinstance(version, dict) and "id" in version for version in versions):
        raise AnsibleFilterError("image_ids: give it what xloud.image.image_catalog returns as current.")
    return summary.image_ids(current, unknown)


class FilterModule:
    """The filter that gives ids to other tools."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"image_ids": image_ids}
