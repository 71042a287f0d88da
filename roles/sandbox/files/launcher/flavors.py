# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The flavors that servers of the sandbox may have. Nova begins without any."""

from __future__ import annotations

from probe import Probe

FLAVORS = (
    {"id": "1", "name": "m1.tiny", "vcpus": 1, "ram": 512, "disk": 1},
    {"id": "2", "name": "m1.small", "vcpus": 1, "ram": 2048, "disk": 20},
)


def ensure(probe: Probe) -> None:
    known = {flavor["id"] for flavor in probe.get("compute", "/flavors")["flavors"]}
    for flavor in FLAVORS:
        if flavor["id"] not in known:
            probe.post("compute", "/flavors", {"flavor": flavor})
