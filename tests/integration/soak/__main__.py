# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Plays faults until there were enough, prints what came of each, and a table.

The environment says how: SOAK_SEED what they are drawn from, SOAK_FAULTS how many, SOAK_SECONDS how long at most,
SOAK_ONLY a catalogue and the last of its rounds to be played again, such as 3.7, SOAK_LANES how many catalogues are
played at a time. The arguments are the folder for the
report, and the page of the documentation to write, if any.
"""

from __future__ import annotations

import dataclasses
import os
import queue
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from soak.bed import bed, services
from soak.campaign import ROUNDS, Journey, Trial
from soak.page import write_page
from soak.report import Report

FAULTS = 300
SECONDS = 1800
LANES = 3


@dataclasses.dataclass(frozen=True)
class Plan:
    """
    What is to be played.

    :param only: The number of one catalogue and of the last of its rounds, with a dot between; all if empty.
    """

    seed: str
    faults: int
    seconds: float
    only: str
    lanes: int

    @classmethod
    def given(cls) -> Plan:
        given = os.environ.get
        only = given("SOAK_ONLY", "")
        return cls(
            given("SOAK_SEED") or str(random.SystemRandom().randrange(10**6)),
            int(given("SOAK_FAULTS") or FAULTS),
            float(given("SOAK_SECONDS") or SECONDS),
            only,
            1 if only else int(given("SOAK_LANES") or LANES),
        )

    def journeys(self) -> Iterator[tuple[int, int]]:
        """Give the numbers of the catalogues, and of their rounds."""
        if self.only:
            number, _dot, last = self.only.partition(".")
            yield int(number), int(last or ROUNDS - 1) + 1
        else:
            yield from ((number, ROUNDS) for number in count())


def played(plan: Plan, folder: Path) -> Iterator[Trial]:
    """Give the trials of catalogue after catalogue, in lanes, since most of the time is spent waiting."""
    shared, journeys, guard = services(), plan.journeys(), threading.Lock()
    trials: queue.Queue[Trial | BaseException | None] = queue.Queue()
    is_enough = threading.Event()

    def lane(number: int) -> None:
        try:
            with bed(folder / f"lane-{number}", shared) as found:
                while not is_enough.is_set():
                    with guard:
                        journey, rounds = next(journeys)
                    with Journey(found, plan.seed, journey) as played:
                        for trial in played.rounds(rounds):
                            trials.put(trial)
                            if is_enough.is_set():
                                break
        except StopIteration:
            pass
        except BaseException as error:
            trials.put(error)
        finally:
            trials.put(None)

    threads = [threading.Thread(target=lane, args=[number]) for number in range(plan.lanes)]
    for thread in threads:
        thread.start()
    try:
        yield from _until_enough(plan, trials, is_enough)
    finally:
        is_enough.set()
        for thread in threads:
            thread.join()


def _until_enough(
    plan: Plan, trials: queue.Queue[Trial | BaseException | None], is_enough: threading.Event
) -> Iterator[Trial]:
    deadline = time.monotonic() + plan.seconds
    remaining, done = plan.lanes, 0
    while remaining:
        trial = trials.get()
        if isinstance(trial, BaseException):
            raise trial
        if trial is None:
            remaining -= 1
            continue
        done += trial.happened
        yield trial
        if done >= plan.faults or time.monotonic() > deadline:
            is_enough.set()


def show(trial: Trial, seed: str) -> None:
    print(trial.line, flush=True)
    for kind, words in trial.wrongs:
        print(f"        WRONG {kind}: {words}")
    if trial.wrongs:
        print("        " + "\n".join([*trial.story, trial.outcome.message]).replace("\n", "\n        "))
        print(f"        To play it again: SOAK_SEED={seed} SOAK_ONLY={trial.place} make soak", flush=True)


def main(folder: str, *page: str) -> int:
    # So that what is mounted and made is put away.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    plan = Plan.given()
    print(f"SOAK_SEED={plan.seed} SOAK_FAULTS={plan.faults} SOAK_SECONDS={plan.seconds:.0f}", flush=True)
    trials: list[Trial] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak") as scratch:
        for trial in played(plan, Path(scratch)):
            trials.append(trial)
            show(trial, plan.seed)
    report = Report.of(trials)
    took = time.monotonic() - began
    print(f"\n{report.as_text()}\n\n{len(report.trials)} faults in {took:.0f} seconds, seed {plan.seed}")
    Path(folder, "soak.md").write_text(report.as_markdown())
    is_enough = bool(plan.only) or len(report.trials) >= plan.faults
    if not is_enough:
        print(f"there was time for {len(report.trials)} of {plan.faults} faults (SOAK_SECONDS)")
    if page and is_enough and not report.wrong:
        write_page(Path(page[0]), report, plan.seed, took)
    return int(bool(report.wrong) or not is_enough)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
