# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What came of all faults, as a table for people, for Markdown and for the documentation."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from soak.campaign import Trial
from soak.menu import TITLES

Row = tuple[str, ...]


def _count(kind: str) -> Callable[[Trial], bool]:
    return lambda trial: any(found == kind for found, _words in trial.wrongs)


COLUMNS: dict[str, Callable[[Trial], bool]] = {
    "Tried": lambda trial: True,
    "Withstood": lambda trial: trial.ending == "ok",
    "Said so": lambda trial: trial.ending == "failed",
    "Killed": lambda trial: trial.ending == "killed",
    "Converged": lambda trial: not _count("diverged")(trial),
    "Lost": _count("lost"),
    "Doubled": _count("doubled"),
    "Half left": _count("half"),
    "Frozen": _count("frozen"),
    "Over-shared": _count("overshared"),
    "Unverified": _count("unverified"),
    "Ok over failure": _count("untrue"),
    "Traceback": _count("crashed"),
    "Secret told": _count("told"),
}


@dataclasses.dataclass(frozen=True)
class Report:
    """The trials of a campaign, those alone in which the fault did happen."""

    trials: list[Trial]

    @classmethod
    def of(cls, trials: Iterable[Trial]) -> Report:
        return cls([trial for trial in trials if trial.happened])

    @property
    def wrong(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.wrongs]

    def rows(self) -> list[Row]:
        """Return the table: its head, a row for each kind of fault, and the sums."""
        tried = {trial.title for trial in self.trials}
        titles = [*(title for title in TITLES if title in tried), *sorted(tried - {*TITLES})]
        body = [self._row(title, [trial for trial in self.trials if trial.title == title]) for title in titles]
        return [("Fault", *COLUMNS), *body, self._row("All", self.trials)]

    @staticmethod
    def _row(title: str, trials: list[Trial]) -> Row:
        return (title, *(str(sum(map(counts, trials))) for counts in COLUMNS.values()))

    def as_text(self) -> str:
        widths = [max(len(row[column]) for row in self.rows()) for column in range(len(COLUMNS) + 1)]
        lines = []
        for row in self.rows():
            first, *numbers = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            lines.append("  ".join([first, *numbers]).rstrip())
        return "\n".join(lines)

    def as_markdown(self) -> str:
        head, *body = self.rows()
        lines = [head, ("---", *("---:" for _each in COLUMNS)), *body]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"

    def as_rst(self) -> str:
        lines = [".. list-table::", "   :header-rows: 1", ""]
        for first, *others in self.rows():
            lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
        return "\n".join(lines)
