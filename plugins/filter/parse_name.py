# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: parse_name
short_description: What an image name says
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Takes the name of an image, C(<os>-<os version>-<profile>-v<major>.<minor>), apart.
positional: _input
options:
  _input:
    description: The name of an image.
    type: str
    required: true
seealso:
  - plugin: xloud.image.build_name
    plugin_type: filter
  - plugin: xloud.image.image_name
    plugin_type: test
"""

EXAMPLES = r"""
- name: Show the operating system of an image
  ansible.builtin.debug:
    msg: "{{ (image_name | xloud.image.parse_name).os }}"

- name: Show the templates that have images
  ansible.builtin.debug:
    msg: "{{ image_names | map('xloud.image.parse_name') | map(attribute='template') | unique }}"
"""

RETURN = r"""
_value:
  description: The parts of the name.
  type: dict
  contains:
    template:
      description: The name of the template.
      type: str
    os:
      description: The operating system.
      type: str
    os_version:
      description: The version of the operating system.
      type: str
    profile:
      description: What the template is made for.
      type: str
    version:
      description: The version of the template.
      type: str
    major:
      description: The first number of the version.
      type: int
    minor:
      description: The second number of the version.
      type: int
  sample:
    template: ubuntu-24.04-base
    os: ubuntu
    os_version: "24.04"
    profile: base
    version: "1.2"
    major: 1
    minor: 2
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName


def parse_name(name: t.Any) -> dict[str, t.Any]:
    """
    Return the parts of an image name.

    :raises AnsibleFilterError: It is not an image name.
    """
    try:
        return ImageName.parse(name).parts()
    except ImageError as exc:
        raise AnsibleFilterError(exc.message) from exc


class FilterModule:
    """Filters that take image names apart."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"parse_name": parse_name}
