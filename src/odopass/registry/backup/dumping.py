"""Dumps: the content of a database in one file, which a later major version of PostgreSQL reads as well."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import asyncpg

from odopass.registry.backup.faults import BackupRefused, explained, from_program, no_room, room
from odopass.registry.backup.kept import check_new, sync
from odopass.registry.backup.new_folder import new_data_folder
from odopass.registry.backup.programs import Address, ProgramFailed, run_program
from odopass.registry.postgres import EmbeddedPostgres

_TABLES = """
    select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'S') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
"""
#: A dump is compressed, without indexes: a third of the database's size is ample.
_SHARE = 3


def write_dump(target: Path, url: str, *, tell: Callable[[str], None]) -> int:
    """Write what a database holds at one moment into a file, and its SHA-256 beside it.

    Args:
        target: the file to be made.
        url: the database; its user must be allowed to read all of it.
        tell: is told what is being done.

    Returns:
        The file's size in bytes.
    """
    check_new(target)
    check_new(_sum_of(target))
    size = asyncio.run(_ask(url, "select pg_database_size(current_database())"))
    if room(target.parent) < size // _SHARE:
        raise no_room(target.parent, size // _SHARE)
    unfinished = target.with_name(target.name + ".unfinished")
    with explained(target):
        # Whoever else is writing this very dump loses its file, and says so when it renames.
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    try:
        tell("writing the dump")
        _run("pg_dump", ["--format=custom", "--no-owner", f"--file={unfinished}"], target, Address.of(url))
        tell("reading it back")
        _read_through(unfinished)
        with explained(target):
            _sum_of(target).write_text(f"{_sha256(unfinished)}  {target.name}\n", "utf-8")
            _synced(_sum_of(target))
            _synced(unfinished)
            unfinished.rename(target)
            sync(target.parent)
            return target.stat().st_size
    except BaseException:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
            if not target.exists():
                _sum_of(target).unlink(missing_ok=True)
        raise


def restore_dump(dump: Path, data: Path, *, tell: Callable[[str], None]) -> None:
    """Make a data folder from a dump, with the PostgreSQL that this program brings."""
    check_dump(dump, tell)
    with new_data_folder(data, tell) as (staging, _), EmbeddedPostgres(staging, tell=tell) as server:
        _load(dump, server.dsn(), tell)


def load_dump(dump: Path, url: str, *, tell: Callable[[str], None]) -> None:
    """Fill an empty database from a dump, all or nothing.

    Raises:
        BackupRefused: the dump is damaged, or the database is not empty.
    """
    check_dump(dump, tell)
    tables = asyncio.run(_ask(url, _TABLES))
    if tables:
        raise BackupRefused(
            "The database is not empty.",
            f"It holds {tables} tables or sequences.",
            "Nothing is ever restored over something else: make a new database, and name that.",
        )
    _load(dump, url, tell)


def check_dump(dump: Path, tell: Callable[[str], None]) -> None:
    """Compare a dump with its checksum, and read it through.

    Raises:
        BackupRefused: it is damaged, or no dump.
    """
    tell("reading the dump and comparing it with its checksum")
    try:
        wanted = _sum_of(dump).read_text("utf-8").split()[0]
    except FileNotFoundError:
        tell(f"{_sum_of(dump).name} is missing: the dump is only read through")
        wanted = None
    except (OSError, IndexError, ValueError):
        wanted = ""
    with explained(dump):
        if wanted is not None and _sha256(dump) != wanted:
            raise BackupRefused(
                f"{dump} is damaged.",
                f"It does not have the checksum in {_sum_of(dump).name}.",
                "Use another dump, and check this disk.",
            )
    _read_through(dump)


def _load(dump: Path, url: str, tell: Callable[[str], None]) -> None:
    tell("loading the dump")
    arguments: list[str | Path] = ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", dump]
    _run("pg_restore", arguments, dump, Address.of(url))
    tell("counting what the database holds, for good plans")
    asyncio.run(_ask(url, "select 1", before="analyze"))


def _read_through(dump: Path) -> None:
    try:
        run_program("pg_restore", ["--file=/dev/null", dump])
    except ProgramFailed as error:
        raise BackupRefused(
            f"{dump} cannot be read as a dump.",
            f"pg_restore says: {error.output.strip()}",
            "Use another dump, and check this disk.",
        ) from None


def _run(program: str, arguments: list[str | Path], path: Path, address: Address) -> None:
    try:
        run_program(program, arguments, address=address)
    except ProgramFailed as error:
        raise from_program(error.program, error.output, path.parent) from None


async def _ask(url: str, query: str, *, before: str | None = None) -> int:
    try:
        connection = await asyncpg.connect(url, timeout=30)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise BackupRefused(
            "The database cannot be reached.",
            f"{str(error) or type(error).__name__}.",
            "Check that PostgreSQL runs, and the address: postgresql://user:password@host:port/database",
        ) from None
    try:
        if before is not None:
            await connection.execute(before)
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


def _sum_of(dump: Path) -> Path:
    return dump.with_name(dump.name + ".sha256")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _synced(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
