# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
Digests of files, remembered.

The cache holds one small JSON file for each path, keyed by path, size and time of change. Losing it costs one
reading of the file, nothing else.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import queue
import tempfile
import threading
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.local import open_file
from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError

BLOCK: t.Final = 65536
# Blocks go to the hashing thread so large, since each costs a change of threads; so many wait for it at most.
_GATHERED: t.Final = 1024 * 1024
_BLOCKS_BEHIND: t.Final = 4


def new_hashes(algorithms: t.Iterable[str]) -> dict[str, t.Any]:
    """
    Return a fresh hash object for each algorithm, as hashlib names them.

    :raises InputError: An algorithm is not known here.
    """
    try:
        return {name: hashlib.new(name, usedforsecurity=False) for name in algorithms}
    except ValueError as exc:
        raise InputError("checksum", f"{exc}: this Python cannot compute it.") from exc


def cached_digests(path: str) -> dict[str, str]:
    """Return the digests known of a file as it is now, without reading it."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        with open(_entry_path(path), encoding="utf-8") as handle:
            entry = json.load(handle)
        if entry["key"] == _key(os.stat(path)):
            return dict(entry["digests"])
    return {}


def file_digests(path: str, algorithms: t.Collection[str], option: str = "source") -> dict[str, str]:
    """
    Return a file's digests by these algorithms (and any other one known), reading it only if one is not known.

    :raises InputError: The file cannot be read.
    """
    known = cached_digests(path)
    if known.keys() >= set(algorithms):
        return known
    with open_file(path, option) as handle:
        key = _key(os.fstat(handle.fileno()))
        hashes = new_hashes(algorithms)
        for block in iter(lambda: handle.read(BLOCK), b""):
            for each in hashes.values():
                each.update(block)
    digests = {**known, **{name: each.hexdigest() for name, each in hashes.items()}}
    _write_entry(path, key, digests)
    return digests


def remember(path: str, digests: t.Mapping[str, str], status: os.stat_result | None = None) -> None:
    """
    Keep digests that were computed while a file was read or written.

    :param status: The status of the file when that began; as it is now where not given.
    """
    with contextlib.suppress(OSError):
        now = os.stat(path)
        key = _key(status or now)
        known = cached_digests(path) if key == _key(now) else {}
        _write_entry(path, key, {**known, **digests})


def _key(status: os.stat_result) -> list[int]:
    return [status.st_size, status.st_mtime_ns]


def cache_path(*parts: str) -> str:
    """Return a path in the folder where this collection keeps what it can do without."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.path.join(base, "xloud.image", *parts)


def _entry_path(path: str) -> str:
    name = hashlib.sha256(os.path.realpath(path).encode("utf-8", "surrogateescape")).hexdigest()
    return cache_path("digests", f"{name}.json")


def _write_entry(path: str, key: list[int], digests: t.Mapping[str, str]) -> None:
    target = _entry_path(path)
    # A home that cannot be written to (an execution environment, say) costs the cache and nothing else.
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=os.path.dirname(target), delete=False, encoding="utf-8") as handle:
            json.dump({"path": os.path.realpath(path), "key": key, "digests": dict(digests)}, handle)
        os.replace(handle.name, target)


class Hasher:
    """
    Computes digests of data that goes by, in a thread of its own, so that the data need not wait for them.

    It is never more than a few MiB behind. Little data is hashed at once, without a thread.

    :param algorithms: As hashlib names them.
    :raises InputError: An algorithm is not known here.
    """

    def __init__(self, algorithms: t.Iterable[str]) -> None:
        self._hashes = new_hashes(algorithms)
        self._blocks: queue.Queue[bytes | None] = queue.Queue(_BLOCKS_BEHIND)
        self._thread: threading.Thread | None = None
        self._gathered: list[bytes] = []
        self._size = 0

    def update(self, block: bytes) -> None:
        """Take the next bytes of the data."""
        self._gathered.append(block)
        self._size += len(block)
        if self._size < _GATHERED:
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True)
            self._thread.start()
        self._blocks.put(self._take())

    def digests(self) -> dict[str, str]:
        """Return the digests of all that was taken so far, by their algorithms. Nothing can be taken after that."""
        self.close()
        return {name: each.hexdigest() for name, each in self._hashes.items()}

    def close(self) -> None:
        """Hash what is left, and end the thread."""
        if self._thread is not None:
            self._blocks.put(None)
            self._thread.join()
            self._thread = None
        self._hash(self._take())

    def _take(self) -> bytes:
        gathered = b"".join(self._gathered)
        self._gathered, self._size = [], 0
        return gathered

    def _work(self) -> None:
        while (block := self._blocks.get()) is not None:
            self._hash(block)

    def _hash(self, block: bytes) -> None:
        for each in self._hashes.values():
            each.update(block)
