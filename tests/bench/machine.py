# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

from peers import Side, peer_version, version_of
from workspace import CHECKOUT, WORK


def description(ours: Side, peer: Side) -> list[str]:
    """The machine and the versions, one a line."""
    version = re.search(r"^version: (.+)$", (CHECKOUT / "galaxy.yml").read_text(), re.MULTILINE)
    services = WORK / "venvs/bench-sandbox/bin"
    packages = ("ansible-core", "openstacksdk")
    return [
        f"Date: {datetime.now(UTC):%Y-%m-%d}",
        f"Processor: {cores()} cores of {processor()}",
        f"Memory: {memory():.0f} GiB",
        f"Other work on it: a load of {os.getloadavg()[0]:.1f} before",
        f"System: {platform.freedesktop_os_release()['PRETTY_NAME']}, Python {platform.python_version()}",
        ", ".join([f"This side: xloud.image {version[1] if version else ''}", *ours.versions(*packages)]),
        ", ".join([f"Other side: {peer_version()}", *peer.versions(*packages)]),
        f"Cloud: Keystone {version_of(services, 'keystone')} and Glance {version_of(services, 'glance')} on the same "
        "machine, a process each, with SQLite",
    ]


def cores() -> int:
    return len(os.sched_getaffinity(0))


def processor() -> str:
    model = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return model[1] if model else platform.machine()


def memory() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
