from __future__ import annotations

import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.pdf.cases import case

from odopass.domain.history import Reading
from odopass.domain.timeline import Recorded, timeline
from odopass.registry.report.chart import Chart, chart_of
from odopass.registry.report.pages.drawing import NARROW, WIDE, drawing_of
from odopass.registry.report.wording import wording

pytestmark = pytest.mark.requirement("R10", "R11")

SAY = wording("en")


def drawn(*readings: tuple[str, int]) -> Chart:
    chart = chart_of(
        timeline(Recorded(Reading(dt.date.fromisoformat(day), at, km)) for at, (day, km) in enumerate(readings)), SAY
    )
    assert chart is not None
    return chart


def chart(name: str) -> Chart:
    drawing = chart_of(case(name).timeline(), SAY)
    assert drawing is not None
    return drawing


def test_there_is_no_chart_of_nothing() -> None:
    assert chart_of(timeline([]), SAY) is None


def test_one_reading_is_a_point_without_a_line_and_the_axis_does_not_reach_into_the_future() -> None:
    one = drawn(("2024-05-05", 12_000))
    assert len(one.points) == 1
    assert one.stretches == ()
    assert one.points[0].x == 1.0


def test_the_line_breaks_where_an_odometer_was_replaced() -> None:
    three = chart("three-odometers")
    assert sum(point.replaced for point in three.points) == 2
    assert len(three.stretches) == len(three.points) - 3


def test_the_stretch_to_a_lower_reading_is_marked() -> None:
    wound_back = drawn(("2021-01-01", 90_000), ("2022-01-01", 40_000), ("2023-01-01", 50_000))
    assert [stretch.misfits for stretch in wound_back.stretches] == [True, False]
    assert [point.misfits for point in wound_back.points] == [False, True, False]
    assert wound_back.points[1].title == "01/01/2022: 40,000\u00a0km (does not fit)"


def test_the_line_goes_past_a_reading_out_of_place() -> None:
    typo = drawn(("2021-01-01", 40_000), ("2022-01-01", 460_000), ("2023-01-01", 52_000))
    first, wrong, last = typo.points
    ends = {(s.x1, s.x2, s.misfits) for s in typo.stretches}
    assert ends == {(first.x, last.x, False), (first.x, wrong.x, True), (wrong.x, last.x, True)}


@pytest.mark.parametrize(
    ("highest", "top"),
    [(0, "200"), (1, "200"), (999, "1,000"), (1_001, "1,250"), (190_618, "200,000"), (999_999, "1,000,000")],
)
def test_the_axis_ends_at_a_round_number(highest: int, top: str) -> None:
    assert drawn(("2024-01-01", highest)).y_ticks[-1].label == f"{top}\u00a0km"


DAYS = st.dates(dt.date(1950, 1, 1), dt.date(2100, 12, 31))


@given(st.lists(st.tuples(DAYS, st.integers(0, 9_999_999)), min_size=1, max_size=30))
def test_everything_is_on_the_paper_and_ticks_rise(readings: list[tuple[dt.date, int]]) -> None:
    chart = drawn(*((day.isoformat(), km) for day, km in readings))
    assert all(0 <= place <= 1 for point in chart.points for place in (point.x, point.y))
    for ticks in (chart.x_ticks, chart.y_ticks):
        places = [tick.place for tick in ticks]
        assert places == sorted(set(places))
        assert all(0 <= place <= 1 for place in places)
    assert 2 <= len(chart.y_ticks) <= 6
    assert 1 <= len(chart.x_ticks) <= 7
    assert len({tick.label for tick in chart.y_ticks}) == len(chart.y_ticks)
    for paper in (WIDE, NARROW):
        drawing = drawing_of(chart, paper)
        assert len(drawing.marks) == len(chart.points)
        assert all(paper.left <= mark.x <= paper.width - paper.right for mark in drawing.marks)
        assert all(paper.top <= mark.y <= paper.height - paper.bottom for mark in drawing.marks)
        assert len(drawing.x_labels) <= paper.x_labels


def test_what_is_marked_is_drawn_on_top_and_by_its_own_shape() -> None:
    shapes = [mark.shape for mark in drawing_of(chart("wound-back"), WIDE).marks]
    assert shapes == ["fits"] * 11 + ["misfits"] * 2
    assert [mark.shape for mark in drawing_of(chart("three-odometers"), WIDE).marks].count("replaced") == 2


def test_marked_stretches_are_a_path_of_their_own() -> None:
    drawing = drawing_of(chart("wound-back"), WIDE)
    assert len(re.findall("M", drawing.doubtful)) == 3
    assert len(re.findall("M", drawing.line)) == 10


def test_many_readings_have_small_marks() -> None:
    assert drawing_of(chart("four-hundred"), WIDE).many
    assert not drawing_of(chart("ordinary"), WIDE).many
