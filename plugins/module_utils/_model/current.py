# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""What the lookup C(current) is asked for."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class WantedCurrent:
    """
    The current version of a template. None stands for any.

    :param visibility: The visibility that the image has to have.
    :param owner: The id of the project that has to own it.
    :param as_of: The day, as C(2026-01-31), on which it has to have been the current one, None for now.
    """

    template: str
    visibility: str | None = None
    owner: str | None = None
    as_of: str | None = None
