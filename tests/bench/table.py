# Copyright (c) 2026 Xloud contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tables, as plain text for a terminal and as reStructuredText for the documentation."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median

from measure import Series, middle, ratios

COSTS = ("", "Requests", "Seconds", "CPU seconds", "Times the seconds", "Times the CPU", "Measured")


@dataclass
class Table:
    """
    Rows under a title.

    :param first: The heading of the first column.
    :param claims: What is to hold whatever the clock says, and whether it does.
    """

    title: str
    first: str
    headings: tuple[str, ...] = COSTS
    rows: list[tuple[str, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    claims: dict[str, bool] = field(default_factory=dict)

    def add(self, row: tuple[str, ...]) -> None:
        self.rows.append(row)

    def claim(self, text: str, holds: bool) -> None:
        self.claims[text] = holds

    @property
    def remarks(self) -> list[str]:
        said = {True: "Checked", False: "DOES NOT HOLD"}
        return [*self.notes, *(f"{said[holds]}: {claim}" for claim, holds in self.claims.items())]

    def as_text(self) -> str:
        lines = [(self.first, *self.headings), *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        # The second column names something, the others hold numbers.
        text = [
            "  ".join(
                cell.ljust(width) if place == 1 else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(line, widths, strict=True))
            ).rstrip()
            for line in lines
        ]
        return "\n".join([self.title, "", *text, *(f"  {remark}" for remark in self.remarks)])

    def as_rst(self) -> str:
        lines = [self.title, "^" * len(self.title), "", ".. list-table::", "   :header-rows: 1", ""]
        for cells in ((self.first, *self.headings), *self.rows):
            lines += [f"   {'*' if place == 0 else ' '} - {cell}".rstrip() for place, cell in enumerate(cells)]
        for remark in self.remarks:
            lines += ["", remark]
        return "\n".join(lines)


def row(count: int, name: str, series: Series, reference: str, measured: str = "") -> tuple[str, ...]:
    """The medians of a contestant, and of the ratios to the reference run beside it."""
    costs, beside = series[name], series[reference]
    times = ["", ""] if name == reference else [spread(ratios(costs, beside, part)) for part in ("wall", "cpu")]
    return (
        f"{count:,}",
        name,
        f"{costs[-1].total:,}",
        f"{middle(costs, 'wall'):,.2f}",
        f"{middle(costs, 'cpu'):,.2f}",
        *times,
        measured,
    )


def spread(found: list[float]) -> str:
    """The median, and between what the others are."""
    if len(found) == 1:
        return number(found[0])
    return f"{number(median(found))} [{number(min(found))}-{number(max(found))}]"


def number(ratio: float) -> str:
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"


def growth(value: float, before: float | None) -> str:
    """How many times as much it is, where there was something before."""
    return number(value / before) if before else ""
