# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: template_name
short_description: Whether a value is the name of a template
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Checks whether a value is the name of a template, C(<os>-<os version>-<profile>).
  - A value that is not text is not such a name.
positional: _input
options:
  _input:
    description: The value to check.
    type: raw
    required: true
seealso:
  - plugin: xloud.image.image_name
    plugin_type: test
"""

EXAMPLES = r"""
- name: Refuse bad names before anything is built
  ansible.builtin.assert:
    that:
      - template is xloud.image.template_name
    fail_msg: "{{ template }} is not <os>-<os version>-<profile>, such as ubuntu-24.04-base"

- name: Show the keys of a catalogue document that name no template
  ansible.builtin.debug:
    msg: "{{ image_catalog | reject('xloud.image.template_name') }}"
"""

RETURN = r"""
_value:
  description: Whether the value is the name of a template.
  type: bool
"""

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.name import check_template


def template_name(value: t.Any) -> bool:
    """Say whether a value is the name of a template."""
    try:
        check_template(value)
    except InputError:
        return False
    return True


class TestModule:
    """Tests of template names."""

    def tests(self) -> dict[str, t.Callable[..., bool]]:
        """Return the tests by their names."""
        return {"template_name": template_name}
