"""Load master data and histories in bulk, by COPY: for imports, the sandbox and benchmarks alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from odopass.registry.journal.appending import append
from odopass.registry.journal.entries import Entry
from odopass.registry.journal.readings import reading_json, shown
from odopass.registry.store.database import Database

_NEW_IDS = """
    select nextval(pg_get_serial_sequence('vehicle', 'id')) from generate_series(1, $1::integer)
"""
_VINS = "select id, vin from vehicle where id = any($1::bigint[])"
_READINGS_AT_ONCE = 10_000


class VehicleRow(NamedTuple):
    """Master data of one vehicle; what the authority does not tell is None.

    Attributes:
        vin: upper case; 17 characters, fewer before 1981.
        unifier: tells vehicles of one short VIN apart.
        category: EU category such as M1.
        max_mass_kg: maximum permissible mass.
        first_use: the first day of use anywhere in the world.
        first_registration: the first day in this country.
        electric_range_km: official range on the battery.
    """

    vin: str
    unifier: int | None = None
    make: str | None = None
    model: str | None = None
    category: str | None = None
    max_mass_kg: int | None = None
    first_use: date | None = None
    first_registration: date | None = None
    fuel: str | None = None
    electric_motor: bool | None = None
    electric_range_km: int | None = None
    euro_standard: str | None = None
    co2_nedc_g_km: int | None = None
    co2_wltp_g_km: int | None = None


class PlateRow(NamedTuple):
    """A plate and the vehicle that bears it.

    Attributes:
        plate: upper case, without dashes and blanks.
        valid_until: the last day, included; None while it is borne.
    """

    plate: str
    vehicle_id: int
    valid_from: date
    valid_until: date | None = None


class ReadingRow(NamedTuple):
    """A reading that counts, known from before this registry or made up for a test.

    Attributes:
        source: a `SourceKind`, as text.
        observation_type: an `ObservationType`, as text.
        recorded_at: when it came to be known, with time zone.
        account_id: the garage that read it, or None.
        starts_segment: whether the odometer was replaced, or a break confirmed.
        remarks: codes of findings that were confirmed.
        case_guid: the case it came with, or None for a reading that no request of this registry brought.
    """

    vehicle_id: int
    reading_date: date
    km: int
    source: str
    observation_type: str
    recorded_at: datetime
    account_id: int | None = None
    starts_segment: bool = False
    remarks: Sequence[str] = ()
    case_guid: UUID | None = None


async def load_vehicles(connection: Database, rows: Sequence[VehicleRow]) -> list[int]:
    """Add vehicles.

    Returns:
        Their numbers in the registry, in the order of the rows.

    Raises:
        asyncpg.UniqueViolationError: a VIN with this unifier is there already, or twice among the rows.
    """
    ids = [row[0] for row in await connection.fetch(_NEW_IDS, len(rows))]
    # COPY writes given values into an identity column, as INSERT does with OVERRIDING SYSTEM VALUE.
    await connection.copy_records_to_table(
        "vehicle",
        columns=("id", *VehicleRow._fields),
        records=((vehicle_id, *row) for vehicle_id, row in zip(ids, rows, strict=True)),
    )
    return ids


async def load_plates(connection: Database, rows: Iterable[PlateRow]) -> None:
    """Add plates of vehicles that are there."""
    await connection.copy_records_to_table("plate", columns=PlateRow._fields, records=rows)


async def load_readings(connection: Database, rows: Iterable[ReadingRow]) -> None:
    """Add readings, within the caller's transaction; their order of arrival is that of the rows.

    They are taken as they are, not judged. Each gets its entry in the journal.
    """
    remaining = iter(rows)
    while portion := list(islice(remaining, _READINGS_AT_ONCE)):
        await connection.copy_records_to_table("reading", columns=ReadingRow._fields, records=portion)
        ids = list({row.vehicle_id for row in portion})
        vins = {row[0]: row[1] for row in await connection.fetch(_VINS, ids)}
        await append(connection, [_loaded(vins[row.vehicle_id], row) for row in portion])


def _loaded(vin: str, row: ReadingRow) -> Entry:
    reading = reading_json(
        vehicle=row.vehicle_id,
        date=row.reading_date,
        km=row.km,
        source=row.source,
        observation_type=row.observation_type,
        account=row.account_id,
        starts_segment=row.starts_segment,
        remarks=row.remarks,
    )
    about = vin if row.case_guid is None else str(row.case_guid)
    return Entry("reading.loaded", about, {"reading": reading}, shown(vin, reading))
