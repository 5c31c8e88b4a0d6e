"""Whole copies of the embedded database, made while the registry runs, and checked before they count."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable
from pathlib import Path

import asyncpg

import odopass
from odopass.clock import Clock
from odopass.registry.backup.faults import BackupRefused, from_program, no_room, room
from odopass.registry.backup.kept import CLUSTER, MANIFEST, SEGMENT_BYTES, Facts, check_new, whole_or_nothing
from odopass.registry.backup.programs import Address, ProgramFailed, run_program
from odopass.registry.backup.serving_folder import served

#: Told how many bytes of how many are done.
Progress = Callable[[int, int], None]

_PROGRESS = re.compile(r"\s*(\d+)/(\d+) kB")
_KIBIBYTE = 1024
_SIZE = "select coalesce(sum(pg_database_size(oid)), 0)::bigint from pg_database"
_SERVER = "select split_part(current_setting('server_version'), ' ', 1)"


def write_base_backup(
    target: Path, data: Path, *, clock: Clock, tell: Callable[[str], None], progress: Progress
) -> Facts:
    """Copy the database of a data folder to a new folder, whether the registry runs or not.

    Everything that was committed before the copy ended is in it. It is read back and compared with its checksums
    before it gets its name; an interrupted one leaves nothing that could be taken for a backup.

    Args:
        target: the folder to be made.
        data: the registry's data folder.
        clock: tells when it was made.
        tell: is told what is being done.
        progress: is told how much has been copied.

    Raises:
        BackupRefused: it cannot be written, or is not what the server has.
        PostgresUnavailable: the server does not start.
    """
    check_new(target)
    with served(data, tell) as url, whole_or_nothing(target) as unfinished:
        release, size = asyncio.run(_ask(url))
        if room(target.parent) < size + 2 * SEGMENT_BYTES:
            raise no_room(target.parent, size + 2 * SEGMENT_BYTES)
        tell("copying the database")
        begun = clock.now()
        copied = unfinished / CLUSTER
        _copy(Address.of(url), copied, progress)
        ended = clock.now()
        tell("reading the copy back and comparing it with its checksums")
        verify(copied)
        said = json.loads((copied / MANIFEST).read_bytes())
        (span,) = said["WAL-Ranges"]
        facts = Facts(
            begun=begun,
            ended=ended,
            postgresql=release,
            system=str(said["System-Identifier"]),
            timeline=int(span["Timeline"]),
            first_segment=position(span["Start-LSN"]) // SEGMENT_BYTES,
            bytes=size_of(copied),
            odopass=odopass.__version__,
        )
        facts.write(unfinished)
    return facts


def verify(cluster: Path) -> None:
    """Read a copied database and its part of the log, and compare them with the checksums made by the server.

    Raises:
        BackupRefused: a file is missing, too many, or not what it was.
    """
    try:
        run_program("pg_verifybackup", ["--exit-on-error", "--quiet", cluster])
    except ProgramFailed as error:
        raise BackupRefused(
            f"The backup in {cluster.parent} is damaged.",
            f"It is not what was written: {error.output.strip() or 'its files cannot be read'}",
            "Use another backup, and check this disk.",
        ) from None


def position(lsn: str) -> int:
    """A place in the log of changes, as PostgreSQL writes it, in bytes from its beginning."""
    high, _, low = lsn.partition("/")
    return (int(high, 16) << 32) + int(low, 16)


def size_of(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _copy(address: Address, target: Path, progress: Progress) -> None:
    def heard(line: str) -> None:
        if (match := _PROGRESS.match(line)) is not None:
            progress(int(match[1]) * _KIBIBYTE, int(match[2]) * _KIBIBYTE)

    try:
        run_program(
            "pg_basebackup",
            [
                f"--pgdata={target}",
                # Spread over minutes, the checkpoint would spare a busy disk and keep the person waiting.
                "--checkpoint=fast",
                "--wal-method=stream",
                "--manifest-checksums=SHA256",
                "--label=odopass",
                "--progress",
            ],
            address=address,
            heard=heard,
        )
    except ProgramFailed as error:
        raise from_program(error.program, error.output, target) from None


async def _ask(url: str) -> tuple[str, int]:
    connection = await asyncpg.connect(url, timeout=30)
    try:
        return str(await connection.fetchval(_SERVER)), int(await connection.fetchval(_SIZE))
    finally:
        await connection.close()
