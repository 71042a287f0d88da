# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the services of servers and volumes: start each as soon as what it needs is there, until one ends.

At SIGHUP it looks at the settings again, ends what is no longer wanted, and restarts what changed. The rest goes on.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import flavors
from instance import Instance, ServiceEndedError, State, workloads_of
from layout import Layout, keep_log
from ports import bind
from probe import Probe
from readiness import is_ready
from software import ACCOUNTS

PATIENCE = 300
PROBE_PATIENCE = 20
GRACE = 4
TICK = 0.1
LIBRARY = Path(__file__).parent
INFRASTRUCTURE = ("database", "message-queue", "port-mapper")


class NotReadyError(Exception):
    def __init__(self, service: str) -> None:
        super().__init__(f"the {service} service is not ready after {PATIENCE} s")
        self.service = service


@dataclass
class Running:
    process: subprocess.Popen[bytes]
    digest: str
    ready: bool = False


class Workloads:
    def __init__(self, root: Path) -> None:
        self._root = root
        self._layout = Layout(root)
        self._instance = workloads_of(self._layout)
        self._state = State()
        self._running: dict[str, Running] = {}
        self._schemas: dict[str, subprocess.Popen[bytes]] = {}
        self._asked = True

    def run(self) -> None:
        # As in serve.py: the lock lives as long as a process has it open.
        self._lock = self._instance.hold()
        guard(self._instance, self._lock.fileno())
        self._wake = wake_at_signals()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        signal.signal(signal.SIGHUP, self._ask)
        try:
            while True:
                if self._asked:
                    self._asked = False
                    self._bring_about()
                self._raise_if_one_ended()
                self._wait(None)
        except (ServiceEndedError, NotReadyError, OSError) as error:
            self._record(phase="failed", service=getattr(error, "service", ""), reason=str(error))
            raise
        finally:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self._end([*self._running])

    def _ask(self, *_: object) -> None:
        self._asked = True

    def _bring_about(self) -> None:
        """Have all run that the settings say, as they say it."""
        self._layout = layout = Layout(self._root)
        wanted = {service: layout.workload_digest(service) for service in layout.workloads}
        ports = [port for service in layout.workloads.values() for port in ports_of(service)]
        self._record(phase="starting", launcher=layout.launcher_digest(), ports=ports)
        self._end([name for name, running in self._running.items() if wanted.get(name) != running.digest])
        # A service opens its own later, and a connection of somebody's own might get it meanwhile.
        held = {port: bind(port) for port in ports if port not in self._used_ports()}
        deadline = time.monotonic() + PATIENCE
        while waiting := [name for name in wanted if not self._is_ready(name)]:
            self._raise_if_one_ended()
            self._make_tables()
            for name in waiting:
                if name not in self._running and self._may_start(name):
                    self._start(name, wanted[name])
            if time.monotonic() > deadline:
                raise NotReadyError(next((name for name in waiting if name in self._running), waiting[0]))
            self._wait(TICK)
        for holder in held.values():
            holder.close()
        self._until_it_answers(deadline)
        self._record(phase="ready", digest=layout.workloads_digest())

    def _used_ports(self) -> set[int]:
        running = [self._layout.workloads[name] for name in self._running]
        return {port for service in running for port in ports_of(service)}

    def _may_start(self, name: str) -> bool:
        return all(self._has(need) for need in self._layout.software(name).needs)

    def _has(self, need: str) -> bool:
        if need == ACCOUNTS:
            state = Instance(self._layout).state()
            return state.phase == "ready" and state.digest == self._layout.digest() and self._layout.is_seeded()
        if need.endswith("-schema"):
            return self._has_tables(need.removesuffix("-schema"))
        return self._is_ready(need)

    def _has_tables(self, name: str) -> bool:
        mark = self._layout.schema_mark(name)
        return mark.exists() and mark.read_text() == self._layout.schema_digest(name)

    def _make_tables(self) -> None:
        """Those that are not there, all at once: each service has a database of its own."""
        for name, making in list(self._schemas.items()):
            code = making.poll()
            if code is not None:
                del self._schemas[name]
                if code:
                    raise ServiceEndedError(f"seed-{name}", code)
                self._layout.schema_mark(name).write_text(self._layout.schema_digest(name))
        for name in self._layout.workloads:
            command = self._layout.schema_command(name)
            if command and name not in self._schemas and not self._has_tables(name) and self._is_ready("database"):
                self._schemas[name] = self._spawn(f"seed-{name}", command)

    def _start(self, name: str, digest: str) -> None:
        command = [str(LIBRARY / "workload.py"), str(self._root), name]
        self._running[name] = Running(self._spawn(name, command), digest)
        self._record()

    def _spawn(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        log = self._layout.log(name)
        keep_log(log)
        with log.open("wb") as output:
            return subprocess.Popen(
                [self._layout.workloads_python, "-B", "-W", "ignore", *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self._root,
                pass_fds=[self._lock.fileno()],
            )

    def _is_ready(self, name: str) -> bool:
        running = self._running.get(name)
        if running and not running.ready:
            running.ready = is_ready(self._layout, name)
        return bool(running and running.ready)

    def _until_it_answers(self, deadline: float) -> None:
        while True:
            try:
                probe = Probe(self._layout, PROBE_PATIENCE)
                if "compute" in self._layout.workloads:
                    flavors.ensure(probe)
                probe.run_workloads()
            except OSError:
                self._raise_if_one_ended()
                if time.monotonic() > deadline:
                    raise
                self._wait(TICK)
            else:
                return

    def _raise_if_one_ended(self) -> None:
        for name, running in self._running.items():
            code = running.process.poll()
            if code is not None:
                raise ServiceEndedError(name, code)

    def _wait(self, seconds: float | None) -> None:
        """Until a signal comes, at most."""
        if select.select([self._wake], [], [], seconds)[0]:
            os.read(self._wake, 1024)

    def _record(self, **changes: Any) -> None:
        pids = {"launcher": os.getpid(), **{name: one.process.pid for name, one in self._running.items()}}
        self._state = replace(self._state, pids=pids, **changes)
        self._instance.record(self._state)

    def _end(self, names: list[str]) -> None:
        """First those that use others, which would wait for them in vain."""
        users = [name for name in names if name not in INFRASTRUCTURE]
        for group in (users, [name for name in names if name in INFRASTRUCTURE]):
            ended = {name: self._running.pop(name).process for name in group}
            for process in ended.values():
                process.terminate()
            deadline = time.monotonic() + GRACE
            for process in ended.values():
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(0, deadline - time.monotonic()))
                process.kill()
                process.wait()


def ports_of(service: dict[str, Any]) -> list[int]:
    return [int(service[key]) for key in ("port", "distribution_port") if key in service]


def guard(instance: Instance, lock: int) -> None:
    """Leave a process behind that ends everything if the launcher is killed."""
    lifeline, writing_end = os.pipe()
    if os.fork():
        os.close(lifeline)
        return
    os.close(writing_end)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.close(lock)
    os.read(lifeline, 1)
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not instance.wait_until_dead(0.2):
            instance.signal_all(number)
            instance.wait_until_dead(GRACE)
    os._exit(0)


def wake_at_signals() -> int:
    """What can be read from as soon as a signal was handled, the end of a child among them."""
    reading, writing = os.pipe()
    for end in (reading, writing):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return reading


if __name__ == "__main__":
    Workloads(Path(sys.argv[1])).run()
