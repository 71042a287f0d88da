# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run costs: time, processor, requests."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Literal

TIME_LIMIT = 3600

Part = Literal["wall", "cpu"]


@dataclass(frozen=True)
class Cost:
    """What a run cost: seconds, seconds of the client's processes on a processor, and requests."""

    wall: float
    cpu: float
    requests: Mapping[str, float] = field(default_factory=Counter)

    def of(self, part: Part) -> float:
        return self.wall if part == "wall" else self.cpu

    @property
    def total(self) -> int:
        return round(sum(self.requests.values()))


@dataclass(frozen=True)
class Process:
    """
    What a single process took.

    :param memory: The most bytes it held at a time.
    :param read: The bytes that it and its children read, other than from sockets.
    :param written: The bytes that they wrote, other than to sockets.
    :param phases: The seconds of each phase of a transfer, where it measures them itself.
    """

    wall: float
    cpu: float
    memory: int
    read: int
    written: int
    phases: Mapping[str, float]


class Meter:
    """
    Stands between a caller and a process, and keeps what the process took.

    :param file: Where that is kept.
    """

    def __init__(self, file: Path) -> None:
        file.unlink(missing_ok=True)
        self._file = file

    def command(self, *command: str | Path) -> list[str]:
        """The command that runs a command under this meter."""
        metered = Path(__file__).with_name("metered.py")
        return [sys.executable, "-S", "-B", *map(str, (metered, self._file, *command))]

    def interpreter(self, python: Path) -> Path:
        """A program that runs that Python under this meter: Ansible takes no command with arguments for one."""
        program = self._file.with_suffix(".sh")
        program.write_text(f'#!/bin/sh\nexec {shlex.join(self.command(python))} "$@"\n')
        program.chmod(0o755)
        return program

    def take(self) -> list[Process]:
        """What ran since this was asked last."""
        records = [json.loads(line) for line in self._file.read_text().splitlines()] if self._file.exists() else []
        self._file.unlink(missing_ok=True)
        return [Process(**record) for record in records]


Run = Callable[[], Cost]
Series = dict[str, list[Cost]]


def run_process(command: Sequence[str | Path], env: dict[str, str]) -> tuple[Cost, str]:
    """
    Run a command, and return what it cost, without its requests, and what it printed.

    :raises RuntimeError: It failed.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as output:
        start = time.monotonic()
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        deadline = threading.Timer(TIME_LIMIT, process.kill)
        deadline.start()
        try:
            # It accounts for the processes that this one waited for, and for those that they waited for.
            _pid, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            process.terminate()
            raise
        finally:
            deadline.cancel()
        cost = Cost(time.monotonic() - start, usage.ru_utime + usage.ru_stime)
        output.seek(0)
        printed = output.read()
    if process.returncode:
        raise RuntimeError(f"{printed}\n{' '.join(map(str, command))} ended with {process.returncode}")
    return cost, printed


def whole(part: Cost, empty: Cost, sample: int, count: int) -> Cost:
    """What all of a loop costs, computed from a sample of its items and a run over none of them."""
    return part if sample == count else _scaled(part, empty, count / sample, empty)


def each(part: Cost, empty: Cost, count: int) -> Cost:
    """What one item of a loop costs, without what the run costs that it is in."""
    return _scaled(part, empty, 1 / count, Cost(0, 0))


def _scaled(part: Cost, empty: Cost, factor: float, base: Cost) -> Cost:
    return Cost(
        base.wall + (part.wall - empty.wall) * factor,
        base.cpu + (part.cpu - empty.cpu) * factor,
        {request: number * factor for request, number in part.requests.items()},
    )


def alternate(contestants: Mapping[str, Run], rounds: int) -> Series:
    """Run each in turn, so that what else the machine does meets all of them alike."""
    series: Series = {name: [] for name in contestants}
    for _round in range(rounds):
        for name, run in contestants.items():
            series[name].append(run())
    return series


def ratios(costs: list[Cost], reference: list[Cost], part: Part) -> list[float]:
    """How many times as much each run cost as the run of the reference beside it."""
    pairs = zip(costs, reference, strict=True)
    return [cost.of(part) / beside.of(part) for cost, beside in pairs]


def middle(costs: list[Cost], part: Part) -> float:
    return median(cost.of(part) for cost in costs)
