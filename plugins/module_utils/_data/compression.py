# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Data inside gz, bz2, xz and zst, told by its first bytes and decompressed as it is read."""

from __future__ import annotations

import bz2
import gzip
import importlib
import lzma
import typing as t
import zlib

from ansible_collections.xloud.image.plugins.module_utils._data.inspection import Readable
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError

_MAGIC: t.Final[dict[bytes, str]] = {
    b"\x1f\x8b\x08": "gz",
    b"BZh": "bz2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zst",
}
# So many bytes tell whether data is compressed.
HEAD: t.Final = max(map(len, _MAGIC))


def compression_of(head: bytes) -> str | None:
    """Return how data that begins so is compressed: gz, bz2, xz or zst; None if it is not."""
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


class Decompressed:
    """
    What is inside compressed data, read from front to back in constant memory.

    :param stream: The compressed data.
    :param compression: As C(compression_of) calls it.
    :param name: What to call the data in errors.
    :raises InputError: This Python cannot decompress it.
    """

    def __init__(self, stream: Readable, compression: str, name: str) -> None:
        self._stream = _OPENERS[compression](t.cast("t.IO[bytes]", stream))
        self._compression = compression
        self._name = name

    def read(self, count: int, /) -> bytes:
        """
        Return the next bytes of the content, at most C(count); none at its end.

        :raises DataError: The data is broken, or ends too early.
        """
        try:
            data: bytes = self._stream.read(count)
        except EOFError as exc:
            raise DataError(f"{self._name} is cut off: its {self._compression} data ends too early.") from exc
        except (OSError, ValueError, zlib.error, lzma.LZMAError) as exc:
            raise DataError(f"{self._name} is broken {self._compression} data: {exc}") from exc
        return data


class _Whole:
    """A zst stream: its library takes one that is cut off for one that ends."""

    def __init__(self, stream: t.IO[bytes]) -> None:
        library = _zstd()
        self._stream = stream
        self._library = library
        self._decompressor: t.Any = None
        self._left = b""
        self._content = b""

    def read(self, count: int) -> bytes:
        while not self._content:
            packed = self._left or self._stream.read(_PACKED)
            self._left = b""
            if not packed:
                if self._decompressor is not None:
                    raise EOFError
                return b""
            if self._decompressor is None:
                self._decompressor = self._library.ZstdDecompressor().decompressobj()
            self._content = self._decompressed(packed)
            if self._decompressor.eof:
                self._left = self._decompressor.unused_data
                self._decompressor = None
        block, self._content = self._content[:count], self._content[count:]
        return block

    def _decompressed(self, packed: bytes) -> bytes:
        try:
            data: bytes = self._decompressor.decompress(packed)
        except self._library.ZstdError as exc:
            raise ValueError(exc) from exc
        return data


# A zst block holds at most 128 KiB, so that this much of them cannot become more than some MiB, unless it is made to.
_PACKED: t.Final = 16 * 1024


def _zstd() -> t.Any:
    try:
        return importlib.import_module("zstandard")
    except ImportError as exc:
        raise InputError(
            "source", "it is compressed with zstd, and this Python cannot read that. Install the package zstandard."
        ) from exc


_OPENERS: t.Final[dict[str, t.Callable[[t.IO[bytes]], t.Any]]] = {
    "gz": lambda stream: gzip.GzipFile(fileobj=stream, mode="rb"),
    "bz2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
    "zst": _Whole,
}
