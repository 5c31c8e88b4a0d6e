"""The readings of a vehicle that count, in the order in which they were read (R5, R6)."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from operator import attrgetter


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


_order = attrgetter("date", "arrival")


@dataclass(slots=True)
class History:
    """The readings of one vehicle that count, oldest first; readings of one day in order of arrival."""

    readings: list[Reading] = field(default_factory=list)

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> History:
        """A history of these readings, in whatever order they come."""
        return cls(sorted(readings, key=_order))

    def __iter__(self) -> Iterator[Reading]:
        return iter(self.readings)

    def __len__(self) -> int:
        return len(self.readings)

    def add(self, reading: Reading) -> None:
        """Let a reading take its place by date and arrival."""
        insort(self.readings, reading, key=_order)

    def places(self, day: date, *, read_last: bool) -> list[Place]:
        """Where a reading of this day may stand.

        Usually there is one place. On a day when the odometer was replaced, or a break was confirmed, a reading may be
        of the old odometer or of the new one (R6): two places.

        Args:
            day: the day of the reading.
            read_last: whether it is known to have been read after the day's other readings, as when it arrives on
                the very day. If not, its order within the day is unknown, and the day's other readings are no
                neighbours: compare with them separately.
        """
        before: Reading | None = None
        after: Reading | None = None
        last: Reading | None = None
        anew = False
        for reading in self.readings:
            if reading.date < day:
                before = reading
            elif reading.date > day:
                after = reading
                break
            elif reading.starts_segment or read_last:
                last = reading
                anew = anew or reading.starts_segment
        later = None if after is None or after.starts_segment else after
        if not anew:
            return [Place(last or before, later)]
        return [Place(before, None), Place(last, later)]

    def on(self, day: date) -> list[Reading]:
        """The readings of one day, in order of arrival."""
        return [reading for reading in self.readings if reading.date == day]
