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

# A table of its own, with statistics: a join by "is not distinct from" is guessed to give one row, and what is planned
# for one row takes minutes for fifty thousand.
_SPANS: Final = """
    create temp table if not exists told_span (
        line bigint not null, plate text, vehicle_id bigint, valid_from date, valid_until date
    ) on commit delete rows
"""
_TELL_SPANS: Final = """
    insert into told_span
    select line, plate, vehicle.id, plate_from, {until} from staged left join vehicle on {same}
"""
_UNKNOWN: Final = "select line from told_span where vehicle_id is null"

# A span ends the day before the next one of the same plate begins, whoever bears it, unless it is said to end earlier.
# Spans are never moved or taken back, so that a span that was closed by a later one stays closed.
_MERGE_PLATES: Final = """
    with told as materialized (
        select distinct on (plate, valid_from, vehicle_id) plate, vehicle_id, valid_from, valid_until
        from told_span
        where plate is not null and vehicle_id is not null
        order by plate, valid_from, vehicle_id, line desc
    ), both_of_them as (
        select plate, vehicle_id, valid_from, valid_until, true as told from told
        union all
        select plate, vehicle_id, valid_from, valid_until, false from plate where plate in (select plate from told)
    ), span as (
        select plate, vehicle_id, valid_from,
            bool_or(told) as told, max(valid_until) filter (where told) as told_until,
            not bool_and(told) as there, max(valid_until) filter (where not told) as was_until
        from both_of_them
        group by plate, vehicle_id, valid_from
    ), effective as (
        select plate, vehicle_id, valid_from, there, was_until, least(
            case when told then told_until else was_until end,
            min(valid_from) over (
                partition by plate order by valid_from range between '1 day' following and unbounded following
            ) - 1
        ) as valid_until
        from span
    ), written as (
        insert into plate (plate, vehicle_id, valid_from, valid_until)
        select plate, vehicle_id, valid_from, valid_until from effective
        where not there or valid_until is distinct from was_until
        order by plate, valid_from, vehicle_id
        on conflict (plate, valid_from, vehicle_id) do update set valid_until = excluded.valid_until
        returning 1
    )
    select count(*) from written
"""


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
        if self._plates:
            await self._tell_spans(connection)
            if not self._master:
                unknown = [row[0] for row in await connection.fetch(_UNKNOWN)]
                chunk.leave_out(unknown, "no vehicle has this VIN and unifier; take in the file of vehicles first")
            (counts[PLATES],) = await fetch_one(connection, _MERGE_PLATES)
        return counts

    async def _tell_spans(self, connection: Database) -> None:
        until = "plate_until" if "plate_until" in self._staged else "null"
        await connection.execute(_SPANS)
        await connection.execute(_TELL_SPANS.format(until=until, same=_SAME.format("staged")))
        await connection.execute("analyze told_span")


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
