# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What is worth trying again, and after how long."""

from __future__ import annotations

import typing as t

from ansible_collections.xloud.image.plugins.module_utils._model.errors import CloudError, UnreachableError

# So many times a transfer begins again before its error is final.
ATTEMPTS: t.Final = 4
_PASSING: t.Final = frozenset({408, 429, 500, 502, 503, 504})
_LONGEST_PAUSE: t.Final = 30.0
_LONGEST_WISH: t.Final = 300.0


def is_passing(exc: CloudError) -> bool:
    """Say whether an error may be gone the next time."""
    return isinstance(exc, UnreachableError) or exc.status in _PASSING


def pause_after(attempt: int, exc: CloudError) -> float:
    """
    Return the seconds to wait after an attempt failed: as long as the cloud asked for, or longer each time.

    :param attempt: Which one it was, from 0.
    """
    if exc.retry_after is not None:
        return min(exc.retry_after, _LONGEST_WISH)
    return min(float(2**attempt), _LONGEST_PAUSE)
