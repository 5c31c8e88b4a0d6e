"""Who had each vehicle, from when until when, what for, and how it was sold."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from odopass.simulate.arrays import Bools, Ints, pick
from odopass.simulate.days import DAYS_PER_YEAR, REGISTRY_BEGIN, day_number
from odopass.simulate.vehicles import OUT_OF_SCOPE_CATEGORIES, Vehicles


class Use(IntEnum):
    """What an owner has the vehicle for."""

    PRIVATE = 0
    COMMUTER = 1
    COMPANY = 2
    SECOND = 3
    TAXI = 4
    VAN = 5
    OLDTIMER = 6
    HEAVY = 7
    MOTORCYCLE = 8
    STOCK = 9
    """Standing at a dealer, waiting for a buyer."""
    ABROAD = 10
    """Used in another country before it was imported; nobody here reads its odometer."""


class Channel(IntEnum):
    """How a vehicle came to its next owner."""

    PRIVATE = 0
    DEALER = 1
    IMPORT = 2


#: Median years an owner keeps the vehicle and the spread of its logarithm, by use.
_HOLDING = {
    Use.PRIVATE: (6.0, 0.5),
    Use.COMMUTER: (5.0, 0.45),
    Use.COMPANY: (4.0, 0.16),
    Use.SECOND: (5.5, 0.55),
    Use.TAXI: (3.5, 0.3),
    Use.VAN: (6.0, 0.5),
    Use.OLDTIMER: (9.0, 0.6),
    Use.HEAVY: (6.0, 0.4),
    Use.MOTORCYCLE: (5.0, 0.6),
}
#: Shares of uses among first owners of cars, among later owners, and among owners of cars over 12 years old.
_CAR_USES = (Use.PRIVATE, Use.COMMUTER, Use.COMPANY, Use.SECOND, Use.TAXI)
_FIRST_OWNERS = (0.33, 0.17, 0.38, 0.11, 0.010)
_LATER_OWNERS = (0.52, 0.27, 0.025, 0.18, 0.005)
_OWNERS_OF_OLD_CARS = (0.55, 0.15, 0.0, 0.30, 0.0)
_OLD_CAR_YEARS = 12

#: Shares of changes of owner that go through a dealer.
_THROUGH_DEALER, _COMPANY_CARS_THROUGH_DEALER = 0.58, 0.95
#: Shares of trade-ins that dealers export: company cars, others.
_EXPORTED = (0.34, 0.16)
#: Days on the dealer's lot: median, spread of the logarithm, bounds.
_LOT_MEDIAN, _LOT_SPREAD, _LOT_LEAST, _LOT_MOST = 45, 0.75, 4, 320
#: Later owners keep a vehicle shorter than first owners.
_LATER_HOLDING = 0.72
_MOST_OWNERS = 24


@dataclass(slots=True)
class Owners:
    """Spells of ownership, sorted by vehicle and start; a dealer's lot is a spell too.

    Attributes:
        vehicle: position of the vehicle in its chunk.
        start: first day.
        end: the day after the last.
        use: a `Use`.
    """

    vehicle: Ints
    start: Ints
    end: Ints
    use: Ints


@dataclass(slots=True)
class Sales:
    """Changes of owner, sorted by vehicle and day.

    Attributes:
        vehicle: position of the vehicle in its chunk.
        listed: the day it was offered.
        sold: the day it was handed over.
        channel: a `Channel`.
    """

    vehicle: Ints
    listed: Ints
    sold: Ints
    channel: Ints

    def keep(self, wanted: Bools) -> Sales:
        """Only the wanted ones."""
        return Sales(self.vehicle[wanted], self.listed[wanted], self.sold[wanted], self.channel[wanted])


def make_owners(rng: np.random.Generator, vehicles: Vehicles, until: int) -> tuple[Owners, Sales, Ints]:
    """Owners and sales of all vehicles from the day readings began, or first use, until ``until``.

    The third is the day on which each vehicle leaves: as planned, or earlier if a dealer exported it.
    """
    begin = day_number(REGISTRY_BEGIN)
    count = len(vehicles)
    leaving = vehicles.leaving.copy()
    last = np.minimum(leaving, until + 1)
    spells: list[tuple[Ints, Ints, Ints, Ints]] = []
    sales: list[tuple[Ints, Ints, Ints, Ints]] = []

    lot = np.minimum(_days_on_lot(rng, count), (vehicles.entry - vehicles.first_use) // 2)
    imported = np.flatnonzero(vehicles.imported)
    listed = vehicles.entry - lot
    spells.append(_spell(imported, vehicles.first_use[imported], listed[imported], Use.ABROAD))
    spells.append(_spell(imported, listed[imported], vehicles.entry[imported], Use.STOCK))
    sales.append((imported, listed[imported], vehicles.entry[imported], np.full(len(imported), Channel.IMPORT)))

    earlier = begin - rng.integers(0, int(4 * DAYS_PER_YEAR), count)
    position = np.where(vehicles.imported, vehicles.entry, np.maximum(vehicles.first_use, earlier))
    new = ~vehicles.imported & (position == vehicles.first_use)
    kind = _owner_kind(vehicles)
    for turn in range(_MOST_OWNERS):
        here = np.flatnonzero(position < last)
        if not len(here):
            break
        start = position[here]
        age = (start - vehicles.first_use[here]) / DAYS_PER_YEAR
        use = _uses(rng, kind[here], age, new[here] & (turn == 0))
        median, spread = np.array([_HOLDING[Use(each)] for each in range(Use.STOCK)])[use].T
        years = median * np.exp(spread * rng.standard_normal(len(here)))
        years = np.where(new[here] & (turn == 0), years, years * _LATER_HOLDING)
        end = start + np.maximum(years * DAYS_PER_YEAR, 40).astype(np.int64)
        spells.append((here, start, np.minimum(end, last[here]), use))
        share = np.where(use == Use.COMPANY, _COMPANY_CARS_THROUGH_DEALER, _THROUGH_DEALER)
        share = np.where(use == Use.OLDTIMER, 0.3, share)
        dealer = rng.random(len(here)) < share
        sold = np.where(dealer, end + _days_on_lot(rng, len(here)), end)
        stands = dealer & (end < last[here])
        lot_end = np.minimum(sold, last[here])
        spells.append(_spell(here[stands], end[stands], lot_end[stands], Use.STOCK))
        exported = stands & (rng.random(len(here)) < np.where(use == Use.COMPANY, *_EXPORTED))
        leaving[here[exported]] = np.minimum(leaving[here], sold)[exported]
        last[here[exported]] = np.minimum(last[here], sold)[exported]
        done = sold < last[here]
        listed_at = np.where(dealer, end + 1, end - rng.integers(2, 40, len(here)))
        listed_at = np.maximum(listed_at, start + 1)
        sales.append((here[done], listed_at[done], sold[done], dealer[done].astype(np.int64)))
        position[here] = sold
    return _sorted_owners(spells), _sorted_sales(sales, begin, last), leaving


def cut_at_leaving(owners: Owners, sales: Sales, leaving: Ints) -> tuple[Owners, Sales]:
    """Drop what would have come after each vehicle's (earlier) last day."""
    last = leaving[owners.vehicle]
    kept = owners.start < last
    owners = Owners(owners.vehicle[kept], owners.start[kept], np.minimum(owners.end, last)[kept], owners.use[kept])
    return owners, sales.keep(sales.sold < leaving[sales.vehicle])


def _spell(vehicle: Ints, start: Ints, end: Ints, use: Use) -> tuple[Ints, Ints, Ints, Ints]:
    return vehicle, start, end, np.full(len(vehicle), int(use), dtype=np.int64)


def _days_on_lot(rng: np.random.Generator, count: int) -> Ints:
    days = _LOT_MEDIAN * np.exp(_LOT_SPREAD * rng.standard_normal(count))
    return np.asarray(np.clip(days, _LOT_LEAST, _LOT_MOST), dtype=np.int64)


def _owner_kind(vehicles: Vehicles) -> Ints:
    """The use that the vehicle itself dictates, or -1 for cars, whose owners decide."""
    kind = np.full(len(vehicles), -1, dtype=np.int64)
    kind[vehicles.in_category(("N1", "N1G"))] = Use.VAN
    kind[vehicles.in_category(OUT_OF_SCOPE_CATEGORIES)] = Use.HEAVY
    kind[vehicles.in_category(("L3e",))] = Use.MOTORCYCLE
    kind[vehicles.oldtimer] = Use.OLDTIMER
    return kind


def _uses(
    rng: np.random.Generator, kind: Ints, age: np.ndarray[tuple[int], np.dtype[np.float64]], first: Bools
) -> Ints:
    count = len(kind)
    choice = np.where(first, pick(rng, _FIRST_OWNERS, count), pick(rng, _LATER_OWNERS, count))
    choice = np.where(age > _OLD_CAR_YEARS, pick(rng, _OWNERS_OF_OLD_CARS, count), choice)
    cars = np.array(_CAR_USES, dtype=np.int64)[choice]
    return np.where(kind >= 0, kind, cars)


def _sorted_owners(spells: list[tuple[Ints, Ints, Ints, Ints]]) -> Owners:
    vehicle, start, end, use = (np.concatenate(column) for column in zip(*spells, strict=True))
    kept = end > start
    order = np.lexsort((start[kept], vehicle[kept]))
    return Owners(vehicle[kept][order], start[kept][order], end[kept][order], use[kept][order])


def _sorted_sales(sales: list[tuple[Ints, Ints, Ints, Ints]], begin: int, last: Ints) -> Sales:
    vehicle, listed, sold, channel = (np.concatenate(column) for column in zip(*sales, strict=True))
    order = np.lexsort((sold, vehicle))
    found = Sales(vehicle[order], listed[order], sold[order], channel[order].astype(np.int64))
    return found.keep((found.listed >= begin) & (found.sold < last[found.vehicle]))
