"""Vehicles by the million: our import of CSV and Parquet beside what people would write, each into an empty database.

The rival reads the CSV file with Python's own module, converts the cells it needs to, and hands rows to asyncpg's
executemany, ten thousand a transaction, with an upsert so that a second run would do. It checks nothing, keeps no
position, and finds out nothing about lines that are wrong but that it stops.
"""

from __future__ import annotations

import asyncio
import csv
import dataclasses
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, Final

import asyncpg
import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from benchmarks.databases import Databases
from odopass.clock import SystemClock
from odopass.registry.deliveries.taking_in import Importing
from odopass.registry.vehicles.extracts import open_extract
from odopass.registry.vehicles.importing import import_vehicles
from odopass.registry.vehicles.loading import VehicleRow
from odopass.simulate.fleet import simulate_fleet

PART: Final = "i"

OURS_CSV: Final = "ours: CSV"
OURS_PARQUET: Final = "ours: Parquet"
OURS_AGAIN: Final = "ours: the same vehicles again, from the other kind of file"
RIVAL: Final = "rival: csv and executemany, 10,000 rows a transaction"

_ALPHABET: Final = np.array(list("ABCDEFGHJKLMNPRSTUVWXYZ0123456789"))
_SIMULATED: Final = 20_000
_UPSERT: Final = (
    "insert into vehicle ({names}) values ({places}) on conflict (vin, unifier) do update set {set}".format(
        names=", ".join(VehicleRow._fields),
        places=", ".join(f"${n}" for n in range(1, len(VehicleRow._fields) + 1)),
        set=", ".join(f"{name} = excluded.{name}" for name in VehicleRow._fields[2:]),
    )
)


@dataclasses.dataclass(frozen=True, slots=True)
class Imports:
    """Vehicles a second of each contender, round by round."""

    vehicles: int
    per_second: dict[str, list[float]]


def measure(databases: Databases, *, vehicles: int, rounds: int, tell: Callable[[str], None]) -> Imports:
    """Let the contenders take turns."""
    rates: dict[str, list[float]] = {name: [] for name in (OURS_CSV, OURS_PARQUET, OURS_AGAIN, RIVAL)}
    with tempfile.TemporaryDirectory(prefix="odopass-bench-files-") as folder:
        tell(f"({PART}) writing {vehicles:,} vehicles")
        as_csv, as_parquet = _write(Path(folder), vehicles)
        for number in range(1, rounds + 1):
            for name, work in (
                (OURS_CSV, [_ours(as_csv), _ours(as_parquet)]),
                (OURS_PARQUET, [_ours(as_parquet)]),
                (RIVAL, [_rival(as_csv)]),
            ):
                tell(f"({PART}) round {number} of {rounds}: {name}")
                rates[name].append(vehicles / _timed(databases, work[:1], work[1:], rates, vehicles))
    return Imports(vehicles, rates)


_Work = Callable[[str], Awaitable[None]]


def _timed(
    databases: Databases, first: Sequence[_Work], again: Sequence[_Work], rates: dict[str, list[float]], vehicles: int
) -> float:
    url = databases.empty("bench_import")
    try:
        databases.settle()
        seconds = _seconds(first[0], url)
        found = asyncio.run(_count(url))
        if found != vehicles:
            raise RuntimeError(f"{found:,} vehicles are there, not {vehicles:,}")
        for work in again:
            databases.settle()
            rates[OURS_AGAIN].append(vehicles / _seconds(work, url))
        return seconds
    finally:
        databases.drop("bench_import")


def _seconds(work: _Work, url: str) -> float:
    async def run() -> None:
        await work(url)

    begun = time.perf_counter()
    asyncio.run(run())
    return time.perf_counter() - begun


def _ours(path: Path) -> _Work:
    async def work(url: str) -> None:
        imported = await import_vehicles(Importing(url, SystemClock()), open_extract(path, {}))
        if imported.rejected:
            raise RuntimeError(f"{imported.rejected} lines were left out")

    return work


def _rival(path: Path) -> _Work:
    async def work(url: str) -> None:
        connection = await asyncpg.connect(url)
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = _rows(csv.DictReader(file))
                while batch := list(islice(rows, 10_000)):
                    async with connection.transaction():
                        await connection.executemany(_UPSERT, batch)
        finally:
            await connection.close()

    return work


def _rows(lines: csv.DictReader[str]) -> Iterator[tuple[Any, ...]]:
    def number(text: str) -> int | None:
        return int(text) if text else None

    def day(text: str) -> date | None:
        return date.fromisoformat(text) if text else None

    for line in lines:
        yield (
            line["vin"], number(line["unifier"]), line["make"], line["model"], line["category"],
            number(line["max_mass_kg"]), day(line["first_use"]), day(line["first_registration"]), line["fuel"] or None,
            line["electric_motor"] == "true", number(line["electric_range_km"]), line["euro_standard"] or None,
            number(line["co2_nedc_g_km"]), number(line["co2_wltp_g_km"]),
        )  # fmt: skip


async def _count(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("select count(*) from vehicle"))
    finally:
        await connection.close()


def _write(folder: Path, vehicles: int) -> tuple[Path, Path]:
    """A simulated fleet's vehicles, repeated under VINs of their own that come in no order, as CSV and as Parquet."""
    simulated = simulate_fleet(1, _SIMULATED, date(2026, 6, 30)).vehicles.select(list(VehicleRow._fields))
    rng = np.random.default_rng(1)
    letters = _ALPHABET[rng.integers(0, len(_ALPHABET), size=(vehicles, 9))]
    vins = [f"{''.join(row)}{number:08}" for number, row in enumerate(letters)]
    table = simulated.take(pa.array(np.arange(vehicles) % simulated.num_rows))
    table = table.set_column(0, "vin", pa.array(vins)).set_column(1, "unifier", pa.nulls(vehicles, pa.int32()))
    as_csv, as_parquet = folder / "vehicles.csv", folder / "vehicles.parquet"
    pacsv.write_csv(table, as_csv)
    pq.write_table(table, as_parquet, row_group_size=100_000)
    return as_csv, as_parquet
