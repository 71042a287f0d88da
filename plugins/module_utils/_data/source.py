# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Sources of image data: what they are, and their bytes on the way to the cloud."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.hashing import (
    cached_digests,
    file_digests,
    new_hashes,
    remember,
)
from ansible_collections.xloud.image.plugins.module_utils._data.inspection import Readable, inspect
from ansible_collections.xloud.image.plugins.module_utils._data.local import open_file, read_text
from ansible_collections.xloud.image.plugins.module_utils._data.web import Download, fetch_text, open_url
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum, find_in_sums, is_literal
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, SourceFacts, SourceNeed, Upload

BLOCK: t.Final = 256 * 1024


def fetch_sums(place: Source) -> str:
    """
    Return the text of a SUMS file.

    :raises InputError: The file cannot be read.
    :raises DataError: The URL cannot be fetched.
    """
    return fetch_text(place) if place.is_url else read_text(place.location, "checksum")


def resolve_checksum(
    text: str | None, source: Source | None, fetch: t.Callable[[Source], str] = fetch_sums
) -> Checksum | None:
    """
    Return the checksum that an option gives, literally or as the URL or path of a SUMS file.

    :param fetch: What gives the text of a SUMS file.
    :raises InputError: It is no checksum, or the file does not list the source.
    :raises DataError: The SUMS file cannot be fetched.
    """
    if not text:
        return None
    if is_literal(text) or source is None:
        return Checksum.parse(text)
    sums = Source.parse(text, "checksum")
    return find_in_sums(fetch(sums), source.filename, str(sums))


def read_facts(source: Source | None, need: SourceNeed) -> SourceFacts:
    """
    Return as much about a source as is needed. Digests of a local file that are known already are always given.

    :raises InputError: The file cannot be read.
    :raises DataError: The URL cannot be fetched, or the data is not fit to be an image.
    """
    if source is None or not need.inspect:
        return SourceFacts()
    return _read_url_facts(source, need) if source.is_url else _read_file_facts(source, need)


def _read_file_facts(source: Source, need: SourceNeed) -> SourceFacts:
    with open_file(source.location) as handle:
        size = os.fstat(handle.fileno()).st_size
        facts = inspect(handle, str(source), size)
    digests = cached_digests(source.location)
    if need.algorithms and need.if_size in (None, size):
        digests = file_digests(source.location, need.algorithms)
    return dataclasses.replace(facts, digests=digests)


def _read_url_facts(source: Source, need: SourceNeed) -> SourceFacts:
    with _open_filled(source) as download:
        stream = _HashingStream(download, new_hashes(need.algorithms))
        facts = inspect(stream, str(source), download.size)
        if not need.algorithms or (download.size is not None and need.if_size not in (None, download.size)):
            return facts
        while stream.read(BLOCK):
            pass
        return dataclasses.replace(facts, size=stream.count, digests=stream.digests())


@contextlib.contextmanager
def _open_filled(source: Source) -> t.Iterator[Download]:
    with open_url(source) as download:
        if download.size == 0:
            raise DataError(f"{source} is empty.")
        yield download


class _HashingStream:
    def __init__(self, stream: Readable, hashes: dict[str, t.Any]) -> None:
        self._stream = stream
        self._hashes = hashes
        self.count = 0

    def read(self, count: int, /) -> bytes:
        block = self._stream.read(count)
        self.count += len(block)
        for each in self._hashes.values():
            each.update(block)
        return block

    def digests(self) -> dict[str, str]:
        return {name: each.hexdigest() for name, each in self._hashes.items()}


class UploadStream:
    """
    The bytes of an upload, hashed as they are read once.

    The last block is held back until all is hashed: data that is not what its checksum says never arrives whole,
    so that the cloud never makes an image of it.
    """

    def __init__(self, upload: Upload, stream: Readable, size: int | None, algorithms: t.Iterable[str]) -> None:
        self._upload = upload
        self._hashing = _HashingStream(stream, new_hashes(algorithms))
        self._ahead: bytes | None = None
        self.size = size

    def __len__(self) -> int:
        return self.size or 0

    def __iter__(self) -> t.Iterator[bytes]:
        """
        Give the data block by block.

        :raises DataError: The data is shorter or longer than announced, or its checksum is another one.
        """
        ahead = self._hashing.read(BLOCK)
        if not ahead:
            self._check()
            raise DataError(f"{self._upload.source} is empty.")
        while ahead:
            block, ahead = ahead, self._hashing.read(BLOCK)
            if not ahead:
                self._check()
            yield block

    def digests(self) -> dict[str, str]:
        """Return the digests of all that was read so far."""
        return self._hashing.digests()

    def _check(self) -> None:
        if self.size is not None and self._hashing.count != self.size:
            raise DataError(
                f"{self._upload.source} changed meanwhile: it had {self.size} bytes, {self._hashing.count} were read."
            )
        declared = self._upload.checksum
        digest = self.digests()[declared.algorithm] if declared else None
        if declared and digest != declared.digest:
            raise DataError(
                f"{self._upload.source} is not what its checksum says: {declared} was declared, "
                f"and the content is {declared.algorithm}:{digest}. No image was made of it."
            )


@contextlib.contextmanager
def open_upload(upload: Upload, algorithms: t.Collection[str]) -> t.Iterator[UploadStream]:
    """
    Open the data of an upload. Its digests by these algorithms, and by the declared one, are computed on the way.

    :raises InputError: The file cannot be read.
    :raises DataError: The URL cannot be fetched.
    """
    wanted = {*algorithms, *([upload.checksum.algorithm] if upload.checksum else [])}
    if upload.source.is_url:
        with _open_filled(upload.source) as download:
            yield UploadStream(upload, download, download.size, wanted)
        return
    with open_file(upload.source.location) as handle:
        status = os.fstat(handle.fileno())
        stream = UploadStream(upload, handle, status.st_size, wanted)
        yield stream
        remember(upload.source.location, stream.digests(), status)
