# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes of a sandbox, to be killed and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path


class Services:
    """
    The services of a sandbox.

    :param directory: That of the sandbox.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # The interpreter of the virtual environment, which may lie anywhere.
        launcher = Path(f"/proc/{self._pids()['launcher']}/cmdline").read_bytes()
        self._python = launcher.split(b"\0")[0].decode()
        self.crashed = False

    def _pids(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self._directory / "run/state.json").read_text())["pids"]
        return found

    def crash(self) -> None:
        """Kill the Image service; the launcher ends the others with it."""
        self.crashed = True
        os.kill(self._pids()["image"], signal.SIGKILL)

    def revive(self) -> None:
        """Start all of them again, on the data that they left."""
        if self.crashed:
            command = [self._python, self._directory / "lib/control.py", "start", self._directory]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            self.crashed = False
