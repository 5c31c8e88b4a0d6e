"""How much room a registry takes: `python -m benchmarks.capacity [--vehicles N]`.

Fills an embedded PostgreSQL with vehicles, each with readings that came by observations, and tells bytes per row and
vehicle, table by table, indexes included.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

import asyncpg

from odopass.registry.postgres import EmbeddedPostgres
from odopass.registry.store.migrate import migrate

READINGS_OF_A_VEHICLE = 12
GARAGES = 14_000
_BATCH = 20_000

_GARAGES = """
    insert into account (username, establishment, enterprise, name, password_hash)
    select (2000000000 + n)::text, (2000000000 + n)::text, (400000000 + n)::text, 'Garage ' || n,
        '$argon2id$v=19$m=19456,t=2,p=1$' || repeat('x', 66)
    from generate_series(1, $1::int) n
"""
_VEHICLES = """
    insert into vehicle (vin, make, model, category, max_mass_kg, first_use, first_registration, fuel, euro_standard,
        co2_wltp_g_km)
    select 'WVW' || upper(substr(md5(n::text), 1, 14)), 'Volkswagen', 'Golf Variant', 'M1', 1900,
        date '2008-01-01' + (n % 6000), date '2008-01-01' + (n % 6000), 'diesel', 'EURO 6', 120
    from generate_series($1::int, $2::int) n
"""
_PLATES = """
    insert into plate (plate, vehicle_id, valid_from)
    select '1' || upper(substr(md5(id::text), 1, 6)), id, date '2015-01-01' from vehicle where id between $1 and $2
"""
# As intake and judging leave it: a request with its body and key, a case, a reading. In order of time.
_OBSERVATIONS = """
    with sent as materialized (
        select gen_random_uuid() as guid, v as vehicle, 1 + (v * 7919 + $3::int) % 14000 as account,
            date '2014-01-01' + $3::int * 340 + v % 300 as day, 10000 + $3::int * 14000 + v % 9000 as km,
            'WVW' || upper(substr(md5(v::text), 1, 14)) as vin
        from generate_series($1::int, $2::int) v
    ), keyed as (
        insert into idempotency select account, gen_random_uuid()::text, sha256(vin::bytea), guid from sent
    ), stored as (
        insert into request select guid, vehicle, 'submission', guid, vehicle, account, 1, now(), 'identified', vin,
            'REPAIR_MAINTENANCE_SERVICE', day, km, json_build_object('vin', vin, 'odometerReadingDate', day,
            'odometerReading', km, 'observationType', 'REPAIR_MAINTENANCE_SERVICE', 'enterpriseOrganisation',
            '0400000000', 'enteredOrganisation', '2000000000')::text
        from sent
    ), opened as (
        insert into observation_case (guid, subject, account_id, vehicle_id, observation_type, reading_date, km, status,
            head, standing, settled_at)
        select guid, vehicle, account, vehicle, 'REPAIR_MAINTENANCE_SERVICE', day, km, 'PROCESSED', guid, guid, now()
        from sent
    )
    insert into reading (vehicle_id, reading_date, km, source, observation_type, account_id, case_guid, recorded_at)
    select vehicle, day, km, 'garage', 'REPAIR_MAINTENANCE_SERVICE', account, guid, now() from sent
"""
_SIZES = """
    select relname as name, pg_table_size(c.oid)::bigint as rows, pg_indexes_size(c.oid)::bigint as indexes,
        greatest(reltuples, 0)::bigint as number
    from pg_class c
    where relkind = 'r' and relnamespace = 'public'::regnamespace and pg_total_relation_size(c.oid) > 1000000
    order by pg_total_relation_size(c.oid) desc
"""


async def fill(url: str, vehicles: int) -> None:
    """Put garages, vehicles and their observations into the tables."""
    connection = await asyncpg.connect(url)
    await connection.execute(_GARAGES, GARAGES)
    batches = [(start, min(start + _BATCH - 1, vehicles)) for start in range(1, vehicles + 1, _BATCH)]
    for first, last in batches:
        await connection.execute(_VEHICLES, first, last)
        await connection.execute(_PLATES, first, last)
    for turn in range(READINGS_OF_A_VEHICLE):
        for first, last in batches:
            await connection.execute(_OBSERVATIONS, first, last, turn)
    await connection.execute("vacuum analyze")
    await connection.close()


async def tell(url: str, vehicles: int) -> None:
    """Print what each table takes, as a table in Markdown."""
    connection = await asyncpg.connect(url)
    whole = 0
    print("| table | rows | bytes a row | of these, indexes | bytes a vehicle |\n| --- | ---: | ---: | ---: | ---: |")
    for table in await connection.fetch(_SIZES):
        size, number = table["rows"] + table["indexes"], max(table["number"], 1)
        whole += size
        print(
            f"| `{table['name']}` | {number:,} | {size / number:,.0f} | {table['indexes'] / number:,.0f} | "
            f"{size / vehicles:,.0f} |"
        )
    reading = whole / vehicles / READINGS_OF_A_VEHICLE
    print(f"\nTogether {whole / vehicles:,.0f} bytes a vehicle, {reading:,.0f} a reading.")
    await connection.close()


def main() -> None:
    """Fill a database and tell its size."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--vehicles", type=int, default=200_000)
    vehicles = options.parse_args().vehicles
    with (
        tempfile.TemporaryDirectory(prefix="odopass-capacity-") as folder,
        EmbeddedPostgres(Path(folder) / "data", settings={"fsync": "off"}) as server,
    ):
        asyncio.run(migrate(server.dsn()))
        asyncio.run(fill(server.dsn(), vehicles))
        asyncio.run(tell(server.dsn(), vehicles))


if __name__ == "__main__":
    main()
