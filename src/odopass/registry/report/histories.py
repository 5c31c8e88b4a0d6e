"""What the registry itself knows of a vehicle, for its report, and what it learns from abroad."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from odopass.domain.history import SourceKind
from odopass.domain.observation import ObservationType
from odopass.registry.journal.appending import append
from odopass.registry.report.content import ReadingLine, VehicleData
from odopass.registry.report.journaling import joined
from odopass.registry.report.sources import ForeignReading
from odopass.registry.store.database import Database, Pool, fetch_one

_VEHICLE = """
    select vin, make, model, first_use, first_registration, fuel, electric_motor, electric_range_km, euro_standard,
        co2_nedc_g_km, co2_wltp_g_km
    from vehicle where id = $1
"""
_UNIFIER = "select unifier from vehicle where id = $1"
_READINGS = """
    select reading_date, km, source, observation_type, starts_segment, remarks, country, in_miles
    from reading
    where vehicle_id = $1 and superseded_at is null
    order by reading_date, arrival
"""
# A reading from abroad is told again with each enquiry; it joins the history once.
_JOIN = """
    insert into reading (
        vehicle_id, reading_date, km, source, observation_type, starts_segment, recorded_at, country, in_miles
    )
    select $1, told.day, told.km, 'foreign', 'REPAIR_MAINTENANCE_SERVICE', false, $6, told.country, told.in_miles
    from unnest($2::date[], $3::int[], $4::text[], $5::int[]) as told(day, km, country, in_miles)
    where not exists (
        select from reading
        where vehicle_id = $1 and reading_date = told.day and reading.km = told.km and source = 'foreign'
    )
    returning reading_date, km, source, observation_type, starts_segment, country, in_miles
"""
# Two reports about a vehicle may stand at the same moment: the second looks after the first has committed.
_ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtext('readings from abroad'), hashint8($1))"
_LATEST = """
    select reading_date, km from reading
    where vehicle_id = $1 and superseded_at is null and recorded_at > $2 and source <> 'foreign'
    order by reading_date desc, arrival desc
    limit 1
"""


async def vehicle_data(database: Database, vehicle_id: int) -> VehicleData:
    """The vehicle's master data as the registry holds them."""
    return VehicleData(**dict(await fetch_one(database, _VEHICLE, vehicle_id)))


async def unifier_of(database: Database, vehicle_id: int) -> int | None:
    """The vehicle's unifier."""
    found: int | None = await database.fetchval(_UNIFIER, vehicle_id)
    return found


async def reading_lines(database: Database, vehicle_id: int) -> tuple[ReadingLine, ...]:
    """The vehicle's readings that count, oldest first."""
    return tuple(
        ReadingLine(
            date=row["reading_date"],
            km=row["km"],
            source=SourceKind(row["source"]),
            replaced=row["observation_type"] == ObservationType.ODOMETER_REPLACED,
            starts_segment=row["starts_segment"],
            confirmed=bool(row["remarks"]),
            country=row["country"],
            in_miles=row["in_miles"],
        )
        for row in await database.fetch(_READINGS, vehicle_id)
    )


async def join_foreign_readings(
    database: Database, vehicle_id: int, readings: Iterable[ForeignReading], *, vin: str, now: datetime
) -> None:
    """Let readings from abroad join the vehicle's history, each once; to be called within a transaction."""
    told: Sequence[ForeignReading] = tuple(dict.fromkeys(readings))
    if told:
        await database.execute(_ONE_AT_A_TIME, vehicle_id)
        rows = await database.fetch(
            _JOIN,
            vehicle_id,
            [reading.date for reading in told],
            [reading.km for reading in told],
            [reading.country for reading in told],
            [reading.in_miles for reading in told],
            now,
        )
        await append(database, joined(vin, vehicle_id, rows))


async def latest_reading_since(database: Database | Pool, vehicle_id: int, since: datetime) -> tuple[date, int] | None:
    """The vehicle's newest reading that was recorded after a moment, if there is one."""
    row = await database.fetchrow(_LATEST, vehicle_id, since)
    return None if row is None else (row["reading_date"], row["km"])
