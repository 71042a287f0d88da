# Copyright (c) 2026 Xloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This plugin util is private to the collection.
"""Shows how far a module is while it still runs: the module writes lines into a file, and the controller follows it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import tempfile
import threading
import time
import typing as t

from ansible import constants
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

SWITCH: t.Final = "XLOUD_IMAGE_PROGRESS"

_POLL: t.Final = 0.5
# What takes no longer is over before anybody could read about it.
_SHORT: t.Final = 2.0
_PERCENT: t.Final = 10
_SECONDS: t.Final = 15.0
# Waits grow with the time that a phase takes, so that even a day of it is some 40 lines.
_GROWTH: t.Final = 4
_UNITS: t.Final = ("B", "KiB", "MiB", "GiB", "TiB")


@dataclasses.dataclass
class _Phase:
    """A phase of the work on one image, as far as its lines and the clock tell."""

    line: t.Mapping[str, t.Any]
    begun: float
    next_time: float
    next_percent: int = 0


class Throttle:
    """
    Turns the lines of a module into the few that are worth showing.

    :param verbose: Show the beginning and the end of each phase, however short.
    """

    def __init__(self, show: t.Callable[[str], None], verbose: bool, clock: t.Callable[[], float]) -> None:
        self._show = show
        self._verbose = verbose
        self._clock = clock
        self._phases: dict[tuple[str, str], _Phase] = {}

    def take(self, line: t.Mapping[str, t.Any]) -> None:
        """Note one line of a module, which shows something where a phase begins or ends."""
        key = (str(line["image"]), str(line["phase"]))
        if key not in self._phases:
            begun = self._clock() - line["seconds"]
            self._phases[key] = _Phase(line, begun, begun + _SHORT)
            if self._verbose:
                self._show(began(line))
        self._phases[key].line = line
        if line["state"] != "running":
            del self._phases[key]
            if self._verbose or line["seconds"] >= _SHORT:
                self._show(ended(line))

    def tick(self) -> None:
        """Show how far those phases are whose turn it is. A phase has it though its lines fail to come."""
        now = self._clock()
        for phase in self._phases.values():
            percent = _percent(phase.line)
            if now < phase.next_time or (percent is not None and percent < phase.next_percent):
                continue
            seconds = now - phase.begun
            self._show(running({**phase.line, "seconds": seconds}))
            if percent is None:
                phase.next_time = now + max(_SECONDS, seconds / _GROWTH)
            else:
                phase.next_time = now + _SECONDS
                phase.next_percent = percent + _PERCENT


class Follower:
    """Reads the lines of a file as they are appended, and each of them once."""

    def __init__(self, path: str, throttle: Throttle) -> None:
        self._path = path
        self._throttle = throttle
        self._position = 0

    def follow(self, stop: threading.Event) -> None:
        """Show what comes until it is told to stop, and what came until then."""
        while not stop.wait(_POLL):
            self.read()
            self._throttle.tick()
        self.read()

    def read(self) -> None:
        """Take the lines that are new and whole."""
        # Nobody's image fails for want of a line about it.
        with contextlib.suppress(OSError), open(self._path, "rb") as file:
            file.seek(self._position)
            whole, newline, _rest = file.read().rpartition(b"\n")
            self._position += len(whole) + len(newline)
            for line in whole.splitlines():
                with contextlib.suppress(ValueError, LookupError, TypeError):
                    self._throttle.take(json.loads(line))


class ProgressAction(ActionBase):
    """Runs a module as Ansible does without an action plugin, and shows its progress meanwhile."""

    MODULE: t.ClassVar[str]

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        wrap_async = self._task.async_val and not self._connection.has_native_async
        with self._shown(task_vars or {}) as options:
            result |= self._execute_module(
                module_name=self.MODULE,
                module_args={**self._task.args, **options},
                task_vars=task_vars,
                wrap_async=wrap_async,
            )
        if not wrap_async:
            self._remove_tmp_path(self._connection._shell.tmpdir)  # type: ignore[no-untyped-call] # not annotated
        return result

    @contextlib.contextmanager
    def _shown(self, task_vars: t.Mapping[str, t.Any]) -> t.Iterator[dict[str, str]]:
        if not self._is_to_show():
            yield {}
            return
        with _temporary_file() as path, _following(path, str(task_vars.get("inventory_hostname", ""))):
            yield {"progress_file": path}

    def _is_to_show(self) -> bool:
        task = self._task
        return (
            self._connection.transport == "local"
            and not (task.check_mode or task.no_log or task.async_val)
            # Whoever names a file reads it, and others may write to it too.
            and not task.args.get("progress_file")
            and boolean(os.environ.get(SWITCH, "1"), strict=False)
        )


@contextlib.contextmanager
def _temporary_file() -> t.Iterator[str]:
    handle, path = tempfile.mkstemp(prefix="xloud-image-", suffix=".progress", dir=_folder())
    os.close(handle)
    try:
        yield path
    finally:
        os.unlink(path)


def _folder() -> str:
    # Ansible sets its constants as it loads its configuration, which mypy does not see.
    return str(vars(constants)["DEFAULT_LOCAL_TMP"])


@contextlib.contextmanager
def _following(path: str, host: str) -> t.Iterator[None]:
    display = Display()

    def show(text: str) -> None:
        # Results go to stdout, where a callback may have to stay parseable.
        display.display(f"[{host}] {text}", stderr=True)

    stop = threading.Event()
    follower = Follower(path, Throttle(show, display.verbosity > 0, time.monotonic))
    thread = threading.Thread(target=follower.follow, args=(stop,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def began(line: t.Mapping[str, t.Any]) -> str:
    """Return in words that a phase begins."""
    total = line["total"]
    return f"{_subject(line)} of {_size(total)} begins" if total else f"{_subject(line)} begins"


def running(line: t.Mapping[str, t.Any]) -> str:
    """Return in words how far a phase is."""
    done, total, seconds = line["done"], line["total"], line["seconds"]
    if not done:
        return f"{_subject(line)} for {_duration(seconds)}" + (f", {_size(total)} to go" if total else "")
    rate = done / seconds if seconds else 0
    if not total:
        return f"{_subject(line)} {_size(done)}, {_size(rate)}/s"
    left = f", {_duration(max(0, total - done) / rate)} left" if rate else ""
    return f"{_subject(line)} {_part(done, total)} ({_percent(line)} %), {_size(rate)}/s{left}"


def ended(line: t.Mapping[str, t.Any]) -> str:
    """Return in words how a phase ended."""
    done, total, seconds = line["done"], line["total"], line["seconds"]
    if line["state"] != "done":
        how_far = f" at {_part(done, total) if total else _size(done)}" if done else ""
        return f"{_subject(line)} failed{how_far} after {_duration(seconds)}"
    if not done:
        return f"{_subject(line)} done in {_duration(seconds)}"
    rate = f", {_size(done / seconds)}/s" if seconds else ""
    return f"{_subject(line)} of {_size(done)} done in {_duration(seconds)}{rate}"


def _subject(line: t.Mapping[str, t.Any]) -> str:
    text = f"{line['image']}: {line['phase']}"
    # The name of an image may hold anything, and a terminal obeys some of it.
    return "".join(each if each.isprintable() else "?" for each in text)


def _percent(line: t.Mapping[str, t.Any]) -> int | None:
    # Where nothing is done yet, it may be that nobody counts.
    return min(100, int(100 * line["done"] / line["total"])) if line["total"] and line["done"] else None


def _power(count: float) -> int:
    power = 0
    while count >= 1024 and power < len(_UNITS) - 1:
        count /= 1024
        power += 1
    return power


def _number(count: float, power: int) -> str:
    scaled = count / 1024**power
    return f"{scaled:.0f}" if power == 0 or scaled >= 100 else f"{scaled:.1f}"


def _size(count: float) -> str:
    power = _power(count)
    return f"{_number(count, power)} {_UNITS[power]}"


def _part(done: float, total: float) -> str:
    power = _power(total)
    return f"{_number(done, power)} of {_number(total, power)} {_UNITS[power]}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} min"
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
