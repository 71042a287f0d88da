# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Become the port mapper of Erlang. One that RabbitMQ starts would go into the background, and outlive the sandbox."""

from __future__ import annotations

import os
import sys

from layout import HOST


def main() -> None:
    os.execvp("epmd", ["epmd", "-port", sys.argv[1], "-address", HOST])  # noqa: S606 - nothing of it is a shell\'s to read
