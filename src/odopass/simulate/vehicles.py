"""Master data: what each vehicle of the fleet is, when it was first used, and when it came to and left the country."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from odopass.simulate.arrays import Bools, Floats, Ints, pick
from odopass.simulate.days import (
    DAYS_PER_YEAR,
    REGISTRY_BEGIN,
    day_number,
    month_start,
    spread_to_working_days,
    year_of,
)
from odopass.simulate.makes import CARS, MODELS, OLDTIMERS, OUTSIDE, VANS, Model
from odopass.simulate.vins import make_short_vin, make_vins

#: What comes to the fleet's country: vehicles in use when readings begin, and per year since then.
_IN_USE_AT_BEGIN = 5_600_000
_NEW_PER_YEAR = 570_000
_IMPORTED_PER_YEAR = 115_000

#: Shares of new registrations per month; winter is for waiting, January for the dealers' fair.
_MONTH_SHARES = (10.3, 9.3, 10.6, 8.8, 8.5, 9.2, 7.5, 6.9, 7.6, 7.9, 7.1, 6.3)

_CAR_SHARE, _VAN_SHARE, _OUTSIDE_SHARE, _OLDTIMER_SHARE = 0.862, 0.105, 0.023, 0.010

#: Up to this year makers numbered chassis their own way, and VINs are short.
LAST_SHORT_VIN_YEAR = 1980

_FUELS = ("diesel", "petrol", "lpg", "petrol/electric", "diesel/electric", "electric")
#: Shares of the fuels among new cars by year of first use; years between are interpolated.
_CAR_FUEL_YEARS = (1980, 1990, 2000, 2008, 2012, 2016, 2018, 2020, 2022, 2024, 2026)
_CAR_FUEL_SHARES = (
    (0.20, 0.33, 0.56, 0.78, 0.69, 0.52, 0.36, 0.33, 0.16, 0.05, 0.03),
    (0.79, 0.66, 0.43, 0.214, 0.295, 0.44, 0.575, 0.525, 0.425, 0.42, 0.36),
    (0.01, 0.01, 0.01, 0.003, 0.002, 0.001, 0.001, 0.001, 0.001, 0.001, 0.001),
    (0.0, 0.0, 0.0, 0.002, 0.011, 0.032, 0.048, 0.105, 0.30, 0.235, 0.235),
    (0.0, 0.0, 0.0, 0.0, 0.001, 0.002, 0.002, 0.004, 0.014, 0.009, 0.006),
    (0.0, 0.0, 0.0, 0.0, 0.001, 0.005, 0.007, 0.035, 0.10, 0.285, 0.37),
)
#: Of electric cars so many are models that exist with nothing else; the others' share falls on models that have both.
_ELECTRIC_ONLY, _ELECTRIC_AMONG_BOTH = 0.8, 1.5
_VAN_FUEL_SHARES = (0.93, 0.045, 0.005, 0.0, 0.0, 0.02)

#: First day of use from which most vehicles meet each Euro standard.
_EURO = (
    (1993, "Euro 1"),
    (1997, "Euro 2"),
    (2001, "Euro 3"),
    (2006, "Euro 4"),
    (2011, "Euro 5"),
    (2015.7, "Euro 6b"),
    (2018.7, "Euro 6d-TEMP"),
    (2021, "Euro 6d"),
)
#: CO2 is known from about 1998, measured by NEDC, then by both cycles, and since 2021 by WLTP alone.
_CO2_KNOWN, _WLTP_BEGINS, _NEDC_ENDS = 1998.0, 2018.7, 2021.0

OUT_OF_SCOPE_CATEGORIES = ("N2", "N3", "M2", "M3", "L3e", "O1", "O4")
WITHOUT_ODOMETER = ("O1", "O4")


@dataclass(slots=True)
class Vehicles:
    """The vehicles of one chunk, by position. Days are numbers since 1970-01-01; -1 stands for "unknown" or "none".

    Attributes:
        number: the vehicle's number in the fleet.
        vin: its VIN as registered.
        unifier: tells vehicles of one short VIN apart, else -1.
        model: position in `makes.MODELS`.
        first_use: first day of use anywhere.
        entry: first day in the country (first registration there).
        leaving: last day in the country: scrapped or exported; may lie beyond the simulated time.
        imported: whether it was used abroad first.
        oldtimer: whether it is kept for love.
        fuel: its fuel.
        electric_motor: whether an electric motor drives it, alone or with another.
        electric_range_km: official range on the battery in km, else -1.
        euro: Euro standard, "" if none is known.
        co2_nedc: CO2 in g/km by NEDC, else -1.
        co2_wltp: CO2 in g/km by WLTP, else -1.
    """

    number: Ints
    vin: npt.NDArray[np.object_]
    unifier: Ints
    model: Ints
    first_use: Ints
    entry: Ints
    leaving: Ints
    imported: Bools
    oldtimer: Bools
    fuel: npt.NDArray[np.object_]
    electric_motor: Bools
    electric_range_km: Ints
    euro: npt.NDArray[np.object_]
    co2_nedc: Ints
    co2_wltp: Ints

    def __len__(self) -> int:
        return len(self.number)

    def __post_init__(self) -> None:
        lengths = {len(getattr(self, field.name)) for field in fields(self)}
        if len(lengths) != 1:
            raise ValueError(f"columns of unequal lengths: {sorted(lengths)}")

    def of_model(self, attribute: str) -> npt.NDArray[np.object_]:
        """One attribute of each vehicle's model."""
        return np.array([getattr(model, attribute) for model in MODELS], dtype=object)[self.model]

    def in_category(self, categories: tuple[str, ...]) -> Bools:
        """Whether each vehicle's category is one of these."""
        return np.array([model.category in categories for model in MODELS])[self.model]


def make_vehicles(rng: np.random.Generator, numbers: Ints, until: int) -> Vehicles:
    """The vehicles with these numbers, of a fleet that is known until day ``until``."""
    count = len(numbers)
    groups = pick(rng, (_CAR_SHARE, _VAN_SHARE, _OUTSIDE_SHARE, _OLDTIMER_SHARE), count)
    oldtimer = groups == 3  # noqa: PLR2004
    first_use, entry, imported = _arrivals(rng, count, oldtimer, until)
    years = year_of(first_use)
    model = _models(rng, groups, years)
    first_use = _working_days(rng, first_use)
    entry = np.maximum(np.where(imported, _working_days(rng, entry), entry), first_use)
    vans = groups != 0
    fuel = _fuels(rng, model, years, vans)
    electric = fuel == "electric"
    motor = electric | np.char.endswith(fuel.astype(str), "/electric")
    decimal_year = first_use / DAYS_PER_YEAR + 1970
    nedc, wltp = _co2(rng, fuel, decimal_year, vans)
    vin, unifier = _identities(rng, numbers, model, years, oldtimer)
    euro_at = np.searchsorted([begin for begin, _ in _EURO], decimal_year + rng.normal(0, 0.3, count))
    euro = np.array(["", *(name for _, name in _EURO)], dtype=object)[euro_at]
    euro[electric | (groups == 2)] = ""  # noqa: PLR2004
    return Vehicles(
        number=numbers,
        vin=vin,
        unifier=unifier,
        model=model,
        first_use=first_use,
        entry=entry,
        leaving=_leavings(rng, first_use, entry, vans, oldtimer),
        imported=imported,
        oldtimer=oldtimer,
        fuel=fuel,
        electric_motor=motor,
        electric_range_km=_ranges(rng, fuel, decimal_year),
        euro=euro,
        co2_nedc=nedc,
        co2_wltp=wltp,
    )


def _working_days(rng: np.random.Generator, days: Ints) -> Ints:
    return spread_to_working_days(rng, days, np.zeros(len(days), dtype=np.bool_))


def _arrivals(rng: np.random.Generator, count: int, oldtimer: Bools, until: int) -> tuple[Ints, Ints, Bools]:
    """First use, first day in the country, and whether the vehicle was imported."""
    begin = day_number(REGISTRY_BEGIN)
    years = (until - begin) / DAYS_PER_YEAR
    how = pick(rng, (_IN_USE_AT_BEGIN, _NEW_PER_YEAR * years, _IMPORTED_PER_YEAR * years), count)
    stock, imported = how == 0, how == 2  # noqa: PLR2004
    arrived = _spread_over_years(rng, count, begin, until)
    age_abroad = rng.gamma(2.6, 1.7, count) + 0.4
    age_at_begin = 22 * rng.beta(1.15, 2.3, count)
    age_of_oldtimer = rng.uniform(27, 55, count)
    age_of_oldtimer = np.maximum(age_of_oldtimer, (begin / DAYS_PER_YEAR) + 1970 - LAST_SHORT_VIN_YEAR)
    first_use = np.where(imported, arrived - age_abroad * DAYS_PER_YEAR, arrived)
    first_use = np.where(stock, begin - age_at_begin * DAYS_PER_YEAR, first_use)
    first_use = np.where(oldtimer, begin - age_of_oldtimer * DAYS_PER_YEAR, first_use).astype(np.int64)
    arrived = np.where(oldtimer & ~imported, first_use + rng.integers(0, 90, count), arrived)
    arrived = np.where(stock | (~imported & ~oldtimer), first_use, arrived).astype(np.int64)
    return first_use, arrived, imported


def _spread_over_years(rng: np.random.Generator, count: int, begin: int, until: int) -> Ints:
    """Days between the two, in the seasons in which vehicles are registered."""
    day = rng.integers(begin, until - 20, count)
    month = month_start(np.arange(0, (until // 28) + 1, dtype=np.int64))
    weights = np.array(_MONTH_SHARES)[np.arange(len(month)) % 12]
    wanted = (month >= begin) & (month < until - 50)
    if not wanted.any():
        return day
    start = month[wanted][pick(rng, weights[wanted], count)]
    return start + rng.integers(0, 28, count)


def _models(rng: np.random.Generator, groups: Ints, years: Ints) -> Ints:
    """A model that was made in the year of first use, by market share."""
    chosen = np.zeros(len(groups), dtype=np.int64)
    offset = 0
    for group, models in enumerate((CARS, VANS, OUTSIDE, OLDTIMERS)):
        members = np.flatnonzero(groups == group)
        for year in np.unique(years[members]):
            those = members[years[members] == year]
            weights = _weights_in(models, int(year))
            if not any(weights):
                weights = [1.0 if model.since == min(each.since for each in models) else 0.0 for model in models]
            chosen[those] = offset + pick(rng, weights, len(those))
        offset += len(models)
    return chosen


def _weights_in(models: tuple[Model, ...], year: int) -> list[float]:
    """Market shares of that year; models that are electric only have four fifths of the electric share between them."""
    weights = [model.weight if model.since <= year <= model.until else 0.0 for model in models]
    electric = sum(weight for weight, model in zip(weights, models, strict=True) if model.electric)
    if not electric:
        return weights
    share = _ELECTRIC_ONLY * float(np.interp(year, _CAR_FUEL_YEARS, _CAR_FUEL_SHARES[-1]))
    factor = share / (1 - share) * (sum(weights) - electric) / electric
    return [weight * factor if model.electric else weight for weight, model in zip(weights, models, strict=True)]


def _fuels(rng: np.random.Generator, model: Ints, years: Ints, vans: Bools) -> npt.NDArray[np.object_]:
    """The fuel of each, by year, as far as the model exists with it."""
    shares = np.array([np.interp(years, _CAR_FUEL_YEARS, each) for each in _CAR_FUEL_SHARES])
    shares[:, vans] = np.array(_VAN_FUEL_SHARES)[:, None]
    electric = np.array([each.electric is True for each in MODELS])[model]
    never = np.array([each.electric is False for each in MODELS])[model]
    petrol_only = np.array([each.category == "L3e" or each in OLDTIMERS for each in MODELS])[model]
    shares[5] *= _ELECTRIC_AMONG_BOTH
    shares[5, never | (years < 2012)] = 0  # noqa: PLR2004
    shares[:, petrol_only] = np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0])[:, None]
    shares[:, electric] = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0])[:, None]
    cumulated = np.cumsum(shares, axis=0)
    drawn = (rng.random(len(model)) * cumulated[-1] > cumulated).sum(axis=0)
    fuel = np.array(_FUELS, dtype=object)[np.minimum(drawn, len(_FUELS) - 1)]
    fuel[np.array([each.category in WITHOUT_ODOMETER for each in MODELS])[model]] = ""
    return np.asarray(fuel)


def _ranges(rng: np.random.Generator, fuel: npt.NDArray[np.object_], year: Floats) -> Ints:
    """Official electric range in km; hybrids that are not charged at a socket have none."""
    battery = np.interp(year, (2012, 2018, 2024), (150, 310, 450)) + rng.normal(0, 60, len(fuel))
    charged = rng.random(len(fuel)) < 0.7  # noqa: PLR2004
    hybrid = np.where(charged, rng.normal(np.interp(year, (2014, 2026), (45, 75)), 10), -1)
    found = np.where(fuel == "electric", np.maximum(battery, 110), -1.0)
    return np.where(np.char.endswith(fuel.astype(str), "/electric"), np.maximum(hybrid, -1), found).astype(np.int64)


def _co2(rng: np.random.Generator, fuel: npt.NDArray[np.object_], year: Floats, vans: Bools) -> tuple[Ints, Ints]:
    """CO2 in g/km by NEDC and by WLTP, -1 where the cycle was not measured."""
    usual = np.interp(year, (1998, 2008, 2016, 2026), (183, 152, 118, 112)) * np.where(vans, 1.3, 1.0)
    nedc = usual * rng.lognormal(0, 0.16, len(fuel))
    nedc = np.where(np.char.endswith(fuel.astype(str), "/electric"), nedc * rng.uniform(0.25, 0.85, len(fuel)), nedc)
    wltp = nedc * rng.normal(1.22, 0.04, len(fuel))
    clean = (fuel == "electric") | (fuel == "")
    known = year > _CO2_KNOWN
    nedc = np.where(known & (year < _NEDC_ENDS), np.where(clean, 0, nedc), -1)
    wltp = np.where(year > _WLTP_BEGINS, np.where(clean, 0, wltp), -1)
    return nedc.round().astype(np.int64), wltp.round().astype(np.int64)


def _identities(
    rng: np.random.Generator, numbers: Ints, model: Ints, years: Ints, oldtimer: Bools
) -> tuple[npt.NDArray[np.object_], Ints]:
    """VINs and unifiers. Some oldtimers of different makes share their short VIN; a unifier tells them apart."""
    wmis = [
        MODELS[at].wmis[int(draw * len(MODELS[at].wmis))] or "XXX"
        for at, draw in zip(model, rng.random(len(model)), strict=True)
    ]
    filler = np.array([each.filler for each in MODELS])[model]
    vin = make_vins(rng, wmis, years, filler, numbers).astype(str).astype(object)
    unifier = np.full(len(numbers), -1, dtype=np.int64)
    old = np.flatnonzero(oldtimer)
    for at in old:
        vin[at] = make_short_vin(int(years[at]), int(numbers[at]))
    for first, second in zip(old[0::2], old[1::2], strict=False):
        shared = first == old[0] or rng.random() < 0.1  # noqa: PLR2004
        if shared:
            vin[second] = vin[first]
            unifier[first], unifier[second] = 1, 2
    return vin, unifier


def _leavings(rng: np.random.Generator, first_use: Ints, entry: Ints, vans: Bools, oldtimer: Bools) -> Ints:
    """The day each is scrapped or exported: by age, given that it was still there on entry."""
    count = len(first_use)
    scale = np.where(vans, 13.0, 14.8) * DAYS_PER_YEAR
    shape = 3.0
    present = np.maximum(entry, day_number(REGISTRY_BEGIN))
    reached = ((present - first_use) / scale) ** shape
    life = scale * (reached + rng.exponential(1.0, count)) ** (1 / shape)
    life = np.maximum(life, present - first_use + 60)
    kept = present - first_use + rng.exponential(25 * DAYS_PER_YEAR, count)
    return (first_use + np.where(oldtimer, kept, life)).astype(np.int64)
