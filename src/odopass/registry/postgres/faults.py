"""What can keep PostgreSQL from running, said so that the person at the machine knows what to do."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

_FULL = (errno.ENOSPC, errno.EDQUOT)
_FULL_WORDS = re.compile("No space left on device|Disk quota exceeded")
_NO_WAY_IN = (errno.EACCES, errno.EPERM)
_SERIOUS = re.compile(r"\b(FATAL|PANIC):\s+(.*)")
_MEBIBYTE = 1024 * 1024
_SEGMENT_BYTES = 16 * _MEBIBYTE


class ExplainedError(Exception):
    """Something that the person at the machine has to put right; its text is written for that person.

    Attributes:
        what: what happened.
        why: why it happened.
        do: what to do now.
    """

    def __init__(self, what: str, why: str, do: str) -> None:
        super().__init__(what, why, do)
        self.what = what
        self.why = why
        self.do = do

    def __str__(self) -> str:
        return f"{self.what}\n  Why: {self.why}\n  What to do: {self.do}"


class PostgresUnavailable(ExplainedError):  # noqa: N818 - it names the state of things
    """PostgreSQL does not run."""


def disk_is_full(error: BaseException) -> bool:
    """Tell whether an error of the driver or the operating system means that there is no room left."""
    if isinstance(error, asyncpg.PostgresError):
        return bool(error.sqlstate == "53100")
    if isinstance(error, OSError):
        return error.errno in _FULL
    return isinstance(error, PostgresUnavailable) and "disk is full" in error.what


def full_disk(folder: Path) -> PostgresUnavailable:
    """Say that the disk below `folder` is full, and how full."""
    try:
        disk = os.statvfs(folder)
        room = f"{disk.f_bavail * disk.f_frsize / _MEBIBYTE:,.0f} MiB of "
        room += f"{disk.f_blocks * disk.f_frsize / _MEBIBYTE:,.0f} MiB are free"
    except OSError:
        room = "how much is free could not be read"
    return PostgresUnavailable(
        "PostgreSQL cannot write: the disk is full.",
        f"There is no space left for {folder} ({room}; a quota can be smaller than the disk).",
        "Free some space or move the folder to a larger disk, then start again. Remove nothing inside the "
        "folder. Everything that was committed is kept.",
    )


def _less_than_a_segment(folder: Path) -> bool:
    """Tell whether the log of changes cannot grow: then the message that says so may have found no room either."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _SEGMENT_BYTES


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn an operating system's error about `path` into one for people."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise full_disk(path.parent) from error
        reason = f"{error.filename or path}: {error.strerror or error}"
        if error.errno in (errno.ENOTDIR, errno.EEXIST):
            raise PostgresUnavailable(
                f"{path} cannot be used as a folder for data.",
                f"{reason}.",
                "Name a folder that exists, or one that can be made.",
            ) from error
        if error.errno in _NO_WAY_IN or error.errno == errno.EROFS:
            raise PostgresUnavailable(
                f"{path} cannot be written.",
                f"{reason} (this program runs as user id {os.geteuid()}).",
                "Give this user the right to write there, or name another folder for the data.",
            ) from error
        raise PostgresUnavailable(
            f"{path} cannot be used.", f"{reason}.", "Repair what the message names, or name another folder."
        ) from error


def from_output(output: str, folder: Path, log: Path) -> PostgresUnavailable:
    """Explain why initdb or the server ended.

    Args:
        output: what it wrote during this run.
        folder: the folder that holds the data.
        log: where the person can read all of it.
    """
    serious = _SERIOUS.findall(output)
    lines = [line for line in output.splitlines() if line.strip()]
    last = serious[-1][1] if serious else (lines[-1] if lines else "it wrote nothing")
    if _FULL_WORDS.search(output) or _less_than_a_segment(folder):
        return full_disk(folder)
    what = "PostgreSQL does not start."
    why = f"It says: {last}"
    if re.search("shared memory|Cannot allocate memory|out of memory", output):
        return PostgresUnavailable(
            what, why, "Give the machine or container more memory, or set a smaller shared_buffers."
        )
    if "could not look up effective user ID" in output:
        return PostgresUnavailable(
            what,
            f"{why}. PostgreSQL wants a user with a name.",
            "Add this user to /etc/passwd, or start the container as root or as a user it knows.",
        )
    if re.search("unrecognized configuration parameter|invalid value for parameter|configuration file", output):
        return PostgresUnavailable(what, why, "Correct the setting it names, then start again.")
    if re.search(
        "checkpoint record|pg_control|invalid checksum|invalid page|could not read|corrupt", output, re.IGNORECASE
    ):
        return PostgresUnavailable(
            what,
            f"{why}. The files in {folder} are damaged.",
            f"Copy {folder} as it is to a safe place, check the disk, then restore the last backup. "
            f"All messages are in {log}.",
        )
    return PostgresUnavailable(what, why, f"All messages are in {log}. The data are untouched.")
