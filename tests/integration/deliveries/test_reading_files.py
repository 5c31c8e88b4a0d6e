"""`odopass registry import-readings` on a real database: each line judged by the rules, accounted for, once."""

from __future__ import annotations

import asyncio
import signal
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import asyncpg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.integration.deliveries.files import Ended, run, start, write
from tests.registry.population import add_garage, add_plate, add_reading, add_vehicle

from odopass.clock import SystemClock
from odopass.registry.judging.worker import Worker

pytestmark = pytest.mark.requirement("R2", "R5")

HEADER = "vin,plate,unifier,first_use_date,reading_date,km,observation_type"
VIN = "TESTVINREADINGS01"
TODAY = datetime.now(UTC).date()


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


@pytest.fixture(params=["inspection", "connected"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def add_source(pool: asyncpg.Pool, kind: str, number: int = 1) -> str:
    source = await add_garage(pool, number)
    await pool.execute("update account set source = $2 where id = $1", source.account_id, kind)
    return source.username


async def deliver(url: str, source: str, path: Path, *arguments: str | Path) -> Ended:
    return await run("import-readings", url, path, "--source", source, *arguments)


async def readings(pool: asyncpg.Pool) -> list[tuple[date, int, str]]:
    rows = await pool.fetch("select reading_date, km, source from reading order by vehicle_id, reading_date, arrival")
    return [tuple(row) for row in rows]


async def test_each_line_is_judged_and_told_with_its_number(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path, kind: str
) -> None:
    source = await add_source(pool, kind)
    vehicle = await add_vehicle(pool, VIN)
    other = await add_vehicle(pool, "TESTVINREADINGS02")
    await add_vehicle(pool, "TESTVINTRUCK00001", category="N3", max_mass_kg=18_000)
    await add_plate(pool, "1ABC234", other)
    await add_reading(pool, vehicle, TODAY - timedelta(days=400), 100_000)
    lines = [
        f"{VIN},,,,{ago(300)},110000,",
        f"{VIN},,,,{ago(300)},110001,",  # the same source, vehicle and day
        f"{VIN},,,,{ago(200)},109500,",  # 500 km lower: small
        f"{VIN},,,,{ago(100)},30000,",  # far lower
        f",1-ABC-234,,,{ago(50)},5000,",
        f"TESTVINUNKNOWN001,,,,{ago(50)},5000,",
        f"TESTVINTRUCK00001,,,,{ago(50)},5000,",
        f"{VIN},,,,{ago(2_000)},40000,",  # years late
        f"{VIN},,,,2026-13-01,much,",
        f",,,,{ago(50)},5000,",
        f"{VIN},,,,{ago(50)},120000,VEHICLE_HISTORY_DOCUMENT",
    ]
    ended = await deliver(database_url, source, write(tmp_path / "readings.csv", lines, header=HEADER))
    assert ended.code == 4, ended.said
    far = "REVIEWING" if kind == "inspection" else "ERROR"
    outcomes = ended.outcomes
    assert {line: each[:2] for line, each in outcomes.items()} == {
        2: ("PROCESSED", ""),
        3: ("ERROR", "150"),
        4: ("PROCESSED", "001"),
        5: (far, "001"),
        6: ("PROCESSED", ""),
        7: ("ERROR", "101"),
        8: ("ERROR", "104"),
        9: ("PROCESSED", ""),
        10: ("REJECTED", ""),
        11: ("REJECTED", ""),
        12: ("REJECTED", ""),
    }
    assert outcomes[5][2] == "lower than an earlier reading"
    assert outcomes[11][2] == "neither vin nor plate is given"
    assert ended.counts == {
        "lines": 11, "rejected": 3, "PROCESSED": 4, "ERROR": 3 + (kind == "connected"),
    } | ({"REVIEWING": 1} if kind == "inspection" else {})  # fmt: skip
    assert [each[1:] for each in await readings(pool)] == [
        (40_000, kind), (100_000, "inspection"), (110_000, kind), (109_500, kind), (5_000, kind),
    ]  # fmt: skip
    # What nobody confirmed is no new baseline, and reports do not call it confirmed.
    assert await pool.fetchval("select count(*) from reading where starts_segment or remarks <> '{}'") == 0
    assert await pool.fetchval("select count(*) from waiting") == 0


async def test_the_same_file_twice_counts_once_and_tells_the_same(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    source = await add_source(pool, "connected")
    await add_vehicle(pool, VIN)
    path = write(
        tmp_path / "readings.csv", [f"{VIN},,,,{ago(300 - n)},{10_000 + 20 * n}," for n in range(200)], header=HEADER
    )
    first = await deliver(database_url, source, path, "--lines-at-once", "60")
    again = await deliver(database_url, source, path, "--outcomes", tmp_path / "again.csv")
    assert (first.code, again.code) == (0, 0), first.said + again.said
    assert [each.told[0]["state"] for each in (first, again)] == ["done", "done before"]
    assert first.outcomes == again.outcomes
    assert len(await readings(pool)) == 200
    assert await pool.fetchval("select count(*) from request") == 200
    # Another source's file with the same content is another delivery.
    other = await add_source(pool, "inspection", 2)
    assert (await deliver(database_url, other, path)).counts["PROCESSED"] == 200


async def test_parquet_is_judged_like_csv(database_url: str, pool: asyncpg.Pool, tmp_path: Path) -> None:
    source = await add_source(pool, "inspection")
    await add_vehicle(pool, VIN)
    days = [TODAY - timedelta(days=days) for days in (30, 20, 10)]
    table = pa.table(
        {
            "VIN": [VIN] * 3,
            "odometerReadingDate": days,
            "odometerReading": pa.array([1_000, 2_000, 2_100], pa.int64()),
            "observationType": [None, "ODOMETER_REPLACED", None],
        }
    )
    pq.write_table(table, tmp_path / "readings.parquet")
    ended = await deliver(database_url, source, tmp_path / "readings.parquet")
    assert ended.code == 0, ended.said
    assert [outcome for outcome, *_ in ended.outcomes.values()] == ["PROCESSED"] * 3
    assert await pool.fetchval("select array_agg(starts_segment order by reading_date) from reading") == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "point", ["files: before the commit", "files: after the commit", "judging: judged, before the commit"]
)
async def test_an_import_that_is_killed_goes_on_and_each_line_counts_once(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path, point: str
) -> None:
    source = await add_source(pool, "connected")
    vehicles = [f"TESTVINREADINGS{n:02}" for n in range(20)]
    for each in vehicles:
        await add_vehicle(pool, each)
    lines = [f"{each},,,,{ago(100 - n)},{10_000 + 20 * n}," for n in range(10) for each in vehicles]
    path = write(tmp_path / "readings.csv", lines, header=HEADER)
    process = start("import-readings", database_url, path, "--source", source, "--lines-at-once", "100", die_at=point)
    await asyncio.to_thread(process.communicate)
    assert process.returncode == -signal.SIGKILL
    # What the killed process had claimed comes free at once, so that the test need not wait for its lease.
    await pool.execute("update waiting set lease_until = '-infinity'")
    ended = await deliver(database_url, source, path, "--lines-at-once", "100")
    assert (ended.code, ended.counts["PROCESSED"]) == (0, 200), ended.said
    assert len(set(await pool.fetch("select vehicle_id, reading_date from reading"))) == 200
    assert len(await readings(pool)) == 200


async def test_workers_of_the_registry_judge_along_and_no_line_is_judged_twice(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    source = await add_source(pool, "connected")
    vehicles = [f"TESTVINREADINGS{n:02}" for n in range(50)]
    for each in vehicles:
        await add_vehicle(pool, each)
    lines = [f"{each},,,,{ago(100 - n)},{10_000 + 20 * n}," for n in range(10) for each in vehicles]
    workers = [Worker(pool, SystemClock(), batch=7) for _ in range(2)]
    running = [asyncio.create_task(each.run()) for each in workers]
    ended = await deliver(database_url, source, write(tmp_path / "readings.csv", lines, header=HEADER))
    for each in workers:
        each.stop()
    await asyncio.gather(*running)
    assert ended.counts["PROCESSED"] == 500
    assert len(await readings(pool)) == 500


async def test_only_a_source_that_delivers_files_is_taken(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    path = write(tmp_path / "readings.csv", [f"{VIN},,,,{ago(3)},1000,"], header=HEADER)
    garage = await add_source(pool, "garage")
    locked = await add_source(pool, "inspection", 2)
    await pool.execute("update account set state = 'locked' where username = $1", locked)
    for source, told in ((garage, "is a garage"), (locked, "is locked"), ("nobody", "Nobody delivers")):
        ended = await deliver(database_url, source, path)
        assert ended.code == 3
        assert told in ended.said
        assert "What to do:" in ended.said
    assert await pool.fetchval("select count(*) from request") == 0
    assert (await deliver(database_url, garage, write(tmp_path / "bad.csv", ["1"], header="km"))).code == 5
