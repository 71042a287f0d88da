# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: newer_than
short_description: Whether an image or a version is newer than another
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Compares the names of two images of one template, or two versions.
  - The two parts of a version are compared as numbers, so that C(1.10) is newer than C(1.9).
  - Images of two templates, or an image and a version, have no order, and comparing them is an error.
positional: _input, other
options:
  _input:
    description: The name of an image, or a version as text.
    type: str
    required: true
  other:
    description: What to compare it with, the name of an image of the same template, or a version as text.
    type: str
    required: true
seealso:
  - plugin: xloud.image.bump_version
    plugin_type: filter
  - plugin: xloud.image.image_name
    plugin_type: test
"""

EXAMPLES = r"""
- name: Refuse to publish an older image than the current one
  ansible.builtin.assert:
    that:
      - image_name is xloud.image.newer_than(current_name)

- name: Show the versions since 1.9
  ansible.builtin.debug:
    msg: "{{ ['1.8', '1.9', '1.10'] | select('xloud.image.newer_than', '1.9') }}" # ['1.10']
"""

RETURN = r"""
_value:
  description: Whether the image or version is newer than the other. It is not when the two are the same.
  type: bool
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.name import is_newer


def newer_than(text: t.Any, other: t.Any) -> bool:
    """
    Say whether an image or a version is newer than another.

    :raises AnsibleFilterError: The two have no order.
    """
    try:
        return is_newer(text, other)
    except ImageError as exc:
        raise AnsibleFilterError(exc.message) from exc


class TestModule:
    """Tests of the order of versions."""

    def tests(self) -> dict[str, t.Callable[..., bool]]:
        """Return the tests by their names."""
        return {"newer_than": newer_than}
