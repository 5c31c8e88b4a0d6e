"""Believable lives of invented cars: when they were read, and what their odometers showed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Final

from odopass.domain.history import SourceKind
from odopass.registry.vehicles.loading import VehicleRow
from odopass.sandbox.known import PastReading

_DAYS_PER_YEAR: Final = 365.25
_SUNDAY: Final = 6
#: The age in years from which cars are inspected every year.
_FIRST_INSPECTION_YEARS: Final = 4

#: Every test vehicle's VIN says so in positions 4 to 7. All four letters may stand in a VIN.
_MARK: Final = "TEST"
_MODEL_YEARS: Final = "ABCDEFGHJKLMNPRSTVWXY123456789"  # position 10: A for 1980 and 2010
_PLANTS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"

#: The first day of use from which new cars meet each Euro standard.
_EURO: Final = (
    (date(2020, 9, 1), "Euro 6d"),
    (date(2015, 9, 1), "Euro 6b"),
    (date(2011, 1, 1), "Euro 5"),
    (date(2006, 1, 1), "Euro 4"),
    (date(2001, 1, 1), "Euro 3"),
    (date(1997, 1, 1), "Euro 2"),
    (date(1993, 1, 1), "Euro 1"),
)
_CO2_KNOWN: Final = date(1998, 1, 1)
_WLTP_BEGINS: Final = date(2018, 9, 1)
_NEDC_ENDS: Final = date(2021, 1, 1)
_WLTP_PER_NEDC: Final = 1.21


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a make; `wmi` is what the maker's VINs begin with, `co2_nedc` is in g/km."""

    make: str
    name: str
    wmi: str
    category: str = "M1"
    mass_kg: int = 1_850
    fuel: str | None = "petrol"
    co2_nedc: int | None = 118
    range_km: int | None = None


CARS: Final = (
    Model("VOLKSWAGEN", "GOLF", "WVW", mass_kg=1_840),
    Model("VOLKSWAGEN", "POLO", "WVW", mass_kg=1_600, co2_nedc=106),
    Model("AUDI", "A4", "WAU", mass_kg=2_095, fuel="diesel", co2_nedc=119),
    Model("BMW", "3", "WBA", mass_kg=2_060, fuel="diesel", co2_nedc=116),
    Model("MERCEDES-BENZ", "A", "WDD", mass_kg=1_930, co2_nedc=124),
    Model("RENAULT", "CLIO", "VF1", mass_kg=1_650, co2_nedc=104),
    Model("RENAULT", "MEGANE", "VF1", mass_kg=1_850, fuel="diesel", co2_nedc=99),
    Model("PEUGEOT", "308", "VF3", mass_kg=1_900, fuel="diesel", co2_nedc=98),
    Model("CITROEN", "C3", "VF7", mass_kg=1_600, co2_nedc=108),
    Model("OPEL", "ASTRA", "W0L", mass_kg=1_900, co2_nedc=121),
    Model("FORD", "FOCUS", "WF0", mass_kg=1_900, co2_nedc=117),
    Model("TOYOTA", "YARIS", "VNK", mass_kg=1_600, fuel="hybrid_petrol", co2_nedc=84),
    Model("VOLVO", "V60", "YV1", mass_kg=2_250, fuel="diesel", co2_nedc=112),
    Model("SKODA", "OCTAVIA", "TMB", mass_kg=1_960, fuel="diesel", co2_nedc=106),
    Model("DACIA", "DUSTER", "UU1", mass_kg=1_800, co2_nedc=139),
    Model("HYUNDAI", "TUCSON", "TMA", mass_kg=2_150, co2_nedc=147),
)
VANS: Final = (
    Model("RENAULT", "KANGOO", "VF1", "N1", 1_950, "diesel", 118),
    Model("CITROEN", "BERLINGO", "VF7", "N1", 2_000, "diesel", 113),
    Model("FORD", "TRANSIT", "WF0", "N1", 3_500, "diesel", 182),
    Model("VOLKSWAGEN", "TRANSPORTER", "WV1", "N1", 3_000, "diesel", 171),
)


def vin_of(model: Model, year: int, number: int) -> str:
    """A VIN of 17 characters that is plainly a test's; `number` makes it unique."""
    model_year = _MODEL_YEARS[(year - 1980) % len(_MODEL_YEARS)]
    return f"{model.wmi}{_MARK}{number % 97:02}{model_year}{_PLANTS[number % len(_PLANTS)]}{number:06}"


def row_of(model: Model, first_use: date, number: int, *, first_registration: date | None = None) -> VehicleRow:
    """Master data of a vehicle of this model."""
    euro = next((name for since, name in _EURO if first_use >= since), None) if model.co2_nedc else None
    measured = model.co2_nedc is not None and first_use >= _CO2_KNOWN
    return VehicleRow(
        vin=vin_of(model, first_use.year, number),
        make=model.make,
        model=model.name,
        category=model.category,
        max_mass_kg=model.mass_kg,
        first_use=first_use,
        first_registration=first_registration or first_use,
        fuel=model.fuel,
        electric_motor=None if model.fuel is None else model.fuel.startswith(("electric", "hybrid")),
        electric_range_km=model.range_km,
        euro_standard=euro,
        co2_nedc_g_km=model.co2_nedc if measured and first_use < _NEDC_ENDS else None,
        co2_wltp_g_km=round(model.co2_nedc * _WLTP_PER_NEDC)
        if model.co2_nedc is not None and first_use >= _WLTP_BEGINS
        else None,
    )


def workday(day: date) -> date:
    """The day, or the Saturday before it if it is a Sunday: no workshop is open."""
    return day - timedelta(days=1) if day.weekday() == _SUNDAY else day


def first_use_before(last_day: date, last_km: int, km_per_year: int) -> date:
    """When a vehicle was first used that shows `last_km` on `last_day` and goes `km_per_year`."""
    return workday(last_day - timedelta(days=round(last_km / km_per_year * _DAYS_PER_YEAR)))


def history(random: Random, first_use: date, last_day: date, last_km: int, *, start_km: int = 0) -> list[PastReading]:
    """Honest readings about a year apart from the first service on, the last one as given.

    Args:
        random: decides about days and distances.
        first_use: when the odometer showed `start_km`.
        last_day: the day of the last reading, at least a year later.
        last_km: what it was.
        start_km: for vehicles whose odometer was replaced, or that came from abroad.
    """
    span = (last_day - first_use).days
    days, at = [], 0
    while (at := at + random.randint(270, 420)) < span - 60:
        days.append(at)
    driven = [at / span * (last_km - start_km) for at in days]
    # Up to a tenth of a year's distance more or less: less than what lies between two readings.
    wander = (last_km - start_km) / span * 36
    readings: list[PastReading] = []
    for at, km in zip(days, driven, strict=True):
        inspected = at > _FIRST_INSPECTION_YEARS * _DAYS_PER_YEAR and len(readings) % 2 == 1
        readings.append(
            PastReading(
                workday(first_use + timedelta(days=at)),
                start_km + round(km + random.uniform(-wander, wander)),
                source=SourceKind.INSPECTION if inspected else SourceKind.GARAGE,
            )
        )
    return [*readings, PastReading(last_day, last_km)]
