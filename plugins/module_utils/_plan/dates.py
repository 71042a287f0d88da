# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Days, as images and documents record them: C(2026-01-31), in UTC."""

from __future__ import annotations

import datetime


def days_between(since: str | None, today: str) -> int:
    """Return how many days have passed; none where the first day is not recorded, or not as a day."""
    try:
        return (datetime.date.fromisoformat(today) - datetime.date.fromisoformat(since or today)).days
    except ValueError:
        return 0


def is_due(day: str | None, today: str) -> bool:
    """Say whether an announced day has come."""
    return day is not None and day <= today
