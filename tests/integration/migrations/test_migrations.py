"""Migrations are applied once each, in order, by any number of processes, and never guessed at."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

import asyncpg
import pytest

from odopass.registry.store import migrate as migrations
from odopass.registry.store.migrate import MIGRATIONS, MigrationRefused, migrate, read_migrations


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, copy)
    return copy


async def applied(url: str) -> list[tuple[int, str]]:
    connection = await asyncpg.connect(url)
    try:
        rows = await connection.fetch("select number, name from schema_migration order by number")
        return [(row["number"], row["name"]) for row in rows]
    finally:
        await connection.close()


async def test_an_empty_database_gets_every_migration_in_order_and_then_none(empty_database_url: str) -> None:
    expected = [(migration.number, migration.name) for migration in read_migrations()]
    assert await migrate(empty_database_url) == [name for _, name in expected]
    assert await migrate(empty_database_url) == []
    assert await applied(empty_database_url) == expected


async def test_a_migrated_database_takes_rows_in_its_tables(pool: asyncpg.Pool) -> None:
    await pool.execute("insert into vehicle (vin, unifier) values ('WVWZZZ1JZXW000001', null)")
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute("insert into vehicle (vin, unifier) values ('WVWZZZ1JZXW000001', null)")


async def test_twenty_processes_starting_at_once_apply_each_migration_once(empty_database_url: str) -> None:
    outcomes = await asyncio.gather(*(migrate(empty_database_url) for _ in range(20)))
    assert sorted(name for outcome in outcomes for name in outcome) == [m.name for m in read_migrations()]


async def test_a_later_migration_is_applied_to_a_database_with_data(empty_database_url: str, folder: Path) -> None:
    await migrate(empty_database_url, folder=folder)
    number = read_migrations(folder)[-1].number + 1
    (folder / f"{number:04}_more.sql").write_text("create table more (one integer); insert into more values (1);")
    assert await migrate(empty_database_url, folder=folder) == [f"{number:04}_more"]


async def test_a_number_that_was_left_out_is_filled_later(empty_database_url: str, folder: Path) -> None:
    number = read_migrations(folder)[-1].number
    (folder / f"{number + 2:04}_later.sql").write_text("create table later (one integer);")
    await migrate(empty_database_url, folder=folder)
    (folder / f"{number + 1:04}_between.sql").write_text("create table between_them (one integer);")
    assert await migrate(empty_database_url, folder=folder) == [f"{number + 1:04}_between"]
    assert await migrate(empty_database_url, folder=folder) == []


async def test_a_migration_that_fails_half_way_leaves_nothing_behind(empty_database_url: str, folder: Path) -> None:
    await migrate(empty_database_url, folder=folder)
    before = await applied(empty_database_url)
    number = read_migrations(folder)[-1].number + 1
    broken = folder / f"{number:04}_broken.sql"
    broken.write_text("create table half (one integer); select 1 / 0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(empty_database_url, folder=folder)
    assert await applied(empty_database_url) == before
    broken.write_text("create table half (one integer);")
    assert await migrate(empty_database_url, folder=folder) == [broken.stem]


async def test_a_changed_file_of_an_applied_migration_is_refused(empty_database_url: str, folder: Path) -> None:
    await migrate(empty_database_url, folder=folder)
    first = folder / f"{read_migrations(folder)[0].name}.sql"
    first.write_text(first.read_text() + "-- one more line\n")
    with pytest.raises(MigrationRefused, match=re.escape(first.name)) as refused:
        await migrate(empty_database_url, folder=folder)
    assert "new migration" in refused.value.do


async def test_a_database_newer_than_the_program_is_refused(empty_database_url: str, folder: Path) -> None:
    number = read_migrations(folder)[-1].number + 1
    future = folder / f"{number:04}_future.sql"
    future.write_text("create table future (one integer);")
    await migrate(empty_database_url, folder=folder)
    with pytest.raises(MigrationRefused, match="newer than this program"):
        await migrate(empty_database_url)


async def test_a_server_older_than_needed_is_refused_before_anything_is_made(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The demand is raised above the server that is here: an older server is not at hand on every machine.
    monkeypatch.setattr(migrations, "_OLDEST_MAJOR", 99)
    with pytest.raises(MigrationRefused, match="too old"):
        await migrate(empty_database_url)
    with pytest.raises(asyncpg.UndefinedTableError):
        await applied(empty_database_url)


async def test_a_database_that_cannot_store_every_character_is_refused(
    administration: asyncpg.Connection, empty_database_url: str
) -> None:
    name = empty_database_url.partition("?")[0].rpartition("/")[2]
    await administration.execute(f"drop database {name} with (force)")
    await administration.execute(
        f"create database {name} encoding 'LATIN1' locale_provider libc locale 'C' template template0"
    )
    with pytest.raises(MigrationRefused, match="LATIN1"):
        await migrate(empty_database_url)


@pytest.mark.parametrize("name", ["0000_nothing.sql", "2_short.sql", "0001_twice.sql"])
def test_misnumbered_files_are_an_error_of_the_program(tmp_path: Path, name: str) -> None:
    (tmp_path / "0001_first.sql").write_text("select 1;")
    (tmp_path / name).write_text("select 1;")
    with pytest.raises(ValueError, match="migration"):
        read_migrations(tmp_path)
