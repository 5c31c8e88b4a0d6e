"""Bring a database to this program's tables: the files of `migrations/`, in order, each once."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from odopass.registry.postgres.faults import ExplainedError

MIGRATIONS = Path(__file__).with_name("migrations")
_FILE_NAME = re.compile(r"(?P<number>\d{4})_(?P<title>\w+)\.sql")
_OLDEST_MAJOR = 15  # "nulls not distinct" came with 15
_CONNECT_SECONDS = 30.0
_LOCK = 0x6F646F70617373  # "odopass": any number will do that nobody else uses in this database
_TABLE = """
create table if not exists schema_migration (
    number      integer primary key,
    name        text not null,
    sha256      text not null,
    applied_at  timestamptz not null default now()
)
"""


class MigrationRefused(ExplainedError):  # noqa: N818 - it names the state of things
    """The database was left as it is."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from one state of the tables to the next.

    Attributes:
        number: its place in the order, from 1. A number may be missing.
        name: the name of its file, for example 0001_first_tables.
        sql: what is executed, in one transaction.
    """

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The fingerprint by which a change to an applied file is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """Read the migrations of this program in order.

    Raises:
        ValueError: if a file has another name than NNNN_title.sql, or two have the same number.
    """
    migrations = []
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise ValueError(f"{path.name}: a migration is named NNNN_title.sql")
        migrations.append(Migration(int(match["number"]), path.stem, path.read_text(encoding="utf-8")))
    numbers = [migration.number for migration in migrations]
    if len(set(numbers)) < len(numbers) or 0 in numbers:
        raise ValueError(f"the migrations in {folder} are numbered {numbers}; each needs a number of its own, from 1")
    return migrations


async def migrate(url: str, *, folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations that the database lacks.

    Processes that do this at the same time wait for each other; the later ones find nothing to do.

    Args:
        url: the database, as postgresql://…; its user must be allowed to make tables.
        folder: where the files are.

    Returns:
        The names of the migrations applied by this call.

    Raises:
        MigrationRefused: if the server is too old, or the database does not fit this program.
    """
    migrations = read_migrations(folder)
    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        await _check_server(connection)
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        try:
            await connection.execute(_TABLE)
            done = await connection.fetch("select number, name, sha256 from schema_migration order by number")
            _check_applied(done, migrations)
            applied_before = {row["number"] for row in done}
            applied = []
            for migration in migrations:
                if migration.number in applied_before:
                    continue
                await _apply(connection, migration)
                applied.append(migration.name)
            return applied
        finally:
            if not connection.is_closed():
                await connection.execute("select pg_advisory_unlock($1)", _LOCK)
    finally:
        await connection.close()


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(
            "insert into schema_migration (number, name, sha256) values ($1, $2, $3)",
            migration.number,
            migration.name,
            migration.sha256,
        )


async def _check_server(connection: asyncpg.Connection) -> None:
    version = connection.get_server_version()
    if version.major < _OLDEST_MAJOR:
        raise MigrationRefused(
            f"PostgreSQL {version.major} is too old.",
            f"odopass needs PostgreSQL {_OLDEST_MAJOR} or newer; the database given is on version {version.major}.",
            f"Upgrade that server, name one of version {_OLDEST_MAJOR} or newer, or name none to use the embedded one.",
        )
    encoding = await connection.fetchval("show server_encoding")
    if encoding != "UTF8":
        raise MigrationRefused(
            f"The database is encoded in {encoding}.",
            "Names and remarks may hold any character, which only UTF8 can store.",
            "Make the database with: create database … encoding 'UTF8' template template0",
        )


def _check_applied(done: Sequence[asyncpg.Record], migrations: Sequence[Migration]) -> None:
    known = {migration.number: migration for migration in migrations}
    for row in done:
        migration = known.get(row["number"])
        if migration is None:
            raise MigrationRefused(
                "The database is newer than this program.",
                f"It holds the migration {row['name']}; the newest this program knows is "
                f"{migrations[-1].name if migrations else 'none'}.",
                "Start the newer version of odopass, or restore a backup made with this one.",
            )
        if migration.sha256 != row["sha256"]:
            raise MigrationRefused(
                f"The migration {row['name']} is not the one that was applied to this database.",
                f"The file {migration.name}.sql was changed after it had been applied "
                f"(SHA-256 {row['sha256'][:12]}… then, {migration.sha256[:12]}… now).",
                "Put the file back as it was released, and make a new migration for what shall change.",
            )
