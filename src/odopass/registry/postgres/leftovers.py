"""What a server that was killed leaves behind: itself for a moment, its lock file, its socket."""

from __future__ import annotations

import logging
import os
import signal
import stat
import time
from collections.abc import Callable
from pathlib import Path

from odopass.registry.postgres.faults import PostgresUnavailable

log = logging.getLogger(__name__)

SOCKET_PREFIX = "odopass-"
PATIENCE_SECONDS = 60.0
ORPHAN_PATIENCE_SECONDS = 20.0
_TELL_EVERY_SECONDS = 5.0


def servers_in(folder: Path) -> list[int]:
    """Return the process ids of PostgreSQL processes that work in `folder`, orphaned backends included, parents first.

    Every process of PostgreSQL has its data folder as working directory. A process that hides it from us
    belongs to another user and cannot have opened a folder of ours.
    """
    wanted = folder.stat()
    found: dict[int, int | None] = {}
    for entry in os.scandir("/proc"):
        if not entry.name.isdecimal():
            continue
        try:
            there = os.stat(f"/proc/{entry.name}/cwd")  # noqa: PTH116 - a link of the kernel, not a path
            if os.path.samestat(there, wanted) and _program(int(entry.name)) == "postgres":
                found[int(entry.name)] = _parent(int(entry.name))
        except OSError:
            continue
    # The server is the parent of the others. Its number need not be the lowest: numbers begin anew at some point.
    return sorted(found, key=lambda pid: (found[pid] in found, pid))


def wait_for_earlier_server(
    cluster: Path, tell: Callable[[str], None], deadline: float, orphan: int | None = None
) -> None:
    """Wait until no server works in `cluster`: one whose owner was killed is still shutting down.

    A clean shutdown can hang, for example when it is asked for while the server recovers from the death of one
    of its processes. Then the orphan is told to end at once, which loses nothing that was committed.

    Args:
        cluster: PostgreSQL's folder.
        tell: is told every few seconds what is waited for.
        deadline: when to give up, on the monotonic clock.
        orphan: the server of an owner that has given the folder up. Any other server is left alone.
    """
    began = time.monotonic()
    told = -_TELL_EVERY_SECONDS
    while servers := servers_in(cluster):
        now = time.monotonic()
        if now > deadline:
            raise PostgresUnavailable(
                f"Another PostgreSQL server works in {cluster}.",
                f"It was not started by this process and does not end (process {servers[0]}).",
                f"Stop it (kill -INT {servers[0]} ends it cleanly), then start again.",
            )
        if now - told >= _TELL_EVERY_SECONDS:
            tell(f"waiting for an earlier PostgreSQL server to end (process {servers[0]})")
            told = now
        if orphan in servers and now - began > ORPHAN_PATIENCE_SECONDS:
            log.warning("the server of an earlier owner (process %s) does not end; ending it at once", orphan)
            os.kill(orphan, signal.SIGQUIT)
            orphan = None
        time.sleep(0.02)


def clear_lock_file(cluster: Path) -> None:
    """Remove a left-over `postmaster.pid` that would keep the server from starting.

    To be called when no server works in `cluster`. A file whose process is gone is left to PostgreSQL, which
    knows what to do with it. It cannot know that a living process merely has the same number, as is usual in
    containers, and it refuses an empty file, which a full disk leaves.
    """
    path = cluster / "postmaster.pid"
    try:
        first = path.read_text().partition("\n")[0].strip()
    except FileNotFoundError:
        return
    if not first.lstrip("-").isdecimal():
        log.warning("removed %s: a server was cut off while writing it", path)
        path.unlink(missing_ok=True)
        return
    program = _program(abs(int(first)))
    if program is not None:
        log.warning(
            "removed %s: process %s, which it names, is %s and not a server in this folder",
            path,
            first,
            program,
        )
        path.unlink(missing_ok=True)


def clear_socket_dir(name: str | None, owners: frozenset[int]) -> None:
    """Remove the socket's folder of an owner that was killed, if it is beyond doubt one of ours."""
    if name is None:
        return
    folder = Path(name)
    try:
        found = folder.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid in owners and folder.name.startswith(SOCKET_PREFIX)
        if not ours:
            return
        for entry in folder.iterdir():
            if entry.name.startswith(".s.PGSQL."):
                entry.unlink()
        folder.rmdir()
    except OSError as error:
        log.debug("left %s where it is: %s", folder, error)


def _parent(pid: int) -> int | None:
    """Return the process id of a process's parent, None if there is no such process."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return None


def _program(pid: int) -> str | None:
    """Return the name of the program a process runs, None if there is no such process."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return None
