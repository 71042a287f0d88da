# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run with one fault: of a request, of a process, of a disk."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from soak import menu
from soak.activity import Activity, Curation, Export, as_text
from soak.bed import Bed
from soak.play import PATIENCE, Outcome, Run
from soak.playbook import Playbook
from soak.verdict import Wrong


@dataclasses.dataclass
class Attempt:
    """
    What was tried.

    :param title: The row of the report, and C(target) what it happened to.
    :param happened: Whether it came to the fault at all.
    """

    title: str
    target: str
    outcome: Outcome
    happened: bool
    story: list[str]
    wrongs: list[Wrong] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Player:
    """Who runs the modules of one catalogue. C(environment) is that of the runs."""

    bed: Bed
    rng: random.Random
    folder: Path
    environment: dict[str, str]

    def clean(self, activity: Activity, **extra: Any) -> Outcome:
        """Return what comes of a run that nothing goes wrong with."""
        return Run(activity.module, {**activity.clean, **extra}, self.environment).wait()

    def break_request(self, activity: Activity, available: Counter[str]) -> Attempt:
        """Have a proxy do something to a request."""
        kind, operation = menu.choose(self.rng, available)
        fault = kind.make(self.rng, operation, available[operation.name], activity.size)
        self.bed.inject(_service(operation, activity), fault)
        outcome = Run(activity.module, activity.faulty, self.environment).wait()
        target = f"{activity.module}, {operation.name}"
        return Attempt(kind.title, target, outcome, fault.happened > 0, [str(fault), as_text(activity.args)])

    def kill(self, title: str, activity: Activity, available: Counter[str]) -> Attempt:
        """Kill a run, or the Image service, at a request."""
        operation = menu.choose_operation(self.rng, available)
        is_ready = threading.Event()
        victims: list[Callable[[], None]] = []

        def kill() -> None:
            is_ready.wait(PATIENCE)
            victims[0]()

        fault = menu.killing(self.rng, operation, available[operation.name], activity.size, kill)
        self.bed.inject(_service(operation, activity), fault)
        run: Run | Playbook
        if title == menu.KILLED_PLAYBOOK:
            run = Playbook(activity.module, activity.faulty, self.environment, self.folder)
        else:
            run = Run(activity.module, activity.faulty, self.environment)
        victims.append(self.bed.services.crash if title == menu.KILLED_GLANCE else run.kill)
        is_ready.set()
        outcome = run.wait()
        target = f"{activity.module}, {operation.name}, {fault.moment}"
        return Attempt(title, target, outcome, fault.happened > 0, [str(fault), as_text(activity.args)])

    def exhaust_disk(self, title: str, activity: Activity) -> Attempt:
        """Have a disk be full, or take no more in the middle of a file."""
        args, env, limit = activity.faulty, self.environment, None
        if title == menu.FILE_LIMIT:
            limit = self.rng.randrange(1, activity.size)
            outcome = Run(activity.module, args, env, file_limit=limit).wait()
        else:
            small = self.bed.small
            assert small
            env = {**env, "TMPDIR": str(small), "XDG_CACHE_HOME": str(small / "cache")}
            if isinstance(activity, Curation):
                args = {**args, "plan_file": str(small / "plan.json")}
            with full(small, room=self.rng.randrange(activity.size)):
                outcome = Run(activity.module, args, env).wait()
        story = [f"after {limit} bytes", as_text(activity.args)]
        attempt = Attempt(title, activity.module, outcome, not outcome.is_ok, story)
        written = activity.target if isinstance(activity, Export) else self.bed.small
        if written and not outcome.is_ok:
            left = [path.name for path in written.iterdir() if path.name.endswith(".part")]
            attempt.wrongs += [("half", f"{name} is left on the disk") for name in left]
        return attempt

    def clear_small_disk(self) -> Path | None:
        """Return the folder for a run that a full disk happens to, once nothing else is on that."""
        for path in self.bed.small.iterdir() if self.bed.small else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return self.bed.small


@contextlib.contextmanager
def full(folder: Path, room: int) -> Iterator[None]:
    """Leave so many bytes of room on a disk for as long as the block lasts."""
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(max(0, shutil.disk_usage(folder).free - room)))
    try:
        yield
    finally:
        ballast.unlink()


def _service(operation: menu.Operation, activity: Activity) -> str:
    """Return the proxy that an operation goes through: a replication writes to the second region."""
    is_there = activity.region == 1 and operation.service == "image" and operation.name != "download"
    return "second" if is_there else operation.service
