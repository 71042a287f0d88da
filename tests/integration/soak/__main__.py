# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""
Plays faults until there were enough, prints what came of each, and a table.

The environment says how: SOAK_SEED what they are drawn from, SOAK_FAULTS how many, SOAK_SECONDS how long at most,
SOAK_ONLY a catalogue and the last of its rounds to be played again, such as 3.7. The arguments are the folder for the
report, and the page of the documentation to write, if any.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from soak.bed import bed
from soak.campaign import ROUNDS, Journey, Trial
from soak.page import write_page
from soak.report import Report

FAULTS = 300
SECONDS = 1800


def played(folder: Path, seed: str, only: str, faults: int, seconds: float) -> Iterator[Trial]:
    """Give the trials of catalogue after catalogue, or those that lead to one of them."""
    deadline = time.monotonic() + seconds
    number, _dot, last = only.partition(".")
    with bed(folder) as found:
        done = 0
        for each in [int(number)] if only else count():
            with Journey(found, seed, each) as journey:
                for trial in journey.rounds(int(last or ROUNDS - 1) + 1 if only else ROUNDS):
                    done += trial.happened
                    yield trial
                    if done >= faults or time.monotonic() > deadline:
                        return


def show(trial: Trial, seed: str) -> None:
    print(trial.line, flush=True)
    for kind, words in trial.wrongs:
        print(f"        WRONG {kind}: {words}")
    if trial.wrongs:
        print("        " + "\n".join([*trial.story, trial.outcome.message]).replace("\n", "\n        "))
        print(f"        To play it again: SOAK_SEED={seed} SOAK_ONLY={trial.place} make soak", flush=True)


def main(folder: str, *page: str) -> int:
    seed = os.environ.get("SOAK_SEED") or str(random.SystemRandom().randrange(10**6))
    faults = int(os.environ.get("SOAK_FAULTS") or FAULTS)
    seconds = float(os.environ.get("SOAK_SECONDS") or SECONDS)
    only = os.environ.get("SOAK_ONLY", "")
    print(f"SOAK_SEED={seed} SOAK_FAULTS={faults} SOAK_SECONDS={seconds:.0f}", flush=True)
    trials: list[Trial] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="soak") as scratch:
        for trial in played(Path(scratch), seed, only, faults, seconds):
            trials.append(trial)
            show(trial, seed)
    report = Report.of(trials)
    took = time.monotonic() - began
    print(f"\n{report.as_text()}\n\n{len(report.trials)} faults in {took:.0f} seconds, seed {seed}")
    Path(folder, "soak.md").write_text(report.as_markdown())
    is_enough = bool(only) or len(report.trials) >= faults
    if not is_enough:
        print(f"there was time for {len(report.trials)} of {faults} faults (SOAK_SECONDS)")
    if page and is_enough and not report.wrong:
        write_page(Path(page[0]), report, seed, took)
    return int(bool(report.wrong) or not is_enough)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
