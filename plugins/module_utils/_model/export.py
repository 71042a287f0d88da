# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What C(image_export) is asked for, and the files that it finds."""

from __future__ import annotations

import dataclasses
import typing as t

SIDECAR_FORMAT: t.Final = 1


@dataclasses.dataclass(frozen=True)
class WantedExport:
    """
    What C(image_export) is asked for.

    :param path: The file to write.
    :param sidecar: The file to write the metadata to, None for none.
    :param deactivate: Freeze the image while its data is read.
    """

    path: str
    sidecar: str | None = None
    deactivate: bool = False


@dataclasses.dataclass(frozen=True)
class FileFacts:
    """
    A file as it is: its size in bytes, the digest of its content if that had to be known, the text of its sidecar.

    None stands for what is not there or was not read.
    """

    size: int | None = None
    digest: str | None = None
    sidecar: str | None = None
