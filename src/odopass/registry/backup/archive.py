"""The log of changes, copied to a folder as it is written: with a base backup it leads to any moment since."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import re
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg

from odopass.registry.backup.faults import BackupRefused, explained, from_program
from odopass.registry.backup.kept import SEGMENT_BYTES, Facts
from odopass.registry.backup.programs import Address, ProgramFailed, run_program
from odopass.registry.backup.serving_folder import check_registry, running_superuser
from odopass.registry.store.database import fetch_one

OWNER: Final = "odopass-archive.json"
SLOT: Final = "odopass_archive"
_SEGMENT = re.compile(r"([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(\.partial)?")
_HISTORY = re.compile(r"[0-9A-F]{8}\.history")
_SEGMENTS_OF_A_FILE = 0x1_0000_0000 // SEGMENT_BYTES
_AGAIN_SECONDS = 1.0
_MAKE_SLOT = """
    select pg_create_physical_replication_slot($1, true)
    where not exists (select from pg_replication_slots where slot_name = $1)
"""
_SERVER = "select system_identifier::text, timeline_id from pg_control_system(), pg_control_checkpoint()"


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of the log of changes, 16 MiB.

    Attributes:
        number: its place in the log.
        path: its file.
        partial: it is still being written.
    """

    number: int
    path: Path
    partial: bool

    @property
    def name(self) -> str:
        """The name PostgreSQL knows it by."""
        return self.path.name.removesuffix(".partial")


def keep_archive(archive: Path, data: Path, *, tell: Callable[[str], None], ended: threading.Event) -> None:
    """Copy the log of changes of a running registry to a folder until told to end.

    Each change is on the archive's disk a moment after it was committed. While the registry is down it is waited for.
    What the archive has not got yet is kept by the server, up to 8 GB of it.

    Args:
        archive: the folder; it is made if it does not exist.
        data: the registry's data folder.
        tell: is told what happens.
        ended: is set when this shall end, from a signal handler or another thread.

    Raises:
        BackupRefused: the folder is another registry's, or the log has gone on without it.
    """
    check_registry(data)
    with explained(archive):
        archive.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(archive, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupRefused(f"{archive} is in use.", "Another process archives to it.", "One is enough.") from None
        told = ""
        while not ended.is_set():
            url = running_superuser(data)
            said = f"waiting for the registry in {data}" if url is None else f"archiving to {archive}"
            if said != told:
                tell(said)
                told = said
            if url is not None:
                _receive(archive, url)
            ended.wait(_AGAIN_SECONDS)
    finally:
        os.close(lock)


def segments(folder: Path) -> list[Segment]:
    """The pieces of the log in a folder, in order; of a whole and a partial one of the same place, the whole one."""
    found: dict[int, Segment] = {}
    for path in sorted(folder.iterdir()):  # the partial one comes after the whole one
        match = _SEGMENT.fullmatch(path.name)
        if match is not None:
            number = int(match[2], 16) * _SEGMENTS_OF_A_FILE + int(match[3], 16)
            found.setdefault(number, Segment(number, path, partial=match[4] is not None))
    return [found[number] for number in sorted(found)]


def histories(folder: Path) -> Iterable[Path]:
    """The files that tell how one timeline came from another."""
    return [path for path in folder.iterdir() if _HISTORY.fullmatch(path.name)]


def check_owner(archive: Path, facts: Facts) -> None:
    """Check that an archive continues a backup.

    Raises:
        BackupRefused: it is another registry's, or of this one before or after it was restored.
    """
    try:
        owner = json.loads((archive / OWNER).read_bytes())
    except (OSError, ValueError) as error:
        raise BackupRefused(
            f"{archive} is not an archive.",
            f"Its {OWNER} cannot be read: {error}",
            "Name the folder that `odopass registry archive` writes.",
        ) from None
    if owner != {"system": facts.system, "timeline": facts.timeline}:
        raise BackupRefused(
            f"{archive} does not belong to this backup.",
            "It holds the log of another registry, or of this one before or after it was restored.",
            "Name the archive that was kept when the backup was made.",
        )


def forget_before(archive: Path, facts: Facts) -> int:
    """Remove from an archive what only backups older than this one need; the number of pieces removed.

    Raises:
        BackupRefused: the archive does not belong to the backup.
    """
    check_owner(archive, facts)
    old = [segment for segment in segments(archive) if segment.number < facts.first_segment and not segment.partial]
    with explained(archive):
        for segment in old:
            segment.path.unlink()
    return len(old)


def _receive(archive: Path, url: str) -> None:
    try:
        asyncio.run(_prepare(archive, url))
    except (OSError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError, asyncpg.InterfaceError):
        return  # it is going down or coming up; it is looked for again
    try:
        run_program(
            "pg_receivewal",
            [f"--directory={archive}", f"--slot={SLOT}", "--synchronous", "--no-loop"],
            address=Address.of(url),
        )
    except ProgramFailed as error:
        if "already been removed" in error.output or "can no longer" in error.output or "invalidated" in error.output:
            raise BackupRefused(
                f"{archive} has fallen behind the registry.",
                "The log has gone on without it for more than the server keeps (8 GB), so it has a gap now.",
                "Archive to a new folder and make a new backup. This folder still leads to any moment before the gap.",
            ) from None
        if "No space left" in error.output or "could not write" in error.output or "could not open" in error.output:
            raise from_program(error.program, error.output, archive) from None
        # Else the server has ended or refuses connections for now: it is looked for again.


async def _prepare(archive: Path, url: str) -> None:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        system, timeline = await fetch_one(connection, _SERVER)
        _claim(archive, {"system": system, "timeline": timeline})
        with suppress(asyncpg.DuplicateObjectError):
            await connection.fetchval(_MAKE_SLOT, SLOT)
    finally:
        await connection.close()


def _claim(archive: Path, owner: dict[str, object]) -> None:
    """Write down whose archive this is, or check that it is the same registry's still."""
    path = archive / OWNER
    with explained(path):
        if not path.exists():
            if any(archive.iterdir()):
                raise BackupRefused(
                    f"{archive} is not empty.",
                    "It holds files that no archive of a registry has.",
                    "Name a folder that is empty, or does not exist yet.",
                )
            _write_owner(path, owner)
        elif json.loads(path.read_bytes()) != owner:
            raise BackupRefused(
                f"{archive} belongs to another registry, or to this one before it was restored.",
                f"{OWNER} in it names another database or another timeline of it.",
                "Name a new folder for this one, and make a backup of it. Keep the old folder as it is.",
            )


def _write_owner(path: Path, owner: dict[str, object]) -> None:
    with explained(path):
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("w", encoding="utf-8") as file:
            file.write(json.dumps(owner) + "\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(0o600)
        unfinished.rename(path)
