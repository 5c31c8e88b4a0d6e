"""One owner for a data folder at a time."""

from __future__ import annotations

import fcntl
import json
import os
import weakref
from pathlib import Path

from odopass.registry.postgres.faults import PostgresUnavailable, explained

_held: weakref.WeakSet[FolderLock] = weakref.WeakSet()


class FolderLock:
    """A lock on a data folder, given up by the kernel however this process ends.

    The file also tells who holds the lock and where the server's socket is, so that the next owner can name the
    first and clear away the second.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            PostgresUnavailable: if another process has it.
        """
        with explained(path):
            self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = self._read().get("pid", "another process")
                raise PostgresUnavailable(
                    f"The folder {path.parent} is in use.",
                    f"The process with id {holder} has it open.",
                    "Stop that process first, or name another folder for the data.",
                ) from None
            self.left_socket_dir = self._read().get("socket_dir")
            self.note(None)
        except BaseException:
            os.close(self._fd)
            raise
        _held.add(self)

    def note(self, socket_dir: Path | None) -> None:
        """Write down who we are and where the socket is."""
        content = {"pid": os.getpid(), "socket_dir": None if socket_dir is None else str(socket_dir)}
        text = json.dumps(content).encode()
        with explained(Path("odopass.lock")):
            os.pwrite(self._fd, text, 0)
            os.ftruncate(self._fd, len(text))

    def release(self) -> None:
        """Give the lock up. The file stays: removing it would let two processes lock two files of one name."""
        _held.discard(self)
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _read(self) -> dict[str, str]:
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
