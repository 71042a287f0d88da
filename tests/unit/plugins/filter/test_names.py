# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filters that parse, build and bump names."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.xloud.image.plugins.filter.build_name import build_name
from ansible_collections.xloud.image.plugins.filter.bump_version import bump_version
from ansible_collections.xloud.image.plugins.filter.parse_name import parse_name
from ansible_collections.xloud.image.tests.unit.fakes.templating import template

NAME = "ubuntu-24.04-base-v1.2"
PARTS = {
    "template": "ubuntu-24.04-base",
    "os": "ubuntu",
    "os_version": "24.04",
    "profile": "base",
    "version": "1.2",
    "major": 1,
    "minor": 2,
}


def test_a_name_is_taken_apart():
    assert parse_name(NAME) == PARTS


@pytest.mark.parametrize("name", ["ubuntu-24.04-base", "1.2", 1.2, None])
def test_what_is_no_image_name_cannot_be_taken_apart(name):
    with pytest.raises(AnsibleFilterError, match="is not an image name"):
        parse_name(name)


def test_a_template_and_a_version_make_a_name():
    assert build_name("ubuntu-24.04-base", "1.3") == "ubuntu-24.04-base-v1.3"


def test_parts_make_the_name_that_they_came_from():
    assert build_name(PARTS) == NAME


def test_a_given_version_wins_over_that_of_the_parts():
    assert build_name(PARTS, "2.10") == "ubuntu-24.04-base-v2.10"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((NAME, "1.3"), "template: .* is not a template name"),
        (("ubuntu-24.04-base",), "version: None is not a version"),
        (("ubuntu-24.04-base", 1.3), "version: 1.3 is a number"),
        (({"os": "ubuntu"}, "1.3"), "template: None is not a template name"),
        (({**PARTS, "profile": "nginx"},), "profile: 'nginx' is not what ubuntu-24.04-base-v1.2 says, 'base'"),
    ],
)
def test_what_makes_no_name(given, message):
    with pytest.raises(AnsibleFilterError, match=message):
        build_name(*given)


@pytest.mark.parametrize(
    ("text", "part", "expected"),
    [
        ("ubuntu-24.04-base-v1.9", "minor", "ubuntu-24.04-base-v1.10"),
        ("ubuntu-24.04-base-v1.9", "major", "ubuntu-24.04-base-v2.0"),
        ("1.9", "minor", "1.10"),
        ("1.2", "major", "2.0"),
    ],
)
def test_versions_are_counted_up(text, part, expected):
    assert bump_version(text, part) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("ubuntu-24.04-base",), "is not an image name"),
        (("ubuntu",), "is not a version"),
        ((1.9,), "1.9 is a number"),
        (("1.9", "patch"), "part: 'patch' is neither minor nor major"),
    ],
)
def test_what_cannot_be_counted_up(given, message):
    with pytest.raises(AnsibleFilterError, match=message):
        bump_version(*given)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("name | xloud.image.parse_name", PARTS),
        ("parts | xloud.image.build_name", NAME),
        ("'ubuntu-24.04-base' | xloud.image.build_name(version='1.3')", "ubuntu-24.04-base-v1.3"),
        ("name | xloud.image.parse_name | xloud.image.build_name('2.0')", "ubuntu-24.04-base-v2.0"),
        ("name | xloud.image.bump_version", "ubuntu-24.04-base-v1.3"),
        ("name | xloud.image.bump_version(part='major')", "ubuntu-24.04-base-v2.0"),
    ],
)
def test_ansible_finds_the_filters(expression, expected):
    parts = {"template": "{{ name | regex_replace('-v.*') }}", "version": "{{ name | regex_search('[0-9.]+$') }}"}
    assert template(expression, name=NAME, parts=parts) == expected
