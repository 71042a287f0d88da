# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.template import GIB, check_properties, minimum_disk


def test_properties_become_text():
    given = {"text": "24.04", "empty": "", "gone": None, "yes": True, "no": False, "count": 2, "zero": 0}
    assert check_properties(given) == {
        "text": "24.04",
        "empty": "",
        "gone": None,
        "yes": "true",
        "no": "false",
        "count": "2",
        "zero": "0",
    }


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("os_version", 24.04, r'properties\.os_version: 24\.04 is a number, .* Put it in quotes: "24\.04"'),
        ("os_version", 24.10, "lose their zeros"),
        ("x", ["a"], r"properties\.x: must be text"),
        ("x", {}, "must be text"),
        ("min_ram", "512", "is an attribute of the image itself"),
        ("os_hidden", "true", "is an attribute of the image itself"),
        ("os_glance_importing_to_stores", "", "is an attribute"),
        ("published_since", "2026-01-01", "is kept by this collection"),
        ("deprecated", True, "is kept by this collection"),
        ("xloud_image_version", "1.0", "is kept by this collection"),
        ("xloud_image_anything", None, "is kept by this collection"),
    ],
)
def test_properties_that_are_refused(key, value, message):
    with pytest.raises(InputError, match=message):
        check_properties({key: value})


@pytest.mark.parametrize(("size", "gib"), [(0, 0), (1, 1), (GIB, 1), (GIB + 1, 2), (10 * GIB, 10)])
def test_the_disk_is_rounded_up(size, gib):
    assert minimum_disk(size) == gib
