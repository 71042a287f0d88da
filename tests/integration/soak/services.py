# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes of a sandbox, to be killed and started again."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path


class Services:
    """
    The services of a sandbox, which several may use at a time, and one alone may kill.

    :param directory: That of the sandbox.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # The interpreter of the virtual environment, which may lie anywhere.
        launcher = Path(f"/proc/{self._pids()['launcher']}/cmdline").read_bytes()
        self._python = launcher.split(b"\0")[0].decode()
        self._crashed = False
        self._changed = threading.Condition()
        self._users = 0
        self._is_wanted_alone = False

    @contextlib.contextmanager
    def shared(self) -> Iterator[None]:
        """Use them while nobody kills them."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_wanted_alone)
            self._users += 1
        try:
            yield
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Use them while nobody else does."""
        with self._changed:
            self._changed.wait_for(lambda: not self._is_wanted_alone)
            self._is_wanted_alone = True
            self._changed.wait_for(lambda: not self._users)
        try:
            yield
        finally:
            self.revive()
            with self._changed:
                self._is_wanted_alone = False
                self._changed.notify_all()

    def _pids(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self._directory / "run/state.json").read_text())["pids"]
        return found

    def crash(self) -> None:
        """Kill the Image service; the launcher ends the others with it."""
        self._crashed = True
        os.kill(self._pids()["image"], signal.SIGKILL)

    def revive(self) -> None:
        """Start all of them again, on the data that they left."""
        if self._crashed:
            command = [self._python, "-B", self._directory / "lib/control.py", "start", self._directory]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            self._crashed = False
