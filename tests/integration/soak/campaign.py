# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults, one after the other, and what came of each."""

from __future__ import annotations

import dataclasses
import random
import shutil
import time
import zlib
from collections.abc import Iterator
from typing import Any

from soak import menu
from soak.activity import ADMIN, OPERATOR, Activity, Curation, Export, Replication
from soak.attempts import Attempt, Player
from soak.bed import Bed
from soak.play import Outcome, environment
from soak.verdict import Snapshot, Wrong, dangers
from soak.world import World

# So many faults happen to one catalogue before the next one begins: few, so that one is soon played again.
ROUNDS = 10


@dataclasses.dataclass
class Trial:
    """
    One fault, and what came of it.

    :param place: Which catalogue, and which of its rounds.
    :param title: The row of the report, and C(target) what it happened to.
    :param outcome: What came of the run that it happened to.
    """

    place: str
    title: str
    target: str
    outcome: Outcome
    wrongs: list[Wrong] = dataclasses.field(default_factory=list)
    seconds: float = 0
    happened: bool = True
    story: list[str] = dataclasses.field(default_factory=list)

    @property
    def ending(self) -> str:
        return "killed" if self.outcome.killed else "ok" if self.outcome.is_ok else "failed"

    @property
    def line(self) -> str:
        wrongs = "; ".join(sorted({kind for kind, _words in self.wrongs})) or "fine"
        return f"{self.place:>7} {self.seconds:5.1f} s  {self.ending:6} {wrongs:10} {self.title}: {self.target}"


class Journey:
    """
    One catalogue through its rounds.

    :param titles: What may go wrong.
    """

    def __init__(self, bed: Bed, seed: str, number: int, titles: tuple[str, ...] = menu.TITLES) -> None:
        self._bed = bed
        self._number = number
        self._titles = titles
        self._rng = random.Random(f"{seed}/{number}")
        self._folder = bed.folder / f"world-{number}"
        (self._folder / "files").mkdir(parents=True)
        # So that two campaigns are not in each other's way.
        name = f"soak{zlib.crc32(seed.encode()):08x}-{number}"
        self._world = World(name, self._rng, self._folder / "files", bed.web, bed.teams)
        self._cloud = self._rng.choice((ADMIN, OPERATOR))
        self._player = Player(bed, self._rng, self._folder, environment(self._folder))

    def __enter__(self) -> Journey:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._bed.inject()
        with self._bed.services.shared():
            for region in self._bed.regions:
                region.purge(self._world.name)
        shutil.rmtree(self._folder)

    def rounds(self, count: int = ROUNDS) -> Iterator[Trial]:
        """Give what came of each round, up to one that left something wrong: what follows would be told of that."""
        for number in range(count):
            title = self._title()
            services = self._bed.services
            with services.alone() if title == menu.KILLED_GLANCE else services.shared():
                began = time.monotonic()
                trial = self._round(f"{self._number}.{number}", title)
            trial.seconds = time.monotonic() - began
            yield trial
            if trial.wrongs:
                return

    def _round(self, place: str, title: str) -> Trial:
        before = self._look()
        story = [*self._world.advance(), f"on {self._world.today}"]
        self._world.settle()
        activity = self._activity(title, is_first=not before.images)
        attempt = self._attempt(title, activity)
        self._bed.inject()
        self._bed.services.revive()
        trial = Trial(place, attempt.title, attempt.target, attempt.outcome)
        trial.happened = attempt.happened
        trial.story = [*story, *attempt.story]
        trial.wrongs = [*attempt.wrongs, *self._at_once(activity, before, attempt.outcome), *self._later(activity)]
        return trial

    def _title(self) -> str:
        """Return what goes wrong: processes are killed now and then, and the rest is up to the proxies."""
        special = {
            menu.KILLED_MODULE: 8,
            menu.KILLED_PLAYBOOK: 2,
            menu.KILLED_GLANCE: 2,
            menu.FULL_DISK: 4 if self._bed.small else 0,
            menu.FILE_LIMIT: 2,
        }
        weights = {title: weight for title, weight in special.items() if title in self._titles}
        proxied = 82 if set(self._titles) - set(special) else 0
        return self._rng.choices([*weights, ""], [*weights.values(), proxied])[0]

    def _activity(self, title: str, *, is_first: bool) -> Activity:
        """Return what the fault is to happen to, once the catalogue is there where that takes one."""
        draw = self._rng.random()
        args = (self._bed, self._world, self._rng, self._folder, self._cloud)
        if title == menu.FULL_DISK:
            small = self._player.clear_small_disk()
            if draw < 0.3:
                return Curation(*args)
            self._player.clean(Curation(*args))
            return Export(*args, target=small / "export" if small else None)
        if title != menu.FILE_LIMIT and (is_first or draw < 0.7):
            return Curation(*args)
        self._player.clean(Curation(*args))
        return Export(*args) if title == menu.FILE_LIMIT or draw < 0.85 else Replication(*args)

    def _attempt(self, title: str, activity: Activity) -> Attempt:
        if title in (menu.FULL_DISK, menu.FILE_LIMIT):
            return self._player.exhaust_disk(title, activity)
        available = activity.available()
        if title:
            return self._player.kill(title, activity, available)
        return self._player.break_request(activity, available)

    def _look(self) -> Snapshot:
        return Snapshot.take(self._bed.regions[0], self._world.name)

    def _at_once(self, activity: Activity, before: Snapshot, outcome: Outcome) -> Iterator[Wrong]:
        """Give what is wrong right after the fault."""
        if outcome.crash or (outcome.result is None and not outcome.killed):
            yield "crashed", outcome.crash
        yield from self._told(outcome)
        yield from dangers(self._world.templates, before, self._look())
        if outcome.is_ok and outcome.result and not _is_left_to_others(outcome.result):
            for kind, words in activity.wrongs(outcome.result):
                # Of a request that arrived twice nobody knows the other record, which the next run takes away.
                if kind != "half":
                    yield "untrue", words

    def _later(self, activity: Activity) -> Iterator[Wrong]:
        """Give what is wrong after the next run, and after the one that follows."""
        clean, again = self._player.clean(activity), self._player.clean(activity)
        if not clean.is_ok:
            yield "diverged", f"the next run fails: {clean.message}"
        elif clean.result:
            yield from activity.wrongs(clean.result)
        if not again.is_ok or (again.result or {}).get("changed"):
            changes = [each.get("actions") for each in (again.result or {}).get("plan", [])]
            yield "diverged", f"the run after the next one changes something: {again.message} {changes}"
        for run in (clean, again):
            yield from self._told(run)
        yield from activity.leftovers()

    def _told(self, outcome: Outcome) -> Iterator[Wrong]:
        printed = outcome.output + outcome.crash
        if any(secret in printed for secret in self._bed.secrets):
            yield "told", "a password or a token is in what the run printed"


def _is_left_to_others(result: dict[str, Any]) -> bool:
    """Say whether a run tells that it left something to another one, as it takes a request that arrived twice for."""
    return any(finding["kind"] == "busy" for finding in result.get("findings", []))
