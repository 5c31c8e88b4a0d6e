"""Merge an extract's lines into the registry's vehicles, set by set: new ones, changed ones, plates.

What a chunk says is what its lines would say one by one: the last line about a vehicle or a span counts. A vehicle that
is as the file says is not written.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv as pacsv  # type: ignore[import-untyped]

from odopass.clock import Clock
from odopass.registry.deliveries.chunks import Chunk, DeliveredFile
from odopass.registry.deliveries.ledger import Delivery
from odopass.registry.store.database import Database, fetch_one
from odopass.registry.vehicles.extracts import COLUMNS, IDENTITY, MASTER_NAMES

#: What becomes of lines: of vehicles, and of plates.
ADDED: Final = "vehiclesAdded"
CHANGED: Final = "vehiclesChanged"
UNCHANGED: Final = "vehiclesUnchanged"
REPEATED: Final = "linesOverruledByLaterOnes"
PLATES: Final = "platesWritten"

_TYPES: Final = {
    "unifier": "integer", "max_mass_kg": "integer", "first_use": "date", "first_registration": "date",
    "electric_motor": "boolean", "electric_range_km": "integer", "co2_nedc_g_km": "integer",
    "co2_wltp_g_km": "integer", "plate_from": "date", "plate_until": "date",
}  # fmt: skip

_STAGING: Final = "create temp table if not exists staged (line bigint not null, {}) on commit delete rows".format(
    ", ".join(f"{column.name} {_TYPES.get(column.name, 'text')}" for column in COLUMNS)
)

# A vehicle without a unifier is not one that has any: "is not distinct from", which the index on (vin, unifier) finds
# by its first column.
_SAME: Final = "vehicle.vin = {0}.vin and vehicle.unifier is not distinct from {0}.unifier"

_LATEST: Final = "select distinct on (vin, unifier) * from staged order by vin, unifier, line desc"

# All parts see the table as it was before the statement, so that former values can be kept beside the change.
_MERGE: Final = """
    with latest as materialized ({latest}),
    matched as materialized (
        select vehicle.id, latest.vin, latest.unifier, {old}, {new}
        from latest left join vehicle on {same}
    ),
    differing as materialized (
        select * from matched where id is not null and ({old_names}) is distinct from ({new_names})
    ),
    changed as (
        update vehicle set {assignments} from differing where vehicle.id = differing.id returning vehicle.id
    ),
    kept as (
        insert into vehicle_change (vehicle_id, changed_at, delivery_id, before)
        select id, $1, $2, (
            select jsonb_object_agg(name, was)
            from (values {pairs}) as each (name, was, becomes)
            where was is distinct from becomes
        )
        from differing
    ),
    added as (
        insert into vehicle (vin, unifier, {names})
        select vin, unifier, {names} from matched where id is null
        on conflict (vin, unifier) do nothing
        returning id
    )
    select (select count(*) from matched) as vehicles, (select count(*) from changed) as changed,
        (select count(*) from added) as added
"""

_UNKNOWN: Final = f"""
    delete from staged
    where not exists (select from vehicle where {_SAME.format("staged")})
    returning line
"""  # noqa: S608 - its own text only

# A span ends the day before the next one of the same plate begins, whoever bears it, unless it is said to end earlier.
# Spans are never moved or taken back, so that a span that was closed by a later one stays closed.
_MERGE_PLATES: Final = f"""
    with told as materialized (
        select distinct on (plate, plate_from, vehicle.id)
            plate, vehicle.id as vehicle_id, plate_from as valid_from, plate_until as valid_until
        from staged join vehicle on {_SAME.format("staged")}
        where plate is not null
        order by plate, plate_from, vehicle.id, line desc
    ), touched as materialized (
        select plate.* from plate where plate in (select plate from told)
    ), spans as (
        select * from told
        union all
        select plate, vehicle_id, valid_from, valid_until from touched
        where not exists (
            select from told
            where (told.plate, told.valid_from, told.vehicle_id)
                = (touched.plate, touched.valid_from, touched.vehicle_id)
        )
    ), effective as (
        select plate, vehicle_id, valid_from, least(
            valid_until,
            min(valid_from) over (
                partition by plate order by valid_from range between '1 day' following and unbounded following
            ) - 1
        ) as valid_until
        from spans
    ), written as (
        insert into plate (plate, vehicle_id, valid_from, valid_until)
        select effective.* from effective
        where not exists (
            select from touched
            where (touched.plate, touched.valid_from, touched.vehicle_id)
                = (effective.plate, effective.valid_from, effective.vehicle_id)
                and touched.valid_until is not distinct from effective.valid_until
        )
        order by plate, valid_from, vehicle_id
        on conflict (plate, valid_from, vehicle_id) do update set valid_until = excluded.valid_until
        returning 1
    )
    select count(*) from written
"""  # noqa: S608 - its own text only


class Merging:
    """Merges the chunks of one file.

    Args:
        file: whose columns decide what is merged.
        clock: tells when a vehicle changed.
    """

    def __init__(self, file: DeliveredFile, clock: Clock) -> None:
        self._clock = clock
        names = file.layout.names
        self._staged = [column.name for column in COLUMNS if column.name in names]
        self._master = [name for name in MASTER_NAMES if name in names]
        self._plates = "plate" in names

    async def __call__(self, connection: Database, delivery: Delivery, chunk: Chunk) -> Mapping[str, int]:
        """Merge a chunk inside the caller's transaction; lines about unknown vehicles join its rejected ones."""
        await stage(connection, chunk.table, ["line", *self._staged])
        counts: Counter[str] = Counter()
        if self._master:
            row = await fetch_one(connection, _merge(self._master), self._clock.now(), delivery.id)
            counts[ADDED] = row["added"]
            counts[CHANGED] = row["changed"]
            counts[UNCHANGED] = row["vehicles"] - row["added"] - row["changed"]
            counts[REPEATED] = chunk.table.num_rows - row["vehicles"]
        else:
            unknown = [row[0] for row in await connection.fetch(_UNKNOWN)]
            chunk.leave_out(unknown, "no vehicle has this VIN and unifier; take in the file of vehicles first")
        if self._plates:
            (counts[PLATES],) = await fetch_one(connection, _MERGE_PLATES)
        return counts


async def stage(connection: Database, table: pa.Table, columns: Sequence[str]) -> None:
    """Copy checked lines into the connection's own staging table, which is emptied by the commit."""
    await connection.execute(_STAGING)
    # Sorted, so that neighbours in the index are written one after another, and by every import in the same order.
    table = table.select(columns).sort_by([(column.name, "ascending") for column in IDENTITY if column.name in columns])
    text = io.BytesIO()
    pacsv.write_csv(table, text, pacsv.WriteOptions(include_header=False))
    text.seek(0)
    await connection.copy_to_table("staged", source=text, columns=columns, format="csv")
    await connection.execute("analyze staged")


def _merge(names: Sequence[str]) -> str:
    return _MERGE.format(
        latest=_LATEST,
        same=_SAME.format("latest"),
        old=", ".join(f"vehicle.{name} as old_{name}" for name in names),
        new=", ".join(f"latest.{name}" for name in names),
        old_names=", ".join(f"old_{name}" for name in names),
        new_names=", ".join(names),
        assignments=", ".join(f"{name} = differing.{name}" for name in names),
        pairs=", ".join(f"('{name}', to_jsonb(old_{name}), to_jsonb({name}))" for name in names),
        names=", ".join(names),
    )
