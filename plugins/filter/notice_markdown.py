# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: notice_markdown
short_description: What a project is to be told of the images that it uses
version_added: 1.1.0
author:
  - Xloud contributors (@xloud)
description:
  - Renders one of the C(notices) of M(xloud.image.image_catalog_info), or of a report of P(xloud.image.report#filter),
    as Markdown that can be sent to the project as it is, and that reads well as plain text.
  - It says what the project uses, what becomes of it and when, what to use instead, and which of its servers and
    volumes these are.
  - What others wrote, such as the names of servers, is shown as it is. It can neither break a table nor bring in HTML,
    and it addresses nobody. A web address is one that can be followed in the reason for a deprecation alone.
positional: _input
options:
  _input:
    description: The notice.
    type: dict
    required: true
  cloud:
    description: What the cloud is called. What a notice of a report says of it unless given.
    type: str
  as_of:
    description:
      - The day that the notice is of, such as V(2026-01-31), with which dates are compared. What a notice of a report
        says of it unless given.
    type: str
  rows:
    description: How many servers and volumes of an image are listed. Of the others, the number is.
    type: int
    default: 50
seealso:
  - plugin: xloud.image.report
    plugin_type: filter
  - module: xloud.image.image_catalog_info
"""

EXAMPLES = r"""
- name: See who uses what
  xloud.image.image_catalog_info:
    cloud: mycloud
    usage: true
  register: catalogue

- name: Tell each project what becomes of its images
  ansible.builtin.copy:
    content: "{{ item | xloud.image.notice_markdown(cloud='mycloud') }}"
    dest: "{{ item.project_id }}.md"
    mode: "0644"
  loop: "{{ catalogue.notices }}"
  loop_control:
    label: "{{ item.project_id }}"
"""

RETURN = r"""
_value:
  description: The Markdown.
  type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.module_utils._plan.notice_text import ROWS, as_markdown


def notice_markdown(notice: t.Any, cloud: str | None = None, as_of: str | None = None, rows: int = ROWS) -> str:
    """
    Return a notice as Markdown.

    :raises AnsibleFilterError: It is no notice.
    """
    if not isinstance(notice, t.Mapping) or not {"project_id", "images"} <= notice.keys():
        raise AnsibleFilterError(
            "notice_markdown: give it one of the notices of xloud.image.image_catalog_info, or of a report."
        )
    return as_markdown(notice, cloud=cloud, as_of=None if as_of is None else str(as_of), rows=int(rows))


class FilterModule:
    """The filter that says what a project has to know."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"notice_markdown": notice_markdown}
