# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What C(image_visibility) is asked for."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class WantedVisibility:
    """
    What C(image_visibility) is asked for. None means "not asked for".

    :param replaced_by: The name of the image to use instead.
    :param today: The date to record, as C(2026-01-31).
    """

    today: str
    visibility: str | None = None
    hidden: bool | None = None
    protected: bool | None = None
    active: bool | None = None
    deprecated: bool | None = None
    replaced_by: str | None = None
    reason: str | None = None
    allow_lockout: bool = False
