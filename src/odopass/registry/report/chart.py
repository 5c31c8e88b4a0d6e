"""The chart of km over time, as places between 0 and 1; whoever draws it only scales them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Final

from odopass.domain.timeline import Entry, Timeline
from odopass.registry.report.wording import Wording

_MOST_Y_TICKS: Final = 5
_MOST_X_TICKS: Final = 6
_SHORTEST: Final = dt.timedelta(days=365)
_STEPS: Final = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled place on an axis, from 0 to 1."""

    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Point:
    """A reading.

    Attributes:
        x: from the left, 0 to 1.
        y: from the bottom, 0 to 1.
        misfits: to be marked by its shape as well as its colour.
        replaced: the first of a new odometer.
        title: what it says when pointed at.
        asked_about: to be ringed: the one that an employee is asked about.
    """

    x: float
    y: float
    misfits: bool
    replaced: bool
    title: str
    asked_about: bool = False


@dataclass(frozen=True, slots=True)
class Stretch:
    """From one reading to the next on the same odometer.

    One that leads to a reading that misfits is marked. A reading out of place stands aside: the line goes past it from
    the one before to the one after, and marked stretches lead to it and back.
    """

    x1: float
    y1: float
    x2: float
    y2: float
    misfits: bool


@dataclass(frozen=True, slots=True)
class Chart:
    """The chart; ticks along both axes, places between 0 and 1."""

    points: tuple[Point, ...]
    stretches: tuple[Stretch, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]


def chart_of(line: Timeline, say: Wording) -> Chart | None:
    """Draw a timeline; None if there is nothing to draw."""
    if not line.entries:
        return None
    entries = line.entries
    first, last = entries[0].date, entries[-1].date
    # A year at least: less would draw a steep line out of a few weeks. Nothing lies in the future.
    first = min(first, last - _SHORTEST)
    top, y_ticks = _y_axis(max(entry.km for entry in entries), say)
    places = [(_along(entry.date, first, last), entry.km / top) for entry in entries]
    return Chart(
        points=tuple(_point(entry, place, say) for entry, place in zip(entries, places, strict=True)),
        stretches=tuple(_stretches(entries, places)),
        x_ticks=tuple(_x_ticks(first, last, say)),
        y_ticks=y_ticks,
    )


def _stretches(entries: Sequence[Entry], places: Sequence[tuple[float, float]]) -> Iterator[Stretch]:
    before: tuple[float, float] | None = None  # the one that the next is compared with
    aside: tuple[float, float] | None = None  # the one between, if that is out of place
    for entry, place in zip(entries, places, strict=True):
        if entry.recorded.replaced:
            before = aside = None
        if aside is not None:
            yield Stretch(*aside, *place, misfits=True)
        if before is not None:
            yield Stretch(*before, *place, misfits=bool(entry.remarks))
        if entry.out_of_place:
            aside = place
        else:
            before, aside = place, None


def _point(entry: Entry, place: tuple[float, float], say: Wording) -> Point:
    title = f"{say.day(entry.date)}: {say.km(entry.km)}"
    if entry.remarks:
        title += f" ({say('does not fit')})"
    return Point(*place, misfits=bool(entry.remarks), replaced=entry.recorded.replaced, title=title)


def _along(day: dt.date, first: dt.date, last: dt.date) -> float:
    return (day - first).days / (last - first).days


def _y_axis(highest_km: int, say: Wording) -> tuple[int, tuple[Tick, ...]]:
    wanted = max(highest_km, 1_000) / _MOST_Y_TICKS
    magnitude = 10 ** floor(log10(wanted))
    step = next(int(magnitude * factor) for factor in _STEPS if magnitude * factor >= wanted)
    count = ceil(max(highest_km, 1) / step)
    top = step * count
    return top, tuple(Tick(number / count, say.km(step * number)) for number in range(count + 1))


def _x_ticks(first: dt.date, last: dt.date, say: Wording) -> Sequence[Tick]:
    years = [dt.date(year, 1, 1) for year in range(first.year + 1, last.year + 1)]
    if len(years) > 2:  # noqa: PLR2004 - fewer years than that make a poor axis
        every = ceil(len(years) / _MOST_X_TICKS)
        return [Tick(_along(day, first, last), str(day.year)) for day in years[::every]]
    months = [
        dt.date(first.year + month // 12, month % 12 + 1, 1)
        for month in range(first.month, (last.year - first.year) * 12 + last.month)
    ]
    every = max(1, ceil(len(months) / _MOST_X_TICKS))
    return [Tick(_along(day, first, last), say.month(day)) for day in months[::every]]
