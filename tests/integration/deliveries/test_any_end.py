"""An import that is killed, cut off from its database or run twice takes every line in once."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from pathlib import Path

import asyncpg
import pytest
from tests.integration.deliveries.files import import_vehicles, line, start, vin, write

pytestmark = pytest.mark.requirement("R2")

LINES = 400


@pytest.fixture
def extract(tmp_path: Path) -> Path:
    """Vehicles, some of them twice with another make, some lines bad, and a plate that goes from one to the next."""
    lines = []
    for number in range(1, LINES + 1):
        if number % 40 == 0:
            lines.append(f"{vin(number)},,SKODA,Fabia,M1,1600,2015-02-30,,,")
        elif number % 7 == 0:
            lines.append(line(number // 2, make=f"MAKE {number}"))
        else:
            lines.append(line(number, plate="1ABC234", since=f"20{10 + number // 28:02}-01-{1 + number % 28:02}"))
    return write(tmp_path / "extract.csv", lines)


async def contents(url: str) -> dict[str, list[tuple[object, ...]]]:
    """What an import leaves, in the authority's own terms. How often a vehicle changed depends on the chunks."""
    connection = await asyncpg.connect(url)
    try:
        return {
            name: [tuple(row) for row in await connection.fetch(query)]
            for name, query in {
                "vehicles": "select vin, make, category, first_use from vehicle order by vin",
                "plates": "select plate, vin, valid_from, valid_until from plate "
                "join vehicle on vehicle.id = vehicle_id order by plate, valid_from",
                "rejected": "select line, reason from rejected_line order by line",
                "done": "select position, line, counts->'lines', counts->'rejected', done_at is not null from delivery",
            }.items()
        }
    finally:
        await connection.close()


async def expected(extract: Path, url: str) -> dict[str, list[tuple[object, ...]]]:
    ended = await import_vehicles(url, extract, "--lines-at-once", "50")
    assert ended.counts["lines"] == LINES
    return await contents(url)


@pytest.mark.parametrize("point", ["files: before the commit", "files: after the commit"])
async def test_an_import_that_is_killed_about_a_commit_ends_as_one_that_is_not(
    database_url: str, empty_copy: str, extract: Path, point: str
) -> None:
    whole = await expected(extract, empty_copy)
    codes = []
    # Two chunks; the first two runs die, before or after they have taken one in.
    for die_at in (point, point, ""):
        process = start("import-vehicles", database_url, extract, "--lines-at-once", "200", die_at=die_at)
        await asyncio.to_thread(process.communicate)
        codes.append(process.returncode)
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 4]
    assert await contents(database_url) == whole


async def test_a_process_that_is_killed_anywhere_is_followed_by_one_that_goes_on(
    database_url: str, empty_copy: str, extract: Path
) -> None:
    whole = await expected(extract, empty_copy)
    process = start("import-vehicles", database_url, extract, "--lines-at-once", "1")
    connection = await asyncpg.connect(database_url)
    try:
        while not await connection.fetchval("select count(*) from delivery where line > 20"):
            assert process.poll() is None, "it ended before it could be killed"
            await asyncio.sleep(0.01)
        process.kill()
        await asyncio.to_thread(process.communicate)
        taken = await connection.fetchval("select line from delivery")
        assert 20 < taken < LINES
    finally:
        await connection.close()
    ended = await import_vehicles(database_url, extract, "--lines-at-once", "50")
    assert ended.told[0]["state"] == "done"
    assert await contents(database_url) == whole


async def test_two_imports_of_one_file_at_once_take_it_in_once(
    database_url: str, empty_copy: str, extract: Path
) -> None:
    whole = await expected(extract, empty_copy)
    both = [start("import-vehicles", database_url, extract, "--lines-at-once", "50") for _ in range(2)]
    told = [json.loads((await asyncio.to_thread(each.communicate))[0]) for each in both]
    assert [each.returncode for each in both] == [4, 4]
    assert sorted(each[0]["state"] for each in told) in (["done", "done before"], ["done", "done"])
    assert await contents(database_url) == whole


async def test_a_database_that_goes_away_for_a_while_is_waited_for(
    database_url: str, empty_copy: str, extract: Path, administration: asyncpg.Connection
) -> None:
    whole = await expected(extract, empty_copy)
    name = database_url.partition("?")[0].rpartition("/")[2]
    importing = asyncio.create_task(import_vehicles(database_url, extract, "--lines-at-once", "1"))
    pids = "select pid from pg_stat_activity where datname = $1 and query like '%staged%'"
    while not (found := await administration.fetch(pids, name)):
        assert not importing.done(), "it ended before the database went away"
        await asyncio.sleep(0.01)
    await administration.execute(f"alter database {name} allow_connections false")
    try:
        for _ in range(3):
            for row in found:
                await administration.fetchval("select pg_terminate_backend($1)", row[0])
            await asyncio.sleep(0.2)
            found = await administration.fetch(pids, name)
        assert not importing.done()
    finally:
        await administration.execute(f"alter database {name} allow_connections true")
    ended = await importing
    assert ended.told[0]["state"] == "done", ended.said
    assert "It is tried again for 600 s; nothing is lost." in ended.said
    assert await contents(database_url) == whole


async def test_a_database_that_stays_away_is_told_and_a_later_run_goes_on(
    database_url: str, empty_copy: str, extract: Path, administration: asyncpg.Connection
) -> None:
    whole = await expected(extract, empty_copy)
    name = database_url.partition("?")[0].rpartition("/")[2]
    importing = asyncio.create_task(import_vehicles(database_url, extract, "--lines-at-once", "1", "--patience", "1"))
    pids = "select pid from pg_stat_activity where datname = $1 and query like '%staged%'"
    while not await administration.fetch(pids, name):
        assert not importing.done(), "it ended before the database went away"
        await asyncio.sleep(0.01)
    await administration.execute(f"alter database {name} allow_connections false")
    try:
        while not importing.done():
            for row in await administration.fetch(pids, name):
                await administration.fetchval("select pg_terminate_backend($1)", row[0])
            await asyncio.sleep(0.05)
    finally:
        await administration.execute(f"alter database {name} allow_connections true")
    ended = await importing
    assert ended.code == 3
    assert "The database did not come back." in ended.said
    assert "run the same command again: it goes on where it stopped" in ended.said
    assert (await import_vehicles(database_url, extract)).code == 4
    assert {name: rows for name, rows in (await contents(database_url)).items() if name != "done"} == {
        name: rows for name, rows in whole.items() if name != "done"
    }


async def test_a_full_disk_stops_the_import_with_what_to_do_and_nothing_is_lost(
    database_url: str, empty_copy: str, extract: Path, pool: asyncpg.Pool
) -> None:
    whole = await expected(extract, empty_copy)
    await pool.execute(
        f"""
        create function full_disk() returns trigger language plpgsql as $$ begin
            if new.vin = '{vin(211)}' then
                raise exception 'could not extend file: No space left on device' using errcode = '53100';
            end if;
            return new;
        end $$;
        create trigger full_disk before insert on vehicle for each row execute function full_disk();
        """
    )
    ended = await import_vehicles(database_url, extract, "--lines-at-once", "50")
    assert ended.code == 3
    assert "The database's disk is full." in ended.said
    assert "All lines up to 201 are in." in ended.said
    await pool.execute("drop trigger full_disk on vehicle")
    assert (await import_vehicles(database_url, extract, "--lines-at-once", "50")).told[0]["state"] == "done"
    assert await contents(database_url) == whole


async def test_a_place_for_the_rejected_lines_that_cannot_be_written_loses_none(
    database_url: str, extract: Path, tmp_path: Path
) -> None:
    nowhere = tmp_path / "no such folder" / "rejects.csv"
    ended = await import_vehicles(database_url, extract, "--rejects", nowhere)
    assert ended.code == 3
    assert "is kept in the database" in ended.said
    ended = await import_vehicles(database_url, extract, "--rejects", tmp_path / "rejects.csv")
    assert ended.told[0]["state"] == "done before"
    assert len((tmp_path / "rejects.csv").read_text().splitlines()) == 1 + LINES // 40


async def test_a_file_that_changes_while_it_is_read_is_not_read_on(database_url: str, extract: Path) -> None:
    importing = asyncio.create_task(import_vehicles(database_url, extract, "--lines-at-once", "1"))
    connection = await asyncpg.connect(database_url)
    try:
        while not await connection.fetchval("select count(*) from delivery where line > 5"):
            assert not importing.done(), "it ended before the file changed"
            await asyncio.sleep(0.01)
        with extract.open("a") as file:
            file.write(line(5_000))
        ended = await importing
        assert ended.code == 5
        assert "changed while it was read" in ended.said
        assert (await import_vehicles(database_url, extract)).told[0]["state"] == "done"
        with contextlib.suppress(asyncpg.PostgresError):
            assert await connection.fetchval("select count(*) from vehicle where vin = $1", vin(5_000)) == 1
    finally:
        await connection.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_import_that_is_told_to_end_says_how_to_go_on(
    database_url: str, extract: Path, number: signal.Signals
) -> None:
    process = start("import-vehicles", database_url, extract, "--lines-at-once", "1")
    connection = await asyncpg.connect(database_url)
    try:
        while not await connection.fetchval("select count(*) from delivery where line > 5"):
            assert process.poll() is None, "it ended before it could be told to"
            await asyncio.sleep(0.01)
        process.send_signal(number)
        _, said = await asyncio.to_thread(process.communicate)
    finally:
        await connection.close()
    assert process.returncode == 130
    assert said.strip() == "Interrupted. What was taken in stays; the same command goes on from there."
    assert (await import_vehicles(database_url, extract)).counts["lines"] == LINES
