# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for one image as one."""

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.plan import (
    DeactivateImage,
    DeleteImage,
    PatchOperation,
    Plan,
    ProtectCreated,
    UpdateImage,
)
from ansible_collections.xloud.image.plugins.module_utils._plan.combine import combine
from ansible_collections.xloud.image.tests.unit.fakes.samples import image, verbs

RAM = PatchOperation("replace", "min_ram", 512)
SHARE = PatchOperation("replace", "visibility", "shared")
GUARD = PatchOperation("replace", "protected", True)


def update(words, *patch, image_id="id-1"):
    return UpdateImage("a", f"update a: {words}", image_id, patch)


DEACTIVATE = DeactivateImage("a", "deactivate a", "id-1")
PROTECT = ProtectCreated("a", "update a: protect it")


def test_changes_that_follow_one_another_are_one_patch():
    [action] = combine(Plan((update("more memory", SHARE),)), Plan((update("share it", RAM),))).actions
    assert action == update("more memory, share it", RAM, SHARE)


def test_three_are_one_too():
    parts = (Plan((update(word, patch),)) for word, patch in [("a", RAM), ("b", SHARE), ("c", GUARD)])
    assert combine(*parts).actions == (update("a, b, c", RAM, GUARD, SHARE),)


def test_the_protection_of_a_new_image_joins_the_change_that_follows():
    [action] = combine(Plan((PROTECT,)), Plan((update("share it", SHARE, image_id=""),))).actions
    assert action == update("protect it, share it", GUARD, SHARE, image_id="")


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((), (), []),
        ((update("a", RAM),), (), ["update"]),
        ((), (update("a", RAM),), ["update"]),
        ((update("a", RAM), DEACTIVATE), (update("b", SHARE),), ["update", "deactivate", "update"]),
        ((update("a", RAM),), (DEACTIVATE, update("b", SHARE)), ["update", "deactivate", "update"]),
        ((update("a", RAM),), (update("b", SHARE), DEACTIVATE), ["update", "deactivate"]),
        ((update("a", RAM),), (PROTECT,), ["update", "update"]),
        ((update("a", RAM),), (DeleteImage("a", "delete a", "id-1"),), ["update", "delete"]),
    ],
)
def test_other_steps_keep_their_order(first, second, expected):
    assert verbs(combine(Plan(first), Plan(second))) == expected


def test_the_view_goes_from_the_first_state_to_the_last():
    first = Plan(
        (update("a", RAM),), {"min_ram": 0, "properties": {"x": "1"}}, {"min_ram": 512, "properties": {"x": "2"}}
    )
    second = Plan(
        (update("b", SHARE),),
        {"properties": {"x": "2", "y": "1"}, "visibility": "private"},
        {"properties": {"y": "2"}, "visibility": "shared"},
        image(min_ram=512),
    )
    both = combine(first, second)
    assert both.before == {"min_ram": 0, "properties": {"x": "1", "y": "1"}, "visibility": "private"}
    assert both.after == {"min_ram": 512, "properties": {"y": "2"}, "visibility": "shared"}
    assert list(both.before) == sorted(both.before)
    assert both.image == second.image


def test_what_the_first_change_adds_was_not_there_before():
    added, changed = ({"properties": {"x": value}} for value in "12")
    both = combine(Plan((update("a", RAM),), {}, added), Plan((update("b", SHARE),), added, changed))
    assert (both.before, both.after) == ({}, changed)


def test_what_the_last_change_removes_is_not_there_afterwards():
    there = {"properties": {"x": "1"}}
    both = combine(Plan((update("a", RAM),), {}, there), Plan((update("b", SHARE),), there, {}))
    assert (both.before, both.after) == ({}, {})


def test_a_plan_that_says_nothing_adds_nothing():
    second = Plan((update("b", SHARE),), {"visibility": "private"}, {"visibility": "shared"}, image())
    assert combine(Plan(image=image(min_ram=1)), second) == second
