"""What is submitted, about which vehicles, by whom; and the history that those vehicles have already.

Everything is computed from the number of a vehicle or an observation, so that the load generator and the database agree
without asking each other.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import asyncpg

from odopass.registry.accounts.passwords import make_hash
from odopass.registry.accounts.secret import Secret
from odopass.wire.kbo import enterprise_number, establishment_number

VIN = "WVWZZZ1KZ"
VEHICLES = 83_334
READINGS_EACH = 12
#: More than are needed, so that no garage meets a limit on its own rate.
ACCOUNTS = 128

_PASSWORD = "a workshop's password"
_DAYS = 300
_KM_EACH = 9_000
_DAYS_EACH = 350
_FIRST_KM = 5_000


@dataclass(frozen=True, slots=True)
class Garage:
    """An account that submits.

    Attributes:
        authorization: the value of the header.
        enterprise: KBO number.
        establishment: KBO number, and user name.
    """

    authorization: str
    enterprise: str
    establishment: str


def garages() -> list[Garage]:
    """All accounts."""
    made = []
    for number in range(ACCOUNTS):
        establishment = establishment_number(20_000_001 + number)
        token = base64.b64encode(f"{establishment}:{_PASSWORD}".encode()).decode()
        made.append(Garage(f"Basic {token}", enterprise_number(2_000_001 + number), establishment))
    return made


def days() -> list[date]:
    """The dates of the observations: one for each round through the vehicles, none a year old and none to come."""
    first = datetime.now(UTC).date() - timedelta(days=_DAYS)
    return [first + timedelta(days=number) for number in range(_DAYS)]


def next_km() -> int:
    """What vehicle 0 shows on the first of `days`; vehicle n shows n modulo 1,000 km more."""
    return _FIRST_KM + READINGS_EACH * _KM_EACH


async def load_master_data(url: str, *, vehicles: int = VEHICLES) -> None:
    """Fill a migrated database with accounts and vehicles; vehicle number n gets the id n + 1."""
    password_hash = make_hash(Secret(_PASSWORD))
    connection = await asyncpg.connect(url)
    try:
        await connection.executemany(
            """
            insert into account (username, establishment, enterprise, name, password_hash)
            values ($1, $1, $2, $3, $4)
            """,
            [(each.establishment, each.enterprise, "Garage", password_hash) for each in garages()],
        )
        # So few garages stand for a nation's: each may send as much as it likes.
        await connection.execute(
            "insert into request_limit (name, account_id, rate, burst) values ('requests', null, 1e6, 1000000)"
        )
        first_use = _reading_date(0) - timedelta(days=200)
        await connection.copy_records_to_table(
            "vehicle",
            records=((f"{VIN}{number:08}", "M1", 1_800, first_use) for number in range(vehicles)),
            columns=["vin", "category", "max_mass_kg", "first_use"],
        )
        await connection.execute("analyze account, vehicle")
    finally:
        await connection.close()


async def load_history(url: str, *, vehicles: int = VEHICLES) -> int:
    """Give every vehicle its earlier readings, by COPY; returns how many there are."""
    connection = await asyncpg.connect(url)
    try:
        await connection.copy_records_to_table(
            "reading",
            records=_history(vehicles),
            columns=[
                "vehicle_id", "reading_date", "km", "source", "observation_type", "account_id", "case_guid",
                "recorded_at",
            ],
        )  # fmt: skip
        await connection.execute("analyze reading")
        return int(await connection.fetchval("select count(*) from reading"))
    finally:
        await connection.close()


def _history(vehicles: int) -> Iterator[tuple[object, ...]]:
    # Year by year, as a registry comes by them, not vehicle by vehicle: a vehicle's readings lie on several pages.
    for number in range(READINGS_EACH):
        day = _reading_date(number)
        recorded_at = datetime(day.year, day.month, day.day, 17, tzinfo=UTC)
        for vehicle in range(vehicles):
            km = _FIRST_KM + number * _KM_EACH + vehicle % 1_000
            case = UUID(int=(number << 64) + vehicle)
            account = 1 + (vehicle + number) % ACCOUNTS
            yield vehicle + 1, day, km, "garage", "REPAIR_MAINTENANCE_SERVICE", account, case, recorded_at


def _reading_date(number: int) -> date:
    return days()[0] - timedelta(days=20 + (READINGS_EACH - 1 - number) * _DAYS_EACH)
