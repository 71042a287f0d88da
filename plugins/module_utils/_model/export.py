# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What C(image_export) is asked for, and the files that it finds."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.image import Image
from ansible_collections.xloud.image.plugins.module_utils._model.member import Member
from ansible_collections.xloud.image.plugins.module_utils._model.plan import Plan
from ansible_collections.xloud.image.plugins.module_utils._model.run import Outcome
from ansible_collections.xloud.image.plugins.module_utils._model.signature import Verification

SIDECAR_FORMAT: t.Final = 1
SUMS_NAME: t.Final = "SHA256SUMS"
EXPORT_FORMATS: t.Final = ("qcow2", "raw", "vdi", "vhd", "vhdx", "vmdk")


@dataclasses.dataclass(frozen=True)
class WantedExport:
    """
    What C(image_export) is asked for.

    :param path: The file to write.
    :param sidecar: The file to write the metadata to, None for none.
    :param sums: The file to enter the SHA-256 of both into, None for none.
    :param deactivate: Freeze the image while its data is read.
    :param format: The format that the file is to have, None for that of the image.
    :param compress: Compress the clusters of a qcow2 file.
    :param verify_signature: Verify the data by the signature of the image.
    :param trusted_certificates: The ids of the certificates that the image may be signed with, none for any.
    """

    path: str
    sidecar: str | None = None
    deactivate: bool = False
    sums: str | None = None
    format: str | None = None
    compress: bool = False
    verify_signature: bool = False
    trusted_certificates: tuple[str, ...] = ()

    def converts(self, image: Image) -> bool:
        """Say whether the file is to hold something else than the data as it is in the cloud."""
        return self.compress or self.format not in (None, image.disk_format)

    @property
    def files(self) -> tuple[str, ...]:
        """The files that SHA256SUMS is to list."""
        return (self.path, self.sidecar) if self.sidecar else (self.path,)


@dataclasses.dataclass(frozen=True)
class FileFacts:
    """
    A file as it is: its size in bytes, the digest of its content if that had to be known, the text of its sidecar.

    C(sha256) is its digest as SHA256SUMS has it, if that had to be known, and C(listed) what SHA256SUMS says of the
    files of its folder. None stands for what is not there or was not read.
    """

    size: int | None = None
    digest: str | None = None
    sidecar: str | None = None
    sha256: str | None = None
    listed: t.Mapping[str, str] = dataclasses.field(default_factory=dict)

    def lists(self, path: str, digest: str | None) -> bool:
        """Say whether SHA256SUMS has this digest of a file."""
        return digest is not None and self.listed.get(os.path.basename(path)) == digest


@dataclasses.dataclass(frozen=True)
class ExportReading:
    """
    What was read for the export of one image.

    :param is_readable: The cloud gives the data of the image as it is to these credentials.
    :param verification: What the signature of the image is verified by, if it is to be.
    """

    image: Image
    wanted: WantedExport
    members: tuple[Member, ...] = ()
    facts: FileFacts = dataclasses.field(default_factory=FileFacts)
    is_readable: bool = True
    verification: Verification | None = None


Unread: t.TypeAlias = tuple[Image, WantedExport, ImageError]
"""An image whose export cannot be planned, and why."""


@dataclasses.dataclass(frozen=True)
class Export:
    """The export of one image: what is asked for, how that is reached, and why it is not."""

    image: Image
    wanted: WantedExport
    plan: Plan = dataclasses.field(default_factory=Plan)
    error: ImageError | None = None

    def ended(self, outcome: Outcome | None) -> Export:
        """Return it with what came of it."""
        return dataclasses.replace(self, error=outcome.error) if outcome and outcome.error else self
