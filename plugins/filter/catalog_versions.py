# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: catalog_versions
short_description: The versions of a catalogue document and the stage that each belongs in
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Checks a catalogue document whole, and returns its versions as a flat list that tasks can loop over.
  - Of each template, the current version comes first, then the others from the newest to the oldest.
  - Everything that is wrong with the document is listed in one error, each with its path.
positional: _input
options:
  _input:
    description: The document, a dictionary of templates and their versions.
    type: dict
    required: true
  defaults:
    description: What is merged under every template.
    type: dict
    default: {}
  source_directory:
    description: The folder that relative paths of O(_input) start from.
    type: str
    default: .
"""

EXAMPLES = r"""
- name: Show where each version belongs
  ansible.builtin.debug:
    msg: "{{ item.name }} is to be {{ item.stage }}"
  loop: "{{ image_catalog | xloud.image.catalog_versions }}"
"""

RETURN = r"""
_value:
  description:
    - One dictionary for each version, with the options of M(xloud.image.image_template) that the document sets, and
      with C(stage), C(visibility), C(members), C(members_exact), C(replaced_by) and C(reason).
  type: list
  elements: dict
  sample:
    - name: ubuntu-24.04-base-v1.0
      template: ubuntu-24.04-base
      version: "1.0"
      stage: published
      visibility: community
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.module_utils._model.catalog import parse_catalog
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._plan.catalog import as_loop


def catalog_versions(document: t.Any, defaults: t.Any = None, source_directory: str = ".") -> list[dict[str, t.Any]]:
    """
    Return the versions of a catalogue document, each with the stage that it belongs in.

    :raises AnsibleFilterError: The document is wrong.
    """
    try:
        return as_loop(parse_catalog(document, defaults or {}, source_directory))
    except ImageError as exc:
        raise AnsibleFilterError(exc.message) from exc


class FilterModule:
    """Filters for catalogue documents."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"catalog_versions": catalog_versions}
