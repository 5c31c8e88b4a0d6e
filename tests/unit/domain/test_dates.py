from __future__ import annotations

from datetime import date, timedelta

import pytest
from tests.unit.domain.judged import CAR, REPLACED, TODAY, ago, codes, findings, history

from odopass.domain import finding as f
from odopass.domain.vehicle import Vehicle

pytestmark = pytest.mark.requirement("R4")


@pytest.mark.parametrize(("days_ago", "expected"), [(0, []), (-1, [f.IN_THE_FUTURE]), (-4_000, [f.IN_THE_FUTURE])])
def test_201_a_date_in_the_future(days_ago: int, expected: list[str]) -> None:
    assert codes(findings(50_000, days_ago=days_ago)) == expected


def test_201_a_reading_of_a_future_day_is_compared_as_one_of_today() -> None:
    known = history((100, 50_000))
    assert codes(findings(49_999, known, days_ago=-9)) == [f.LOWER_THAN_EARLIER, f.IN_THE_FUTURE]
    assert codes(findings(50_000, known, days_ago=-100)) == [f.IN_THE_FUTURE]
    assert codes(findings(50_100, known, days_ago=-100, type_=REPLACED)) == [f.REPLACED_BUT_CONTINUES, f.IN_THE_FUTURE]
    found = findings(99_999, known, days_ago=-1_000)
    assert codes(found) == [f.EXCESSIVELY_HIGH, f.IN_THE_FUTURE]
    assert (found[0].values["days"], found[0].values["date"]) == (100, ago(-1_000).isoformat())


@pytest.mark.parametrize(("days_ago", "expected"), [(100, []), (101, [f.BEFORE_FIRST_USE])])
def test_202_a_date_before_the_first_use(days_ago: int, expected: list[str]) -> None:
    assert codes(findings(20, days_ago=days_ago, vehicle=Vehicle(1, "M1", 1_900, ago(100)))) == expected


def test_202_tells_the_first_use() -> None:
    (found,) = findings(20, days_ago=101, vehicle=Vehicle(1, "M1", 1_900, ago(100)))
    assert found.values == {"date": ago(101).isoformat(), "first_use": ago(100).isoformat()}


def test_202_never_where_the_first_use_is_unknown() -> None:
    assert CAR.first_use is None
    assert findings(20, days_ago=300) == []


@pytest.mark.parametrize("days_ago", [1, 30, 364, 365])
def test_a_late_date_alone_is_no_issue_before_a_year(days_ago: int) -> None:
    assert findings(50_000, days_ago=days_ago) == []


def test_203_a_date_more_than_a_year_ago() -> None:
    (found,) = findings(50_000, days_ago=366)
    assert found.code == f.LONG_AGO
    assert found.values == {"date": "2025-09-13", "days": 366}


def test_203_a_year_with_a_leap_day_is_a_year() -> None:
    assert findings(50_000, days_ago=366, today=date(2024, 3, 1)) == []
    assert codes(findings(50_000, days_ago=367, today=date(2024, 3, 1))) == [f.LONG_AGO]


def test_203_is_not_told_of_a_date_before_the_first_use() -> None:
    assert codes(findings(20, days_ago=900, vehicle=Vehicle(1, "M1", 1_900, ago(100)))) == [f.BEFORE_FIRST_USE]


@pytest.mark.requirement("R5")
def test_what_is_wrong_with_the_date_stands_after_what_is_wrong_with_the_reading() -> None:
    known = history((400, 50_000))
    assert codes(findings(49_000, known, days_ago=390)) == [f.LOWER_THAN_EARLIER, f.LONG_AGO]


@pytest.mark.parametrize("today", [date.min, date.min + timedelta(1), date.max, TODAY])
def test_no_date_of_the_calendar_is_too_much(today: date) -> None:
    vehicle = Vehicle(1, "M1", 1_900, date.max)
    assert codes(findings(1, vehicle=vehicle, today=today)) == ([] if today == date.max else [f.BEFORE_FIRST_USE])
