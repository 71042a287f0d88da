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

from ansible_collections.xloud.image.plugins.module_utils._data.compression import HEAD, Decompressed, compression_of
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import (
    Hasher,
    cached_digests,
    file_digests,
    remember,
)
from ansible_collections.xloud.image.plugins.module_utils._data.inspection import Inspection, Readable
from ansible_collections.xloud.image.plugins.module_utils._data.local import open_file, read_text
from ansible_collections.xloud.image.plugins.module_utils._data.web import Download, fetch_text, open_url
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum, find_in_sums, is_literal
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source, SourceFacts, SourceNeed, Upload

BLOCK: t.Final = 256 * 1024
# What is read of data at a time to find out what it is.
_LOOK: t.Final = 64 * 1024
# What the cache calls the digests and the size of what is inside a compressed file.
_OF_CONTENT: t.Final = "content:"
_CONTENT_SIZE: t.Final = "content-size:"


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


def read_facts(source: Source | None, need: SourceNeed, *, keep: bool = False) -> SourceFacts:
    """
    Return as much about a source as is needed. Digests of a local file that are known already are always given.

    The facts of a compressed source are those of its content.

    :param keep: Take compressed data as it is.
    :raises InputError: The file cannot be read.
    :raises DataError: The URL cannot be fetched, or the data is not fit to be an image.
    """
    if source is None or not need.inspect:
        return SourceFacts()
    return _read_url_facts(source, need, keep) if source.is_url else _read_file_facts(source, need, keep)


def _read_file_facts(source: Source, need: SourceNeed, keep: bool) -> SourceFacts:
    with open_file(source.location) as handle:
        status = os.fstat(handle.fileno())
        content = _Content(handle, str(source), status.st_size, (), keep, need.limit)
        facts = content.inspect()
        if content.compression is None:
            content.inspection.look_up(handle)
    known = cached_digests(source.location)
    if content.compression is None:
        if need.algorithms and need.if_size in (None, facts.size):
            known = file_digests(source.location, need.algorithms)
        return dataclasses.replace(facts, digests=known)
    facts = _with_known(facts, known)
    is_known = facts.digests.keys() & facts.packed_digests.keys() >= need.algorithms and facts.size is not None
    # Nothing but reading it tells how much there is in a compressed file: whether it is whole, and within a limit.
    is_needed = bool(need.algorithms) or need.unpack
    if is_known or not is_needed or need.if_size not in (None, facts.size or need.if_size):
        return facts
    with open_file(source.location) as handle:
        content = _Content(handle, str(source), status.st_size, need.algorithms, keep, need.limit)
        while content.read(BLOCK):
            pass
        remember(source.location, content.as_known(), status)
        return _with_known(facts, cached_digests(source.location))


def _read_url_facts(source: Source, need: SourceNeed, keep: bool) -> SourceFacts:
    with _open_filled(source) as download:
        content = _Content(download, str(source), download.size, need.algorithms, keep, need.limit)
        facts = content.inspect()
        is_other = content.size is not None and need.if_size not in (None, content.size)
        if not need.algorithms or is_other:
            return facts
        while content.read(BLOCK):
            pass
        return dataclasses.replace(
            facts, size=content.count, digests=content.digests(), packed_digests=content.packed_digests()
        )


def _with_known(facts: SourceFacts, known: t.Mapping[str, str]) -> SourceFacts:
    """Return the facts of a compressed file with what was found out about its content before."""
    size = known.get(_CONTENT_SIZE)
    of_content = {key.removeprefix(_OF_CONTENT): value for key, value in known.items() if key.startswith(_OF_CONTENT)}
    return dataclasses.replace(
        facts,
        size=int(size) if size else None,
        virtual_size=facts.virtual_size or (int(size) if size and facts.disk_format == "raw" else None),
        digests=of_content,
        packed_digests={key: value for key, value in known.items() if ":" not in key},
    )


@contextlib.contextmanager
def _open_filled(source: Source) -> t.Iterator[Download]:
    with open_url(source) as download:
        if download.size == 0:
            raise DataError(f"{source} is empty.")
        yield download


class _Hashing:
    """A stream that is hashed as it is read."""

    def __init__(self, stream: Readable, algorithms: t.Iterable[str]) -> None:
        self._stream = stream
        self._hasher = Hasher(algorithms)
        self.count = 0

    def read(self, count: int, /) -> bytes:
        block = self._stream.read(count)
        self.count += len(block)
        self._hasher.update(block)
        return block

    def digests(self) -> dict[str, str]:
        return self._hasher.digests()


class _Begun:
    """A stream of which the first bytes were read already."""

    def __init__(self, head: bytes, stream: Readable) -> None:
        self._head = head
        self._stream = stream

    def read(self, count: int, /) -> bytes:
        if not self._head:
            return self._stream.read(count)
        block, self._head = self._head[:count], self._head[count:]
        return block


class _Content:
    """
    The content of a source, decompressed on the way where it is compressed, and hashed and inspected as it is read.

    :param size: The bytes of the source, where known. C(size) is that of the content.
    :param keep: Take compressed data as it is.
    :param limit: The largest virtual size in bytes, None for any.
    """

    def __init__(
        self,
        stream: Readable,
        name: str,
        size: int | None,
        algorithms: t.Collection[str],
        keep: bool,
        limit: int | None,
    ) -> None:
        head = b""
        while len(head) < HEAD and (block := stream.read(HEAD - len(head))):
            head += block
        begun = _Begun(head, stream)
        self.compression = None if keep else compression_of(head)
        self.size = size if self.compression is None else None
        self._packed: _Hashing | None = None
        content: Readable = begun
        if self.compression:
            self._packed = _Hashing(begun, algorithms)
            content = Decompressed(self._packed, self.compression, name)
        self._content = _Hashing(content, algorithms)
        self.inspection = Inspection(name, self.size, limit)
        self._is_watched = True

    def leave_uninspected(self) -> None:
        """Take the content for what it is, as where a cloud has it as an image already."""
        self._is_watched = False

    @property
    def count(self) -> int:
        """The bytes of the content that were read so far."""
        return self._content.count

    def inspect(self) -> SourceFacts:
        """
        Return what the content is, of which as much is read as it takes.

        :raises DataError: It is not fit to be an image.
        """
        while self.inspection.facts is None and self.read(_LOOK):
            pass
        return dataclasses.replace(t.cast(SourceFacts, self.inspection.facts), compression=self.compression)

    def read(self, count: int, /) -> bytes:
        """
        Return the next bytes of the content, at most C(count); none at its end.

        :raises DataError: It is not fit to be an image.
        """
        block = self._content.read(count)
        if not block and self._packed:
            # What follows the content, such as padding, belongs to the source.
            while self._packed.read(BLOCK):
                pass
        if self._is_watched and block:
            self.inspection.add(block)
        elif self._is_watched:
            self._is_watched = False
            self.inspection.end()
        return block

    def digests(self) -> dict[str, str]:
        """Return the digests of the content."""
        return self._content.digests()

    def packed_digests(self) -> dict[str, str]:
        """Return the digests of the source as it is, none where it is not compressed."""
        return self._packed.digests() if self._packed else {}

    def as_known(self) -> dict[str, str]:
        """Return all that is worth remembering of a file, once it was read to its end."""
        if self._packed is None:
            return self.digests()
        of_content = {f"{_OF_CONTENT}{name}": digest for name, digest in self.digests().items()}
        return {**self.packed_digests(), **of_content, _CONTENT_SIZE: str(self.count)}


class UploadStream:
    """
    The bytes of an upload, hashed as they are read once.

    The last block is held back until all is hashed: data that is not what its checksum says never arrives whole,
    so that the cloud never makes an image of it. Nor does data that fails a check which only all of it can pass, or
    that is something else than was inspected.

    :param stream: The source, compressed or not.
    :param size: The bytes of the source, where known.
    """

    def __init__(self, upload: Upload, stream: Readable, size: int | None, algorithms: t.Collection[str]) -> None:
        self._upload = upload
        self._content = _Content(stream, str(upload.source), size, algorithms, upload.keep, upload.limit)
        if not isinstance(upload.source, Source):
            self._content.leave_uninspected()
        self.size = upload.size if self._content.compression else self._content.size

    def __len__(self) -> int:
        return self.size or 0

    def __iter__(self) -> t.Iterator[bytes]:
        """
        Give the data block by block.

        :raises DataError: The data is shorter or longer than announced, its checksum is another one, or it is not fit
            to be an image.
        """
        ahead = self._content.read(BLOCK)
        if not ahead:
            self._check()
            raise DataError(f"{self._upload.source} is empty.")
        while ahead:
            block, ahead = ahead, self._content.read(BLOCK)
            if not ahead:
                self._check()
            yield block

    def digests(self) -> dict[str, str]:
        """Return the digests of all that was read so far."""
        return self._content.digests()

    def as_known(self) -> dict[str, str]:
        """Return all that is worth remembering of a file, once it was sent."""
        return self._content.as_known()

    def _check(self) -> None:
        if self.size is not None and self._content.count != self.size:
            raise DataError(
                f"{self._upload.source} changed meanwhile: it had {self.size} bytes, {self._content.count} were read."
            )
        found = self._content.inspection.facts
        if found and self._upload.disk_format not in (None, found.disk_format):
            raise DataError(
                f"{self._upload.source} changed meanwhile: it was {self._upload.disk_format}, and is "
                f"{found.disk_format} now. Run the task again."
            )
        declared = self._upload.checksum
        if declared is None:
            return
        digest = self.digests()[declared.algorithm]
        if declared.digest not in (digest, self._content.packed_digests().get(declared.algorithm)):
            raise DataError(
                f"{self._upload.source} is not what its checksum says: {declared} was declared, "
                f"and the content is {declared.algorithm}:{digest}. No image was made of it."
            )


@contextlib.contextmanager
def open_upload(
    upload: Upload, algorithms: t.Collection[str], stream: Download | None = None
) -> t.Iterator[UploadStream]:
    """
    Open the data of an upload. Its digests by these algorithms, and by the declared one, are computed on the way.

    :param stream: The data, where it comes from a cloud.
    :raises InputError: The file cannot be read.
    :raises DataError: The URL cannot be fetched.
    """
    wanted = {*algorithms, *([upload.checksum.algorithm] if upload.checksum else [])}
    if stream is not None:
        with stream:
            yield UploadStream(upload, stream, upload.size, wanted)
        return
    source = t.cast(Source, upload.source)
    if source.is_url:
        with _open_filled(source) as download:
            yield UploadStream(upload, download, download.size, wanted)
        return
    with open_file(source.location) as handle:
        status = os.fstat(handle.fileno())
        sent = UploadStream(upload, handle, status.st_size, wanted)
        yield sent
        remember(source.location, sent.as_known(), status)
