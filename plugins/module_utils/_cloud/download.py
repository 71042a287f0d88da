# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Image data out of the cloud, verified, in constant memory."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.session import Session
from ansible_collections.xloud.image.plugins.module_utils._data.files import replacing
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import BLOCK, new_hashes, remember
from ansible_collections.xloud.image.plugins.module_utils._data.web import Download
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError
from ansible_collections.xloud.image.plugins.module_utils._model.plan import ExportData


def export(session: Session, action: ExportData) -> None:
    """
    Bring an image's data into a file, which takes its name only once size and digest are right.

    :raises DataError: What arrived is not what the cloud has, or the disk does not take it.
    :raises CloudError: The cloud refused the data.
    """
    with replacing(action.path, action.size) as handle:
        digest, count = _receive(session, action, handle)
        if (count, digest) != (action.size, action.digest):
            raise DataError(
                f"{action.path} did not arrive whole: the cloud has {action.size} bytes of "
                f"{action.algorithm}:{action.digest}, and {count} bytes of {action.algorithm}:{digest} arrived. "
                "Nothing was left behind: run the task again."
            )
    remember(action.path, {action.algorithm: action.digest})


def _receive(session: Session, action: ExportData, handle: t.BinaryIO) -> tuple[str, int]:
    digest = new_hashes({action.algorithm})[action.algorithm]
    response = session.image("GET", f"/images/{action.image_id}/file", stream=True, log=False)
    with response:
        download = Download(response, f"The data of {action.image}", action.size)
        while block := download.read(BLOCK):
            digest.update(block)
            handle.write(block)
    return digest.hexdigest(), download.count
