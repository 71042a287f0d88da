# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The running processes of a sandbox: who they are, whether they live, how they end."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from layout import Layout, write_private

PATIENCE = 10


@dataclass(frozen=True)
class State:
    """What the launcher last said of itself. ``phase`` is ``starting``, ``ready`` or ``failed``."""

    phase: str = "stopped"
    digest: str = ""
    ports: list[int] = field(default_factory=list)
    pids: dict[str, int] = field(default_factory=dict)
    service: str = ""
    reason: str = ""


class Instance:
    """One launcher with its services, which end with it: a process group whose members share a file lock.

    The kernel gives the lock back when the last member has ended, and reuses no process group id before that. So while
    the lock is held the recorded id belongs to this sandbox and may be signalled; a stale file harms nobody.
    """

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    def hold(self) -> IO[str]:
        """Become the instance: the calling process, and what it forks, keep the lock until they end."""
        if os.getpgrp() != os.getpid():
            os.setpgrp()
        lock = self._layout.lock.open("a+")
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(str(os.getpgrp()))
        lock.flush()
        return lock

    def is_alive(self) -> bool:
        with self._layout.lock.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def stop(self) -> bool:
        """End every process of the instance, and say whether there was one."""
        was_alive = self.is_alive()
        if was_alive:
            self._signal_until_dead()
        # What an ended instance wrote must not be taken for the process group id of the next one.
        self._layout.lock.write_text("")
        self._layout.state.unlink(missing_ok=True)
        return was_alive

    def _signal_until_dead(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.killpg(int(self._layout.lock.read_text()), number)
            deadline = time.monotonic() + PATIENCE
            while time.monotonic() < deadline:
                if not self.is_alive():
                    return
                time.sleep(0.05)
        raise TimeoutError(f"processes of the sandbox in {self._layout.root} outlive SIGKILL")

    def state(self) -> State:
        try:
            return State(**json.loads(self._layout.state.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return State()

    def record(self, state: State) -> None:
        write_private(self._layout.state, json.dumps(vars(state), indent=2) + "\n")

    @contextlib.contextmanager
    def controlled(self) -> Iterator[None]:
        """Let one controller at a time start or stop the instance."""
        with self._layout.control_lock.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
