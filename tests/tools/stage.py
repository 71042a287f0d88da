# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""One stage of the tests: runs commands, keeps their output and counts what passed and what failed."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from workspace import COLLECTION, WORK, environment

TIME_LIMIT = 1200


class Result(NamedTuple):
    """What came of a command."""

    succeeded: bool
    output: str


class Verdict(NamedTuple):
    """What came of a test: passed, failed or skipped."""

    title: str
    outcome: str


running: set[subprocess.Popen[str]] = set()
cancelled = threading.Event()


def cancel() -> None:
    """End what runs now; what is put away at the end still is."""
    cancelled.set()
    for process in list(running):
        kill(process)


def kill(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)


@dataclass
class Stage:
    """Everything a stage needs to run commands on its own copy of the collection, and the verdicts so far."""

    name: str
    tools: Path
    tree: Path
    live: bool = False
    env: dict[str, str] = field(default_factory=dict)
    verdicts: list[Verdict] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)
    seconds: float = 0

    def __post_init__(self) -> None:
        self.env = environment(self.tools, self.tree, NO_COLOR="1", **self.env)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.write_text("")

    @property
    def log(self) -> Path:
        return WORK / "logs" / f"{self.name}.log"

    @property
    def collection(self) -> Path:
        return self.tree / COLLECTION

    def say(self, text: str) -> None:
        with self.log.open("a") as log:
            log.write(text)
        if self.live:
            print(text, end="", flush=True)

    def run(
        self,
        *command: str | Path,
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
        always: bool = False,
        limit: float = TIME_LIMIT,
    ) -> Result:
        """Run a command, for so many seconds at most, and keep what it prints."""
        if cancelled.is_set() and not always:
            return Result(False, "")
        self.say(f"\n$ {' '.join(map(str, command))}\n")
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd or self.collection,
            env=self.env | (env or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        running.add(process)
        deadline = threading.Timer(limit, kill, [process])
        deadline.start()
        output = []
        assert process.stdout
        for line in process.stdout:
            output.append(line)
            self.say(line)
        code = process.wait()
        deadline.cancel()
        running.discard(process)
        if code < 0:
            self.say(f"ended by {signal.Signals(-code).name} (the limit is {limit:.0f} seconds)\n")
        return Result(code == 0, "".join(output))

    def record(self, title: str, passed: bool) -> None:
        self.verdicts.append(Verdict(f"{self.name}: {title}", "passed" if passed else "failed"))

    def skip(self, title: str) -> None:
        self.verdicts.append(Verdict(f"{self.name}: {title}", "skipped"))

    def check(self, title: str, *command: str | Path, cwd: Path | None = None) -> None:
        """Run a command that is one test by itself."""
        self.record(title, self.run(*command, cwd=cwd).succeeded)

    def record_reports(self, title: str, succeeded: bool, reports: list[Path]) -> None:
        """Take the verdicts from JUnit reports, and fail where they are missing or do not explain the exit code."""
        before = len(self.verdicts)
        for report in reports:
            for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - a file of our own
                name = " ".join(filter(None, (title, case.get("classname"), case.get("name"))))
                kinds = {child.tag for child in case}
                if "skipped" not in kinds:
                    self.record(name, not kinds & {"failure", "error"})
                elif case.findtext("skipped") != "No tests applicable.":
                    self.skip(name)
        outcomes = {verdict.outcome for verdict in self.verdicts[before:]}
        if not outcomes or (not succeeded and "failed" not in outcomes):
            self.record(f"{title} ends well and reports its tests".strip(), False)

    def count(self) -> Counter[str]:
        return Counter(verdict.outcome for verdict in self.verdicts)

    def finish(self) -> None:
        """A stage that tested nothing has failed."""
        if not self.verdicts:
            self.record("has something to test", False)
        self.seconds = time.monotonic() - self.started
