# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Data inside gz, bz2, xz and zst, told by its first bytes and decompressed as it is read."""

from __future__ import annotations

import bz2
import gzip
import importlib
import io
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
        self._head: bytes | None = None

    def read(self, count: int, /) -> bytes:
        """
        Return the next bytes of the content, at most C(count); none at its end.

        :raises DataError: The data is broken, ends too early, or is compressed twice.
        """
        if self._head is None:
            self._head = self._read_head()
        if self._head:
            block, self._head = self._head[:count], self._head[count:]
            return block
        return self._read(count)

    def _read_head(self) -> bytes:
        head = b""
        while len(head) < HEAD and (block := self._read(HEAD - len(head))):
            head += block
        inner = compression_of(head)
        if inner:
            raise DataError(
                f"{self._name} fails the check nested of {self._compression} data: it is {inner} data compressed once "
                "more. Decompress it once.",
                check="nested",
                disk_format=self._compression,
            )
        return head

    def _read(self, count: int) -> bytes:
        try:
            data: bytes = self._stream.read(count)
        except EOFError as exc:
            raise DataError(f"{self._name} is cut off: its {self._compression} data ends too early.") from exc
        except (OSError, ValueError, zlib.error, lzma.LZMAError) as exc:
            raise DataError(f"{self._name} is broken {self._compression} data: {exc}") from exc
        return data


# What a stream may make us keep: xz -9 asks for 64 MiB of its content, and a little for itself.
_LARGEST_WINDOW: t.Final = 128 * 1024 * 1024
_PACKED: t.Final = 64 * 1024
# A zst block of 4 bytes may hold 128 KiB, and its library gives all of a piece at once: at most 128 MiB of this one.
_ZST_PIECE: t.Final = 4096


class _Streams:
    """The content of xz streams, one after the other, whose dictionaries are no larger than they have to be."""

    def __init__(self, stream: t.IO[bytes]) -> None:
        self._stream = stream
        self._decompressor: lzma.LZMADecompressor | None = None
        self._packed = b""

    def read(self, count: int) -> bytes:
        while True:
            if self._decompressor is None and not self._begin():
                return b""
            decompressor = t.cast(lzma.LZMADecompressor, self._decompressor)
            if decompressor.needs_input and not self._packed and not self._fill():
                raise EOFError
            packed, self._packed = self._packed, b""
            content = decompressor.decompress(packed, max_length=count)
            if bool(decompressor.eof):
                self._packed, self._decompressor = decompressor.unused_data, None
            if content:
                return content

    def _begin(self) -> bool:
        """Begin the next stream, past the zeros that may stand between two, unless there is none."""
        while not self._packed.lstrip(b"\0"):
            if not self._fill():
                return False
        self._packed = self._packed.lstrip(b"\0")
        self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LARGEST_WINDOW + _LARGEST_WINDOW // 8)
        return True

    def _fill(self) -> bool:
        self._packed = self._stream.read(_PACKED)
        return bool(self._packed)


class _Frames:
    """The content of zst frames. Their library takes one that is cut off for one that ends."""

    def __init__(self, stream: t.IO[bytes]) -> None:
        self._stream = stream
        self._library = _zstd()
        self._decompressor: t.Any = None
        self._packed = b""
        self._content = io.BytesIO()

    def read(self, count: int) -> bytes:
        while not (block := self._content.read(count)):
            if not self._packed:
                self._packed = self._stream.read(_PACKED)
            if not self._packed:
                if self._decompressor is not None:
                    raise EOFError
                return b""
            if self._decompressor is None:
                self._decompressor = self._library.ZstdDecompressor(max_window_size=_LARGEST_WINDOW).decompressobj()
            piece, self._packed = self._packed[:_ZST_PIECE], self._packed[_ZST_PIECE:]
            self._content = io.BytesIO(self._decompressed(piece))
            if self._decompressor.eof:
                self._packed = self._decompressor.unused_data + self._packed
                self._decompressor = None
        return block

    def _decompressed(self, packed: bytes) -> bytes:
        try:
            data: bytes = self._decompressor.decompress(packed)
        except self._library.ZstdError as exc:
            raise ValueError(exc) from exc
        return data


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
    "xz": _Streams,
    "zst": _Frames,
}
