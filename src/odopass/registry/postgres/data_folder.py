"""PostgreSQL's data folder: what may be opened, and how a new one is made."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from odopass.registry.postgres import children, leftovers
from odopass.registry.postgres.binaries import Binaries
from odopass.registry.postgres.faults import PostgresUnavailable, explained, from_output
from odopass.registry.postgres.server_user import ServerUser

SUPERUSER = "postgres"
_DYING_SECONDS = 10.0


def holds_data(cluster: Path, binaries: Binaries) -> bool:
    """Tell whether `cluster` holds data, and refuse what this PostgreSQL must not touch.

    Raises:
        PostgresUnavailable: if there is something else, or data of another major version.
    """
    with explained(cluster):
        if not cluster.exists():
            return False
        version = cluster / "PG_VERSION"
        if not version.exists():
            if any(cluster.iterdir()):
                raise PostgresUnavailable(
                    f"{cluster} does not hold PostgreSQL's data.",
                    "It has no file PG_VERSION, but other files.",
                    "Move it away if you do not know it, or name another folder for the data.",
                )
            cluster.rmdir()
            return False
        found = version.read_text().strip()
    if found != binaries.major:
        raise PostgresUnavailable(
            f"The data are of PostgreSQL {found}; this program brings PostgreSQL {binaries.major}.",
            f"PostgreSQL {binaries.major} cannot read the files of version {found} in {cluster}. "
            "They have not been touched.",
            f"With the version of odopass that made them, write a dump (odopass registry backup --dump FILE). Move "
            f"{cluster} away, and load the dump with this version (odopass registry restore FILE).",
        )
    return True


def make_cluster(
    cluster: Path,
    *,
    password: str,
    binaries: Binaries,
    user: ServerUser,
    log: Path,
    tell: Callable[[str], None],
) -> None:
    """Make the files of a new database.

    initdb runs in a folder of another name, so that `cluster` is always a whole one: what an interrupted run left
    behind is thrown away.

    Args:
        cluster: the folder to be made.
        password: the superuser's.
        binaries: the programs.
        user: whom the files shall belong to.
        log: gets what initdb writes if it fails.
        tell: is told what takes a moment.
    """
    data_dir = cluster.parent
    tell("preparing a new database")
    unfinished = data_dir / "postgres.unfinished"
    with explained(unfinished):
        _throw_away(unfinished, tell)
        unfinished.mkdir(mode=0o700)
        user.own(unfinished)
        folder = os.open(unfinished, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        secret = os.memfd_create("password")
    try:
        os.write(secret, password.encode() + b"\n")
        os.lseek(secret, 0, os.SEEK_SET)
        code, output = children.run(
            [
                binaries.program("initdb"),
                f"--pgdata=/proc/self/fd/{folder}",
                f"--username={SUPERUSER}",
                f"--pwfile=/proc/self/fd/{secret}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # Built in: the same order on every machine, and no locales need to be installed.
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                "--locale=C",
                "--data-checksums",
                "--sync-method=syncfs",
                "--no-instructions",
            ],
            user=user,
            fds=(folder, secret),
        )
    finally:
        os.close(folder)
        os.close(secret)
    if code != 0:
        with suppress(OSError), children.open_log(log) as written:
            os.write(written, output.encode())
        fault = from_output(output, data_dir, log)
        shutil.rmtree(unfinished, ignore_errors=True)
        raise fault
    with explained(cluster):
        unfinished.rename(cluster)
        sync_names(data_dir)


def _throw_away(unfinished: Path, tell: Callable[[str], None]) -> None:
    """Remove what an interrupted initdb left; its processes were killed, but may still be busy dying."""
    deadline = time.monotonic() + _DYING_SECONDS
    while unfinished.exists():
        leftovers.wait_for_earlier_server(unfinished, tell, deadline)
        try:
            shutil.rmtree(unfinished)
        except OSError:  # for one, "directory not empty": a file was made after we had looked
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def sync_names(folder: Path) -> None:
    """Make the names of the files in a folder durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
