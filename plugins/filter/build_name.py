# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: build_name
short_description: The image name of a version of a template
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Puts the name of a template and a version together to the name of an image.
  - Takes what P(xloud.image.parse_name#filter) returns as well. The name is made of its C(template) and C(version).
    Any other part of it that contradicts them is an error.
positional: _input, version
options:
  _input:
    description: The name of a template, or a dictionary with the parts of an image name.
    type: raw
    required: true
  version:
    description:
      - The version, as text.
      - It wins over the version in a dictionary, and is needed unless there is one.
    type: str
seealso:
  - plugin: xloud.image.parse_name
    plugin_type: filter
  - plugin: xloud.image.bump_version
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Name the first version of a template
  ansible.builtin.debug:
    msg: "{{ 'ubuntu-24.04-base' | xloud.image.build_name('1.0') }}" # ubuntu-24.04-base-v1.0

- name: Name another version of the template of an image
  ansible.builtin.debug:
    msg: "{{ image_name | xloud.image.parse_name | xloud.image.build_name('2.0') }}"
"""

RETURN = r"""
_value:
  description: The name of the image.
  type: str
  sample: ubuntu-24.04-base-v1.0
"""

import typing as t
from collections.abc import Mapping

from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName, Version


def build_name(template: t.Any, version: t.Any = None) -> str:
    """
    Return the image name that a template, or the parts of a name, and a version make.

    :raises AnsibleFilterError: They make none.
    """
    parts = template if isinstance(template, Mapping) else {"template": template}
    try:
        given = {} if version is None else Version.parse(version).parts()
        return str(ImageName.from_parts({**parts, **given}))
    except ImageError as exc:
        raise AnsibleFilterError(exc.message) from exc


class FilterModule:
    """Filters that make image names."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"build_name": build_name}
