# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""Many steps, side by side where they may be and in order where they must be."""

from __future__ import annotations

import concurrent.futures
import typing as t

from ansible_collections.xloud.image.plugins.module_utils._cloud.apply import Applier
from ansible_collections.xloud.image.plugins.module_utils._model.errors import BusyError, ImageError, PlanError
from ansible_collections.xloud.image.plugins.module_utils._model.plan import Step
from ansible_collections.xloud.image.plugins.module_utils._model.run import Outcome

_Needs: t.TypeAlias = t.Mapping[str, t.Sequence[str]]


def run_steps(applier: Applier, steps: t.Iterable[Step], workers: int) -> dict[str, Outcome]:
    """
    Take steps and return what came of each, by its key.

    A step begins once all that it needs are done. If one of them fails, it is left out; nothing else is.

    :param workers: How many steps are taken at a time.
    """
    waiting = {step.key: step for step in steps}
    needs = {key: [need for need in step.needs if need in waiting] for key, step in waiting.items()}
    outcomes: dict[str, Outcome] = {}
    running: dict[concurrent.futures.Future[Outcome], str] = {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=workers) as pool:
        try:
            while waiting or running:
                _leave_out(waiting, needs, outcomes)
                for key in _ready(waiting, needs, outcomes)[: workers - len(running)]:
                    step = waiting.pop(key)
                    image = outcomes[step.name].image if step.late and step.name in outcomes else None
                    running[pool.submit(applier.attempt, step.plan, image)] = key
                done, _unfinished = concurrent.futures.wait(running, return_when=concurrent.futures.FIRST_COMPLETED)
                outcomes |= {running.pop(future): future.result() for future in done}
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return outcomes


def _ready(waiting: t.Iterable[str], needs: _Needs, outcomes: t.Mapping[str, Outcome]) -> list[str]:
    return [key for key in waiting if all(need in outcomes for need in needs[key])]


def _leave_out(waiting: dict[str, Step], needs: _Needs, outcomes: dict[str, Outcome]) -> None:
    while doomed := {
        key: need for key in waiting for need in needs[key] if need in outcomes and outcomes[need].error is not None
    }:
        for key, need in doomed.items():
            del waiting[key]
            outcomes[key] = Outcome(error=_left_out(need, outcomes[need]))


def _left_out(need: str, outcome: Outcome) -> ImageError:
    if outcome.busy:
        return BusyError(f"It is left as it is, since {need} is left to another run. The next run completes it.")
    return PlanError(f"It is left as it is, since {need} failed. The next run completes it.")
