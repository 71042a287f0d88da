# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of modules as users have them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import conftest
from soak.play import Outcome


class Playbook:
    """A whole ansible-playbook, which is killed with all that it started."""

    def __init__(self, module: str, args: dict[str, Any], env: dict[str, str], folder: Path) -> None:
        self._run = conftest.Run(folder, {f"xloud.image.{module}": args, "environment": env})
        self._killed = False

    def kill(self) -> None:
        self._killed = True
        # Stopped first, so that none of them starts another one meanwhile.
        found: list[int] = []
        while (each := self._run.processes()) != found:
            found = each
            _signal(found, signal.SIGSTOP)
        _signal(found, signal.SIGKILL)

    def wait(self) -> Outcome:
        try:
            outcome = self._run.wait()
        except subprocess.TimeoutExpired:
            self.kill()
            return Outcome(None, "", "ansible-playbook does not end", self._killed)
        except (AssertionError, ValueError, OSError) as error:
            crash = "" if self._killed else f"ansible-playbook printed no result: {error}"
            return Outcome(None, "", crash, self._killed)
        return Outcome(outcome.result, outcome.output, killed=self._killed)


def _signal(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)
