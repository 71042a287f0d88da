# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Checksums: as a task declares them, and as SUMS files list them."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import InputError

DIGITS: t.Final = {"sha256": 64, "sha512": 128}
# What is taken for a checksum itself, to be refused where it is none of ours.
ALGORITHMS: t.Final = (*DIGITS, "md5", "sha1", "sha224", "sha384")

_BSD_LINE = re.compile(r"SHA(?:256|512) ?\((?P<file>.+)\) ?= ?(?P<digest>[0-9a-fA-F]+)")
_GNU_LINE = re.compile(r"\\?(?P<digest>[0-9a-fA-F]+)(?: [ *](?P<file>.+))?")


@dataclasses.dataclass(frozen=True)
class Checksum:
    """A digest (lower-case hexadecimal) and the algorithm, as hashlib names it, that made it."""

    algorithm: str
    digest: str

    @classmethod
    def parse(cls, text: str, option: str = "checksum") -> Checksum:
        """
        Return the checksum of C(sha256:<64 digits>) or C(sha512:<128 digits>).

        :raises InputError: The text is none of the two.
        """
        algorithm, _colon, digest = text.partition(":")
        if algorithm not in DIGITS:
            raise InputError(
                option,
                f"{text!r} is not a checksum. Write sha256:<64 digits>, sha512:<128 digits>, "
                "or the URL or path of a SUMS file.",
            )
        if not re.fullmatch(rf"[0-9a-fA-F]{{{DIGITS[algorithm]}}}", digest):
            raise InputError(
                option, f"{algorithm} has {DIGITS[algorithm]} hexadecimal digits, and this is not that: {digest!r}."
            )
        return cls(algorithm, digest.lower())

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.digest}"


def is_literal(text: str) -> bool:
    """Say whether C(text) is a checksum itself rather than the place of a SUMS file."""
    return text.partition(":")[0] in ALGORITHMS


def _entries(text: str) -> t.Iterator[tuple[str, str]]:
    for line in map(str.strip, text.splitlines()):
        match = _BSD_LINE.fullmatch(line) or _GNU_LINE.fullmatch(line)
        if match:
            yield (match["file"] or "").rpartition("/")[2], match["digest"].lower()


def find_in_sums(text: str, filename: str, place: str) -> Checksum:
    """
    Return what a SUMS file says of one file.

    Both C(sha256sum)'s lines and BSD's are understood, and a file that holds nothing but one digest. Of digests by
    several algorithms, the longest that is of ours counts.

    :param text: The content of the SUMS file.
    :param filename: The name, without folders, of the file asked for.
    :param place: Where the SUMS file is, for the error.
    :raises InputError: The file is not listed, is listed twice with different digests, or its digest is of
        neither SHA-256 nor SHA-512.
    """
    entries = list(_entries(text))
    digests = {digest for name, digest in entries if name == filename}
    if not digests and len(entries) == 1 and not entries[0][0]:
        digests = {entries[0][1]}
    if not digests:
        raise InputError("checksum", f"{place} lists {len(entries)} file(s), and {filename} is not one of them.")
    for algorithm, digits in sorted(DIGITS.items(), key=lambda each: -each[1]):
        found = [digest for digest in digests if len(digest) == digits]
        if len(found) > 1:
            raise InputError("checksum", f"{place} lists {filename} with {len(found)} different digests.")
        if found:
            return Checksum(algorithm, found[0])
    lengths = ", ".join(str(len(digest)) for digest in sorted(digests))
    raise InputError("checksum", f"{place} gives {filename} a digest of {lengths} digits, neither SHA-256 nor SHA-512.")
