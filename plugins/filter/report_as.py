# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: report_as
short_description: A report as a page, as text or as data
version_added: 1.0.0
author:
  - Xloud contributors (@xloud)
description:
  - Renders what P(xloud.image.report#filter) returns. All formats tell the same.
  - Whatever text the report has is shown as it is in each format, and is markup in none.
positional: _input
options:
  _input:
    description: The report.
    type: dict
    required: true
  format:
    description:
      - V(html) is one page without other files, V(markdown) is for merge requests and chats, V(json) is the report
        itself, V(junit) has a suite for each cloud and a case for each version, and V(console) is lines of text.
    type: str
    required: true
    choices: [html, markdown, json, junit, console]
seealso:
  - plugin: xloud.image.report
    plugin_type: filter
  - plugin: xloud.image.notice_markdown
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Look at a catalogue
  xloud.image.image_catalog_info:
    cloud: mycloud
  register: catalogue

- name: Print a report
  ansible.builtin.debug:
    msg: "{{ (report | xloud.image.report_as('console')).splitlines() }}"
  vars:
    report: >-
      {{ [{'host': 'localhost', 'name': 'mycloud', 'result': catalogue}]
         | xloud.image.report(generated_at=now(utc=true).isoformat()) }}
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""

import base64
import collections
import datetime
import hashlib
import json
import re
import typing as t
from pathlib import Path

import jinja2
from ansible.errors import AnsibleFilterError
from markupsafe import Markup

from ansible_collections.xloud.image.plugins.module_utils._plan.notice_text import outlook
from ansible_collections.xloud.image.plugins.module_utils._plan.report import count, number_in_words, usage_in_words
from ansible_collections.xloud.image.plugins.plugin_utils._table import table

# Those of the role: what presents the report lies with it.
_TEMPLATES: t.Final = Path(__file__).parents[2] / "roles/report/templates"
_FILES: t.Final = {
    "html": "report.html.j2",
    "junit": "junit.xml.j2",
    "markdown": "report.md.j2",
    "console": "console.j2",
}
_PARTS: t.Final = {"style": "report.css.j2", "script": "report.js.j2"}
_MARKUP: t.Final = re.compile(r"([\\`*_{}\[\]<>()#+!|~&])")
_UNITS: t.Final = ("KiB", "MiB", "GiB", "TiB", "PiB")
# A time line of a few days would show nothing but the time of day of uploads.
_SHORTEST: t.Final = 30


def report_as(report: t.Mapping[str, t.Any], format: str) -> str:
    """Return a report in a format."""
    if format == "json":
        return json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    if format not in _FILES:
        raise AnsibleFilterError(f"format: there is none called {format!r}: it is one of json, {', '.join(_FILES)}")
    environment = _environment(escape=format in ("html", "junit"))
    parts: dict[str, t.Any] = {}
    if format == "html":
        parts = {name: _part(environment, file) for name, file in _PARTS.items()}
    elif format == "junit":
        parts = {"cases": _cases(report), "used": _used(report)}
    return environment.get_template(_FILES[format]).render(report=report, axis=_Axis(report), **parts)


def _cases(report: t.Mapping[str, t.Any]) -> dict[str, dict[str, list[t.Any]]]:
    """Return the findings of each version, and of what else there are findings of, by cloud and name."""
    cases: dict[str, dict[str, list[t.Any]]] = {cloud["name"]: {} for cloud in report["clouds"]}
    for template in report["templates"]:
        for version in template["versions"]:
            for image in version["images"]:
                cases[image["cloud"]][version["name"]] = []
    for finding in report["findings"]:
        if finding["image"]:
            cases[finding["cloud"]].setdefault(finding["image"], []).append(finding)
    return cases


def _used(report: t.Mapping[str, t.Any]) -> dict[str, dict[str, str]]:
    """Return in words who uses each version, by cloud and name, where that was asked."""
    used: dict[str, dict[str, str]] = {cloud["name"]: collections.defaultdict(str) for cloud in report["clouds"]}
    for template in report["templates"]:
        for version in template["versions"]:
            for image in version["images"]:
                if image.get("usage"):
                    used[image["cloud"]][version["name"]] = usage_in_words(image["usage"])
    return used


def _part(environment: jinja2.Environment, file: str) -> dict[str, str]:
    """Return what stands in the page as it is, and the hash by which the page allows it."""
    text = environment.get_template(file).render()
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return {"text": Markup(text), "hash": f"sha256-{digest}"}  # noqa: S704 - files of our own


def _environment(*, escape: bool) -> jinja2.Environment:
    # Ansible's own templates escape nothing, not even within a block that asks for it.
    environment = jinja2.Environment(
        autoescape=escape,  # noqa: S701 - Markdown and lines of text are no HTML
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters.update(size=size, markdown=markdown, table=table, count=count, outlook=outlook)
    environment.filters.update(in_words=usage_in_words, at_least=number_in_words, users=_users)
    return environment


def size(number: int | None) -> str:
    """Return bytes as people read them."""
    if number is None:
        return "-"
    if number < 1024:
        return f"{number} B"
    power = next((power for power in range(1, len(_UNITS)) if number / 1024**power < 1023.95), len(_UNITS))
    return f"{number / 1024**power:.1f} {_UNITS[power - 1]}"


def markdown(text: t.Any) -> str:
    """Return text that stands in Markdown, also in a table, for itself, and mentions nobody."""
    return _MARKUP.sub(r"\\\1", str(text)).replace("@", "&#64;&#8203;")


def _users(usage: t.Mapping[str, t.Any] | None) -> list[str]:
    """Return the words by which people look for who uses an image."""
    projects = usage["projects"] if usage else ()
    names = [each[key] for each in projects for key in ("project", "project_id") if each[key]]
    return [usage_in_words(usage), *names]


class _Axis:
    """The days that a report tells of, as percents of the width of a time line."""

    def __init__(self, report: t.Mapping[str, t.Any]) -> None:
        images = [image for each in report["templates"] for version in each["versions"] for image in version["images"]]
        self._end = _day(report["header"]["as_of"])
        first = min((_day(span["since"]) for image in images for span in image["spans"]), default=self._end)
        self._begin = min(first, self._end - datetime.timedelta(_SHORTEST))

    def at(self, day: str | None) -> float:
        """Return where a day is, the end where it is None."""
        whole = (self._end - self._begin).days
        passed = (_day(day) - self._begin).days if day else whole
        return round(100 * min(max(passed, 0), whole) / whole, 2)

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """The beginnings of months, quarters or years, so that they are a few, with what they are called."""
        months = [self._begin.year * 12 + self._begin.month, self._end.year * 12 + self._end.month - 1]
        step = next(step for step in (1, 3, 6, 12, 60, 1200) if (months[1] - months[0]) / step <= 6)
        firsts = (number for number in range(months[0], months[1] + 1) if number % step == 0)
        days = (datetime.date(number // 12, number % 12 + 1, 1) for number in firsts)
        return [(self.at(day.isoformat()), day.strftime("%Y-%m")) for day in days if day > self._begin]


def _day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text[:10])


class FilterModule:
    """Filters that present reports to people."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters by their names."""
        return {"report_as": report_as}
