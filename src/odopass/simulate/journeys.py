"""How far every vehicle has driven on any day: by owner, age, season, year, holiday and chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from odopass.simulate.arrays import Floats, Ints, moment_key
from odopass.simulate.days import DAYS_PER_YEAR, month_of, month_start, year_of
from odopass.simulate.owners import Owners, Use
from odopass.simulate.vehicles import Vehicles

#: Median km in a year for a new vehicle, and the spread of its logarithm between owners.
YEARLY_KM: dict[Use, tuple[float, float]] = {
    Use.PRIVATE: (13_000, 0.42),
    Use.COMMUTER: (21_500, 0.28),
    Use.COMPANY: (28_000, 0.34),
    Use.SECOND: (6_800, 0.5),
    Use.TAXI: (62_000, 0.24),
    Use.VAN: (22_000, 0.48),
    Use.OLDTIMER: (2_200, 0.8),
    Use.HEAVY: (62_000, 0.3),
    Use.MOTORCYCLE: (4_200, 0.6),
    Use.STOCK: (240, 0.7),
    Use.ABROAD: (23_000, 0.45),
}
#: Km fall by this share with each year of age.
_DECLINE_PER_YEAR = 0.032
_YEAR_SPREAD, _MONTH_SPREAD = 0.16, 0.24

_EVEN = (1.0,) * 12
_FAMILY = (0.90, 0.93, 0.98, 1.02, 1.04, 1.02, 1.14, 1.12, 1.01, 1.00, 0.93, 0.91)
_WORK = (1.02, 1.02, 1.08, 1.00, 0.99, 1.07, 0.86, 0.84, 1.08, 1.07, 1.04, 0.93)
_SUMMER = (0.15, 0.2, 0.6, 1.2, 1.7, 1.9, 1.8, 1.7, 1.5, 0.8, 0.3, 0.15)
_SEASONS: dict[Use, tuple[float, ...]] = {
    Use.PRIVATE: _FAMILY,
    Use.COMMUTER: _WORK,
    Use.COMPANY: _WORK,
    Use.SECOND: _FAMILY,
    Use.VAN: _WORK,
    Use.OLDTIMER: _SUMMER,
    Use.MOTORCYCLE: _SUMMER,
}
#: Months in which the country stayed at home.
_QUIET_MONTHS = {(2020, 3): 0.6, (2020, 4): 0.4, (2020, 5): 0.65, (2020, 11): 0.75, (2020, 12): 0.8, (2021, 1): 0.8}

#: Share of vehicle-years in which a vehicle begins to stand still (illness, a lost licence, a long repair), and months.
_STANDING_SHARE, _STANDING_LEAST, _STANDING_MOST = 0.015, 2, 9
#: Share of vehicle-years with a holiday whose way there and back take one day each.
_HOLIDAY_SHARE = 0.28
#: Vehicles are given up at about this many km.
_LAST_KM_MEDIAN, _LAST_KM_SPREAD = 330_000, 0.28

_FIRST_MONTH = (2006 - 1970) * 12
#: More km than any vehicle drives, so that rows of the distance table sort one after another.
_ROW_APART = 1e7


@dataclass(slots=True)
class Journeys:
    """Distances of the vehicles of one chunk.

    Attributes:
        months: first day of each month of the table, and one more.
        table: km driven since it was built, for each vehicle (row) at the beginning of each month (column).
        trip_keys: `moment_key` of each day of long driving, sorted.
        trip_km: km of those days added up over all vehicles, beginning with 0.
    """

    months: Ints
    table: Floats
    trip_keys: Floats
    trip_km: Floats

    def distance(self, vehicle: Ints, moment: npt.NDArray[np.float64]) -> Floats:
        """Km driven by each vehicle at each moment (days, time of day as fraction)."""
        month = np.clip(np.searchsorted(self.months, moment, side="right") - 1, 0, len(self.months) - 2)
        begin, end = self.months[month], self.months[month + 1]
        share = np.clip((moment - begin) / (end - begin), 0, 1)
        low, high = self.table[vehicle, month], self.table[vehicle, month + 1]
        trips = np.searchsorted(self.trip_keys, moment_key(vehicle, moment), side="right")
        before = np.searchsorted(self.trip_keys, moment_key(vehicle, np.zeros(len(vehicle))))
        return np.asarray(low + share * (high - low) + self.trip_km[trips] - self.trip_km[before])

    def day_at(self, flat: Floats, vehicle: Ints, km: Floats) -> Ints:
        """The day on which each vehicle has driven ``km`` (holidays aside); ``flat`` comes from `flattened`."""
        width = self.table.shape[1]
        at = np.searchsorted(flat, km + vehicle * _ROW_APART) - vehicle * width
        high = np.clip(at, 1, width - 1)
        below, above = self.table[vehicle, high - 1], self.table[vehicle, high]
        share = np.clip((km - below) / np.maximum(above - below, 1e-9), 0, 1)
        days = self.months[high - 1] + share * (self.months[high] - self.months[high - 1])
        return np.where(at >= width, np.iinfo(np.int64).max // 2, days).astype(np.int64)

    def flattened(self) -> Floats:
        """All rows of the table one after another in rising order, for `day_at`."""
        rows = np.arange(len(self.table), dtype=np.float64)[:, None]
        return np.asarray((self.table + rows * _ROW_APART).ravel())


def make_journeys(rng: np.random.Generator, vehicles: Vehicles, owners: Owners, until: int) -> Journeys:
    """Drive all vehicles until the end of the month of ``until``."""
    last = int(month_of(np.array([until]))[0]) + 1
    months = np.arange(_FIRST_MONTH, last + 1, dtype=np.int64)
    starts = month_start(months)
    km = _monthly_km(rng, vehicles, owners, starts)
    km *= _noise(rng, len(vehicles), months[:-1])
    _stand_still(rng, km)
    table = np.zeros((len(vehicles), len(months)))
    table[:, 0] = _km_before(rng, vehicles, int(starts[0]))
    np.cumsum(km, axis=1, out=table[:, 1:])
    table[:, 1:] += table[:, :1]
    trip_keys, trip_km = _holidays(rng, vehicles, owners, until)
    return Journeys(starts, table, trip_keys, trip_km)


def leaving_by_distance(rng: np.random.Generator, journeys: Journeys, vehicles: Vehicles, owners: Owners) -> Ints:
    """The day each vehicle leaves: by age as planned, or earlier when it has driven as far as it could."""
    most = _LAST_KM_MEDIAN * np.exp(_LAST_KM_SPREAD * rng.standard_normal(len(vehicles)))
    most[vehicles.in_category(("N2", "N3", "M2", "M3"))] *= 3
    taxis = np.unique(owners.vehicle[owners.use == Use.TAXI])
    most[taxis] *= 1.4
    worn = journeys.day_at(journeys.flattened(), np.arange(len(vehicles)), most)
    earliest = np.maximum(vehicles.entry, int(journeys.months[11])) + 60
    return np.asarray(np.minimum(vehicles.leaving, np.maximum(worn, earliest)))


def _monthly_km(rng: np.random.Generator, vehicles: Vehicles, owners: Owners, starts: Ints) -> Floats:
    """Km per vehicle and month by owner, age and season, without chance."""
    middle = (starts[:-1] + starts[1:]) / 2
    median, spread = np.array([YEARLY_KM[Use(use)] for use in range(len(Use))])[owners.use].T
    yearly = median * np.exp(spread * rng.standard_normal(len(owners.use)))
    rate = np.zeros((len(vehicles), len(middle)))
    seasons = np.array([_SEASONS.get(Use(use), _EVEN) for use in range(len(Use))])
    calendar = np.arange(len(middle)) % 12
    first = np.searchsorted(middle, owners.start)
    after = np.searchsorted(middle, owners.end)
    # Spells of one vehicle follow each other, so each month of a vehicle belongs to one spell at most.
    lengths = after - first
    spell = np.repeat(np.arange(len(lengths)), lengths)
    month = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(first, lengths)
    rate[owners.vehicle[spell], month] = yearly[spell] / 12 * seasons[owners.use[spell], calendar[month]]
    age = np.clip((middle[None, :] - vehicles.first_use[:, None]) / DAYS_PER_YEAR, 0, 25)
    return np.asarray(rate * np.exp(-_DECLINE_PER_YEAR * age))


def _noise(rng: np.random.Generator, count: int, months: Ints) -> Floats:
    """What makes one year and one month unlike another, around 1."""
    years = months // 12 - months[0] // 12
    by_year = np.exp(_YEAR_SPREAD * rng.standard_normal((count, years[-1] + 1)))
    by_month = np.exp(_MONTH_SPREAD * rng.standard_normal((count, len(months)), dtype=np.float32))
    quiet = np.array([_QUIET_MONTHS.get((int(m) // 12 + 1970, int(m) % 12 + 1), 1.0) for m in months])
    return np.asarray(by_year[:, years] * by_month * quiet[None, :])


def _stand_still(rng: np.random.Generator, km: Floats) -> None:
    """Choose months in which a vehicle was moved a few km at most."""
    count, width = km.shape
    spells = rng.poisson(_STANDING_SHARE * count * width / 12)
    vehicle = rng.integers(0, count, spells)
    start = rng.integers(0, width, spells)
    end = np.minimum(start + rng.integers(_STANDING_LEAST, _STANDING_MOST + 1, spells), width)
    for one, first, after in zip(vehicle, start, end, strict=True):
        km[one, first:after] = rng.uniform(0, 12)


def _km_before(rng: np.random.Generator, vehicles: Vehicles, begin: int) -> Floats:
    """Km driven before the table begins; a new vehicle has driven from the factory to its first owner."""
    age = np.maximum(begin - vehicles.first_use, 0) / DAYS_PER_YEAR
    yearly = 18_500 * np.exp(0.36 * rng.standard_normal(len(vehicles)))
    yearly = np.where(vehicles.in_category(("N2", "N3", "M3")), yearly * 3, yearly)
    km = yearly * (1 - np.exp(-_DECLINE_PER_YEAR * age)) / _DECLINE_PER_YEAR
    km = np.where(vehicles.in_category(("L3e",)), age * rng.uniform(1_500, 5_000, len(vehicles)), km)
    km = np.where(vehicles.oldtimer, rng.uniform(25_000, 140_000, len(vehicles)), km)
    return np.asarray(km + rng.uniform(3, 40, len(vehicles)))


def _holidays(rng: np.random.Generator, vehicles: Vehicles, owners: Owners, until: int) -> tuple[Floats, Floats]:
    """Days of 500 to 1,150 km: the way to the sea or the mountains, and back one to three weeks later."""
    takes = np.isin(owners.use, (Use.PRIVATE, Use.COMMUTER, Use.COMPANY))
    vehicle, start, end = owners.vehicle[takes], owners.start[takes], owners.end[takes]
    trips = rng.poisson(_HOLIDAY_SHARE * (end - start) / DAYS_PER_YEAR)
    spell = np.repeat(np.arange(len(trips)), trips)
    day = start[spell] + (rng.random(len(spell)) * (end - start)[spell]).astype(np.int64)
    summer = day_number_of_year(
        day, rng.choice([45, 105, 185, 195, 205, 212, 220], len(day)) + rng.integers(0, 9, len(day))
    )
    day = np.where((summer > start[spell]) & (summer < end[spell]), summer, day)
    back = day + rng.integers(6, 22, len(day))
    km = rng.uniform(500, 1_150, len(day))
    who = np.concatenate([vehicle[spell], vehicle[spell]])
    when = np.concatenate([day, back])
    far = np.concatenate([km, km * rng.uniform(0.97, 1.03, len(km))])
    ends = np.concatenate([end[spell], end[spell]])
    kept = (when >= vehicles.first_use[who]) & (when <= until) & (when < ends)
    keys = moment_key(who[kept], when[kept])
    order = np.argsort(keys, kind="stable")
    return keys[order], np.concatenate([[0.0], np.cumsum(far[kept][order])])


def day_number_of_year(days: Ints, of_year: Ints) -> Ints:
    """Day ``of_year`` (0 for 1 January) in the year of each of ``days``."""
    return month_start((year_of(days) - 1970) * 12) + of_year
