"""Reaching the registry's database for a short command, whether the registry is running or not."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import asyncpg

from odopass.registry.journal.guarding import migrate_embedded
from odopass.registry.postgres import EmbeddedPostgres, PostgresUnavailable

if TYPE_CHECKING:
    from odopass.registry.store.database import Database

_CONNECT_SECONDS = 10.0
_DATABASE = "odopass"


@asynccontextmanager
async def database_at(url: str) -> AsyncIterator[Database]:
    """A connection to the database of this address.

    Raises:
        PostgresUnavailable: it does not answer, or does not let us in.
    """
    try:
        connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise PostgresUnavailable(
            "The database cannot be reached.",
            f"{str(error) or type(error).__name__}.",
            "Check that PostgreSQL runs and that the address is right: postgresql://user:password@host:port/database",
        ) from None
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def database_in(folder: Path, tell: Callable[[str], None]) -> AsyncIterator[Database]:
    """A connection to the embedded database in a registry's data folder, as `server_in` reaches it.

    Raises:
        PostgresUnavailable: it does not start, or there are no data.
        MigrationRefused: the data do not fit this program.
    """
    async with server_in(folder, tell) as address, database_at(address) as connection:
        yield connection


@asynccontextmanager
async def server_in(folder: Path, tell: Callable[[str], None]) -> AsyncIterator[str]:
    """The address of the embedded database in a registry's data folder.

    If the registry runs on it, its server is used. If not, the server is started for the time of the block, with the
    newest tables. A folder without data is refused: a mistyped name must not become a new registry.

    Raises:
        PostgresUnavailable: it does not start, or there are no data.
        MigrationRefused: the data do not fit this program.
    """
    if not (folder / "postgres").is_dir():
        raise PostgresUnavailable(
            f"There is no registry in {folder}.",
            "The folder holds no database.",
            "Name the folder that `odopass registry serve` was given, or start the registry once to make it.",
        )
    running = running_server(folder)
    if running is not None and await _answers(running):
        yield running
        return
    server = EmbeddedPostgres(folder, tell=tell)
    await asyncio.to_thread(server.start)
    try:
        await migrate_embedded(server)
        yield server.dsn()
    finally:
        await asyncio.to_thread(server.stop)


async def _answers(address: str) -> bool:
    """Whether a server is there; if not, a killed registry left the note, and the next start clears it away."""
    try:
        connection = await asyncpg.connect(address, timeout=_CONNECT_SECONDS)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
    await connection.close()
    return True


def running_server(folder: Path) -> str | None:
    """The address of the server that a running registry notes in its folder, or None if none is noted."""
    try:
        socket_dir = json.loads((folder / "odopass.lock").read_bytes())["socket_dir"]
        password = (folder / "postgres.password").read_text().strip()
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not isinstance(socket_dir, str) or not Path(socket_dir).is_dir():
        return None
    return f"postgresql://{_DATABASE}:{quote(password, safe='')}@/{_DATABASE}?host={quote(socket_dir, safe='/')}"
