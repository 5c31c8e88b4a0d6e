"""Belgian plates through the years. A plate belongs to its owner, who takes it along to the next vehicle."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from odopass.simulate.arrays import Ints, latest_before, moment_key, where_object
from odopass.simulate.days import DAYS_PER_YEAR
from odopass.simulate.owners import Owners, Use
from odopass.simulate.vehicles import Vehicles

#: Letters of ordinary plates; those that look like others are left out.
PLATE_LETTERS = "ABCDEFGHJKLNPRSTUVXYZ"
#: When the order of letters and digits was turned round, and when the European form began, as day numbers.
_DIGITS_FIRST, _EUROPEAN = 14_032, 14_929
#: The letters of one leading digit last this long.
_YEARS_PER_SERIES = 10.1
_DIGITS = 999
_PAIRS = len(PLATE_LETTERS) ** 2
_STRIDE = 386_117

_TAKEN_ALONG, _PERSONALISED, _RENEWED = 0.42, 0.012, 0.03
#: Days an owner keeps a plate without a vehicle.
_KEPT_DAYS = 120

#: What personalised plates say; each is followed by a number of its own.
_WORDS = ("BRUM", "SNEL", "ZOEF", "AUTO", "VITE", "ROUT", "KAST", "DUCK", "MOTO", "ROLL", "ZOOM", "TUUT")


@dataclass(slots=True)
class Plates:
    """Spells in which a vehicle bears a plate, sorted by vehicle and start.

    Attributes:
        vehicle: position of the vehicle in its chunk.
        plate: as it is written on the vehicle, with dashes.
        start: the first day.
        end: the last day, or -1 while it is borne.
    """

    vehicle: Ints
    plate: npt.NDArray[np.object_]
    start: Ints
    end: Ints

    def on(self, vehicle: Ints, day: Ints) -> npt.NDArray[np.object_]:
        """The plate that each vehicle bears on each day, or None."""
        at = latest_before(moment_key(self.vehicle, self.start), moment_key(vehicle, day))
        ends = np.append(self.end, 0)[at]
        borne = (at >= 0) & ((ends < 0) | (day <= ends))
        return where_object(borne, np.append(self.plate, np.array([None], dtype=object))[at], None)


class _Issuer:
    """Gives out plates, none of them twice in the whole fleet: each chunk has its own share of every series."""

    def __init__(self, chunk: int, chunks: int) -> None:
        self._chunk, self._chunks = chunk, chunks
        self._given: dict[str, int] = {}

    def next(self, prefix: str, day: int, draw: float) -> str:
        """A new plate of the form of that day; ``prefix`` is the letter of a special kind, or empty."""
        if day < _EUROPEAN:
            letters, digits = self._of_series("old" if day < _DIGITS_FIRST else "turned", draw)
            return f"{letters}-{digits}" if day < _DIGITS_FIRST else f"{digits}-{letters}"
        if prefix:
            letters, digits = self._of_series(prefix, draw)
            return f"{prefix}-{letters}-{digits}"
        years = (day - _EUROPEAN) / DAYS_PER_YEAR
        series = int(years / _YEARS_PER_SERIES)
        leading = int((years / _YEARS_PER_SERIES - series) * len(PLATE_LETTERS))
        letters, digits = self._of_series(f"{series + 1}{PLATE_LETTERS[leading]}", draw, leading)
        return f"{min(series + 1, 9)}-{letters}-{digits}"

    def personalised(self) -> str:
        """A word and a number."""
        number = self._number("personalised", 10_000 * len(_WORDS))
        return f"{_WORDS[number % len(_WORDS)]}{number // len(_WORDS)}"

    def _of_series(self, series: str, draw: float, leading: int | None = None) -> tuple[str, str]:
        """Three letters and three digits; the first letter is given, or drawn among all."""
        first = int(draw * len(PLATE_LETTERS)) if leading is None else leading
        number = self._number(f"{series}/{first}", _PAIRS * _DIGITS)
        pair, digits = divmod(number, _DIGITS)
        second, third = divmod(pair, len(PLATE_LETTERS))
        letters = PLATE_LETTERS[first] + PLATE_LETTERS[second] + PLATE_LETTERS[third]
        return letters, f"{digits + 1:03d}"

    def _number(self, series: str, capacity: int) -> int:
        """The next number of this chunk's share of a series, scattered over the series."""
        share = capacity // self._chunks
        given = self._given.get(series, 0)
        if given >= share:
            raise ValueError(f"plates of series {series} are used up: simulate fewer vehicles")
        self._given[series] = given + 1
        return (self._chunk * share + given) * _STRIDE % capacity


def make_plates(
    rng: np.random.Generator, vehicles: Vehicles, owners: Owners, *, until: int, chunk: int, chunks: int
) -> Plates:
    """The plates of all vehicles while they have an owner; on a dealer's lot they have none."""
    borne = (owners.use != Use.STOCK) & (owners.use != Use.ABROAD)
    vehicle, start, end = owners.vehicle[borne], owners.start[borne], owners.end[borne]
    vehicle, start, end, renewed = _with_renewals(rng, vehicle, start, end)
    prefixes = _prefixes(vehicles, owners)
    issuer = _Issuer(chunk, chunks)
    plate = np.empty(len(vehicle), dtype=object)
    free: list[tuple[int, int, str]] = []
    chance = rng.random((len(vehicle), 3))
    for turn, at in enumerate(np.argsort(start, kind="stable")):
        day = int(start[at])
        prefix = prefixes[vehicle[at]]
        while free and free[0][0] < day - _KEPT_DAYS:
            heapq.heappop(free)
        if not prefix and not renewed[at] and free and free[0][0] <= day and chance[at, 0] < _TAKEN_ALONG:
            plate[at] = heapq.heappop(free)[2]
        elif chance[at, 1] < _PERSONALISED:
            plate[at] = issuer.personalised()
        else:
            plate[at] = issuer.next(prefix, day, float(chance[at, 2]))
        goes_on = at + 1 < len(vehicle) and renewed[at + 1]
        if not prefix and not goes_on:
            heapq.heappush(free, (int(end[at]), turn, plate[at]))
    return Plates(vehicle, plate, start, np.where(end > until, -1, end - 1))


def _with_renewals(
    rng: np.random.Generator, vehicle: Ints, start: Ints, end: Ints
) -> tuple[Ints, Ints, Ints, npt.NDArray[np.bool_]]:
    """Split some spells: the plate was stolen or lost, and the same owner got a new one."""
    split = np.flatnonzero((rng.random(len(vehicle)) < _RENEWED) & (end - start > 400))  # noqa: PLR2004
    day = start[split] + (rng.uniform(0.2, 0.8, len(split)) * (end - start)[split]).astype(np.int64)
    ends = end.copy()
    ends[split] = day
    renewed = np.concatenate([np.zeros(len(vehicle), dtype=np.bool_), np.ones(len(split), dtype=np.bool_)])
    vehicle, start = np.concatenate([vehicle, vehicle[split]]), np.concatenate([start, day])
    end = np.concatenate([ends, end[split]])
    order = np.lexsort((start, vehicle))
    return vehicle[order], start[order], end[order], renewed[order]


def _prefixes(vehicles: Vehicles, owners: Owners) -> list[str]:
    """The letter of special plates: motorcycles, oldtimers, trailers, taxis; most vehicles have none."""
    prefixes = np.full(len(vehicles), "", dtype=object)
    prefixes[owners.vehicle[owners.use == Use.TAXI]] = "T"
    prefixes[vehicles.oldtimer] = "O"
    prefixes[vehicles.in_category(("L3e",))] = "M"
    prefixes[vehicles.in_category(("O1", "O4"))] = "Q"
    return [str(each) for each in prefixes]
