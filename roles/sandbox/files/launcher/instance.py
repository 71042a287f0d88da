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
from pathlib import Path
from typing import IO

from layout import Layout, write_private

PATIENCE = 10


@dataclass(frozen=True)
class State:
    """What the launcher last said of itself. ``phase`` is ``starting``, ``ready`` or ``failed``."""

    phase: str = "stopped"
    digest: str = ""
    launcher: str = ""
    ports: list[int] = field(default_factory=list)
    pids: dict[str, int] = field(default_factory=dict)
    service: str = ""
    reason: str = ""


class ServiceEndedError(Exception):
    """A service ended that was to go on, with the exit code as ``subprocess`` has it."""

    def __init__(self, service: str, code: int) -> None:
        how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with status {code}"
        super().__init__(f"the {service} service {how}")
        self.service = service


class Instance:
    """One launcher with its services, which end with it: a process group whose members share a file lock.

    The kernel gives the lock back when the last member has ended, and reuses no process group id before that. So while
    the lock is held the recorded id belongs to this sandbox and may be signalled; a stale file harms nobody.
    """

    def __init__(self, layout: Layout, name: str = "", ends_its_own: bool = False) -> None:
        """``ends_its_own``: the launcher ends its services in the right order, and needs its time for it."""
        self._root = layout.root
        run = layout.root / "run"
        self._lock, self._state = run / f"{name}lock", run / f"{name}state.json"
        self._ends_its_own = ends_its_own

    def hold(self) -> IO[str]:
        """Become the instance: the calling process, and what it forks, keep the lock until they end."""
        if os.getpgrp() != os.getpid():
            os.setpgrp()
        lock = self._lock.open("a+")
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(str(os.getpgrp()))
        lock.flush()
        return lock

    def is_alive(self) -> bool:
        with self._lock.open("a") as lock:
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
        self._lock.write_text("")
        self._state.unlink(missing_ok=True)
        return was_alive

    def _signal_until_dead(self) -> None:
        for end in (self._ask, self._kill):
            with contextlib.suppress(ProcessLookupError, ValueError):
                end()
            if self.wait_until_dead(PATIENCE):
                return
        raise TimeoutError(f"processes of the sandbox in {self._root} outlive SIGKILL")

    def _ask(self) -> None:
        leader = int(self._lock.read_text())
        (os.kill if self._ends_its_own else os.killpg)(leader, signal.SIGTERM)

    def _kill(self) -> None:
        self.signal_all(signal.SIGKILL)
        os.killpg(int(self._lock.read_text()), signal.SIGKILL)

    def wait_until_dead(self, patience: float) -> bool:
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if not self.is_alive():
                return True
            time.sleep(0.05)
        return False

    def signal_all(self, number: int) -> None:
        """Also those that have left the process group: whoever has the lock open. Linux alone says who has."""
        for process in map(int, filter(str.isdigit, os.listdir("/proc"))):
            if process != os.getpid() and self.includes(process):
                with contextlib.suppress(OSError):
                    os.kill(process, number)

    def includes(self, process: int) -> bool:
        """Whether a process has the lock open, which none has that ended, even if nobody has reaped it."""
        # It may end at any moment, and that of somebody else does not show what it has open.
        with contextlib.suppress(OSError):
            for descriptor in Path(f"/proc/{process}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if descriptor.samefile(self._lock):
                        return True
        return False

    def state(self) -> State:
        try:
            return State(**json.loads(self._state.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return State()

    def record(self, state: State) -> None:
        write_private(self._state, json.dumps(vars(state), indent=2) + "\n")


def workloads_of(layout: Layout) -> Instance:
    """The services of servers and volumes. Those of images are the instance without a name."""
    return Instance(layout, "workloads-", ends_its_own=True)


@contextlib.contextmanager
def controlled(layout: Layout) -> Iterator[None]:
    """Let one controller at a time start or stop what runs in a sandbox."""
    with layout.control_lock.open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
