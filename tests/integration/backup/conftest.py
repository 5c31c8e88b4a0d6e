"""A registry with an embedded PostgreSQL of its own, and the commands that an operator types."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import date
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from click.testing import Result
from tests.registry.population import add_reading, add_vehicle
from typer.testing import CliRunner

from odopass.registry.commands import registry
from odopass.registry.journal.guarding import migrate_embedded
from odopass.registry.postgres import EmbeddedPostgres

DAY = date(2026, 3, 5)
_MEMORY = Path("/dev/shm")
_ENOUGH_BYTES = 1 << 30


@pytest.fixture
def tmp_path(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory if there is enough: whole databases are written to disk and back, and no test pulls a plug."""
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ENOUGH_BYTES:
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp(prefix="odopass-", dir=_MEMORY))
    yield folder
    shutil.rmtree(folder)


async def odopass(*arguments: str | Path) -> Result:
    """Type `odopass registry …` and wait for its end."""
    # In a thread: the command runs event loops of its own.
    return await asyncio.to_thread(CliRunner().invoke, registry, [str(each) for each in arguments])


async def done(*arguments: str | Path) -> str:
    """Type it; it must do what it was told."""
    ran = await odopass(*arguments)
    assert ran.exit_code == 0, f"{ran.output} {ran.exception}"
    return ran.stdout


async def refused(*arguments: str | Path) -> str:
    """Type it; it must be refused with an explanation."""
    ran = await odopass(*arguments)
    assert ran.exit_code == 3, f"{ran.exit_code} {ran.output} {ran.exception}"
    assert "What to do: " in ran.stderr
    return ran.stderr


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


async def count(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("select count(*) from reading"))
    finally:
        await connection.close()


async def count_in(folder: Path) -> int:
    """How many readings a data folder holds."""
    with EmbeddedPostgres(folder, settings={"shared_buffers": "16MB"}) as server:
        return await count(server.dsn())


async def read_more(url: str, number: int) -> None:
    """Add readings, each committed by itself."""
    connection = await asyncpg.connect(url)
    try:
        vehicle = await connection.fetchval("select max(id) from vehicle")
        for km in range(number):
            await add_reading(connection, vehicle, DAY, km)
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def running(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A registry's database with 100 readings, in `tmp_path/data`."""
    with EmbeddedPostgres(tmp_path / "data", settings={"shared_buffers": "32MB"}) as server:
        await migrate_embedded(server)
        connection = await asyncpg.connect(server.dsn())
        await add_vehicle(connection, "WVWZZZ1JZXW000001")
        await connection.close()
        await read_more(server.dsn(), 100)
        yield server
