"""How far a vehicle can have gone, and other bounds of what is believable.

The distances are upper bounds of honest use, not averages: two drivers taking turns pass 1,500 km in a day but no
car keeps up 1,000 km a day over weeks; a taxi driven in shifts passes 100,000 km a year, none doubles that. They were
checked against the simulated fleet (`make judgement` prints how many honest readings each of them bothers).
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from functools import lru_cache

#: Upper bound of the distance between two readings: (days between their dates, km). Linear in between; after the last
#: entry the last slope goes on. Day 0 is two readings on one day.
LONGEST_DISTANCE: tuple[tuple[int, int], ...] = (
    (0, 1_500),
    (1, 2_500),
    (7, 8_000),
    (30, 22_000),
    (90, 45_000),
    (365, 130_000),
    (730, 250_000),
)

#: Upper bound, in km, of what lies between two readings of one day.
WITHIN_A_DAY_KM = LONGEST_DISTANCE[0][1]

#: A distance any vehicle may well have gone, in km: what it had at the start and what it does in a day. Used to ask
#: whether a reading continues another one (in miles, say), where the upper bound would let almost anything continue it.
TYPICAL_START_KM = 1_000
TYPICAL_KM_PER_DAY = 150

#: Days after which exactly the same reading is more likely an old one sent again than a vehicle that stood still.
STANDSTILL_DAYS = 180

#: Displays hold six digits of kilometres.
HIGHEST_DISPLAY_KM = 999_999

#: Trip counters show less than this, in km. A vehicle whose trip counter is read by mistake has gone more than that,
#: and more than so many times what it shows.
TRIP_COUNTER_BELOW_KM = 2_000
TRIP_COUNTER_FACTOR = 10

#: International mile, in km (exact).
KM_PER_MILE = 1.609344


_DAYS = tuple(days for days, _ in LONGEST_DISTANCE)


@lru_cache(maxsize=8192)  # asked once or twice per observation, and most intervals are under twenty years
def longest_distance(days: int) -> int:
    """The upper bound, in km, of what a vehicle goes between two readings `days` days apart (0 or more)."""
    span = min(max(bisect_left(_DAYS, days), 1), len(_DAYS) - 1)
    from_day, from_km = LONGEST_DISTANCE[span - 1]
    to_day, to_km = LONGEST_DISTANCE[span]
    return round(from_km + (to_km - from_km) * (days - from_day) / (to_day - from_day))


def typical_distance(days: int) -> int:
    """A generous but ordinary distance, in km, for `days` days."""
    return TYPICAL_START_KM + TYPICAL_KM_PER_DAY * days


def more_than_a_year_before(day: date, today: date) -> bool:
    """Whether a day is old enough to ask whether it is right (R4): its anniversary has passed, leap year or not."""
    return (day.year + 1, day.month, day.day) < (today.year, today.month, today.day)
