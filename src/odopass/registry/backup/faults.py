"""What can keep a backup from being made or put back, said for the person at the machine."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from odopass.registry.postgres import ExplainedError

_FULL = re.compile("No space left on device|Disk quota exceeded")
_MEBIBYTE = 1024 * 1024


class BackupRefused(ExplainedError):  # noqa: N818 - it names the state of things
    """Nothing was written that counts, and nothing that was there is changed."""


def no_room(folder: Path, wanted: int | None = None) -> BackupRefused:
    """Say that the disk of `folder` has no room for what would take `wanted` bytes."""
    free = room(folder)
    need = "" if wanted is None else f", and {wanted / _MEBIBYTE:,.0f} MiB are needed"
    return BackupRefused(
        "There is not enough room on the disk.",
        f"{free / _MEBIBYTE:,.0f} MiB are free for {folder}{need}.",
        "Free some space, or name a folder on a larger disk. What was written of it so far has been removed.",
    )


def room(folder: Path) -> int:
    """Bytes that can still be written below a folder."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an operating system's error about `path` into one for people."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise no_room(path.parent) from error
        raise BackupRefused(
            f"{path} cannot be used.",
            f"{error.filename or path}: {error.strerror or error} (this program runs as user id {os.geteuid()}).",
            "Give this user the right to read and write there, or name another place.",
        ) from error


def from_program(program: str, output: str, folder: Path) -> BackupRefused:
    """Explain why one of PostgreSQL's programs has failed.

    Args:
        program: its name.
        output: what it wrote.
        folder: where it was writing.
    """
    if _FULL.search(output):
        return no_room(folder)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    serious = [line for line in lines if "error:" in line or "FATAL:" in line] or lines
    why = " ".join(serious[-2:]) if serious else "it said nothing"
    do = "Put right what it says, then try again."
    if "server version mismatch" in output:
        do = "The server is newer than the program: use the pg_dump and pg_restore that came with that server."
    elif "SSL" in output or "no pg_hba.conf entry" in output:
        do = (
            "The embedded programs do not speak TLS. Use the pg_dump and pg_restore that came with that server, or "
            "run this on the server's machine, through its socket."
        )
    elif "permission denied" in output.lower() or "privilege" in output:
        do = (
            "Connect as an administrator, or as a role that may read everything (grant pg_read_all_data to …): the one "
            "that the registry works as does not see all of the journal."
        )
    return BackupRefused(f"{program} has failed.", f"It says: {why}", do)
