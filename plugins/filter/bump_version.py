# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: bump_version
short_description: The image name or the version that follows
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Counts the version of an image name, or a version by itself, up by one.
  - The two parts of a version are numbers, so that C(1.10) follows C(1.9).
positional: _input, part
options:
  _input:
    description: The name of an image, or a version as text.
    type: str
    required: true
  part:
    description:
      - The part of the version to count up.
      - A new V(major) version starts with the minor version 0.
    type: str
    choices: [minor, major]
    default: minor
seealso:
  - plugin: xloud.image.build_name
    plugin_type: filter
  - plugin: xloud.image.newer_than
    plugin_type: test
"""

EXAMPLES = r"""
- name: Name the next build of an image
  ansible.builtin.debug:
    msg: "{{ 'ubuntu-24.04-base-v1.9' | xloud.image.bump_version }}" # ubuntu-24.04-base-v1.10

- name: Start a new major version
  ansible.builtin.debug:
    msg: "{{ '1.10' | xloud.image.bump_version('major') }}" # 2.0
"""

RETURN = r"""
_value:
  description: The name of an image, or a version, whichever was given.
  type: str
  sample: ubuntu-24.04-base-v1.10
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.name import parse_name_or_version


def bump_version(text: t.Any, part: str = "minor") -> str:
    """
    Return the image name, or the version, that follows.

    :raises AnsibleFilterError: The text is neither, or a version has no such part.
    """
    if part not in ("minor", "major"):
        raise AnsibleFilterError(f"part: {part!r} is neither minor nor major.")
    try:
        found = parse_name_or_version(text)
    except ImageError as exc:
        raise AnsibleFilterError(exc.message) from exc
    return str(found.next_major() if part == "major" else found.next())


class FilterModule:
    """Filters that count versions up."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"bump_version": bump_version}
