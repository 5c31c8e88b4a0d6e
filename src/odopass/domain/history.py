"""The readings of a vehicle that count, in the order in which they were read (R5, R6)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import groupby, pairwise
from operator import attrgetter

from odopass.domain import limits


class SourceKind(StrEnum):
    """Who read the odometer. Reports show the kind, never the name."""

    GARAGE = "garage"
    ROADSIDE = "roadside"
    INSPECTION = "inspection"
    CONNECTED = "connected"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading that counts: PROCESSED, not superseded.

    Attributes:
        date: the day the odometer was read, in Europe/Brussels.
        arrival: the order in which readings came to stand; later ones are higher.
        km: what the display showed, in km.
        starts_segment: whether the series of comparable readings begins anew here: the odometer was replaced, or a
            break was confirmed.
        source: who read it.
    """

    date: date
    arrival: int
    km: int
    starts_segment: bool = False
    source: SourceKind = SourceKind.GARAGE


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reading would stand in a history: between which readings of the same odometer.

    Attributes:
        earlier: the reading before it, or None if it is the first of its odometer.
        later: the reading after it, or None if none follows on its odometer.
    """

    earlier: Reading | None
    later: Reading | None


_date = attrgetter("date")
_arrival = attrgetter("arrival")
_km = attrgetter("km")
_date_and_arrival = attrgetter("date", "arrival")


@dataclass(slots=True)
class History:
    """The readings of one vehicle that count, by date, those of one day by arrival.

    Within a day the order of arrival is not the order of reading: a garage may send in the evening what it read in
    the morning, or a month later. What an odometer shows only rises, so the readings of one day and one odometer were
    read in the order of their km. Only a new start (a replaced odometer, a confirmed break) keeps to its order of
    arrival. A reading that arrives after a new start, but shows what the new odometer cannot show on that day, is of
    the old one and was read before it.
    """

    readings: list[Reading] = field(default_factory=list)

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> History:
        """A history of these readings, in whatever order they come."""
        return cls(sorted(readings, key=_date_and_arrival))

    def __iter__(self) -> Iterator[Reading]:
        return iter(self.readings)

    def __len__(self) -> int:
        return len(self.readings)

    def add(self, reading: Reading) -> None:
        """Let a reading take its place by date and arrival."""
        insort(self.readings, reading, key=_date_and_arrival)

    def as_read(self) -> Iterator[Reading]:
        """The readings in the order in which they were read, as far as can be known."""
        for _, of_the_day in groupby(self.readings, key=_date):
            yield from _order_of_day(list(of_the_day))

    def total_km(self) -> int:
        """How far the vehicle has gone over all its odometers, in km (R6); 0 if nothing is known.

        What the first odometer showed when it was first read counts; the gap at a new start is unknown and does not.
        """
        readings = list(self.as_read())
        driven = sum(max(0, b.km - a.km) for a, b in pairwise(readings) if not b.starts_segment)
        return driven + (readings[0].km if readings else 0)

    def places(self, day: date, *, read_last: bool) -> list[Place]:
        """Where a reading of this day may stand.

        Usually there is one place. On a day when the odometer was replaced, or a break was confirmed, a reading may be
        of the old odometer or of the new one (R6): a place for each, the oldest odometer first.

        Args:
            day: the day of the reading.
            read_last: whether it is known to have been read after the day's other readings, as when it arrives on
                the very day. If not, its order within the day is unknown, and the day's other readings are no
                neighbours: compare with them separately.
        """
        readings = self.readings
        if not readings:
            return [Place(None, None)]
        if readings[-1].date < day:  # nearly always: newer than all that is known
            return [Place(self._last_before(len(readings)), None)]
        begin = bisect_left(readings, day, key=_date)
        end = bisect_right(readings, day, lo=begin, key=_date)
        earlier = self._last_before(begin)
        places = []
        for reading in _order_of_day(readings[begin:end]):
            if reading.starts_segment:
                places.append(Place(earlier, None))
                earlier = reading
            elif read_last:
                earlier = reading
        later = self.on(readings[end].date)[0] if end < len(readings) else None
        places.append(Place(earlier, None if later is None or later.starts_segment else later))
        return places

    def on(self, day: date) -> list[Reading]:
        """The readings of one day, in the order in which they were read, as far as can be known."""
        begin = bisect_left(self.readings, day, key=_date)
        return _order_of_day(self.readings[begin : bisect_right(self.readings, day, lo=begin, key=_date)])

    def _last_before(self, end: int) -> Reading | None:
        """Which of the first `end` readings was read last; they must not end within a day."""
        if end == 0:
            return None
        last = self.readings[end - 1]
        if end > 1 and self.readings[end - 2].date == last.date:
            return self.on(last.date)[-1]
        return last


def _order_of_day(readings: list[Reading]) -> list[Reading]:
    """The readings of one day in the order in which they were read, as far as can be known."""
    if len(readings) <= 1:
        return readings
    starts = sorted((reading for reading in readings if reading.starts_segment), key=_arrival)
    segments: list[list[Reading]] = [[] for _ in range(len(starts) + 1)]
    for reading in sorted(readings, key=_km):
        if not reading.starts_segment:
            segments[_segment_of(reading, starts)].append(reading)
    ordered = segments[0]
    for start, following in zip(starts, segments[1:], strict=True):
        ordered += [start, *following]
    return ordered


def _segment_of(reading: Reading, starts: list[Reading]) -> int:
    """Which odometer of the day a reading is of: 0 for the one the day began with, n for that of the n-th new start."""
    for number in range(len(starts), 0, -1):
        start = starts[number - 1]
        if start.arrival < reading.arrival and 0 <= reading.km - start.km <= limits.WITHIN_A_DAY_KM:
            return number
    return 0
