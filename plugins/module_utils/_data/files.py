# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Files written so that they are whole or not there."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.hashing import file_digests, new_hashes
from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError, InputError
from ansible_collections.xloud.image.plugins.module_utils._model.export import FileFacts, WantedExport


def part_path(path: str) -> str:
    """Return the temporary neighbour that a file is written to before it takes its name."""
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.part")


@contextlib.contextmanager
def replacing(path: str, size: int) -> t.Iterator[t.BinaryIO]:
    """
    Open a temporary neighbour for writing, which takes the name C(path) once the block ends well.

    If the block fails, nothing is left behind and what was at C(path) stays.

    :param size: The bytes that will be written.
    :raises DataError: There is not enough room, the disk fails, or another process is writing the same file.
    """
    part = part_path(path)
    try:
        _check_room(path, size)
        with _open_part(part, path) as handle:
            try:
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
                os.replace(part, path)
            except BaseException:
                os.unlink(part)
                raise
    except OSError as exc:
        raise DataError(f"{path} cannot be written: {exc.strerror or exc}. Nothing was left behind.") from exc


def _open_part(part: str, path: str) -> t.BinaryIO:
    handle = open(part, "ab")  # noqa: SIM115 - the caller closes it
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as exc:
        handle.close()
        raise DataError(f"{path} is being written by another process. Wait for it to end.") from exc
    if not os.path.exists(part) or not os.path.samestat(os.fstat(handle.fileno()), os.stat(part)):
        # Whoever held the lock has given the file its name meanwhile: it is whole, and not ours to write.
        handle.close()
        return _open_part(part, path)
    handle.truncate(0)
    return handle


def _check_room(path: str, size: int) -> None:
    free = shutil.disk_usage(os.path.dirname(path)).free
    if free < size:
        raise DataError(f"{path} needs {size} bytes, and its file system has {free} free. Nothing was written.")


def target_path(path: str, filename: str, option: str = "path") -> str:
    """
    Return the absolute path of a file to be written.

    :param path: The file, or an existing folder for it.
    :param filename: The name of the file where C(path) is a folder. It comes from afar and may not lead out of it.
    :raises InputError: The file cannot be written there.
    """
    meant_as_folder = path.endswith("/")
    path = os.path.abspath(os.path.expanduser(path))
    if meant_as_folder and not os.path.isdir(path):
        raise InputError(option, f"{path} is no directory. Create it first, or name a file without a slash at its end.")
    if os.path.isdir(path):
        if "/" in filename or filename.startswith("."):
            raise InputError(option, f"{path} is a directory, and {filename!r} is no name for a file. Name the file.")
        path = os.path.join(path, filename)
    if os.path.isdir(path):
        raise InputError(option, f"{path} is a directory. Name a file.")
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        raise InputError(option, f"{folder} does not exist. Create it first.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InputError(option, f"{folder} cannot be written to by this user.")
    return path


def file_size(path: str) -> int | None:
    """Return the size of a file in bytes, None where there is none."""
    return os.path.getsize(path) if os.path.exists(path) else None


def read_if_there(path: str) -> str | None:
    """Return the text of a file, None where there is none or it is no text."""
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read()
    except (OSError, UnicodeDecodeError):
        return None


def digest_if_size(path: str, size: int | None, algorithm: str) -> str | None:
    """Return a file's digest, None where its size is another one already: then its content is as well."""
    found = file_size(path)
    if found is None or found != size:
        return None
    if size == 0:
        return str(new_hashes({algorithm})[algorithm].hexdigest())
    return file_digests(path, {algorithm}, "path")[algorithm]


def file_facts(wanted: WantedExport, size: int | None, algorithm: str) -> FileFacts:
    """
    Return the files of an export as they are.

    The content of the data file is hashed only if it has the right size, and is not known already.

    :param size: The bytes that the data should have.
    :param algorithm: The hash to compute, as hashlib names it.
    """
    return FileFacts(
        file_size(wanted.path),
        digest_if_size(wanted.path, size, algorithm),
        read_if_there(wanted.sidecar) if wanted.sidecar else None,
    )
