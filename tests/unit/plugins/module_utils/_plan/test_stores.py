# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.plan import Plan
from ansible_collections.xloud.image.plugins.module_utils._plan.stores import is_placement, plan_stores
from ansible_collections.xloud.image.tests.unit.fakes.samples import NAME, image, verbs


def placed(*stores, **changes):
    return image(stores=frozenset(stores), **changes)


@pytest.mark.parametrize(
    ("there", "wanted", "exact", "actions", "after"),
    [
        (["main"], None, False, [], ["main"]),
        (["main"], ("main",), True, [], ["main"]),
        (["main", "archive"], ("main",), False, [], ["archive", "main"]),
        (["main"], ("main", "archive"), False, ["copy_to_stores"], ["archive", "main"]),
        (["main", "archive"], ("archive",), True, ["drop_from_store"], ["archive"]),
        (["main"], ("archive",), True, ["copy_to_stores", "drop_from_store"], ["archive"]),
    ],
)
def test_copies_come_before_what_they_make_superfluous(there, wanted, exact, actions, after):
    plan = plan_stores(wanted, placed(*there), exact=exact)
    assert verbs(plan) == actions
    assert plan.image.stores == {*after}
    if wanted:
        assert (plan.before, plan.after) == ({"stores": sorted(there)}, {"stores": after})
        assert verbs(plan_stores(wanted, plan.image, exact=exact)) == []


def test_reasons_say_where_an_image_is_and_where_to():
    plan = plan_stores(("archive",), placed("main"), exact=True)
    assert [action.reason for action in plan.actions] == [
        f"copy {NAME} to archive: it is in main",
        f"drop {NAME} from main: it is to be in archive alone",
    ]


def test_what_is_deactivated_is_left_where_it_is():
    assert plan_stores(("archive",), placed(status="deactivated"), exact=True).actions == ()


def test_a_plan_without_actions_moves_nothing_else():
    assert is_placement(Plan())
    assert is_placement(plan_stores(("archive",), placed("main")))
