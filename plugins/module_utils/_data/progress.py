# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# This module util is private to the collection.
"""How far long work is: lines for whoever watches, and the sums at its end."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import typing as t

_SECONDS: t.Final = 1.0


class Meter:
    """
    Counts the bytes of one phase of the work on one image.

    :param report: Is told the bytes done so far, at most once a second and at the end.
    """

    def __init__(self, report: t.Callable[[int], None], clock: t.Callable[[], float]) -> None:
        self._report = report
        self._clock = clock
        self._next = clock() + _SECONDS
        self.count = 0

    def add(self, count: int) -> None:
        """Count so many more bytes; fewer if the work begins again."""
        self.count += count
        if self._clock() >= self._next:
            self._next = self._clock() + _SECONDS
            self._report(self.count)


class Progress:
    """
    The phases of the work of one task.

    :param path: The file that each line of progress is appended to, as JSON: C(image), C(phase), C(done) and C(total)
        in bytes (C(total) is null where it is not known), C(seconds) since the phase began, and C(state), which is
        C(running) until the phase is C(done) or C(failed). None for no file.
    """

    def __init__(self, path: str | None = None, clock: t.Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._phases: dict[str, tuple[int, float]] = {}

    @contextlib.contextmanager
    def phase(self, phase: str, image: str, total: int | None) -> t.Iterator[Meter]:
        """Measure one phase of the work on an image: upload, store, import, download, verify, convert or copy."""
        begin = self._clock()

        def report(done: int, state: str = "running") -> None:
            line = {"image": image, "phase": phase, "state": state, "done": done, "total": total}
            self._write({**line, "seconds": self._clock() - begin})

        meter = Meter(report, self._clock)
        report(0)
        state = "failed"
        try:
            yield meter
            state = "done"
        finally:
            report(meter.count, state)
            with self._lock:
                count, seconds = self._phases.get(phase, (0, 0.0))
                self._phases[phase] = (count + meter.count, seconds + self._clock() - begin)

    def as_result(self) -> dict[str, t.Any]:
        """Return the bytes, the seconds and the bytes a second of each phase, summed over all images."""
        with self._lock:
            return {phase: _sums(*sums) for phase, sums in sorted(self._phases.items())}

    def _write(self, line: t.Mapping[str, t.Any]) -> None:
        if self._path is None:
            return
        # Nobody's image fails for want of a line about it.
        with self._lock, contextlib.suppress(OSError), open(self._path, "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _sums(count: int, seconds: float) -> dict[str, t.Any]:
    return {"bytes": count, "seconds": round(seconds, 3), "rate": round(count / seconds) if seconds else 0}
