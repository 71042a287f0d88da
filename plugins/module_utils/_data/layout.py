# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""
Whether an image file holds all that its tables promise, and stands alone, beyond what the inspector looks at.

What a format keeps where is a sequence of steps (C(_data/formats.py)), so that one description serves a file, whose
tables are looked up before anything is sent, and a stream, whose tables are looked at as they go by.
"""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import DataError

TRUNCATED: t.Final = "truncated"
_TRUNCATED_REMEDY: t.Final = "It is cut off: copy or fetch it again."


@dataclasses.dataclass(frozen=True)
class Read:
    """
    Asks for bytes of the file. The answer is shorter where the file ends, and None where a stream is past them.

    Questions in the order of the file can be answered of a stream too.
    """

    offset: int
    length: int


@dataclasses.dataclass(frozen=True)
class Reach:
    """Says that the file cannot end before a byte: what is called C(what) is up to there."""

    end: int
    what: str


Steps: t.TypeAlias = t.Generator[Read | Reach, bytes | None, None]


class FlawError(Exception):
    """
    A file is not what the Image service should be given.

    :param check: The name of the check that it fails.
    :param words: What is wrong with it, as a clause.
    :param remedy: What to do about it, as a sentence.
    """

    def __init__(self, check: str, words: str, remedy: str) -> None:
        super().__init__(words)
        self.check = check
        self.words = words
        self.remedy = remedy


class Layout:
    """
    Follows the steps of a format through a file or a stream.

    :param disk_format: What to call the format in errors, and C(name) the data.
    :param size: The bytes that there are, None where only the end of the stream tells.
    :raises DataError: Of all methods: the data is cut off, or has a flaw.
    """

    def __init__(self, steps: Steps, disk_format: str, name: str, size: int | None) -> None:
        self._steps = steps
        self._disk_format = disk_format
        self._name = name
        self._size = size
        self._farthest = Reach(0, "")
        self._wanted: Read | None = None
        self._found = b""
        self._go_on(None)

    def look_up(self, handle: t.BinaryIO) -> None:
        """Follow all steps through a file, wherever they lead. The file is left at some position."""
        while self._wanted:
            handle.seek(self._wanted.offset)
            self._go_on(handle.read(self._wanted.length))

    def watch(self, block: bytes, position: int) -> None:
        """
        Follow the steps through the next bytes of a stream.

        :param position: Where in the stream they begin.
        """
        while self._wanted:
            start = self._wanted.offset + len(self._found)
            if start < position:
                self._go_on(None)
            elif start < position + len(block):
                missing = self._wanted.length - len(self._found)
                self._found += block[start - position : start - position + missing]
                if len(self._found) < self._wanted.length:
                    return
                self._go_on(self._found)
            else:
                return

    def end(self, size: int) -> None:
        """Take note of the end of a stream of so many bytes."""
        self._size = size
        self._check()
        while self._wanted:
            self._go_on(self._found or (b"" if self._wanted.offset >= size else None))

    def _go_on(self, answer: bytes | None) -> None:
        self._found = b""
        self._wanted = None
        try:
            step = self._steps.send(answer)
            while isinstance(step, Reach):
                if step.end > self._farthest.end:
                    self._farthest = step
                    self._check()
                step = next(self._steps)
            self._wanted = step
        except StopIteration:
            return
        except FlawError as exc:
            raise failed_check(self._name, self._disk_format, exc) from exc

    def _check(self) -> None:
        end, what = self._farthest.end, self._farthest.what
        if self._size is not None and end > self._size:
            words = f"{what} ends at byte {end}, and there are {self._size} bytes"
            raise failed_check(self._name, self._disk_format, FlawError(TRUNCATED, words, _TRUNCATED_REMEDY))


def failed_check(name: str, disk_format: str, flaw: FlawError) -> DataError:
    """Return the error for data that has a flaw."""
    return DataError(
        f"{name} fails the check {flaw.check} of {disk_format} data: {flaw.words}. {flaw.remedy}",
        check=flaw.check,
        disk_format=disk_format,
    )
