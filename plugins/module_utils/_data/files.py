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
import stat
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import BreakError, DataError, InputError

# What the longest name of a neighbour adds to that of a file.
_LONGEST_ADDITION: t.Final = len("..converted.part")


def part_path(path: str) -> str:
    """Return the temporary neighbour that a file is written to before it takes its name."""
    return os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.part")


@contextlib.contextmanager
def replacing(path: str, size: int, *, wait: bool = False) -> t.Iterator[t.BinaryIO]:
    """
    Open a temporary neighbour for writing, which takes the name C(path) once the block ends well.

    If the block fails, nothing is left behind and what was at C(path) stays.

    :param size: The bytes that will be written.
    :param wait: Wait for another process that is writing the same file.
    :raises DataError: There is not enough room, the disk fails, or another process is writing the same file.
    """
    part = part_path(path)
    try:
        _check_room(path, size)
        with _open_part(part, path, wait=wait) as handle:
            try:
                handle.truncate(0)
                yield handle
                handle.flush()
                os.fsync(handle.fileno())
                os.replace(part, path)
            except BaseException:
                os.unlink(part)
                raise
    except OSError as exc:
        raise DataError(f"{path} cannot be written: {exc.strerror or exc}. Nothing was left behind.") from exc


class Part:
    """
    The temporary neighbour that a file is written to, with what an interrupted run left in it.

    :param path: Its own path, and C(handle) the open file.
    :param was_begun: It holds what an interrupted run left.
    """

    def __init__(self, path: str, handle: t.BinaryIO, size: int) -> None:
        self.path = path
        self.handle = handle
        self._converted: str | None = None
        self.was_begun = 0 < self.size <= size
        if not self.was_begun:
            self.begin_again()
        self.handle.seek(0, os.SEEK_END)

    @property
    def size(self) -> int:
        """The bytes that it holds."""
        return os.fstat(self.handle.fileno()).st_size

    def begin_again(self) -> None:
        """Empty it."""
        self.was_begun = False
        self.handle.truncate(0)
        self.handle.seek(0)

    def converted(self) -> str:
        """Return where to write what takes the name of the file in its stead."""
        self._converted = f"{self.path.removesuffix('.part')}.converted.part"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._converted)
        return self._converted

    def take_name(self, path: str) -> None:
        """Give the file its name, once it is safe on the disk."""
        if self._converted is None:
            os.fsync(self.handle.fileno())
            os.replace(self.path, path)
            return
        with open(self._converted, "rb") as handle:
            os.fchmod(handle.fileno(), stat.S_IMODE(os.fstat(self.handle.fileno()).st_mode))
            os.fsync(handle.fileno())
        os.replace(self._converted, path)
        os.unlink(self.path)

    def remove(self, *, keep_data: bool = False) -> None:
        """Remove all that was written, or all but the data as it came."""
        for path in (self._converted, None if keep_data else self.path):
            if path is not None:
                with contextlib.suppress(FileNotFoundError):
                    os.unlink(path)


@contextlib.contextmanager
def resuming(path: str, size: int) -> t.Iterator[Part]:
    """
    Open a temporary neighbour for writing, which takes the name C(path) once the block ends well.

    What was at C(path) stays until then. The neighbour stays for the next run if the block is interrupted, or the
    connection breaks, and is removed after any other failure.

    :param size: The bytes that it will hold.
    :raises DataError: There is not enough room, the disk fails, or another process is writing the same file.
    """
    name = part_path(path)
    try:
        with _open_part(name, path) as handle:
            part = Part(name, handle, size)
            try:
                _check_room(path, size - part.size)
                yield part
                handle.flush()
                part.take_name(path)
            except BreakError as exc:
                part.remove(keep_data=True)
                exc.message += f" {part.size} bytes are kept in {name}, and the next run goes on from there."
                raise
            except BaseException as exc:
                part.remove(keep_data=not isinstance(exc, Exception))
                raise
    except OSError as exc:
        raise DataError(f"{path} cannot be written: {exc.strerror or exc}. Nothing was left behind.") from exc


def _open_part(part: str, path: str, *, wait: bool = False) -> t.BinaryIO:
    # Neither emptied before it is locked nor written at its end alone, since zeros are left out.
    handle = open(part, "r+b", opener=_create)  # noqa: SIM115 - the caller closes it
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError as exc:
        handle.close()
        raise DataError(f"{path} is being written by another process. Wait for it to end.") from exc
    with contextlib.suppress(FileNotFoundError):
        if os.path.samestat(os.fstat(handle.fileno()), os.stat(part)):
            # Whoever kept others from the file means its next content as well.
            with contextlib.suppress(FileNotFoundError, PermissionError):
                os.fchmod(handle.fileno(), stat.S_IMODE(os.stat(path).st_mode))
            return handle
    # Whoever held the lock has given the file its name meanwhile: it is whole, and not ours to write.
    handle.close()
    return _open_part(part, path, wait=wait)


def _create(path: str, flags: int) -> int:
    # Not through a link that somebody left there.
    return os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW, 0o666)


def _check_room(path: str, size: int) -> None:
    free = shutil.disk_usage(os.path.dirname(path) or ".").free
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
        if not _is_filename(path, filename):
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


def _is_filename(folder: str, name: str) -> bool:
    """Say whether a name is one for a file of a folder, for its neighbours, and for a line of SHA256SUMS."""
    if "/" in name or name.startswith(".") or not name.isprintable():
        return False
    try:
        size = len(os.fsencode(name))
    except UnicodeEncodeError:
        return False
    return size + _LONGEST_ADDITION <= os.pathconf(folder, "PC_NAME_MAX")


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
