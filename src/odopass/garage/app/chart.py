"""A vehicle's readings over time, as places in a drawing of a given size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil, floor, log10
from typing import Final

from odopass.domain.observation import ObservationType
from odopass.garage.book.entries import NEEDS_PERSON, Reading, State
from odopass.wording import Wording

_LEFT: Final = 92.0
_RIGHT: Final = 24.0
_TOP: Final = 16.0
_BOTTOM: Final = 36.0
_STEPS: Final = (1, 2, 2.5, 5, 10)
_MOST_TICKS: Final = 5
_SHORTEST: Final = timedelta(days=60)
_WIDTH_OF_A_DAY_LABEL: Final = 120


@dataclass(frozen=True, slots=True)
class Mark:
    """A reading in the drawing.

    Attributes:
        x: from the left.
        y: from the top.
        shape: ``fits``, ``doubtful`` (it needs an answer or was rejected), ``apart`` (not reported) or ``replaced``.
        title: what it says when pointed at.
        number: of the reading.
    """

    x: float
    y: float
    shape: str
    title: str
    number: int


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing.

    Attributes:
        width: in units of the drawing.
        height: likewise.
        marks: the readings.
        lines: points of one line for each odometer, as SVG writes them.
        y_ticks: place from the top and label.
        x_ticks: place from the left and label.
        left: where the lines of the ticks begin.
        right: where they end.
        base: where the lowest is.
    """

    width: int
    height: int
    marks: tuple[Mark, ...]
    lines: tuple[str, ...]
    y_ticks: tuple[tuple[float, str], ...]
    x_ticks: tuple[tuple[float, str], ...]
    left: float
    right: float
    base: float


def chart_of(readings: Sequence[Reading], say: Wording, *, width: int, height: int) -> Chart | None:
    """Draw readings, in the order of their days; None if there are none.

    Args:
        readings: of one vehicle.
        say: the words of the reader's language.
        width: of the drawing; narrow ones get fewer labels.
        height: of the drawing.
    """
    if not readings:
        return None
    last = readings[-1].draft.reading_date
    first = min(readings[0].draft.reading_date, last - _SHORTEST)
    left, right, base = _LEFT, width - _RIGHT, height - _BOTTOM
    top, step = _y_scale(max(each.draft.km for each in readings))

    def x(day: date) -> float:
        return round(left + (day - first).days / (last - first).days * (right - left), 1)

    def y(km: float) -> float:
        return round(base - km / top * (base - _TOP), 1)

    marks = tuple(_mark(each, x(each.draft.reading_date), y(each.draft.km), say) for each in readings)
    days = max(2, int((right - left) // _WIDTH_OF_A_DAY_LABEL))
    ticks = [first + (last - first) * place / (days - 1) for place in range(days)]
    return Chart(
        width=width,
        height=height,
        marks=marks,
        lines=tuple(_lines(marks)),
        y_ticks=tuple((y(step * place), say.km(round(step * place))) for place in range(round(top / step) + 1)),
        x_ticks=tuple((x(day), say.day(day)) for day in ticks),
        left=left,
        right=right,
        base=base,
    )


def _mark(reading: Reading, x: float, y: float, say: Wording) -> Mark:
    draft = reading.draft
    title = f"{say.day(draft.reading_date)}: {say.km(draft.km)}"
    if reading.state in NEEDS_PERSON or reading.state is State.ERROR:
        shape = "doubtful"
    elif reading.state is State.EXCLUDED:
        shape = "apart"
    elif draft.type is ObservationType.ODOMETER_REPLACED:
        shape = "replaced"
    else:
        shape = "fits"
    return Mark(x, y, shape, title, reading.number)


def _lines(marks: Sequence[Mark]) -> list[str]:
    """One line for each odometer, through the readings that count."""
    lines: list[list[str]] = [[]]
    for mark in marks:
        if mark.shape == "replaced":
            lines.append([])
        if mark.shape in {"fits", "replaced"}:
            lines[-1].append(f"{mark.x},{mark.y}")
    return [" ".join(points) for points in lines if len(points) > 1]


def _y_scale(highest: int) -> tuple[float, float]:
    """The km at the top of the drawing, and between two ticks."""
    wanted = max(highest, 1_000) / _MOST_TICKS
    magnitude = 10 ** floor(log10(wanted))
    step = next(magnitude * factor for factor in _STEPS if magnitude * factor >= wanted)
    return step * ceil(max(highest, 1) / step), step
