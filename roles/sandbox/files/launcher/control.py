# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start or stop a sandbox: ``control.py start|stop DIRECTORY``. Prints what it did as one line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from instance import Instance, State
from layout import Layout
from probe import Probe

PATIENCE = 180
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


def start(layout: Layout, instance: Instance) -> dict[str, object]:
    state, alive, seeded = instance.state(), instance.is_alive(), layout.is_seeded()
    current = seeded and state.digest == layout.digest()
    if alive and current and state.phase == "ready" and answers(layout):
        return {"changed": False, "previous_end": ""}
    previous_end = "" if alive or state.phase == "stopped" else describe_end(layout, state)
    instance.stop()
    if not seeded:
        seed(layout)
    launch(layout, instance)
    return {"changed": True, "previous_end": previous_end}


def answers(layout: Layout) -> bool:
    try:
        Probe(layout, PROBE_PATIENCE).run()
    except OSError:
        return False
    return True


def stop(layout: Layout, instance: Instance) -> dict[str, object]:
    return {"changed": instance.stop()}


def seed(layout: Layout) -> None:
    """Bring the databases of the services, which know nothing of each other, to the current schema at once."""
    commands = {f"seed-{name}": layout.schema_command(name) for name in layout.services}
    running = {name: spawn(layout, name, command) for name, command in commands.items() if command}
    failed = [name for name, process in running.items() if process.wait() != 0]
    if failed:
        raise SandboxError("\n".join(describe(layout, name, f"{name} failed") for name in failed))
    layout.seeded.write_text(layout.seed_digest())


def launch(layout: Layout, instance: Instance) -> None:
    launcher = spawn(layout, "launcher", [str(LIBRARY / "serve.py"), str(layout.root)])
    try:
        wait_until_ready(layout, instance, launcher)
    except SandboxError:
        instance.stop()
        raise


def wait_until_ready(layout: Layout, instance: Instance, launcher: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while instance.state().phase != "ready":
        if launcher.poll() is not None:
            raise SandboxError(describe_end(layout, instance.state()))
        if time.monotonic() > deadline:
            raise SandboxError(describe(layout, "launcher", f"the services are not ready after {PATIENCE} s"))
        time.sleep(0.05)


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


def describe_end(layout: Layout, state: State) -> str:
    return describe(layout, state.service or "launcher", state.reason or "the launcher ended without giving a reason")


def describe(layout: Layout, name: str, what: str) -> str:
    path = layout.log(name)
    lines = path.read_text(errors="replace").splitlines()[-TAIL:] if path.exists() else []
    return "\n".join([f"{what}; the end of {path}:", *lines])


def main(action: str, directory: str) -> None:
    os.umask(0o077)
    layout = Layout(Path(directory))
    layout.create_directories()
    instance = Instance(layout)
    try:
        with instance.controlled():
            result = {"start": start, "stop": stop}[action](layout, instance)
    except (SandboxError, TimeoutError) as error:
        sys.exit(str(error))
    print(json.dumps(result))


if __name__ == "__main__":
    main(*sys.argv[1:])
