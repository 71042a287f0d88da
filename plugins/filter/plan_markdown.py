# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: plan_markdown
short_description: What a run over a catalogue does, as Markdown
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Renders a result of M(xloud.image.image_catalog) as Markdown, for the summary of a GitHub workflow, a note on a
    merge request of GitLab, or a chat.
  - Failures come first, then findings, then a table of the images that change, with the reasons, and on demand what
    each one was and will be.
  - A result without a plan, of a run that failed before it had one, is rendered as its message.
  - Whatever comes from a cloud is escaped. It can neither break a table nor bring in HTML, and it addresses nobody.
positional: _input
options:
  _input:
    description: The result.
    type: dict
    required: true
  title:
    description: The heading, such as the name of the cloud.
    type: str
    default: Image catalogue
  check:
    description: Whether the run changes nothing, as in check mode.
    type: bool
    default: false
  limit:
    description:
      - The characters that the text may have. What has no room is left out, and the text says how much that is.
      - GitHub shows 1 MiB for each step, of all clouds together.
    type: int
    default: 200000
seealso:
  - plugin: xloud.image.plan_counts
    plugin_type: filter
  - module: xloud.image.image_catalog
"""

EXAMPLES = r"""
- name: Say what would be done
  xloud.image.image_catalog:
    cloud: mycloud
    files: [catalog/]
  check_mode: true
  register: catalog_result

- name: Write it down for a reviewer
  ansible.builtin.copy:
    content: "{{ catalog_result | xloud.image.plan_markdown('mycloud', check=true) }}"
    dest: summary.md
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The Markdown.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.module_utils._plan.summary import LIMIT, as_markdown


def plan_markdown(result: t.Any, title: str = "Image catalogue", check: bool = False, limit: int = LIMIT) -> str:
    """
    Return a result of image_catalog as Markdown.

    :raises AnsibleFilterError: It is no such result.
    """
    if not isinstance(result, dict):
        raise AnsibleFilterError("plan_markdown: give it a whole result of xloud.image.image_catalog.")
    return as_markdown(result, title, check=check, limit=limit)


class FilterModule:
    """The filter that presents a run to people."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"plan_markdown": plan_markdown}
