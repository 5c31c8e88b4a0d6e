from __future__ import annotations

from datetime import UTC, datetime

import pytest

from odopass.registry.maintenance.calendar import WeeklyWindow

pytestmark = pytest.mark.requirement("W20")

THURSDAYS = WeeklyWindow.parse("thu 19:00-24:00")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "closed"),
    [
        ("2026-11-26T17:59:59", False),  # winter: 18:59:59 in Brussels
        ("2026-11-26T18:00:00", True),
        ("2026-11-26T22:59:59", True),
        ("2026-11-26T23:00:00", False),
        ("2026-07-02T16:59:59", False),  # summer: 18:59:59 in Brussels
        ("2026-07-02T17:00:00", True),
        ("2026-07-02T21:59:59", True),
        ("2026-07-02T22:00:00", False),
        ("2026-11-25T20:00:00", False),
        ("2026-11-27T20:00:00", False),
    ],
)
def test_the_window_follows_the_clock_on_the_wall_in_winter_and_summer(moment: str, closed: bool) -> None:
    assert (THURSDAYS.reopens_at(utc(moment)) is not None) is closed


def test_a_window_that_ends_at_midnight_opens_at_midnight_in_belgium() -> None:
    assert THURSDAYS.reopens_at(utc("2026-11-26T20:00:00")) == utc("2026-11-26T23:00:00")


def test_an_hour_that_comes_twice_is_in_the_window_twice() -> None:
    sundays = WeeklyWindow.parse("sun 02:00-03:00")  # 25/10/2026: 02:00 to 03:00 comes twice
    assert sundays.reopens_at(utc("2026-10-25T00:00:00")) == utc("2026-10-25T02:00:00")
    assert sundays.reopens_at(utc("2026-10-25T01:59:59")) == utc("2026-10-25T02:00:00")
    assert sundays.reopens_at(utc("2026-10-24T23:59:59")) is None
    assert sundays.reopens_at(utc("2026-10-25T02:00:00")) is None


def test_an_hour_that_is_left_out_shortens_the_window() -> None:
    sundays = WeeklyWindow.parse("sun 01:00-04:00")  # 29/03/2026: 02:00 is 03:00
    assert sundays.reopens_at(utc("2026-03-29T00:00:00")) == utc("2026-03-29T02:00:00")
    assert sundays.reopens_at(utc("2026-03-29T02:00:00")) is None


@pytest.mark.parametrize("text", ["", "thursday 19-24", "thu 24:00-19:00", "thu 19:00-25:00", "do 19:00-24:00"])
def test_what_is_no_window_is_refused_with_the_form_that_is_expected(text: str) -> None:
    with pytest.raises(ValueError, match="thu 19:00-24:00"):
        WeeklyWindow.parse(text)


def test_a_window_is_written_as_it_is_read() -> None:
    assert str(WeeklyWindow.parse(" THU 19:00-24:00 ")) == "thu 19:00-24:00"
