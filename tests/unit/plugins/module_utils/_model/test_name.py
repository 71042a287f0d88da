# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.name import ImageName, Version, check_template

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
