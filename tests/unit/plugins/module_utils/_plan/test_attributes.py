# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._model.image import TEMPLATE, VERSION
from ansible_collections.xloud.image.plugins.module_utils._model.plan import PatchOperation
from ansible_collections.xloud.image.plugins.module_utils._plan.attributes import describe, patched, plan_patch, view
from ansible_collections.xloud.image.tests.unit.fakes.samples import image

PLAIN = {TEMPLATE: None, VERSION: None}


@pytest.mark.parametrize(
    ("wanted", "patch"),
    [
        ({}, ()),
        ({"min_ram": 0}, ()),
        ({"min_ram": 512}, (PatchOperation("replace", "min_ram", 512),)),
        ({"tags": []}, ()),
        ({"tags": ["a"]}, (PatchOperation("replace", "tags", ["a"]),)),
        ({"os_distro": "ubuntu"}, ()),
        ({"os_distro": "debian"}, (PatchOperation("replace", "os_distro", "debian"),)),
        ({"os_distro": None}, (PatchOperation("remove", "os_distro"),)),
        ({"os_distro": ""}, (PatchOperation("replace", "os_distro", ""),)),
        ({"absent": None}, ()),
        ({"new": "1"}, (PatchOperation("add", "new", "1"),)),
        ({"os_hidden": True}, (PatchOperation("replace", "os_hidden", True),)),
        ({"z": "1", "a": "1"}, (PatchOperation("add", "a", "1"), PatchOperation("add", "z", "1"))),
    ],
)
def test_patches(wanted, patch):
    assert plan_patch(image(properties={"os_distro": "ubuntu"}), wanted) == patch


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"min_ram": 512, "os_distro": None}, "min_ram 512 (was 0), remove os_distro"),
        ({"os_hidden": True, "new": "1"}, "new 1, hidden on (was off)"),
        ({"tags": ["a", "b"]}, "tags [a, b] (was [])"),
    ],
)
def test_words(wanted, words):
    found = image(properties={"os_distro": "ubuntu"})
    assert describe(found, plan_patch(found, wanted)) == words


def test_a_view_has_only_what_is_asked_for():
    found = image(properties={"b": "1", "a": "2"})
    assert view(found, ["os_hidden", "min_ram", "b", "missing"]) == {
        "hidden": False,
        "min_ram": 0,
        "properties": {"b": "1"},
    }
    assert view(found, []) == {}


KEYS = st.sampled_from(["os_distro", "os_version", "hw_disk_bus", "a/b", ""])
TEXT = st.text(max_size=3)
PROPERTIES = st.dictionaries(KEYS, TEXT)
WANTED = st.tuples(
    st.dictionaries(KEYS, st.none() | TEXT),
    st.fixed_dictionaries(
        {},
        optional={
            "min_ram": st.integers(0, 2),
            "os_hidden": st.booleans(),
            "protected": st.booleans(),
            "visibility": st.sampled_from(["private", "public"]),
            "tags": st.lists(st.sampled_from("abc"), unique=True).map(sorted),
        },
    ),
).map(lambda parts: parts[0] | parts[1])


@given(PROPERTIES, WANTED)
def test_a_patched_image_needs_no_patch(properties, wanted):
    found = image(properties={**PLAIN, **properties})
    assert plan_patch(patched(found, plan_patch(found, wanted)), wanted) == ()


@given(PROPERTIES, WANTED)
def test_a_patch_touches_only_what_is_asked_for(properties, wanted):
    found = image(properties={**PLAIN, **properties})
    patch = plan_patch(found, wanted)
    after = patched(found, patch)
    assert {operation.path for operation in patch} <= set(wanted)
    for key in after.attributes().keys() | found.attributes().keys():
        if key not in wanted:
            assert after.attributes()[key] == found.attributes()[key]


@given(PROPERTIES, WANTED, st.randoms(use_true_random=False))
def test_the_order_of_what_is_wanted_does_not_matter(properties, wanted, random):
    found = image(properties={**PLAIN, **properties})
    shuffled = list(wanted.items())
    random.shuffle(shuffled)
    assert plan_patch(found, dict(shuffled)) == plan_patch(found, wanted)
    assert list(view(found, dict(shuffled))) == list(view(found, wanted))
