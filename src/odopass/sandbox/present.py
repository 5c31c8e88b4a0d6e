"""The test vehicles as the database has them now, whatever was reported since the first start."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

import asyncpg

from odopass.domain.history import History, Reading

_VEHICLES = """
    select known.vehicle_id, known.purpose, vehicle.vin, vehicle.unifier, vehicle.first_use, borne.plate
    from sandbox.vehicle known
    join vehicle on vehicle.id = known.vehicle_id
    left join lateral (
        select plate from plate
        where plate.vehicle_id = known.vehicle_id
            and valid_from <= $1 and (valid_until is null or valid_until >= $1)
        order by valid_from desc
        limit 1
    ) borne on true
    order by known.place
"""
_READINGS = """
    select vehicle_id, reading_date, arrival, km, starts_segment
    from reading
    where vehicle_id in (select vehicle_id from sandbox.vehicle) and superseded_at is null
    order by arrival
"""


@dataclass(frozen=True, slots=True)
class VehicleNow:
    """A test vehicle.

    Attributes:
        vin: as registered.
        plate: the one it bears today, upper case without dashes; None if it bears none.
        unifier: tells vehicles of one short VIN apart; None for all others.
        first_use: None if unknown.
        last: the last reading that counts; None without history.
        purpose: what the vehicle is for.
    """

    vin: str
    plate: str | None
    unifier: int | None
    first_use: date | None
    last: Reading | None
    purpose: str


async def vehicles_now(url: str, today: date) -> list[VehicleNow]:
    """All test vehicles, in the order in which they were made."""
    connection = await asyncpg.connect(url)
    try:
        readings: dict[int, list[Reading]] = defaultdict(list)
        for vehicle_id, day, arrival, km, starts_segment in await connection.fetch(_READINGS):
            readings[vehicle_id].append(Reading(day, arrival, km, starts_segment))
        rows = await connection.fetch(_VEHICLES, today)
    finally:
        await connection.close()
    return [
        VehicleNow(
            vin=row["vin"],
            plate=row["plate"],
            unifier=row["unifier"],
            first_use=row["first_use"],
            last=next(reversed(History.of(readings[row["vehicle_id"]]).readings), None),
            purpose=row["purpose"],
        )
        for row in rows
    ]
