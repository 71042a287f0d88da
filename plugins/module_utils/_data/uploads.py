# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
Which uploads processes of this user have on their way.

Each holds a lock on a small file for as long as it lives. The kernel gives the lock back however the process ends, so
that the next run knows at once what a killed one left behind. Losing the files costs that run some waiting, nothing
else.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import tempfile
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.hashing import cache_path

_BOOT: t.Final = "/proc/sys/kernel/random/boot_id"


@contextlib.contextmanager
def uploading(image_id: str) -> t.Iterator[None]:
    """Let other processes know, for as long as the block lasts, that this one is giving an image its data."""
    handle = _mark(image_id)
    try:
        yield
    finally:
        forget(image_id)
        if handle:
            handle.close()


def _mark(image_id: str) -> t.IO[bytes] | None:
    path = _path(image_id)
    # A home that cannot be written to (an execution environment, say) costs the mark and nothing else.
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle = tempfile.NamedTemporaryFile(dir=os.path.dirname(path), delete=False)  # noqa: SIM115 - held by the caller
        # Locked before it has its name: nobody may take it for the mark of a process that is gone.
        fcntl.flock(handle, fcntl.LOCK_SH)
        handle.write(_machine())
        handle.flush()
        os.replace(handle.name, path)
        return handle
    return None


def is_uploading(image_id: str) -> bool | None:
    """Say whether the process that gives an image its data still runs, None where nothing on this machine tells."""
    with contextlib.suppress(OSError), open(_path(image_id), "rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        # A home that several machines share need not share its locks.
        return False if handle.read() == _machine() else None
    return None


def forget(image_id: str) -> None:
    """Remove what a process that gave an image its data left behind here."""
    with contextlib.suppress(OSError):
        os.unlink(_path(image_id))


def _machine() -> bytes:
    """Return what only processes share whose locks the same kernel keeps."""
    with contextlib.suppress(OSError), open(_BOOT, "rb") as handle:
        return handle.read()
    return platform.node().encode()


def _path(image_id: str) -> str:
    # The id comes from afar, and may not lead out of the folder.
    return cache_path("uploads", hashlib.sha256(image_id.encode()).hexdigest())
