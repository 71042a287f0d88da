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
    What C(image_visibility) is asked for. None means "not asked for", and an empty text "to be taken off".

    :param revoked: Take the image out of use at once: private, hidden, deactivated and deprecated.
    :param retire_on: The day, as C(2026-01-31), from which on the image is announced to be retired.
    :param delete_on: The day from which on it is announced to be deleted.
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
    revoked: bool | None = None
    retire_on: str | None = None
    delete_on: str | None = None
    allow_lockout: bool = False
