# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tests of names and of their order."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.test.image_name import image_name
from ansible_collections.xloud.image.plugins.test.newer_than import newer_than
from ansible_collections.xloud.image.plugins.test.template_name import template_name
from ansible_collections.xloud.image.tests.unit.fakes.templating import template


@pytest.mark.parametrize(
    ("value", "is_template", "is_image"),
    [
        ("ubuntu-24.04-base", True, False),
        ("ubuntu-24.04-base-v1.10", False, True),
        ("ubuntu-24.04-base-v1", True, False),
        ("ubuntu", False, False),
        ("1.2", False, False),
        ("", False, False),
        (24.04, False, False),
        (None, False, False),
        (["ubuntu-24.04-base"], False, False),
    ],
)
def test_names_are_told_apart(value, is_template, is_image):
    assert (template_name(value), image_name(value)) == (is_template, is_image)


@pytest.mark.parametrize(
    ("value", "other", "expected"),
    [
        ("a-1-x-v1.10", "a-1-x-v1.9", True),
        ("a-1-x-v1.9", "a-1-x-v1.10", False),
        ("a-1-x-v1.9", "a-1-x-v1.9", False),
        ("2.0", "1.10", True),
        ("1.10", "2.0", False),
    ],
)
def test_the_newer_one(value, other, expected):
    assert newer_than(value, other) is expected


@pytest.mark.parametrize(
    ("value", "other", "message"),
    [
        ("a-1-x-v1.1", "b-1-x-v1.0", "images of two templates"),
        ("a-1-x-v1.1", "1.0", "one is an image name, the other a version"),
        ("1.1", 1.0, "other: 1.0 is a number"),
    ],
)
def test_what_has_no_order_fails_as_tests_do(value, other, message):
    with pytest.raises(AnsibleFilterError, match=message):
        newer_than(value, other)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("template is xloud.image.template_name", True),
        ("name is xloud.image.template_name", False),
        ("name is xloud.image.image_name", True),
        ("[template, name] | select('xloud.image.image_name') | list", ["a-1-x-v1.10"]),
        ("name is xloud.image.newer_than('a-1-x-v1.9')", True),
        ("'1.9' is not xloud.image.newer_than(other='1.10')", True),
    ],
)
def test_ansible_finds_the_tests(expression, expected):
    assert template(expression, template="a-1-x", name="a-1-x-v1.10") == expected
