"""The test world: the same garages and vehicles for the same first day and seed, whatever the machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from random import Random
from typing import Final

from odopass.sandbox.histories import CARS, VANS, first_use_before, history, row_of, workday
from odopass.sandbox.known import BornePlate, GarageAccount, KnownVehicle, World
from odopass.sandbox.special_vehicles import special_vehicles
from odopass.sandbox.vehicle_maker import plate_of
from odopass.wire.kbo import enterprise_number, establishment_number

DEFAULT_SEED: Final = 1
_ORDINARY: Final = 66
_FIRST_SPECIAL_NUMBER: Final = 500

#: The last reading of an ordinary vehicle: days before the first day, and km. Narrower than promised, so that none
#: is moved over the edge by a Sunday or by a sandbox that is used for some days.
_LAST_READ_DAYS: Final = (12, 170)
_LAST_READ_KM: Final = (60_000, 250_000)
_KM_PER_YEAR: Final = (9_000, 27_000)


def make_world(first_day: date, seed: int = DEFAULT_SEED) -> World:
    """The garages and vehicles of a sandbox.

    Args:
        first_day: the day of its first start, in Europe/Brussels; all other dates are relative to it.
        seed: another seed gives other vehicles, with the same purposes.
    """
    random = Random(f"odopass sandbox {seed}")  # noqa: S311 - reproducible on purpose
    vehicles = (*_ordinary(random, first_day), *special_vehicles(random, first_day, _FIRST_SPECIAL_NUMBER))
    return World(garages(), vehicles)


def garages() -> tuple[GarageAccount, ...]:
    """The garages. Their numbers pass the checks and lie beyond those given out, so that no real firm is named."""
    first, second, third = (enterprise_number(19_900_000 + number) for number in (10, 20, 30))
    a, b, c, d = (establishment_number(89_900_000 + number) for number in (11, 12, 21, 31))
    return (
        GarageAccount(a, "sandbox-antwerpen-2000", first, a, "Testgarage Antwerpen"),
        GarageAccount(b, "sandbox-gent-9000", first, b, "Testgarage Gent"),
        GarageAccount(c, "sandbox-liege-4000", second, c, "Garage d'essai Liège"),
        # For software that has to get through RFC 7617: a user name that is no number, a colon, letters beyond ASCII.
        GarageAccount("test-eupen", "sandbox:Eupen:Grüße-4700", third, d, "Testwerkstatt Eupen"),
    )


def _ordinary(random: Random, today: date) -> Iterator[KnownVehicle]:
    for number in range(1, _ORDINARY + 1):
        van = number % 8 == 0
        model = VANS[number // 8 % len(VANS)] if van else CARS[number % len(CARS)]
        last_day = workday(today - timedelta(days=random.randint(*_LAST_READ_DAYS)))
        last_km = random.randint(*_LAST_READ_KM)
        # A life of three to fourteen years: long enough for several readings, short enough for its Euro standard.
        km_per_year = min(max(random.randint(*_KM_PER_YEAR), last_km // 14), last_km // 3)
        first_use = first_use_before(last_day, last_km, km_per_year)
        yield KnownVehicle(
            row=row_of(model, first_use, number),
            purpose=f"ordinary {'van' if van else 'car'}",
            plates=(BornePlate(plate_of(number, first_use), first_use),),
            readings=tuple(history(random, first_use, last_day, last_km)),
        )
