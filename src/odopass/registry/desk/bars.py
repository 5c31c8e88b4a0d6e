"""Stacked bars, day by day, as places on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10
from typing import Final

#: From the bottom of a bar to its top.
STATES: Final = ("PROCESSED", "ISSUE", "REVIEWING", "ERROR", "ONGOING")
_STEPS: Final = (1, 2, 5, 10)
_LINES: Final = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a bar, in the drawing's units."""

    state: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Grid:
    """A line across, and how many it stands for."""

    y: float
    value: int


@dataclass(frozen=True, slots=True)
class Bars:
    """A drawing.

    Attributes:
        name: wide or narrow, as the style sheet calls it.
        left: where the bars begin.
        labels: places along the bottom, and the number of the day that each stands below.
    """

    name: str
    width: int
    height: int
    left: int
    bottom: float
    bars: tuple[Bar, ...]
    grid: tuple[Grid, ...]
    labels: tuple[tuple[float, int], ...]


def bars_of(days: Sequence[Mapping[str, int]], *, name: str, width: int, height: int, labels: int) -> Bars:
    """Draw days.

    Args:
        days: for each day, how many of each of `STATES`.
        name: wide or narrow.
        width: of the paper.
        height: of the paper.
        labels: how many days can be named side by side.
    """
    left, top, below = 64, 12, 30
    room = height - top - below
    step = _step(max((sum(day.values()) for day in days), default=0))
    highest = step * max(1, -(-max((sum(day.values()) for day in days), default=0) // step))
    every = (width - left - 8) / max(1, len(days))
    drawn = []
    for number, day in enumerate(days):
        base = float(top + room)
        for state in STATES:
            tall = room * day[state] / highest
            if day[state]:
                base -= tall
                drawn.append(
                    Bar(
                        state,
                        round(left + every * (number + 0.1), 1),
                        round(base, 1),
                        round(every * 0.8, 1),
                        round(tall, 1),
                    )
                )
    skip = max(1, -(-len(days) // labels))
    return Bars(
        name,
        width,
        height,
        left,
        top + room,
        tuple(drawn),
        tuple(Grid(round(top + room - room * value / highest, 1), value) for value in range(0, highest + 1, step)),
        tuple((round(left + every * (number + 0.5), 1), number) for number in range(0, len(days), skip)),
    )


def _step(highest: int) -> int:
    wanted = max(highest, _LINES) / _LINES
    magnitude = 10 ** floor(log10(wanted))
    return max(1, int(next(magnitude * factor for factor in _STEPS if magnitude * factor >= wanted)))
