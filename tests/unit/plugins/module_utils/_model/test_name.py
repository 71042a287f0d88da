# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.name import (
    ImageName,
    TemplateName,
    Version,
    check_template,
    is_newer,
    parse_name_or_version,
)

NUMBERS = st.integers(0, 999_999_999)
VERSIONS = st.builds(Version, NUMBERS, NUMBERS)
WORD = st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True)
TEMPLATES = st.builds(
    "{}-{}-{}".format,
    st.lists(WORD, min_size=1, max_size=3).map("-".join),
    st.from_regex(r"[0-9][a-z0-9.]{0,5}", fullmatch=True),
    st.tuples(WORD, st.lists(st.from_regex(r"[a-z0-9]{1,4}", fullmatch=True), max_size=2)).map(
        lambda parts: "-".join([parts[0], *parts[1]])
    ),
)
NAMES = st.builds(ImageName, TEMPLATES, VERSIONS)


@given(VERSIONS)
def test_versions_come_back(version):
    assert Version.parse(str(version)) == version


@given(NAMES)
def test_names_come_back(name):
    assert ImageName.parse(str(name)) == name
    assert check_template(name.template) == name.template


@given(VERSIONS, VERSIONS)
def test_versions_order_as_numbers(one, other):
    assert (one < other) == ((one.major, one.minor) < (other.major, other.minor))


@given(NAMES)
def test_the_next_name_is_newer_and_of_the_same_template(name):
    assert name.next().template == name.template
    assert name.next().version > name.version


@given(NAMES)
def test_the_next_major_name_is_newer_than_all_minor_ones(name):
    assert name.next_major().template == name.template
    assert name.next_major().version > Version(name.version.major, 999_999_999)


@given(NAMES)
def test_parts_come_back(name):
    assert ImageName.from_parts(name.parts()) == name
    assert str(TemplateName.parse(name.template)) == name.template


@given(st.one_of(VERSIONS, NAMES))
def test_a_name_or_a_version_is_told_by_its_form(value):
    assert parse_name_or_version(str(value)) == value


@given(TEMPLATES, VERSIONS, VERSIONS)
def test_images_of_a_template_order_as_their_versions_do(template, one, other):
    expected = one > other
    assert is_newer(str(one), str(other)) == expected
    assert is_newer(str(ImageName(template, one)), str(ImageName(template, other))) == expected


def test_ten_is_newer_than_nine():
    assert sorted(map(Version.parse, ["1.10", "1.9", "2.0", "1.0"])) == [
        Version(1, 0),
        Version(1, 9),
        Version(1, 10),
        Version(2, 0),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.",
        ".1",
        "1.2.3",
        "01.2",
        "1.02",
        "v1.2",
        "1.2 ",
        "1.2\n",
        "-1.2",
        "1.x",
        "1,2",
        "١.٢",
        "1.1234567890",
    ],
)
def test_versions_that_are_none(text):
    with pytest.raises(InputError, match="is not a version"):
        Version.parse(text)


@pytest.mark.parametrize(
    ("text", "template", "version"),
    [
        ("ubuntu-24.04-base-v1.2", "ubuntu-24.04-base", Version(1, 2)),
        ("windows-2022-core-en-v10.0", "windows-2022-core-en", Version(10, 0)),
        ("red-hat-9-nginx-v0.0", "red-hat-9-nginx", Version(0, 0)),
        ("debian-12-base-v1-v1.2", "debian-12-base-v1", Version(1, 2)),
    ],
)
def test_names_are_taken_apart(text, template, version):
    assert ImageName.parse(text) == ImageName(template, version)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ubuntu",
        "ubuntu-24.04-base",
        "ubuntu-24.04-base-1.2",
        "ubuntu-24.04-base-v1",
        "ubuntu-24.04-base-v01.2",
        "ubuntu-24.04-base-V1.2",
        "Ubuntu-24.04-base-v1.2",
        "ubuntu-24.04-v1.2",
        "ubuntu-base-v1.2",
        "24.04-base-v1.2",
        "ubuntu--24.04-base-v1.2",
        "ubuntu-24.04-base--v1.2",
        "ubuntu-24.04-base_x-v1.2",
        " ubuntu-24.04-base-v1.2",
        "ubuntu-24.04-base-v1.2\n",
    ],
)
def test_names_that_are_none(text):
    with pytest.raises(InputError, match="name: .*is not an image name"):
        ImageName.parse(text)


@pytest.mark.parametrize("text", ["", "ubuntu", "ubuntu-24.04", "ubuntu-24.04-base-v1.2", "ubuntu-24.04-Base"])
def test_templates_that_are_none(text):
    with pytest.raises(InputError, match="template: .*is not a template name"):
        check_template(text)


@pytest.mark.parametrize("value", [None, [], {}, b"1.2"])
def test_what_is_not_text_is_neither_a_name_nor_a_version(value):
    for parse, message in (
        (ImageName.parse, "is not an image name"),
        (TemplateName.parse, "is not a template name"),
        (check_template, "is not a template name"),
        (Version.parse, "is not a version"),
        (parse_name_or_version, "is not a version"),
    ):
        with pytest.raises(InputError, match=message):
            parse(value)


@pytest.mark.parametrize("number", [1, 1.1])
def test_a_number_is_told_from_a_version(number):
    with pytest.raises(InputError, match="is a number, and numbers lose their zeros"):
        Version.parse(number)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ubuntu-24.04-base", ("ubuntu", "24.04", "base")),
        ("opensuse-leap-15.6-base", ("opensuse-leap", "15.6", "base")),
        ("windows-2022-core-en", ("windows", "2022", "core-en")),
        ("a-1-x-2-3", ("a", "1", "x-2-3")),
    ],
)
def test_template_names_are_taken_apart(text, parts):
    assert TemplateName.parse(text) == TemplateName(*parts)


def test_parts_have_names():
    assert ImageName.parse("ubuntu-24.04-base-v1.10").parts() == {
        "template": "ubuntu-24.04-base",
        "os": "ubuntu",
        "os_version": "24.04",
        "profile": "base",
        "version": "1.10",
        "major": 1,
        "minor": 10,
    }


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({}, "template: None is not a template name"),
        ({"template": "a-1-x"}, "version: None is not a version"),
        ({"template": "a-1-x", "version": 1.1}, "version: 1.1 is a number"),
        ({"template": "a-1-x", "version": "1.1", "profile": "y"}, "profile: 'y' is not what a-1-x-v1.1 says, 'x'"),
        ({"template": "a-1-x", "version": "1.1", "minor": 2}, "minor: 2 is not what a-1-x-v1.1 says, 1"),
    ],
)
def test_parts_that_make_no_name(parts, message):
    with pytest.raises(InputError, match=message):
        ImageName.from_parts(parts)


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ("a-1-x-v1.1", "b-1-x-v1.0", "b-1-x-v1.0 cannot be compared with a-1-x-v1.1: they are images of two"),
        ("a-1-x-v1.1", "1.0", "1.0 cannot be compared with a-1-x-v1.1: one is an image name"),
        ("1.0", "a-1-x-v1.1", "a-1-x-v1.1 cannot be compared with 1.0: one is an image name"),
        ("1.x", "1.0", "name: '1.x' is not a version"),
        ("1.1", "a-1-x", "other: 'a-1-x' is not an image name"),
        ("1.1", 1.0, "other: 1.0 is a number"),
    ],
)
def test_what_has_no_order(one, other, message):
    with pytest.raises(InputError, match=message):
        is_newer(one, other)
