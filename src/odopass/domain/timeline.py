"""A vehicle's readings as a buyer should see them: in order, with the distances, and with what does not fit (R11).

Unlike the judging of a new reading, nothing is refused here: what was taken, confirmed or reported from abroad is all
shown, and where two readings contradict each other the later one says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from odopass.domain import limits
from odopass.domain.history import History, Reading, SourceKind


class RemarkKind(StrEnum):
    """Why a reading does not fit."""

    LOWER = "lower"  # than an earlier reading of the same odometer
    TOO_FAR = "too_far"  # from the earlier reading for the time between
    OUT_OF_PLACE = "out_of_place"  # the readings before and after it fit each other without it


@dataclass(frozen=True, slots=True)
class Remark:
    """What does not fit about a reading, and beside which other one.

    Attributes:
        kind: why.
        other_date: the day of the reading it contradicts.
        other_km: what that one showed, in km.
    """

    kind: RemarkKind
    other_date: date
    other_km: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """A reading with what reports tell about it beside its figures.

    Attributes:
        reading: the reading.
        replaced: whether the odometer was replaced, so that this is what the new one showed.
        confirmed: whether somebody confirmed it although it did not fit.
        country: ISO 3166 code of the country it was read in, if abroad.
        in_miles: what the odometer showed, if it counts miles.
    """

    reading: Reading
    replaced: bool = False
    confirmed: bool = False
    country: str | None = None
    in_miles: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a vehicle's history.

    Attributes:
        recorded: the reading.
        distance_km: since the one before on the same odometer that is not out of place, in km; None for the first of
            an odometer.
        remarks: what does not fit.
    """

    recorded: Recorded
    distance_km: int | None
    remarks: tuple[Remark, ...]

    @property
    def out_of_place(self) -> bool:
        """Whether this one reading is wrong rather than those around it."""
        return any(remark.kind is RemarkKind.OUT_OF_PLACE for remark in self.remarks)

    @property
    def date(self) -> date:
        """The day it was read."""
        return self.recorded.reading.date

    @property
    def km(self) -> int:
        """What the display showed, in km."""
        return self.recorded.reading.km

    @property
    def source(self) -> SourceKind:
        """Who read it."""
        return self.recorded.reading.source


@dataclass(frozen=True, slots=True)
class Timeline:
    """A vehicle's history, oldest first.

    Attributes:
        entries: one for each reading.
        total_km: how far the vehicle has gone over all its odometers, as far as is known, in km; readings out of place
            do not count.
        odometers: how many odometers it has had.
    """

    entries: tuple[Entry, ...]
    total_km: int
    odometers: int

    @property
    def contradicted(self) -> bool:
        """Whether anything in it does not fit."""
        return any(entry.remarks for entry in self.entries)


def timeline(recorded: Iterable[Recorded]) -> Timeline:
    """Put readings in order and find what does not fit."""
    by_reading = {id(each.reading): each for each in recorded}
    ordered = [
        by_reading[id(reading)] for reading in History.of(each.reading for each in by_reading.values()).as_read()
    ]
    entries: list[Entry] = []
    before: Reading | None = None  # the one that the next is compared with
    for place, each in enumerate(ordered):
        entry = _entry(each, None if each.replaced else before, out_of_place=_out_of_place(ordered, place, before))
        entries.append(entry)
        if not entry.out_of_place:
            before = each.reading
    return Timeline(
        entries=tuple(entries),
        total_km=History.of(entry.recorded.reading for entry in entries if not entry.out_of_place).total_km(),
        odometers=sum(each.replaced for each in ordered) + bool(ordered),
    )


def _entry(recorded: Recorded, before: Reading | None, *, out_of_place: bool) -> Entry:
    if before is None:
        return Entry(recorded, None, ())
    distance = recorded.reading.km - before.km
    kind = RemarkKind.OUT_OF_PLACE if out_of_place else _misfit(before, recorded.reading)
    return Entry(recorded, distance, () if kind is None else (Remark(kind, before.date, before.km),))


def _misfit(before: Reading, reading: Reading) -> RemarkKind | None:
    distance = reading.km - before.km
    if distance < 0:
        return RemarkKind.LOWER
    if distance > limits.longest_distance((reading.date - before.date).days):
        return RemarkKind.TOO_FAR
    return None


def _out_of_place(ordered: Sequence[Recorded], place: int, before: Reading | None) -> bool:
    """Whether this one reading is wrong rather than those around it: without it, its neighbours fit each other."""
    if before is None or place == len(ordered) - 1 or ordered[place].replaced or ordered[place + 1].replaced:
        return False
    here, after = ordered[place].reading, ordered[place + 1].reading
    return _misfit(before, here) is not None and _misfit(here, after) is not None and _misfit(before, after) is None
