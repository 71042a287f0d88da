# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib

import pytest

WAITING = ("claims", "imports", "upload")


class Clock:
    """A clock that only pauses move."""

    def __init__(self):
        self.now = 0.0
        self.pauses = []

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds
        self.pauses.append(seconds)


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    for name in WAITING:
        module = importlib.import_module(f"ansible_collections.xloud.image.plugins.module_utils._cloud.{name}")
        monkeypatch.setattr(module, "time", clock)
    return clock
