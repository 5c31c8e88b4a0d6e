"""A vehicle's history as the desk shows it: the chart and the table of a report, with what reports leave out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from asyncpg import Record

from odopass.registry.report.chart import chart_of
from odopass.registry.report.pages.drawing import NARROW, WIDE, Drawing, drawing_of
from odopass.registry.report.view import ReadingView, chart_in_words, reading_view
from odopass.registry.report.wording import wording
from odopass.registry.review.files import VehicleFile


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table.

    Attributes:
        view: what reports show of it.
        row: the reading as stored; None for the one that is doubted, which is no reading yet.
    """

    view: ReadingView
    row: Record | None


@dataclass(frozen=True, slots=True)
class HistoryView:
    """A vehicle's history in the reader's language.

    Attributes:
        drawings: the chart, for wide and for narrow windows; none if there is nothing to draw.
        in_words: what the chart shows.
        lines: the readings that count and the doubted one, newest first.
        superseded: the readings that were corrected or withdrawn.
    """

    drawings: tuple[Drawing, ...]
    in_words: str
    lines: tuple[Line, ...]
    superseded: tuple[Record, ...]


def history_view(file: VehicleFile, language: str, doubted: tuple[date, int] | None = None) -> HistoryView:
    """Put a history into words and lines.

    Args:
        file: the vehicle.
        language: nl, fr, de or en.
        doubted: the day and km of a reading that does not count yet.
    """
    say = wording(language)
    line = file.timeline(doubted)
    chart = chart_of(line, say)
    lines = []
    for entry in line.entries:
        place = entry.recorded.reading.arrival
        lines.append(Line(reading_view(entry, say), file.readings[place] if place < len(file.readings) else None))
    return HistoryView(
        drawings=() if chart is None else tuple(drawing_of(chart, paper) for paper in (WIDE, NARROW)),
        in_words=chart_in_words(line, say),
        lines=tuple(reversed(lines)),
        superseded=tuple(row for row in file.readings if row["superseded_at"] is not None),
    )
