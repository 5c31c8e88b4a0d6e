"""One owner for a data folder at a time."""

from __future__ import annotations

import fcntl
import json
import os
import time
import weakref
from pathlib import Path
from typing import Any, NoReturn

from odopass.registry.postgres.faults import PostgresUnavailable, explained
from odopass.registry.postgres.server_user import own_like_folder

_DYING_SECONDS = 1.0

_held: weakref.WeakSet[FolderLock] = weakref.WeakSet()


class FolderLock:
    """A lock on a data folder, given up by the kernel however this process ends.

    The file also tells who holds the lock, and the server and the socket's folder of the holder, so that the next
    owner can name the first and clear away the others.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            PostgresUnavailable: if another process has it.
        """
        self._path = path
        with explained(path):
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            own_like_folder(self._fd, path.parent)
        try:
            if not self._locked():
                self._refuse()
            left = self._read()
            self.left_socket_dir = left.get("socket_dir")
            server = left.get("server")
            self.left_server = server if isinstance(server, int) else None
            self.note()
        except BaseException:
            os.close(self._fd)
            raise
        _held.add(self)

    def _refuse(self) -> NoReturn:
        holder = self._read().get("pid", "another process")
        raise PostgresUnavailable(
            f"The folder {self._path.parent} is in use.",
            f"The process with id {holder} has it open.",
            "Stop that process first, or name another folder for the data.",
        )

    def _locked(self) -> bool:
        """Try for a moment: who was killed just now holds the lock until the kernel has done with it."""
        give_up = time.monotonic() + _DYING_SECONDS
        while True:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= give_up:
                    return False
                time.sleep(0.02)
            else:
                return True

    def note(self, socket_dir: Path | None = None, server: int | None = None) -> None:
        """Write down who we are, where the socket is, and the server's process id."""
        content: dict[str, object] = {"pid": os.getpid(), "server": server}
        content["socket_dir"] = None if socket_dir is None else str(socket_dir)
        text = json.dumps(content).encode()
        with explained(self._path):
            os.pwrite(self._fd, text, 0)
            os.ftruncate(self._fd, len(text))

    def release(self) -> None:
        """Give the lock up. The file stays: removing it would let two processes lock two files of one name."""
        _held.discard(self)
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(os.pread(self._fd, 10_000, 0))
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}


def _forget_in_child() -> None:
    """Close the inherited descriptor in a forked child: it would keep the lock beyond our own end."""
    for lock in list(_held):
        lock.release()


os.register_at_fork(after_in_child=_forget_in_child)
