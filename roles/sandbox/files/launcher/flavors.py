# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flavors that servers of the sandbox may have. Nova begins without any."""

from __future__ import annotations

from http import HTTPStatus
from urllib.error import HTTPError

from probe import Probe

FLAVORS: tuple[dict[str, str | int], ...] = (
    {"id": "1", "name": "m1.tiny", "vcpus": 1, "ram": 512, "disk": 1},
    {"id": "2", "name": "m1.small", "vcpus": 1, "ram": 2048, "disk": 20},
)


def ensure(probe: Probe) -> None:
    """Make those that are not there, whoever may use them by now."""
    known = {flavor["id"] for flavor in probe.get("compute", "/flavors?is_public=None")["flavors"]}
    for flavor in FLAVORS:
        if flavor["id"] not in known:
            make(probe, flavor)


def make(probe: Probe, flavor: dict[str, str | int]) -> None:
    """Make a flavor, unless somebody has made one of that name."""
    try:
        probe.post("compute", "/flavors", {"flavor": flavor})
    except HTTPError as error:
        if error.code != HTTPStatus.CONFLICT:
            raise
