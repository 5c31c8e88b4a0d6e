"""A data folder that is made whole or not at all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from odopass.registry.backup.faults import BackupRefused, explained
from odopass.registry.backup.kept import CLUSTER, sync
from odopass.registry.postgres import PostgresUnavailable
from odopass.registry.postgres.folder_lock import FolderLock
from odopass.registry.postgres.leftovers import wait_for_earlier_server
from odopass.registry.postgres.server_user import ServerUser, choose_server_user

_STAGING: Final = "restoring"
#: What a folder may hold that has no data: what an earlier registry or restore left beside them.
_NO_DATA: Final = frozenset({"odopass.lock", "postgres.log", "postgres.log.1", "postgres.password", _STAGING})
_PATIENCE_SECONDS: Final = 30.0


@contextmanager
def new_data_folder(data: Path, tell: Callable[[str], None]) -> Iterator[tuple[Path, ServerUser]]:
    """Lend a folder inside `data` in which the database is to be made; it becomes the registry's once the block ends.

    Yields:
        The folder, and the user that its files shall belong to.

    Raises:
        BackupRefused: the folder is in use, or holds something.
    """
    _check_empty(data)
    with explained(data):
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FolderLock(data / "odopass.lock")
    staging = data / _STAGING
    try:
        _check_empty(data)
        _throw_away(staging, tell)
        user = choose_server_user(data, data / CLUSTER)
        with explained(staging):
            staging.mkdir(mode=0o700)
            user.own(staging)
        try:
            yield staging, user
            with explained(data):
                (staging / "postgres.password").rename(data / "postgres.password")
                (staging / CLUSTER).rename(data / CLUSTER)
                sync(data)
        finally:
            _throw_away(staging, tell)
    finally:
        lock.release()


def _check_empty(data: Path) -> None:
    with explained(data):
        others = sorted(path.name for path in data.iterdir() if path.name not in _NO_DATA) if data.exists() else []
    if others:
        raise BackupRefused(
            f"{data} is not empty.",
            f"It holds {others[0]}" + (f" and {len(others) - 1} more." if len(others) > 1 else "."),
            "Nothing is ever restored over something else: name a new folder, or move what is there away.",
        )


def _throw_away(staging: Path, tell: Callable[[str], None]) -> None:
    if (staging / CLUSTER).is_dir():
        try:
            wait_for_earlier_server(staging / CLUSTER, tell, time.monotonic() + _PATIENCE_SECONDS)
        except PostgresUnavailable:
            return  # it is told by the next start
    shutil.rmtree(staging, ignore_errors=True)
