# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start or stop a sandbox: ``control.py start|stop DIRECTORY``. Prints what it did as one line of JSON."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from instance import Instance, State, controlled, workloads_of
from layout import Layout
from probe import Probe
from secret_store import ensure_secrets

# How long each launcher may take. Servers and volumes need twice as many services.
PATIENCE = {"launcher": 180, "workloads": 360}
PROBE_PATIENCE = 10
TAIL = 30
LIBRARY = Path(__file__).parent
# Nothing else is passed on: OS_* would override the options of the services, PYTHON* and coverage would follow them.
PASSED_ON = (
    "HOME",
    "LANG",
    "LD_LIBRARY_PATH",
    "LOGNAME",
    "PATH",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "TMPDIR",
    "TZ",
    "USER",
    "http_proxy",
    "https_proxy",
)


class SandboxError(Exception):
    pass


class Sandbox:
    """The services of images, and beside them those of servers and volumes: two instances, so that these come and go
    while those go on."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._services = Instance(layout)
        self._workloads = workloads_of(layout)

    def start(self) -> dict[str, object]:
        ensure_secrets(self._layout)
        running = self._services_run()
        working = self._workloads_run(asks=running)
        if running and working and self._layout.is_seeded():
            return {"changed": False, "previous_end": ""}
        ends = [] if running else [self._end_of(self._services, "launcher")]
        ends += [] if working or not self._layout.workloads else [self._end_of(self._workloads, "workloads")]
        launcher = None if working else self._begin_workloads()
        try:
            self._bring_services_up(running)
            if working and not running and not self._workloads_run():
                launcher = self._begin_workloads()
            if launcher:
                wait_until_ready(self._layout, self._workloads, "workloads", launcher, self._layout.workloads_digest())
        except SandboxError:
            if launcher:
                self._workloads.stop()
            raise
        return {"changed": True, "previous_end": "\n".join(filter(None, ends))}

    def stop(self) -> dict[str, object]:
        stopped = [instance.stop() for instance in (self._workloads, self._services)]
        return {"changed": any(stopped)}

    def _services_run(self) -> bool:
        state = self._services.state()
        current = state.phase == "ready" and state.digest == self._layout.digest()
        return current and self._services.is_alive() and answers(Probe(self._layout, PROBE_PATIENCE).run)

    def _workloads_run(self, asks: bool = True) -> bool:
        """They cannot be asked without Keystone, whose end is no reason to end them."""
        if not self._layout.workloads:
            return not self._workloads.is_alive()
        state = self._workloads.state()
        current = state.phase == "ready" and state.digest == self._layout.workloads_digest()
        if not current or not self._workloads.is_alive():
            return False
        return not asks or answers(Probe(self._layout, PROBE_PATIENCE).run_workloads)

    def _end_of(self, instance: Instance, name: str) -> str:
        """How it ended, where nobody ended it."""
        state = instance.state()
        return "" if instance.is_alive() or state.phase == "stopped" else describe_end(self._layout, name, state)

    def _bring_services_up(self, running: bool) -> None:
        layout = self._layout
        if not running:
            self._services.stop()
        if not layout.is_seeded():
            # The tables of what runs are there.
            seed(layout, ["identity"] if running else list(layout.services))
            running = running and tell(self._services.state().pids["identity"])
        if not running:
            # Again: one may have ended meanwhile, and then the others end.
            self._services.stop()
            launch(layout, self._services)

    def _begin_workloads(self) -> subprocess.Popen[bytes] | int | None:
        """Have them started, or those that changed, while Keystone may still be on its way: much does not need it."""
        state = self._workloads.state()
        if not self._layout.workloads:
            self._workloads.stop()
            return None
        same = state.phase == "ready" and state.launcher == self._layout.launcher_digest()
        changed = state.digest != self._layout.workloads_digest()
        if same and changed and self._workloads.includes(state.pids["launcher"]) and tell(state.pids["launcher"]):
            return state.pids["launcher"]
        self._workloads.stop()
        return spawn(self._layout, "workloads", [str(LIBRARY / "workloads.py"), str(self._layout.root)])


def tell(process: int) -> bool:
    """Have a process look at its settings again, and say whether there is one: others outlive it by some seconds."""
    try:
        os.kill(process, signal.SIGHUP)
    except ProcessLookupError:
        return False
    return True


def answers(probe: Callable[[], None]) -> bool:
    try:
        probe()
    except OSError:
        return False
    return True


def seed(layout: Layout, services: list[str]) -> None:
    """Bring the databases of the services, which know nothing of each other, to the current schema at once."""
    commands = {f"seed-{name}": layout.schema_command(name) for name in services}
    running = {name: spawn(layout, name, command) for name, command in commands.items() if command}
    failed = [name for name, process in running.items() if process.wait() != 0]
    if failed:
        raise SandboxError("\n".join(describe(layout, name, f"{name} failed") for name in failed))
    layout.seeded.write_text(layout.seed_digest())


def launch(layout: Layout, instance: Instance) -> None:
    launcher = spawn(layout, "launcher", [str(LIBRARY / "serve.py"), str(layout.root)])
    try:
        wait_until_ready(layout, instance, "launcher", launcher, layout.digest())
    except SandboxError:
        instance.stop()
        raise


def wait_until_ready(
    layout: Layout, instance: Instance, name: str, launcher: subprocess.Popen[bytes] | int, wanted: str
) -> None:
    deadline = time.monotonic() + PATIENCE[name]
    while (state := instance.state()).phase != "ready" or state.digest != wanted:
        if has_ended(launcher, instance, state):
            raise SandboxError(describe_end(layout, name, instance.state()))
        if time.monotonic() > deadline:
            raise SandboxError(describe(layout, name, f"the services are not ready after {PATIENCE[name]} s"))
        time.sleep(0.05)


def has_ended(launcher: subprocess.Popen[bytes] | int, instance: Instance, state: State) -> bool:
    """One of an earlier run, known by its process id, is no child: where nobody reaps it, that stays in use."""
    if isinstance(launcher, int):
        return state.phase == "failed" or not instance.is_alive()
    return launcher.poll() is not None


def spawn(layout: Layout, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
    """Run Python in a session of its own, its output in a fresh log."""
    with layout.log(name).open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=layout.root,
            env=clean_environment(os.environ),
            start_new_session=True,
        )


def clean_environment(environment: Mapping[str, str]) -> dict[str, str]:
    kept = {name: environment[name] for name in PASSED_ON if name in environment}
    without_proxy = ["127.0.0.1", "localhost", *filter(None, [environment.get("no_proxy")])]
    return {**kept, "no_proxy": ",".join(without_proxy), "PYTHONUTF8": "1"}


def describe_end(layout: Layout, launcher: str, state: State) -> str:
    return describe(layout, state.service or launcher, state.reason or "the launcher ended without giving a reason")


def describe(layout: Layout, name: str, what: str) -> str:
    path = layout.log(name)
    lines = path.read_text(errors="replace").splitlines()[-TAIL:] if path.exists() else []
    return "\n".join([f"{what}; the end of {path}:", *lines])


def main(action: str, directory: str) -> None:
    os.umask(0o077)
    layout = Layout(Path(directory))
    layout.create_directories()
    sandbox = Sandbox(layout)
    try:
        with controlled(layout):
            result = {"start": sandbox.start, "stop": sandbox.stop}[action]()
    except (SandboxError, TimeoutError) as error:
        sys.exit(str(error))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
