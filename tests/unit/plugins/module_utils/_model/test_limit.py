# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.limit import (
    check_virtual_size,
    is_size,
    parse_size,
    shown,
)

GIB = 1024**3


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (None, None),
        (1, 1),
        (10**30, 10**30),
        ("1073741824", GIB),
        ("100GiB", 100 * GIB),
        ("100 GB", 100 * GIB),
        ("100G", 100 * GIB),
        ("100g", 100 * GIB),
        ("1.5K", 1536),
        ("0.5 TiB", 512 * GIB),
        ("7B", 7),
        ("1E", GIB**2),
    ],
)
def test_sizes(text, size):
    assert parse_size(text) == size
    assert text is None or is_size(text)


@pytest.mark.parametrize(
    "text", ["", "x", "-1", "100Gb", "1 GiB of it", "1..5G", "0", "0.0G", "٣G", "1e9", 0, -5, True, 1.5]
)
def test_what_is_no_size(text):
    assert not is_size(text)
    with pytest.raises(InputError, match="max_virtual_size: .* is no size. Write bytes, or a number with a unit"):
        parse_size(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1 KiB"),
        (1536, "1.5 KiB"),
        (GIB, "1 GiB"),
        (GIB**3, "1073741824 EiB"),
    ],
)
def test_a_size_as_a_person_reads_it(count, text):
    assert shown(count) == text


@pytest.mark.parametrize(("size", "limit"), [(None, 5), (5, None), (5, 5), (None, None)])
def test_what_is_allowed(size, limit):
    check_virtual_size("disk", size, limit)


def test_what_is_too_large():
    with pytest.raises(
        DataError, match=r"disk has a virtual size of 6 bytes \(6 bytes\), and max_virtual_size allows 5"
    ):
        check_virtual_size("disk", 6, 5)
    with pytest.raises(DataError, match="disk has a virtual size of more than 5 bytes"):
        check_virtual_size("disk", 6, 5, at_least=True)
