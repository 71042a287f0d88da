# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Where an image's data comes from, and what was found out about it."""

from __future__ import annotations

import dataclasses
import os
import typing as t
import urllib.parse

from ansible_collections.xloud.image.plugins.module_utils._model.checksum import Checksum
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.signature import Signer

# Shorter values of a query, such as the number of a version, are none, and would be masked wherever else they stand.
# So would short names.
_SHORTEST_SECRET: t.Final = 8


@dataclasses.dataclass(frozen=True)
class Source:
    """A local path or an http(s) URL."""

    location: str

    @classmethod
    def parse(cls, text: str, option: str = "source") -> Source:
        """
        Return the source that C(text) names.

        :raises InputError: It is a URL of a scheme other than http and https.
        """
        scheme, separator, _rest = text.partition("://")
        if separator and scheme.lower() not in ("http", "https"):
            raise InputError(option, f"{scheme}:// is not supported. Give a local path, or an http or https URL.")
        if separator and _split(text) is None:
            raise InputError(option, "is no valid URL.")
        return cls(text if separator else os.path.abspath(os.path.expanduser(text)))

    @property
    def is_url(self) -> bool:
        """Whether the data is fetched over the network."""
        return "://" in self.location

    @property
    def filename(self) -> str:
        """The name of the file, without folders."""
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.location).path) if self.is_url else self.location
        return path.rpartition("/")[2]

    @property
    def secrets(self) -> frozenset[str]:
        """What of the location must not be shown: who asks, and the query of a URL with what it holds."""
        if not self.is_url:
            return frozenset()
        parts = _split(self.location)
        if parts is None:
            return frozenset({self.location})
        password = parts.password or ""
        # Servers of code take a token in place of a name.
        held = [value for _key, value in urllib.parse.parse_qsl(parts.query)] + ([] if password else [parts.username])
        known = {value for value in held if value and len(value) >= _SHORTEST_SECRET}
        return frozenset({password, urllib.parse.unquote(password), parts.query, *known} - {""})

    def __str__(self) -> str:
        if not self.is_url:
            return self.location
        parts = urllib.parse.urlsplit(self.location)
        return urllib.parse.urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _split(url: str) -> urllib.parse.SplitResult | None:
    try:
        parts = urllib.parse.urlsplit(url)
        is_valid = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if is_valid else None


@dataclasses.dataclass(frozen=True)
class CloudSource:
    """
    The data of an image of another cloud or region.

    :param origin: What to call that cloud: in words, and among the conversations of whoever fetches the data.
    :param image: The name of the image, and C(image_id) its id.
    """

    origin: str
    image: str
    image_id: str

    def __str__(self) -> str:
        return f"{self.image} of {self.origin}"


@dataclasses.dataclass(frozen=True)
class SourceFacts:
    """
    What was read of a source, as far as a plan needed it.

    C(disk_format) is the format of the content, by the name that the Image service has for it.
    C(size) and C(virtual_size) are bytes. C(digests) maps algorithms, as hashlib names them, to hexadecimal
    digests of the whole content; it is empty where nothing had to be hashed yet.
    C(compression) is how the source holds its content, such as C(xz): then the facts are those of the content, and
    C(packed_digests) are those of the source as it is.
    C(stray) is what raw data is that is no disk, in words such as C(a tar archive).
    """

    disk_format: str | None = None
    size: int | None = None
    virtual_size: int | None = None
    digests: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    compression: str | None = None
    packed_digests: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    stray: str | None = None


@dataclasses.dataclass(frozen=True)
class SourceNeed:
    """
    How much of a source has to be read before a plan can be made.

    :param inspect: Its size, format and virtual size.
    :param algorithms: The digests of its whole content, by these algorithms.
    :param if_size: Compute the digests only if the data has so many bytes.
    :param limit: The largest virtual size in bytes, None for any.
    :param unpack: All of a compressed file, as where it would be sent: only its end tells whether it is whole.
    """

    inspect: bool = False
    algorithms: frozenset[str] = frozenset()
    if_size: int | None = None
    limit: int | None = None
    unpack: bool = False


WEB_DOWNLOAD: t.Final = "web-download"
GLANCE_DIRECT: t.Final = "glance-direct"
GLANCE_DOWNLOAD: t.Final = "glance-download"
DIRECT: t.Final = "direct"
AUTO: t.Final = "auto"
IMPORT_METHODS: t.Final = (AUTO, DIRECT, GLANCE_DIRECT, WEB_DOWNLOAD, GLANCE_DOWNLOAD)
# What the Image service hashes with unless it is configured otherwise.
DEFAULT_ALGORITHM: t.Final = "sha512"


@dataclasses.dataclass(frozen=True)
class Upload:
    """
    The data of a new image.

    :param source: Where the data is.
    :param checksum: What the data must hash to, if that was declared.
    :param size: The number of bytes, where known.
    :param method: One of C(IMPORT_METHODS).
    :param stores: The stores of the cloud that the data is to be in; those of its choice where none is named.
    :param keep: Leave compressed data as it is.
    :param compression: How the source holds the data, where it is to be decompressed on the way.
    :param signer: What signs the image, if anything does.
    :param digest: What the data hashes to, in hexadecimal, by the hash method of the signer, where that is known before
        the data is read.
    :param disk_format: The format that the data was found to have, None where nobody looked.
    :param limit: The largest virtual size in bytes, None for any.
    """

    source: Source | CloudSource
    checksum: Checksum | None
    size: int | None
    method: str
    stores: tuple[str, ...] = ()
    keep: bool = False
    compression: str | None = None
    signer: Signer | None = None
    digest: str | None = None
    disk_format: str | None = None
    limit: int | None = None

    @property
    def verifiable_by_cloud(self) -> bool:
        """Whether what the cloud fetched itself can be told to be what was declared, by the hash that it computes."""
        return self.checksum is None or self.checksum.algorithm == DEFAULT_ALGORITHM

    @property
    def signed_late(self) -> bool:
        """Whether the signature can be made only once all data went by."""
        return self.signer is not None and self.signer.ready is None and self.digest is None
