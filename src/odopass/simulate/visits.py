"""When odometers are read: services, repairs, tyre changes, inspections, breakdowns, sales and replaced odometers."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np

from odopass.simulate.arrays import Bools, Floats, Ints, latest_before, moment_key
from odopass.simulate.days import (
    DAYS_PER_MONTH,
    DAYS_PER_YEAR,
    REGISTRY_BEGIN,
    day_number,
    month_start,
    spread_to_working_days,
    year_of,
)
from odopass.simulate.journeys import Journeys
from odopass.simulate.organisations import GarageKind, Garages
from odopass.simulate.owners import Channel, Owners, Sales, Use
from odopass.simulate.vehicles import OUT_OF_SCOPE_CATEGORIES, WITHOUT_ODOMETER, Vehicles


class Occasion(IntEnum):
    """Why an odometer was read."""

    SERVICE = 0
    REPAIR = 1
    TYRES = 2
    INSPECTION = 3
    ROADSIDE = 4
    HISTORY_REPORT = 5
    """A dealer asks for the vehicle's history to offer it for sale."""
    SALE_INSPECTION = 6
    """The inspection that a private sale needs."""
    SECOND_GARAGE = 7
    """Another garage on the same day: tyres after a service, glass after a repair."""
    BEFORE_REPLACEMENT = 8
    """The old display, read for the last time."""
    REPLACEMENT = 9
    """The new display, read for the first time."""


_GARAGE_OF = {
    Occasion.SERVICE: GarageKind.WORKSHOP,
    Occasion.REPAIR: GarageKind.WORKSHOP,
    Occasion.TYRES: GarageKind.TYRES,
    Occasion.INSPECTION: GarageKind.INSPECTION,
    Occasion.ROADSIDE: GarageKind.ROADSIDE,
    Occasion.HISTORY_REPORT: GarageKind.DEALER,
    Occasion.SALE_INSPECTION: GarageKind.INSPECTION,
    Occasion.SECOND_GARAGE: GarageKind.TYRES,
    Occasion.BEFORE_REPLACEMENT: GarageKind.WORKSHOP,
    Occasion.REPLACEMENT: GarageKind.WORKSHOP,
}
#: Share of visits whose reading reaches the registry, once everybody takes part.
_REPORTED = {
    Occasion.SERVICE: 0.88,
    Occasion.REPAIR: 0.72,
    Occasion.TYRES: 0.72,
    Occasion.INSPECTION: 0.99,
    Occasion.ROADSIDE: 0.75,
    Occasion.HISTORY_REPORT: 1.0,
    Occasion.SALE_INSPECTION: 1.0,
    Occasion.SECOND_GARAGE: 1.0,
    Occasion.BEFORE_REPLACEMENT: 1.0,
    Occasion.REPLACEMENT: 0.9,
}
#: Garages took part little by little: this share of the above in 2007, all of it since 2022.
_TAKING_PART_YEARS, _TAKING_PART = (2007, 2012, 2018, 2022), (0.55, 0.75, 0.92, 1.0)
#: Share of cars on a dealer's lot for which a report is asked; the duty to show it in advertisements grew with time.
_REPORTS_ASKED_YEARS, _REPORTS_ASKED = (2007, 2018, 2020), (0.6, 0.7, 0.97)

#: Km and months between services.
_SERVICE_KM = (15_000, 20_000, 30_000)
_SERVICE_MONTHS = (12, 12, 24)
_FIRST_INSPECTION_YEARS = 4
_REPAIRS_PER_YEAR, _ROADSIDE_PER_YEAR, _REPLACEMENTS_PER_YEAR = 0.42, 0.045, 0.0025
_HAVE_WINTER_TYRES, _COMPANY_CARS_WITH_WINTER_TYRES = 0.15, 0.32
#: Middle and spread (days) of the two seasons of tyre changes, as days of the year.
_TYRE_SEASONS = ((100, 14), (311, 13))
_LOYAL = 0.82
_OUT_OF_SCOPE_SENT = 0.15
_SECOND_GARAGE_SHARE = 0.0015
_OLD_DISPLAY_READ_TOO = 0.3
_MOST_SERVICES = 90


@dataclass(slots=True)
class Visits:
    """Readings as they should have been made, sorted by vehicle and moment.

    Attributes:
        vehicle: position of the vehicle in its chunk.
        moment: days since 1970-01-01, Belgian time of day as fraction.
        occasion: an `Occasion`.
        garage: position among the garages.
    """

    vehicle: Ints
    moment: Floats
    occasion: Ints
    garage: Ints

    def __len__(self) -> int:
        return len(self.vehicle)

    @property
    def day(self) -> Ints:
        """The day of each."""
        return np.floor(self.moment).astype(np.int64)

    def keep(self, wanted: Bools | Ints) -> Visits:
        """Only the wanted ones, or all in another order."""
        return Visits(*(getattr(self, field.name)[wanted] for field in fields(self)))


def make_visits(
    rng: np.random.Generator,
    vehicles: Vehicles,
    owners: Owners,
    sales: Sales,
    journeys: Journeys,
    *,
    garages: Garages,
    until: int,
) -> Visits:
    """All readings of all vehicles until ``until`` that reach the registry."""
    here_from = _here_from(vehicles, owners)
    last = np.minimum(vehicles.leaving, until + 1)
    found = [
        (Occasion.SERVICE, *_services(rng, vehicles, journeys, here_from, last)),
        (Occasion.REPAIR, *_by_chance(rng, _REPAIRS_PER_YEAR, here_from, last, 0.75)),
        (Occasion.ROADSIDE, *_by_chance(rng, _ROADSIDE_PER_YEAR, here_from, last, 0.8)),
        (Occasion.REPLACEMENT, *_by_chance(rng, _REPLACEMENTS_PER_YEAR, here_from + 200, last, 0.8)),
        (Occasion.TYRES, *_tyre_changes(rng, owners, until)),
        (Occasion.INSPECTION, *_inspections(rng, vehicles)),
        *_around_sales(rng, sales, last),
    ]
    vehicle = np.concatenate([each[1] for each in found])
    day = np.concatenate([each[2] for each in found])
    occasion = np.concatenate([np.full(len(each[1]), each[0], dtype=np.int64) for each in found])
    day = _opening_days(rng, day, occasion)
    kept = (day >= here_from[vehicle]) & (day < last[vehicle]) & (day <= until)
    kept &= _reported(rng, vehicles, vehicle, day, occasion)
    vehicle, day, occasion = vehicle[kept], day[kept], occasion[kept]
    moment = day + _time_of_day(rng, occasion)
    spell = latest_before(moment_key(owners.vehicle, owners.start), moment_key(vehicle, day))
    on_lot = owners.use[spell] == Use.STOCK
    rests = on_lot & (occasion <= Occasion.ROADSIDE) & (rng.random(len(day)) < 0.75)  # noqa: PLR2004
    visits = Visits(vehicle, moment, occasion, _garages_for(rng, garages, occasion, spell, len(owners.use)))
    visits = _with_second_garages(rng, visits.keep(~rests), garages)
    visits = _with_old_displays(rng, visits)
    return tidied(visits)


def tidied(visits: Visits) -> Visits:
    """The visits in order of vehicle and moment, without those that a garage would not send (see below)."""
    return _without_repeats(visits.keep(np.argsort(moment_key(visits.vehicle, visits.moment), kind="stable")))


def _here_from(vehicles: Vehicles, owners: Owners) -> Ints:
    """The first day on which anybody here can read each vehicle's odometer."""
    first = np.full(len(vehicles), np.iinfo(np.int64).max)
    here = owners.use != Use.ABROAD
    np.minimum.at(first, owners.vehicle[here], owners.start[here])
    return np.asarray(np.maximum(first, day_number(REGISTRY_BEGIN)))


def _services(
    rng: np.random.Generator, vehicles: Vehicles, journeys: Journeys, here_from: Ints, last: Ints
) -> tuple[Ints, Ints]:
    """Services by km or by time, whichever comes first, some of them forgotten."""
    count = len(vehicles)
    plan = rng.integers(0, len(_SERVICE_KM), count)
    every_km = np.array(_SERVICE_KM)[plan] * rng.normal(1, 0.08, count)
    every_days = np.array(_SERVICE_MONTHS)[plan] * DAYS_PER_MONTH * rng.normal(1, 0.05, count)
    every_days = np.where(vehicles.oldtimer, every_days * 2, every_days)
    flat = journeys.flattened()
    rows = np.arange(count, dtype=np.int64)
    day = np.where(here_from > vehicles.first_use + 30, here_from - rng.integers(0, 365, count), vehicles.first_use)
    found: list[tuple[Ints, Ints]] = []
    for _ in range(_MOST_SERVICES):
        km = journeys.distance(rows, day.astype(np.float64))
        by_km = journeys.day_at(flat, rows, km + every_km[rows])
        by_time = day + every_days[rows]
        due = np.minimum(by_km, by_time) + rng.normal(8, 20, len(rows))
        day = np.maximum(due, day + 25).astype(np.int64)
        going_on = day < last[rows]
        rows, day = rows[going_on], day[going_on]
        if not len(rows):
            break
        age = (day - vehicles.first_use[rows]) / DAYS_PER_YEAR
        kept = rng.random(len(rows)) < np.interp(age, (3, 8, 16), (0.97, 0.85, 0.6))
        found.append((rows[kept], day[kept]))
    if not found:
        return rows, rows
    return np.concatenate([each[0] for each in found]), np.concatenate([each[1] for each in found])


def _by_chance(
    rng: np.random.Generator, per_year: float, first: Ints, last: Ints, lateness: float
) -> tuple[Ints, Ints]:
    """Days spread over each vehicle's time here; a ``lateness`` under 1 draws them towards its old age."""
    span = np.maximum(last - first, 0)
    times = rng.poisson(per_year * span / DAYS_PER_YEAR)
    vehicle = np.repeat(np.arange(len(first)), times)
    return vehicle, (first[vehicle] + span[vehicle] * rng.random(len(vehicle)) ** lateness).astype(np.int64)


def _tyre_changes(rng: np.random.Generator, owners: Owners, until: int) -> tuple[Ints, Ints]:
    """To winter tyres in October or November and back in April, by owners who do so."""
    share = np.where(owners.use == Use.COMPANY, _COMPANY_CARS_WITH_WINTER_TYRES, _HAVE_WINTER_TYRES)
    share = np.where(np.isin(owners.use, (Use.OLDTIMER, Use.MOTORCYCLE, Use.STOCK, Use.ABROAD)), 0.0, share)
    those = np.flatnonzero(rng.random(len(share)) < share)
    begin, end = int(year_of(np.array([day_number(REGISTRY_BEGIN)]))[0]), int(year_of(np.array([until]))[0])
    january = month_start((np.arange(begin, end + 1) - 1970) * 12)
    found_vehicles, found_days = [], []
    for middle, spread in _TYRE_SEASONS:
        day = january[None, :] + middle + spread * rng.standard_normal((len(those), len(january)))
        day = day.astype(np.int64)
        done = (day >= owners.start[those][:, None]) & (day < owners.end[those][:, None])
        done &= rng.random(day.shape) < 0.93  # noqa: PLR2004
        found_vehicles.append(np.broadcast_to(owners.vehicle[those][:, None], day.shape)[done])
        found_days.append(day[done])
    return np.concatenate(found_vehicles), np.concatenate(found_days)


def _inspections(rng: np.random.Generator, vehicles: Vehicles) -> tuple[Ints, Ints]:
    """Every year from the fourth on for cars, from the first on for vans; some young cars every other year."""
    rows = np.flatnonzero(~vehicles.oldtimer & ~vehicles.in_category(("L3e", *WITHOUT_ODOMETER)))
    van = vehicles.in_category(("N1", "N1G"))[rows]
    turn = np.arange(1, 45)
    day = vehicles.first_use[rows][:, None] + turn[None, :] * DAYS_PER_YEAR - rng.gamma(1.6, 12, (len(rows), len(turn)))
    due = (turn[None, :] >= np.where(van, 1, _FIRST_INSPECTION_YEARS)[:, None]) & (day > 0)
    every_other = (rng.random(len(rows)) < 0.35) & ~van  # noqa: PLR2004
    due &= ~(every_other[:, None] & (turn[None, :] % 2 == 1) & (turn[None, :] < 10))  # noqa: PLR2004
    due &= rng.random(due.shape) < 0.95  # noqa: PLR2004
    vehicle = np.broadcast_to(rows[:, None], day.shape)[due]
    return vehicle, day[due].astype(np.int64)


def _around_sales(rng: np.random.Generator, sales: Sales, last: Ints) -> list[tuple[Occasion, Ints, Ints]]:
    """The readings that a sale brings: a report for the dealer's advertisement, an inspection for a private sale."""
    by_dealer = sales.channel != Channel.PRIVATE
    vehicle, listed, sold = sales.vehicle[by_dealer], sales.listed[by_dealer], sales.sold[by_dealer]
    asked = np.minimum(listed + rng.geometric(0.35, len(listed)) - 1, np.maximum(sold - 1, listed))
    again = (sold - listed > 60) & (rng.random(len(sold)) < 0.3)  # noqa: PLR2004
    prepared = rng.random(len(sold)) < 0.45  # noqa: PLR2004
    examined = (sales.channel == Channel.IMPORT) | ~by_dealer
    day = sales.sold[examined] - rng.integers(1, 9, examined.sum())
    return [
        (Occasion.HISTORY_REPORT, vehicle, asked),
        (Occasion.HISTORY_REPORT, vehicle[again], (sold - rng.integers(1, 20, len(sold)))[again]),
        (Occasion.SERVICE, vehicle[prepared], (sold - rng.integers(1, 6, len(sold)))[prepared]),
        (
            Occasion.SALE_INSPECTION,
            sales.vehicle[examined],
            np.minimum(np.maximum(day, sales.listed[examined]), last[sales.vehicle[examined]] - 1),
        ),
    ]


def _opening_days(rng: np.random.Generator, day: Ints, occasion: Ints) -> Ints:
    """Weekdays mostly; tyre shops and dealers on many Saturdays; breakdowns on any day."""
    saturdays = np.full(len(Occasion), 0.25)
    saturdays[[Occasion.TYRES, Occasion.HISTORY_REPORT]] = 0.75
    saturdays[[Occasion.INSPECTION, Occasion.SALE_INSPECTION]] = 0.1
    moved = spread_to_working_days(rng, day, rng.random(len(day)) < saturdays[occasion])
    return np.where(occasion == Occasion.ROADSIDE, day, moved)


def _reported(rng: np.random.Generator, vehicles: Vehicles, vehicle: Ints, day: Ints, occasion: Ints) -> Bools:
    share = np.array([_REPORTED[each] for each in Occasion])[occasion]
    takes_part = np.interp(year_of(day), _TAKING_PART_YEARS, _TAKING_PART)
    always = np.isin(occasion, (Occasion.HISTORY_REPORT, Occasion.SALE_INSPECTION, Occasion.INSPECTION))
    share = np.where(always, share, share * takes_part)
    share = np.where(vehicles.oldtimer[vehicle] & ~always, share * 0.45, share)
    asked = np.interp(year_of(day), _REPORTS_ASKED_YEARS, _REPORTS_ASKED)
    share = np.where(occasion == Occasion.HISTORY_REPORT, asked, share)
    outside = vehicles.in_category(OUT_OF_SCOPE_CATEGORIES)[vehicle]
    share = np.where(outside, share * _OUT_OF_SCOPE_SENT, share)
    share = np.where(vehicles.in_category(WITHOUT_ODOMETER)[vehicle], 0.0, share)
    return np.asarray(rng.random(len(vehicle)) < share)


def _time_of_day(rng: np.random.Generator, occasion: Ints) -> Floats:
    """Between 8 and 17 o'clock; breakdowns between 6 and 22. In thousandths of a day, so that sums stay exact."""
    working = rng.integers(334, 708, len(occasion))
    any_time = rng.integers(250, 916, len(occasion))
    return np.asarray(np.where(occasion == Occasion.ROADSIDE, any_time, working) / 1000)


def _garages_for(rng: np.random.Generator, garages: Garages, occasion: Ints, spell: Ints, spells: int) -> Ints:
    """Where each reading is made: mostly where this owner always goes."""
    chosen = np.zeros(len(occasion), dtype=np.int64)
    for kind in GarageKind:
        home = garages.draw(rng, kind, spells)
        those = np.flatnonzero(np.isin(occasion, [each for each in Occasion if _GARAGE_OF[each] is kind]))
        loyal = rng.random(len(those)) < _LOYAL
        chosen[those] = np.where(loyal, home[spell[those]], garages.draw(rng, kind, len(those)))
    # Two in five tyre changes and all listed work on tyres of loyal customers happen at the workshop.
    at_workshop = np.flatnonzero((occasion == Occasion.TYRES) & (spell % 5 < 2))  # noqa: PLR2004
    home = garages.draw(rng, GarageKind.WORKSHOP, spells)
    chosen[at_workshop] = home[spell[at_workshop]]
    return chosen


def _with_second_garages(rng: np.random.Generator, visits: Visits, garages: Garages) -> Visits:
    """Add a few readings by another garage later on the same day."""
    eligible = np.isin(visits.occasion, (Occasion.SERVICE, Occasion.REPAIR))
    those = np.flatnonzero(eligible & (rng.random(len(visits)) < _SECOND_GARAGE_SHARE * 2))
    return joined(
        visits,
        Visits(
            visits.vehicle[those],
            visits.moment[those] + 0.06,
            np.full(len(those), Occasion.SECOND_GARAGE, dtype=np.int64),
            garages.draw(rng, GarageKind.TYRES, len(those)),
        ),
    )


def _with_old_displays(rng: np.random.Generator, visits: Visits) -> Visits:
    """Add the last reading of some odometers that were replaced, by the same garage a little earlier."""
    replaced = np.flatnonzero(visits.occasion == Occasion.REPLACEMENT)
    those = replaced[rng.random(len(replaced)) < _OLD_DISPLAY_READ_TOO]
    old = visits.keep(those)
    old.moment = old.moment - 0.05
    old.occasion = np.full(len(those), Occasion.BEFORE_REPLACEMENT, dtype=np.int64)
    return joined(visits, old)


def joined(one: Visits, other: Visits) -> Visits:
    """The visits of both, one after the other."""
    return Visits(*(np.concatenate([getattr(one, f.name), getattr(other, f.name)]) for f in fields(Visits)))


def _without_repeats(visits: Visits) -> Visits:
    """Leave out a garage's second reading of one vehicle on one day, save the two of a replaced odometer.

    A report is kept in preference, since a sale depends on it.
    """
    rank = np.where(visits.occasion == Occasion.HISTORY_REPORT, 0, 1)
    special = visits.occasion >= Occasion.BEFORE_REPLACEMENT
    group = np.where(special, visits.occasion, 0)
    order = np.lexsort((rank, group, visits.garage, visits.day, visits.vehicle))
    sorted_keys = [column[order] for column in (visits.vehicle, visits.day, visits.garage, group)]
    repeated = np.ones(max(len(order) - 1, 0), dtype=np.bool_)
    for column in sorted_keys:
        repeated &= column[1:] == column[:-1]
    kept = np.ones(len(order), dtype=np.bool_)
    kept[order[1:][repeated]] = False
    # On the day of a replacement the garage reads the old display once and the new one once, nothing else.
    replaced = np.flatnonzero(special)
    days = {(int(v), int(d)) for v, d in zip(visits.vehicle[replaced], visits.day[replaced], strict=True)}
    keys = moment_key(visits.vehicle, visits.moment)
    for vehicle, day in days:
        begin = moment_key(np.array([vehicle]), np.array([day]))[0]
        first, last = np.searchsorted(keys, [begin, begin + 1])
        kept[first:last] &= special[first:last]
    return visits.keep(kept)
