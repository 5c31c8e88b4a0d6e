"""Days as numbers since 1970-01-01, months as numbers since January 1970, and the Belgian working calendar."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import numpy as np

from odopass.simulate.arrays import Bools, Ints

#: The first day readings were collected at all: histories of older vehicles begin here.
REGISTRY_BEGIN = date(2006, 12, 1)
DAYS_PER_YEAR = 365.25
DAYS_PER_MONTH = DAYS_PER_YEAR / 12

_EPOCH = date(1970, 1, 1)
_MONDAY = 4  # 1970-01-01 was a Thursday: (day - 4) % 7 is 0 on Mondays


def day_number(day: date) -> int:
    """Days from 1970-01-01 to ``day``."""
    return (day - _EPOCH).days


def day_of(number: int) -> date:
    """The day with that number."""
    return _EPOCH + timedelta(days=int(number))


def weekday(days: Ints) -> Ints:
    """0 for Monday to 6 for Sunday."""
    return (days - _MONDAY) % 7


def month_of(days: Ints) -> Ints:
    """Months from January 1970 to the month of each day."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def year_of(days: Ints) -> Ints:
    """The calendar year of each day."""
    return month_of(days) // 12 + 1970


def month_start(months: Ints) -> Ints:
    """The number of the first day of each month."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm of 1876)."""
    century, rest = divmod(year, 100)
    golden = year % 19
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    shift = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * shift) // 451
    month, day = divmod(epact + shift - 7 * late + 114, 31)
    return date(year, month, day + 1)


@cache
def _holidays() -> frozenset[int]:
    """Belgian public holidays from 2006 to 2100, as day numbers."""
    found: set[int] = set()
    for year in range(2006, 2101):
        sunday = easter(year)
        found.update(day_number(sunday + timedelta(days=n)) for n in (1, 39, 50))
        fixed = ((1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25))
        found.update(day_number(date(year, month, day)) for month, day in fixed)
    return frozenset(found)


@cache
def _holiday_array() -> Ints:
    return np.array(sorted(_holidays()), dtype=np.int64)


def is_holiday(days: Ints) -> Bools:
    """Whether each day is a Belgian public holiday."""
    return np.isin(days, _holiday_array())


def spread_to_working_days(rng: np.random.Generator, days: Ints, saturday_too: Bools) -> Ints:
    """Like `to_working_day`, but what falls on a weekend is done on any day of the next week, not all on Monday."""
    of_week = weekday(days)
    closed = (of_week == 6) | ((of_week == 5) & ~saturday_too)  # noqa: PLR2004
    later = 7 - of_week + rng.integers(0, 5, len(days))
    return to_working_day(np.where(closed, days + later, days), saturday_too)


def to_working_day(days: Ints, saturday_too: Bools) -> Ints:
    """Move each day on to the next day on which a workshop is open, Saturdays only where ``saturday_too``."""
    moved = days.copy()
    for _ in range(6):  # the longest run of closed days: a holiday on Thursday or Friday beside a weekend, or two
        of_week = weekday(moved)
        closed = (of_week == 6) | ((of_week == 5) & ~saturday_too) | is_holiday(moved)  # noqa: PLR2004
        if not closed.any():
            break
        moved = moved + closed
    return moved


def hours_ahead_of_utc(days: Ints) -> Ints:
    """How many hours Belgian clocks are ahead of UTC during working hours: 2 in summer, 1 in winter."""
    years = year_of(days)
    january = (years - 1970) * 12
    last_of_march = month_start(january + 3) - 1
    last_of_october = month_start(january + 10) - 1
    begins = last_of_march - (weekday(last_of_march) + 1) % 7
    ends = last_of_october - (weekday(last_of_october) + 1) % 7
    return np.where((days >= begins) & (days < ends), 2, 1).astype(np.int64)
