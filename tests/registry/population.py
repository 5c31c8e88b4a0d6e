"""Garages and vehicles for a registry under test."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import date
from functools import cache

import asyncpg

from odopass.registry.accounts.passwords import make_hash
from odopass.registry.accounts.secret import Secret
from odopass.wire.kbo import enterprise_number, establishment_number

#: What every garage under test logs in with: a colon and letters beyond ASCII, as RFC 7617 allows.
PASSWORD = "sleutel:Größe-é-27"


@dataclass(frozen=True)
class Garage:
    """An account that may report, and what it sends about itself."""

    account_id: int
    username: str
    enterprise: str
    establishment: str

    @property
    def authorization(self) -> str:
        return basic(self.username, PASSWORD)


def basic(username: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


@cache
def password_hash() -> str:
    return make_hash(Secret(PASSWORD))


async def add_garage(
    database: asyncpg.Pool | asyncpg.Connection, number: int, *, enterprise: int = 0, limited: bool = False
) -> Garage:
    """An establishment with an account; `enterprise` lets two of them belong together.

    What stands for a nation's traffic may send as much as it likes, unless it is `limited` like any garage.
    """
    establishment = establishment_number(20_000_000 + number)
    owner = enterprise_number(4_000_000 + (enterprise or number))
    account_id = await database.fetchval(
        "insert into account (username, establishment, enterprise, name, password_hash) values ($1, $1, $2, $3, $4) "
        "returning id",
        establishment,
        owner,
        f"Garage {number}",
        password_hash(),
    )
    if not limited:
        await database.execute(
            "insert into request_limit (name, account_id, rate, burst) values ('requests', $1, 1e6, 1000000)",
            account_id,
        )
    return Garage(account_id, establishment, owner, establishment)


async def add_vehicle(
    database: asyncpg.Pool | asyncpg.Connection,
    vin: str,
    *,
    unifier: int | None = None,
    category: str | None = "M1",
    max_mass_kg: int | None = 1_900,
    first_use: date | None = date(2015, 6, 1),
) -> int:
    """A vehicle as the registration authority knows it; its number."""
    return int(
        await database.fetchval(
            "insert into vehicle (vin, unifier, category, max_mass_kg, first_use) values ($1, $2, $3, $4, $5) "
            "returning id",
            vin,
            unifier,
            category,
            max_mass_kg,
            first_use,
        )
    )


async def add_plate(
    database: asyncpg.Pool | asyncpg.Connection,
    plate: str,
    vehicle: int,
    valid_from: date = date(2015, 6, 1),
    valid_until: date | None = None,
) -> None:
    """Let a vehicle bear a plate from one day to another, both included."""
    await database.execute("insert into plate values ($1, $2, $3, $4)", plate, vehicle, valid_from, valid_until)


async def add_reading(
    database: asyncpg.Pool | asyncpg.Connection, vehicle: int, day: date, km: int, *, source: str = "inspection"
) -> None:
    """A reading that counts and that no garage under test has sent."""
    await database.execute(
        "insert into reading (vehicle_id, reading_date, km, source, observation_type, recorded_at) "
        "values ($1, $2, $3, $4, 'REPAIR_MAINTENANCE_SERVICE', now())",
        vehicle,
        day,
        km,
        source,
    )
