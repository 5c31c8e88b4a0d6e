"""How far a vehicle can have gone, and other bounds of what is believable.

The distances are upper bounds of honest use, not averages: two drivers taking turns pass 1,500 km in a day but no
car keeps up 1,000 km a day over weeks; a taxi driven in shifts passes 100,000 km a year, none doubles that. They were
checked against the simulated fleet (`make judgement` prints how many honest readings each of them bothers).
"""

from __future__ import annotations

from itertools import pairwise

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

#: A distance any vehicle may well have gone, in km: what it had at the start and what it does in a day. Used to ask whether
#: a changed reading (in miles, say) would have fitted, where the upper bound would let almost anything fit.
TYPICAL_START_KM = 1_000
TYPICAL_KM_PER_DAY = 150

#: Days after which exactly the same reading is more likely an old one sent again than a vehicle that stood still.
STANDSTILL_DAYS = 180

#: Days after which a reading counts as old enough to ask whether its date is right (R4).
LATE_DAYS = 365

#: Displays hold six digits of kilometres.
HIGHEST_DISPLAY_KM = 999_999

#: Trip counters show less than this, in km, and a vehicle read by mistake has gone at least so many times more.
TRIP_COUNTER_BELOW_KM = 2_000
TRIP_COUNTER_FACTOR = 10

#: International mile, in km (exact).
KM_PER_MILE = 1.609344


def longest_distance(days: int) -> int:
    """The upper bound, in km, of what a vehicle goes between two readings `days` days apart (0 or more)."""
    spans = list(pairwise(LONGEST_DISTANCE))
    (from_day, from_km), (to_day, to_km) = next((span for span in spans if days <= span[1][0]), spans[-1])
    return round(from_km + (to_km - from_km) * (days - from_day) / (to_day - from_day))


def typical_distance(days: int) -> int:
    """A generous but ordinary distance, in km, for `days` days."""
    return TYPICAL_START_KM + TYPICAL_KM_PER_DAY * days
