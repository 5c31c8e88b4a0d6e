"""What a backup says about itself, and places that are written whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from odopass.registry.backup.faults import BackupRefused, explained

FACTS: Final = "odopass-backup.json"
CLUSTER: Final = "postgres"
MANIFEST: Final = "backup_manifest"
SEGMENT_BYTES: Final = 16 * 1024 * 1024
_FORMAT: Final = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """What a base backup is of.

    Attributes:
        begun: when it was begun, in UTC.
        ended: when it was whole: what was committed before is in it.
        postgresql: the server's release, such as 18.6.
        system: the number PostgreSQL gave this database when it was made; backup and log must have the same.
        timeline: of the database's log.
        first_segment: the number of the first piece of the log that belongs to it.
        bytes: on disk.
        odopass: the version of the program.
    """

    begun: datetime
    ended: datetime
    postgresql: str
    system: str
    timeline: int
    first_segment: int
    bytes: int
    odopass: str

    @property
    def major(self) -> str:
        """The part of the release that says which program can open it."""
        return self.postgresql.partition(".")[0]

    def write(self, folder: Path) -> None:
        """Write it down in a backup, durably: without it a backup does not count."""
        text = json.dumps({"format": _FORMAT} | asdict(self), default=datetime.isoformat, indent=2) + "\n"
        fd = os.open(folder / FACTS, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with open(fd, "w", encoding="utf-8") as file:  # noqa: PTH123 - a descriptor
            file.write(text)
            file.flush()
            os.fsync(fd)

    @classmethod
    def read(cls, backup: Path) -> Facts:
        """Read what a backup says about itself.

        Raises:
            BackupRefused: it is none.
        """
        try:
            said: dict[str, Any] = json.loads((backup / FACTS).read_text("utf-8"))
            known = said.pop("format")
            times = {name: datetime.fromisoformat(said[name]) for name in ("begun", "ended")}
            facts = cls(**(said | times))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BackupRefused(
                f"{backup} is not a whole backup.",
                f"Its {FACTS} cannot be read: {str(error) or type(error).__name__}",
                "Name a folder or file that `odopass registry backup` has written.",
            ) from None
        if known != _FORMAT:
            raise BackupRefused(
                f"{backup} was made by another version of odopass.",
                f"It has the format {known}; this program knows {_FORMAT}.",
                f"Restore it with odopass {facts.odopass}.",
            )
        return facts


@contextmanager
def whole_or_nothing(target: Path) -> Iterator[Path]:
    """A folder to be filled, which gets the name `target` once the block ends well, and vanishes if it does not.

    What an earlier, interrupted run left is thrown away; a run that is still going on is not.

    Raises:
        BackupRefused: the target is there already, or is being written by another process.
    """
    check_new(target)
    unfinished = target.with_name(target.name + ".unfinished")
    with explained(target):
        unfinished.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(unfinished, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _lock(lock, target)
        _empty(unfinished)
        try:
            with explained(target):
                yield unfinished
                sync(unfinished)
                check_new(target)
                unfinished.rename(target)
                sync(target.parent)
        except BaseException:
            shutil.rmtree(unfinished, ignore_errors=True)
            raise
    finally:
        os.close(lock)


def check_new(target: Path) -> None:
    """Refuse a name that is taken: no backup is ever overwritten."""
    if os.path.lexists(target):
        raise BackupRefused(
            f"{target} is there already.", "A backup never overwrites anything.", "Name one that does not exist yet."
        )
    if not target.parent.is_dir():
        raise BackupRefused(
            f"{target} cannot be made.",
            f"There is no folder {target.parent}.",
            "Make that folder first; is the backup disk mounted?",
        )


def _lock(lock: int, target: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BackupRefused(
            f"{target} is being written.", "Another process is writing a backup of this name.", "Let it end."
        ) from None


def _empty(folder: Path) -> None:
    with explained(folder):
        for entry in folder.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
