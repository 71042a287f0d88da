# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: report
short_description: The catalogues of several clouds as one report
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Puts results of M(xloud.image.image_catalog_info) together - which version is where and in which stage, what is
    current, who shares what, how much is stored, and all findings.
  - A cloud that could not be read is in the report too, with the reason.
  - Texts that others wrote, such as names of images, have characters that control how text is shown replaced by their
    numbers, such as V(\\u202e).
  - The role P(xloud.image.report#role) calls it.
positional: _input
options:
  _input:
    description:
      - One dictionary for each cloud, with C(host), C(name) and the C(result) of M(xloud.image.image_catalog_info).
    type: list
    elements: dict
    required: true
  title:
    description: The title.
    type: str
    default: Image catalogue
  generated_at:
    description: When the report was made, such as V(2026-01-31T12:00:00Z).
    type: str
    required: true
  as_of:
    description: The day that dates are compared with. That of O(generated_at) unless given.
    type: str
  run:
    description: What made the report, such as C(job_id) and C(user_name) of a job. Empty values are left out.
    type: dict
seealso:
  - plugin: xloud.image.report_as
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at a catalogue
  xloud.image.image_catalog_info:
    cloud: mycloud
  register: catalogue

- name: Say how many images are in which stage
  ansible.builtin.debug:
    msg: "{{ ([{'host': 'localhost', 'name': 'mycloud', 'result': catalogue}]
      | xloud.image.report(generated_at=now(utc=true).isoformat())).summary.stages }}"
"""

RETURN = r"""
_value:
  description:
    - The report, as C(schemas/report.schema.json) of the collection describes it.
  type: dict
"""

import datetime
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.module_utils._plan.report import readings
from ansible_collections.xloud.image.plugins.module_utils._plan.report import report as report_of


def report(
    results: t.Sequence[t.Mapping[str, t.Any]],
    *,
    generated_at: str,
    title: str = "Image catalogue",
    as_of: str | None = None,
    run: t.Mapping[str, t.Any] | None = None,
) -> dict[str, t.Any]:
    """Return the report of clouds."""
    day = as_of or generated_at[:10]
    try:
        datetime.date.fromisoformat(day)
    except ValueError as exc:
        raise AnsibleFilterError(f"as_of: {day!r} is no day such as 2026-01-31") from exc
    stamps = {key: str(value) for key, value in (run or {}).items() if value not in (None, "")}
    header = {
        "title": title,
        "generated_at": generated_at,
        "as_of": day,
        "run": dict(sorted(stamps.items())),
    }
    return report_of(readings(results), header)


class FilterModule:
    """Filters that tell of catalogues."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"report": report}
