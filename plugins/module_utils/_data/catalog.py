# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""The sources of a whole catalogue."""

from __future__ import annotations

import collections
import concurrent.futures
import functools
import os
import threading
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._data.source import fetch_sums, read_facts, resolve_checksum
from ansible_collections.xloud.image.plugins.module_utils._model.checksum import is_literal
from ansible_collections.xloud.image.plugins.module_utils._model.errors import ImageError
from ansible_collections.xloud.image.plugins.module_utils._model.run import Read, Reading
from ansible_collections.xloud.image.plugins.module_utils._model.source import Source


def read_sources(readings: t.Collection[Reading], workers: int) -> dict[str, Read | ImageError]:
    """
    Return what was read for each version, by the names of the images, or why it could not be.

    A SUMS file that several versions have in common is read once.
    """
    fetch, locks = functools.cache(fetch_sums), collections.defaultdict[Source, threading.Lock](threading.Lock)

    def sums(place: Source) -> str:
        with locks[place]:
            return fetch(place)

    def read(reading: Reading) -> Read | ImageError:
        try:
            source, place = _at_hand(reading) if reading.settled else (reading.source, reading.checksum)
            checksum = resolve_checksum(place, source or reading.source, sums)
            return Read(checksum, read_facts(source, reading.need(source, checksum), keep=reading.keep))
        except ImageError as exc:
            return exc

    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
        return dict(zip([reading.name for reading in readings], pool.map(read, readings), strict=True))


def _at_hand(reading: Reading) -> tuple[Source | None, str | None]:
    """Return the source and the checksum of a reading as far as a look at them costs little."""
    source, checksum = reading.source, reading.checksum
    is_here = source is not None and not source.is_url and os.path.exists(source.location)
    is_known = checksum is not None and (is_literal(checksum) or os.path.exists(checksum))
    return source if is_here else None, checksum if is_known else None
