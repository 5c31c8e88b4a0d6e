"""When readings reach the registry, and how they name the vehicle."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from odopass.simulate.arrays import Bools, Floats, Ints
from odopass.simulate.days import hours_ahead_of_utc, to_working_day
from odopass.simulate.visits import Occasion

#: Of readings that are not sent on their day: the next working day, within ten days, within three months.
_NEXT_DAY, _DAYS_LATE, _WEEKS_LATE = 0.045, 0.025, 0.010
_MICROSECONDS_PER_DAY = 86_400_000_000
_MICROSECONDS_PER_HOUR = 3_600_000_000

_BY_PLATE, _BREAKDOWNS_BY_PLATE = 0.13, 0.6


def arrival_times(rng: np.random.Generator, moment: Floats, occasion: Ints) -> Ints:
    """Microseconds since 1970-01-01 UTC at which each reading arrives.

    Mostly minutes after it was made, when the work order is saved; some the next day, some weeks late. A request for a
    vehicle's history always arrives on its day.
    """
    count = len(moment)
    day = np.floor(moment).astype(np.int64)
    how = np.searchsorted(np.cumsum([_WEEKS_LATE, _DAYS_LATE, _NEXT_DAY]), rng.random(count), side="right")
    delay = np.choose(
        how,
        [rng.integers(11, 90, count), rng.integers(2, 11, count), np.ones(count, np.int64), np.zeros(count, np.int64)],
    )
    delay = np.where(occasion == Occasion.HISTORY_REPORT, 0, delay)
    later = to_working_day(day + delay, np.zeros(count, dtype=np.bool_))
    sent_day = np.where(delay > 0, later, day)
    # Same day: within three quarters of an hour on average, before midnight. Later: at some office hour.
    after_reading = moment - day + np.minimum(rng.exponential(0.03, count), 0.08)
    office = rng.uniform(0.34, 0.74, count)
    time = np.where(delay > 0, office, after_reading)
    local = ((sent_day + time) * _MICROSECONDS_PER_DAY).astype(np.int64)
    return local - hours_ahead_of_utc(sent_day) * _MICROSECONDS_PER_HOUR


def names_by_plate(rng: np.random.Generator, occasion: Ints, plate: npt.NDArray[np.object_]) -> Bools:
    """Which readings name the vehicle by its plate; a request for a report never may."""
    share = np.where(occasion == Occasion.ROADSIDE, _BREAKDOWNS_BY_PLATE, _BY_PLATE)
    share = np.where(occasion == Occasion.HISTORY_REPORT, 0.0, share)
    has_plate = np.array([each is not None for each in plate], dtype=np.bool_)
    return np.asarray((rng.random(len(occasion)) < share) & has_plate)
