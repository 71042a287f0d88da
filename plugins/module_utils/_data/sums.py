# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""SHA256SUMS: what the files of a folder hash to, as sha256sum --check reads it."""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.files import read_if_there, replacing
from ansible_collections.xloud.image.plugins.module_utils._data.hashing import file_digests

NAME: t.Final = "SHA256SUMS"
_LINE: t.Final = re.compile(r"(?P<digest>[0-9a-f]{64}) [ *](?P<name>.+)")


def read_sums(path: str) -> dict[str, str]:
    """Return the digests that a SHA256SUMS file lists, by the names of the files; none where it is not there."""
    lines = (_LINE.fullmatch(line) for line in (read_if_there(path) or "").splitlines())
    return {match["name"]: match["digest"] for match in lines if match}


def record_sums(path: str, files: t.Collection[str]) -> None:
    """
    Enter the SHA-256 of files into the SHA256SUMS of their folder, and leave its other lines alone.

    Several may do so at a time.

    :raises InputError: A file cannot be read.
    :raises DataError: The list cannot be written.
    """
    found = {os.path.basename(file): file_digests(file, {"sha256"}, "path")["sha256"] for file in files}
    # Not the folder is locked, which cannot be opened for writing, as a lock on NFS demands.
    with replacing(path, 0, wait=True) as handle:
        kept = [line for line in (read_if_there(path) or "").splitlines() if _name(line) not in found]
        lines = sorted([*kept, *(f"{digest}  {name}" for name, digest in found.items())], key=_name)
        handle.write("".join(f"{line}\n" for line in lines).encode())


def _name(line: str) -> str:
    match = _LINE.fullmatch(line)
    return match["name"] if match else ""
