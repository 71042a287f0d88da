# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""How large the disk of an image may be."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError

OPTION: t.Final = "max_virtual_size"
_UNITS: t.Final = "KMGTPE"
# As Ansible reads sizes: each unit is 1024 of the one before it, and a small b would be bits.
SIZE_PATTERN: t.Final = re.compile(r"(?P<number>[0-9]{1,18}([.][0-9]{1,3})?) ?(?P<unit>[KMGTPEkmgtpe]?)(i?B)?")


def is_size(value: t.Any) -> bool:
    """Say whether a value is a number of bytes, at least 1, or text with a unit such as C(100GiB)."""
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return bool(SIZE_PATTERN.fullmatch(value)) and _bytes(value) > 0
    return isinstance(value, int) and value > 0


def parse_size(value: str | int | None, option: str = OPTION) -> int | None:
    """
    Return the bytes of a size such as C(100GiB), C(100 G) or C(107374182400); None where none is given.

    :raises InputError: It is no size.
    """
    if value is None:
        return None
    if not is_size(value):
        raise InputError(option, f"{value!r} is no size. Write bytes, or a number with a unit, such as 100GiB.")
    return value if isinstance(value, int) else _bytes(value)


def _bytes(text: str) -> int:
    match = SIZE_PATTERN.fullmatch(text)
    if match is None:
        return 0
    factor: int = 1024 ** (_UNITS.find(match["unit"].upper()) + 1 if match["unit"] else 0)
    whole, _point, part = match["number"].partition(".")
    return int(whole) * factor + (int(part) * factor // 10 ** len(part) if part else 0)


def shown(count: int) -> str:
    """Return bytes as a person reads them: C(10 GiB), or C(5000 bytes)."""
    power = min(max(0, (count.bit_length() - 1) // 10), len(_UNITS)) if count >= 1024 else 0
    if not power:
        return f"{count} bytes"
    number = f"{count / 1024**power:.2f}".rstrip("0").rstrip(".")
    return f"{number} {_UNITS[power - 1]}iB"


def check_virtual_size(name: t.Any, size: int | None, limit: int | None, *, at_least: bool = False) -> None:
    """
    Make sure that a disk is not larger than is allowed.

    :param name: What to call the data in the error.
    :param size: The bytes of the disk, None where they are not known.
    :param limit: The bytes that are allowed, None for any.
    :param at_least: The disk has these bytes, and maybe more.
    :raises DataError: It is larger.
    """
    if size is not None and limit is not None and size > limit:
        count = f"more than {limit} bytes" if at_least else f"{size} bytes ({shown(size)})"
        raise DataError(
            f"{name} has a virtual size of {count}, and {OPTION} allows {limit} ({shown(limit)}). "
            f"Raise {OPTION} if that is right.",
            check=OPTION,
        )
