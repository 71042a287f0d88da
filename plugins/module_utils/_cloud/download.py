# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Image data out of the cloud, verified, in constant memory, going on where it stopped."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.origin import open_data
from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._data.convert import check_converter, convert
from ansible_collections.xloud.image.plugins.module_utils._data.files import Part, resuming
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import BLOCK, Hasher, file_digests, remember
from ansible_collections.xloud.image.plugins.module_utils._data.progress import Meter, Progress
from ansible_collections.xloud.image.plugins.module_utils._data.signing import check_signature
from ansible_collections.xloud.image.plugins.module_utils._data.sparse import SparseWriter
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError
from ansible_collections.xloud.image.plugins.module_utils._model.plan import ExportData
from ansible_collections.xloud.image.plugins.module_utils._model.source import CloudSource

_RECORDED: t.Final = "sha256"


def export(session: Session, action: ExportData, progress: Progress) -> None:
    """
    Bring an image's data into a file, which takes its name only once size and digest are right.

    What an interrupted run received is not asked for again.

    :raises BreakError: The connection broke too often. What arrived is kept for the next run.
    :raises DataError: What arrived is not what the cloud has or not what was signed, or the disk does not take it.
    :raises CloudError: The cloud refused the data.
    :raises InputError: The data is to be converted, and there is no qemu-img.
    """
    if action.format:
        check_converter()
    with resuming(action.path, action.size) as part:
        digests = _received(session, action, part, progress)
        if part.was_begun and digests[action.algorithm] != action.digest:
            part.begin_again()
            digests = _received(session, action, part, progress)
        if digests[action.algorithm] != action.digest:
            raise DataError(
                f"{action.path} did not arrive whole: the cloud has {action.size} bytes of "
                f"{action.algorithm}:{action.digest}, and what arrived is {action.algorithm}:"
                f"{digests[action.algorithm]}. Nothing was left behind: run the task again."
            )
        if action.verification:
            check_signature(action.verification, digests[action.verification.algorithm], f"Image {action.image}")
        if action.format:
            with progress.phase("convert", action.image, None):
                convert(
                    part.path, action.disk_format or "raw", part.converted(), action.format, compress=action.compress
                )
    if action.format:
        with progress.phase("verify", action.image, None):
            file_digests(action.path, {_RECORDED}, "path")
    else:
        remember(action.path, digests)


def _received(session: Session, action: ExportData, part: Part, progress: Progress) -> dict[str, str]:
    """Return the digests of the data once all of it is in the part."""
    signed_by = [action.verification.algorithm] if action.verification else []
    hasher = Hasher({action.algorithm, _RECORDED, *signed_by})
    try:
        begun = part.size
        if begun:
            with progress.phase("verify", action.image, begun) as meter:
                _hash(part, hasher, meter)
        if begun < action.size:
            source = CloudSource(session.name, action.image, action.image_id)
            with (
                progress.phase("download", action.image, action.size - begun) as meter,
                open_data(session, source, action.size, begun, frozen=action.frozen) as download,
                SparseWriter(part.handle) as writer,
            ):
                while block := download.read(BLOCK):
                    hasher.update(block)
                    writer.write(block)
                    meter.add(len(block))
        return hasher.digests()
    finally:
        hasher.close()


def _hash(part: Part, hasher: Hasher, meter: Meter) -> None:
    part.handle.seek(0)
    while block := part.handle.read(BLOCK):
        hasher.update(block)
        meter.add(len(block))
