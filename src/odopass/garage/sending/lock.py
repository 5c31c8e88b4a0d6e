"""One process sends, even if the application was started twice on the same book."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

from odopass.garage.book.storage import fault_of

NAME: Final = "sender.lock"


class SenderLock:
    """The right to send from a folder. The operating system takes it back when the process ends, however it ends.

    Args:
        folder: of the book.
        name: of the lock's file; another one is for another right.
    """

    def __init__(self, folder: Path, name: str = NAME) -> None:
        self._path = folder / name
        self._held: sqlite3.Connection | None = None

    def acquire(self) -> bool:
        """Take the right if nobody has it, and tell whether this process has it now. Never waits.

        Raises:
            BookFault: the folder does not let anybody have it.
        """
        if self._held is not None:
            return True
        # SQLite's lock on a file is one that every operating system knows; nothing is ever written in this one.
        try:
            lock = sqlite3.connect(self._path, timeout=0, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise fault_of(error, self._path) from error
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            lock.close()
            fault = fault_of(error, self._path)
            if fault.kind == "busy":
                return False
            raise fault from error
        self._held = lock
        return True

    def release(self) -> None:
        """Give the right back."""
        if self._held is not None:
            self._held.close()
            self._held = None
