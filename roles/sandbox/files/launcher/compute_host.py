# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nova's compute service with the driver beside this."""

from __future__ import annotations

from pathlib import Path

# Reads the command line for the kind of threads, and before anything else of Nova.
from nova.cmd import compute  # isort: skip
import nova.virt


def main() -> None:
    # Nova looks for drivers in this package alone.
    nova.virt.__path__.append(str(Path(__file__).parent))
    compute.main()
