# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: image_name
short_description: Whether a value is the name of an image
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Checks whether a value is the name of an image, C(<os>-<os version>-<profile>-v<major>.<minor>).
  - A value that is not text is not such a name.
positional: _input
options:
  _input:
    description: The value to check.
    type: raw
    required: true
seealso:
  - plugin: xloud.image.template_name
    plugin_type: test
"""

EXAMPLES = r"""
- name: Refuse bad names before anything is uploaded
  ansible.builtin.assert:
    that:
      - image_name is xloud.image.image_name
    fail_msg: "{{ image_name }} is not an image name such as ubuntu-24.04-base-v1.2"

- name: Show the images that follow the grammar of names
  ansible.builtin.debug:
    msg: "{{ image_names | select('xloud.image.image_name') }}"
"""

RETURN = r"""
_value:
  description: Whether the value is the name of an image.
  type: bool
"""

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName


def image_name(value: t.Any) -> bool:
    """Say whether a value is the name of an image."""
    try:
        ImageName.parse(value)
    except InputError:
        return False
    return True


class TestModule:
    """Tests of image names."""

    def tests(self) -> dict[str, t.Callable[..., bool]]:
        """Return the tests by their names."""
        return {"image_name": image_name}
