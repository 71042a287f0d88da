# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that render a run for reviewers and other tools."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.filter.image_ids import image_ids
from ansible_collections.xloud.image.plugins.filter.plan_counts import plan_counts
from ansible_collections.xloud.image.plugins.filter.plan_markdown import plan_markdown
from ansible_collections.xloud.image.tests.unit.fakes.templating import template

RESULT = {
    "plan": [
        {
            "name": "a-1-base-v1.0",
            "stage": {"before": None, "after": "published"},
            "before": {},
            "after": {"tags": ["os:a-1"]},
            "actions": [{"action": "create", "reason": "create it"}],
        }
    ],
    "versions": [{"name": "a-1-base-v1.0", "actions": ["create it"], "size": 1}],
    "current": {"a-1-base": {"version": "1.0", "name": "a-1-base-v1.0", "id": "6f2a"}},
}


@pytest.mark.parametrize("given", ["text", None, ["plan"]])
def test_what_is_no_result(given):
    with pytest.raises(AnsibleFilterError, match="plan_markdown: give it a whole result"):
        plan_markdown(given)
    with pytest.raises(AnsibleFilterError, match="plan_counts: give it a result .* that has a plan"):
        plan_counts(given)
    with pytest.raises(AnsibleFilterError, match="image_ids: give it what .* returns as current"):
        image_ids(given)


def test_a_failure_without_a_plan_has_no_numbers():
    with pytest.raises(AnsibleFilterError, match="that has a plan"):
        plan_counts({"failed": True, "msg": "No."})


def test_a_whole_result_is_not_what_is_current():
    with pytest.raises(AnsibleFilterError, match="returns as current"):
        image_ids(RESULT)


def test_the_filters_are_found_by_their_full_names():
    assert "## c\n" in template("result | xloud.image.plan_markdown('c', check=true)", result=RESULT)
    # Templates of ansible-core before 2.19 give texts.
    assert str(template("(result | xloud.image.plan_counts).create", result=RESULT)) == "1"
    assert template("(result.current | xloud.image.image_ids)['a-1-base']", result=RESULT) == "6f2a"
