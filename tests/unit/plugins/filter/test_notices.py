# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that says what a project has to know."""

from __future__ import annotations

import datetime

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.filter.notice_markdown import notice_markdown
from ansible_collections.xloud.image.tests.unit.fakes import reports
from ansible_collections.xloud.image.tests.unit.fakes.templating import template

# As YAML reads it.
DAY = datetime.date(2026, 6, 1)


@pytest.mark.parametrize("given", ["text", None, [{"project_id": "a", "images": []}], {"project_id": "a"}])
def test_what_is_no_notice(given):
    with pytest.raises(AnsibleFilterError, match="notice_markdown: give it one of the notices of"):
        notice_markdown(given)


def test_the_filter_is_found_by_its_full_name():
    (notice, *_others) = reports.second()["notices"]
    text = template("notice | xloud.image.notice_markdown(cloud='c', as_of=day, rows=0)", notice=notice, day=DAY)
    assert text.startswith("# Images that `team-a` uses in c\n\nAs of 2026-06-01, project `team-a` ")
    assert "you have 1 server.\n\nand 1 more.\n" in text
