# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Local files as sources: opened with errors that say what is wrong."""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError
from ansible_collections.xloud.image.plugins.module_utils._model.sidecar import parse_sidecar


@contextlib.contextmanager
def open_file(path: str, option: str = "source") -> t.Iterator[t.BinaryIO]:
    """
    Open a regular file that holds something.

    :param option: The option that named the file, for the error.
    :raises InputError: The path is missing, unreadable, empty, or no file.
    """
    try:
        # Without waiting for a pipe's other end.
        handle = open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK))  # noqa: SIM115
    except FileNotFoundError as exc:
        raise InputError(option, f"{path} does not exist.") from exc
    except IsADirectoryError as exc:
        raise InputError(option, f"{path} is a directory. Give the file itself.") from exc
    except OSError as exc:
        raise InputError(option, f"{path} cannot be read: {exc.strerror}.") from exc
    except ValueError as exc:
        raise InputError(option, f"{path!r} is no path: {exc}.") from exc
    with handle:
        status = os.fstat(handle.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise InputError(option, f"{path} is no regular file.")
        if status.st_size == 0:
            raise InputError(option, f"{path} is empty.")
        yield handle


def read_text(path: str, option: str) -> str:
    """
    Return the content of a text file.

    :raises InputError: The file cannot be read, or is no text.
    """
    with open_file(path, option) as handle:
        try:
            return handle.read().decode("utf-8")
        except UnicodeDecodeError as exc:
            raise InputError(option, f"{path} is no text file.") from exc


def read_sidecar(path: str | None) -> dict[str, t.Any] | None:
    """
    Return the image that a sidecar describes, None where none is given.

    :raises InputError: The file cannot be read, or is no sidecar.
    """
    return parse_sidecar(read_text(path, "sidecar")) if path else None
