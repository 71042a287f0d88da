# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Faults, one after the other, and what came of each."""

from __future__ import annotations

import contextlib
import dataclasses
import random
import shutil
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import conftest
from fault_proxy import Fault
from soak import menu
from soak.activity import ADMIN, OPERATOR, Activity, Curation, Export, Replication, as_text
from soak.bed import Bed
from soak.play import Outcome, Run, environment
from soak.verdict import Snapshot, Wrong, dangers, differences
from soak.world import World

# So many faults happen to one catalogue before the next one begins: few, so that one is soon played again.
ROUNDS = 10


@dataclasses.dataclass
class Trial:
    """
    One fault, and what came of it.

    :param place: Which catalogue, and which of its rounds.
    :param title: The row of the report, and C(target) what it happened to.
    :param ending: C(ok), C(failed) or C(killed): how the run ended that it happened to.
    """

    place: str
    title: str
    target: str
    ending: str = ""
    message: str = ""
    wrongs: list[Wrong] = dataclasses.field(default_factory=list)
    seconds: float = 0
    happened: bool = True
    story: list[str] = dataclasses.field(default_factory=list)

    @property
    def line(self) -> str:
        wrongs = "; ".join(sorted({kind for kind, _words in self.wrongs})) or "fine"
        return f"{self.place:>7} {self.seconds:5.1f} s  {self.ending:6} {wrongs:10} {self.title}: {self.target}"


class Journey:
    """One catalogue through its rounds."""

    def __init__(self, bed: Bed, seed: str, number: int, titles: tuple[str, ...] = menu.TITLES) -> None:
        self._bed = bed
        self._number = number
        self._titles = titles
        self._rng = random.Random(f"{seed}/{number}")
        self._folder = bed.folder / f"world-{number}"
        (self._folder / "files").mkdir(parents=True)
        self._environment = environment(self._folder)
        # So that two campaigns are not in each other's way.
        name = f"soak{zlib.crc32(seed.encode()):08x}-{number}"
        self._world = World(name, self._rng, self._folder / "files", bed.web, bed.teams)
        self._cloud = self._rng.choice((ADMIN, OPERATOR))

    def __enter__(self) -> Journey:
        return self

    def __exit__(self, *_exc_info: object) -> None:
        self._bed.inject()
        self._bed.services.revive()
        for region in self._bed.regions:
            region.purge(self._world.name)
        shutil.rmtree(self._folder)

    def rounds(self, count: int = ROUNDS) -> Iterator[Trial]:
        for number in range(count):
            began = time.monotonic()
            trial = self._round(f"{self._number}.{number}")
            trial.seconds = time.monotonic() - began
            yield trial
            if trial.wrongs:
                # What follows would be told of things that this one left.
                return

    def _round(self, place: str) -> Trial:
        rng = self._rng
        story = [self._world.today, *self._world.advance()]
        title = self._title()
        before = Snapshot.take(self._bed.regions[0], self._world.name)
        self._world.settle()
        if title in (menu.FULL_DISK, menu.FILE_LIMIT):
            trial = self._disk(place, title)
        else:
            draw = rng.random()
            kind = Curation if draw < 0.7 or not before.images else Export if draw < 0.85 else Replication
            trial = self._trial(place, title, before, self._prepared(kind))
        trial.story = [*story, *trial.story]
        return trial

    def _title(self) -> str:
        """Return what goes wrong: processes are killed now and then, and the rest is up to the proxies."""
        special = {
            menu.KILLED_MODULE: 8,
            menu.KILLED_PLAYBOOK: 3,
            menu.KILLED_GLANCE: 4,
            menu.FULL_DISK: 3 if self._bed.small else 0,
            menu.FILE_LIMIT: 3,
        }
        weights = {title: weight for title, weight in special.items() if title in self._titles}
        proxied = 80 if set(self._titles) - set(special) else 0
        return self._rng.choices([*weights, ""], [*weights.values(), proxied])[0]

    def _prepared(self, kind: type[Activity], **settings: Any) -> Activity:
        """Return what is to be done, once the catalogue is there that it is done with."""
        if kind is not Curation:
            self._run(self._activity(Curation), "clean")
        return self._activity(kind, **settings)

    def _activity(self, kind: type[Activity], **settings: Any) -> Activity:
        return kind(self._bed, self._world, self._rng, self._folder, self._cloud, **settings)

    def _run(self, activity: Activity, options: str, **settings: Any) -> Outcome:
        args = {**getattr(activity, options), **settings.pop("extra", {})}
        return Run(activity.module, args, {**self._environment, **settings.pop("env", {})}, **settings).wait()

    def _trial(self, place: str, title: str, before: Snapshot, activity: Activity) -> Trial:
        foretold = self._run(activity, "clean", extra={"check_mode": True})
        available = activity.available(foretold.result or {"plan": [], "versions": []})
        if not foretold.is_ok:
            wrong = ("diverged", f"check mode fails without a fault: {foretold.message}")
            return Trial(place, title or "none", activity.module, "failed", foretold.message, [wrong])
        if title:
            trial, outcome = self._killed(place, title, activity, available)
        else:
            trial, outcome = self._broken(place, activity, available)
        self._bed.inject()
        self._bed.services.revive()
        self._judge(trial, activity, before, outcome)
        return trial

    def _broken(self, place: str, activity: Activity, available: Counter[str]) -> tuple[Trial, Outcome]:
        rng = self._rng
        kind, operation = menu.choose(rng, available)
        fault = kind.make(rng, operation, available[operation.name], menu_size(activity))
        service = self._service(operation, activity)
        trial = Trial(place, kind.title, f"{activity.module}, {operation.name}")
        self._bed.inject(service, fault)
        outcome = self._run(activity, "faulty")
        trial.happened = fault.happened > 0
        trial.story = [str(fault), as_text(activity.args)]
        return trial, outcome

    def _killed(self, place: str, title: str, activity: Activity, available: Counter[str]) -> tuple[Trial, Outcome]:
        rng = self._rng
        operation = menu.choose_operation(rng, available)
        victims: list[Callable[[], None]] = [self._bed.services.crash] if title == menu.KILLED_GLANCE else []

        def kill() -> None:
            for victim in victims:
                victim()

        fault = menu.killing(rng, operation, available[operation.name], menu_size(activity), kill)
        self._bed.inject(self._service(operation, activity), fault)
        trial = Trial(place, title, f"{activity.module}, {operation.name}, {fault.moment}")
        trial.story = [str(fault), as_text(activity.args)]
        if title == menu.KILLED_PLAYBOOK:
            outcome = self._playbook(activity, victims)
        else:
            run = Run(activity.module, dict(activity.faulty), self._environment)
            if title == menu.KILLED_MODULE:
                victims.append(run.kill)
            outcome = run.wait()
        trial.happened = fault.happened > 0
        return trial, outcome

    def _playbook(self, activity: Activity, victims: list[Callable[[], None]]) -> Outcome:
        """Run a whole ansible-playbook, which is killed with all that it started."""
        with_environment = {"environment": self._environment}
        run = conftest.Run(self._folder, {f"xloud.image.{activity.module}": activity.faulty, **with_environment})
        killed = []

        def kill() -> None:
            killed.append(True)
            run.kill()

        victims.append(kill)
        try:
            outcome = run.wait()
        except (AssertionError, ValueError, OSError):
            return Outcome(None, "", "" if killed else "ansible-playbook printed no result", bool(killed))
        return Outcome(outcome.result, outcome.output, killed=bool(killed))

    def _service(self, operation: menu.Operation, activity: Activity) -> str:
        is_there = activity.region == 1 and operation.service == "image" and operation.name != "download"
        return "second" if is_there else operation.service

    def _disk(self, place: str, title: str) -> Trial:
        """Export to a disk that is full, or that becomes so in the middle of a file."""
        before = Snapshot.take(self._bed.regions[0], self._world.name)
        target = None
        if title == menu.FULL_DISK and self._bed.small:
            for path in self._bed.small.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            target = self._bed.small / "export"
        activity = self._prepared(Export, target=target)
        assert isinstance(activity, Export)
        before = Snapshot.take(self._bed.regions[0], self._world.name)
        trial = Trial(place, title, activity.module, story=[as_text(activity.args)])
        settings: dict[str, Any] = {}
        ballast = self._bed.small / "ballast" if self._bed.small else None
        if title == menu.FILE_LIMIT:
            settings["file_limit"] = self._rng.randrange(1, activity.size)
        elif ballast:
            room = shutil.disk_usage(ballast.parent).free
            ballast.write_bytes(bytes(max(0, room - self._rng.randrange(activity.size))))
            settings["env"] = {"TMPDIR": str(ballast.parent), "XDG_CACHE_HOME": str(ballast.parent / "cache")}
        outcome = self._run(activity, "faulty", **settings)
        trial.happened = not outcome.is_ok
        if not outcome.is_ok and any(path.suffix == ".part" for path in activity.target.iterdir()):
            trial.wrongs.append(("half", "something is left on the full disk"))
        if ballast:
            ballast.unlink(missing_ok=True)
        self._judge(trial, activity, before, outcome)
        return trial

    def _judge(self, trial: Trial, activity: Activity, before: Snapshot, outcome: Outcome) -> None:
        """Ask of a fault all that there is to ask."""
        trial.ending = "killed" if outcome.killed else "ok" if outcome.is_ok else "failed"
        trial.message = outcome.message
        wrongs = trial.wrongs
        if outcome.crash or (not outcome.killed and outcome.result is None):
            wrongs.append(("crashed", outcome.crash))
        wrongs += self._told(outcome)
        wrongs += dangers(self._world.templates, before, Snapshot.take(self._bed.regions[0], self._world.name))
        if outcome.is_ok and outcome.result:
            wrongs += [("untrue", words) for _kind, words in activity.wrongs(outcome.result)]
        wrongs += self._converged(activity)

    def _converged(self, activity: Activity) -> Iterator[Wrong]:
        clean, again = self._run(activity, "clean"), self._run(activity, "clean")
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
        for secret in self._bed.secrets:
            if secret in outcome.output or secret in outcome.crash:
                yield "told", "a password or a token is in what the run printed"


def menu_size(activity: Activity) -> int:
    """Return about how many bytes are in the data of an activity."""
    from soak.world import SMALLEST

    return activity.size if isinstance(activity, Export) else SMALLEST


@contextlib.contextmanager
def journey(bed: Bed, seed: str, number: int) -> Iterator[Journey]:
    with Journey(bed, seed, number) as found:
        yield found


def faultless(bed: Bed, seed: str, number: int, days: int) -> Iterator[tuple[str, list[Wrong]]]:
    """Play a catalogue without faults, and give the day and what is wrong: nothing, unless the model is."""
    with Journey(bed, seed, number) as found:
        for _day in range(days):
            story = found._world.advance()
            found._world.settle()
            activity = found._activity(Curation)
            outcome = found._run(activity, "clean")
            wrongs = list(differences(found._world.templates, Snapshot.take(bed.regions[0], found._world.name)))
            if not outcome.is_ok:
                wrongs.append(("diverged", outcome.message))
            yield f"{found._world.today} {story}", wrongs


__all__ = ["Fault", "Journey", "Path", "Trial", "faultless"]
