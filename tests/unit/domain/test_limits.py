from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odopass.domain import limits


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(("days", "km"), limits.LONGEST_DISTANCE)
def test_the_longest_distance_is_the_tables_at_its_entries(days: int, km: int) -> None:
    assert limits.longest_distance(days) == km


@pytest.mark.requirement("R4")
def test_the_longest_distance_is_linear_between_the_entries_and_goes_on_after_the_last() -> None:
    (_, week_km), (_, month_km) = limits.LONGEST_DISTANCE[2:4]
    assert limits.longest_distance(18) == round(week_km + (month_km - week_km) * 11 / 23)
    (year, year_km), (two_years, two_years_km) = limits.LONGEST_DISTANCE[-2:]
    assert limits.longest_distance(2 * two_years - year) == 2 * two_years_km - year_km


@pytest.mark.requirement("R4")
@given(st.integers(0, 50_000))
def test_a_longer_time_never_allows_less(days: int) -> None:
    assert limits.longest_distance(days) < limits.longest_distance(days + 1)


@pytest.mark.requirement("R4")
@given(st.integers(0, 50_000))
def test_what_is_typical_is_never_more_than_the_longest(days: int) -> None:
    assert limits.typical_distance(days) <= limits.longest_distance(days)


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(
    ("day", "today", "old"),
    [
        (date(2025, 9, 14), date(2026, 9, 14), False),
        (date(2025, 9, 13), date(2026, 9, 14), True),
        (date(2023, 3, 1), date(2024, 3, 1), False),  # 366 days, and a year all the same
        (date(2023, 2, 28), date(2024, 2, 29), True),
        (date(2023, 3, 1), date(2024, 2, 29), False),
        (date(2024, 2, 29), date(2025, 2, 28), False),
        (date(2024, 2, 29), date(2025, 3, 1), True),
        (date.min, date.max, True),
        (date.max, date.min, False),
        (date.max, date.max, False),
    ],
)
def test_a_year_is_a_calendar_year(day: date, today: date, old: bool) -> None:
    assert limits.more_than_a_year_before(day, today) is old
