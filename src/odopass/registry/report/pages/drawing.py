"""The chart as it is drawn on a page: places between 0 and 1 become coordinates.

There are two drawings, one for wide windows and one for phones, since a picture that is merely scaled down has words
that nobody can read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from odopass.registry.report.chart import Chart, Point, Stretch

#: More readings than this are many.
_MANY_POINTS: Final = 60
#: What lies beside the labels of km.
_BESIDE_LABELS: Final = 12


@dataclass(frozen=True, slots=True)
class Paper:
    """What is drawn upon, in the drawing's units.

    Attributes:
        left: the margin that holds the km, unless they are longer than usual.
        bottom: the margin that holds the dates.
        x_labels: how many dates fit side by side.
        letter: how wide a letter of a label is, on average.
    """

    name: str
    width: int
    height: int
    left: int
    right: int
    top: int
    bottom: int
    x_labels: int
    letter: float


WIDE: Final = Paper("wide", width=1040, height=360, left=112, right=32, top=16, bottom=44, x_labels=7, letter=8.64)
NARROW: Final = Paper("narrow", width=340, height=260, left=84, right=16, top=12, bottom=32, x_labels=4, letter=7.2)


@dataclass(frozen=True, slots=True)
class Mark:
    """A reading; its shape tells whether it fits ("fits", "misfits") or is a new odometer's first ("replaced").

    A "ring" is drawn around one that has its own mark as well.
    """

    shape: str
    x: float
    y: float
    title: str


@dataclass(frozen=True, slots=True)
class Label:
    """A word beside an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """All coordinates of a drawing.

    Attributes:
        line: an SVG path through the readings that fit.
        doubtful: an SVG path along the stretches that are marked.
        radius: of the marks of readings that fit.
        many: whether these are so many that they hide the line unless they are small and plain.
    """

    paper: Paper
    line: str
    doubtful: str
    marks: tuple[Mark, ...]
    x_labels: tuple[Label, ...]
    y_labels: tuple[Label, ...]
    radius: float
    many: bool


def drawing_of(chart: Chart, paper: Paper) -> Drawing:
    """Lay a chart out on paper."""
    # A million and more: a label whose first digit is cut off would be read as another number.
    longest = max(len(tick.label) for tick in chart.y_ticks)
    paper = replace(paper, left=max(paper.left, ceil(longest * paper.letter) + _BESIDE_LABELS))
    width = paper.width - paper.left - paper.right
    height = paper.height - paper.top - paper.bottom

    def across(place: float) -> float:
        return round(paper.left + place * width, 1)

    def down(place: float) -> float:
        return round(paper.top + (1 - place) * height, 1)

    def path(stretches: Iterable[Stretch]) -> str:
        return "".join(f"M{across(each.x1)} {down(each.y1)}L{across(each.x2)} {down(each.y2)}" for each in stretches)

    many = len(chart.points) > _MANY_POINTS
    every = max(1, ceil(len(chart.x_ticks) / paper.x_labels))
    return Drawing(
        paper=paper,
        line=path(each for each in chart.stretches if not each.misfits),
        doubtful=path(each for each in chart.stretches if each.misfits),
        # What is marked is drawn last, on top.
        marks=(
            *(
                Mark(_shape(point), across(point.x), down(point.y), point.title)
                for point in sorted(chart.points, key=lambda point: (point.misfits, point.replaced))
            ),
            *(Mark("ring", across(point.x), down(point.y), point.title) for point in chart.points if point.asked_about),
        ),
        x_labels=tuple(Label(across(tick.place), tick.label) for tick in chart.x_ticks[::every]),
        y_labels=tuple(Label(down(tick.place), tick.label) for tick in chart.y_ticks),
        radius=2 if many else 4.5,
        many=many,
    )


def _shape(point: Point) -> str:
    if point.misfits:
        return "misfits"
    return "replaced" if point.replaced else "fits"
