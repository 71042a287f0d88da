# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Files in which zeros take no room."""

from __future__ import annotations

import typing as t

_ZEROS: t.Final = bytes(65536)


class SparseWriter:
    """
    Writes blocks one after the other, and leaves those of zeros out, which the file system reads as zeros.

    :param handle: The file, at whose position the writing begins.
    """

    def __init__(self, handle: t.BinaryIO) -> None:
        self._handle = handle

    def write(self, block: bytes) -> None:
        """Write the next block."""
        zeros = _ZEROS if len(block) == len(_ZEROS) else bytes(len(block))
        if block == zeros:
            self._handle.seek(len(block), 1)
        else:
            self._handle.write(block)

    def __enter__(self) -> SparseWriter:
        return self

    def __exit__(self, *exc_info: object) -> None:
        # The file gets the length of what was written, zeros at its end included.
        self._handle.flush()
        self._handle.truncate(self._handle.tell())
