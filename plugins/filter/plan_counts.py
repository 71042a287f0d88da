# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: plan_counts
short_description: How many images a run creates, updates and deletes
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Counts the images that a run of M(xloud.image.image_catalog) changes, as Terraform counts resources.
  - As JSON it is what GitLab shows on a merge request, in a file that a job names as C(artifacts:reports:terraform).
positional: _input
options:
  _input:
    description: The result. It has to have a plan.
    type: dict
    required: true
seealso:
  - plugin: xloud.image.plan_markdown
    plugin_type: filter
  - module: xloud.image.image_catalog
"""

EXAMPLES = r"""
- name: Write the file that GitLab reads
  ansible.builtin.copy:
    content: "{{ catalog_result | xloud.image.plan_counts | to_json }}"
    dest: gitlab.json
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The numbers. A staged image that is replaced is created and deleted.
  type: dict
  contains:
    create:
      description: The images that are uploaded.
      type: int
    update:
      description: The images that change, and are neither created nor deleted.
      type: int
    delete:
      description: The images that are deleted.
      type: int
  sample: {create: 1, update: 2, delete: 0}
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.module_utils._plan.summary import counts


def plan_counts(result: t.Any) -> dict[str, int]:
    """
    Return how many images a run creates, updates and deletes.

    :raises AnsibleFilterError: It is no result that has a plan, of which zeros would be untrue.
    """
    if not isinstance(result, dict) or "plan" not in result:
        raise AnsibleFilterError("plan_counts: give it a result of xloud.image.image_catalog that has a plan.")
    return counts(result)


class FilterModule:
    """The filter that counts what a run does."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"plan_counts": plan_counts}
