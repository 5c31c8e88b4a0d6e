"""The file of the book: SQLite, each change on the disk before it counts, its faults told in words that help."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from odopass.garage.book.schema import VERSIONS

_BUSY_MS: Final = 10_000
#: What SQLite says where a quota is used up, or the memory beside the file finds no room.
_NO_ROOM: Final = frozenset({sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_SHMSIZE})
_Values = Sequence[Any] | Mapping[str, Any]


class BookFault(Exception):  # noqa: N818 - it names what happened
    """The book cannot be read or written: nothing was saved. The message says why and what to do.

    Attributes:
        kind: ``full``, ``read_only``, ``damaged``, ``busy``, ``newer`` or ``unreadable``.
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Storage:
    """The open file. It may be used by several threads, and by several processes at a time.

    A power cut at any moment leaves the changes whose transaction had ended, and nothing of the others (G3).
    """

    def __init__(self, path: Path) -> None:
        """Open the file or make it.

        Raises:
            BookFault: it cannot be.
        """
        self.path = path
        self._lock = threading.RLock()
        self._depth = 0
        with self._explained():
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            with self._explained():
                self._prepare()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the changes within at once, or none of them. One within another is part of it.

        Raises:
            BookFault: they cannot be written; none of them was made.
        """
        with self._lock, self._explained():
            if self._depth:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                self._depth -= 1
                self._roll_back()
                raise
            self._depth -= 1
            try:
                self._db.execute("COMMIT")
            except sqlite3.Error:
                self._roll_back()
                raise

    def change(self, statement: str, values: _Values = ()) -> sqlite3.Cursor:
        """Run a statement that changes something, within a transaction."""
        assert self._depth, "changes are made within a transaction"  # noqa: S101 - a fault of the program, not of its use
        return self._db.execute(statement, values)

    def rows(self, query: str, values: _Values = ()) -> list[sqlite3.Row]:
        """The rows that a query finds.

        Raises:
            BookFault: the file cannot be read.
        """
        with self._lock, self._explained():
            return self._db.execute(query, values).fetchall()

    def row(self, query: str, values: _Values = ()) -> sqlite3.Row | None:
        """The first row that a query finds, or None.

        Raises:
            BookFault: the file cannot be read.
        """
        found = self.rows(query, values)
        return found[0] if found else None

    def _prepare(self) -> None:
        self._db.row_factory = sqlite3.Row
        self._db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        self._db.execute("PRAGMA journal_mode = WAL")
        # FULL: the disk has confirmed a change before anybody is told that it was saved.
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        if (found := self._db.execute("PRAGMA quick_check(1)").fetchone()[0]) != "ok":
            raise sqlite3.DatabaseError(f"malformed: {found}")
        self._migrate()

    def _migrate(self) -> None:
        with self.transaction():
            version: int = self._db.execute("PRAGMA user_version").fetchone()[0]
            if version > len(VERSIONS):
                raise BookFault(
                    "newer",
                    f"The book {self.path} was written by a newer version of odopass. "
                    "Start that version again, or update this one.",
                )
            for statements in VERSIONS[version:]:
                for statement in _single(statements):
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {len(VERSIONS)}")

    def _roll_back(self) -> None:
        # SQLite has rolled back by itself after some faults, a full disk among them.
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.Error as error:
            raise fault_of(error, self.path) from error


def _single(statements: str) -> Iterator[str]:
    """The statements one by one: `executescript` would end the transaction around them."""
    statement = ""
    for line in statements.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def fault_of(error: sqlite3.Error, path: Path) -> BookFault:
    """What an error of SQLite means to the people who use the file."""
    extended = getattr(error, "sqlite_errorcode", 0)
    match extended & 0xFF:
        case sqlite3.SQLITE_FULL:
            return BookFault(
                "full", f"The disk with {path} is full: nothing was saved. Make room on it, then do it once more."
            )
        case sqlite3.SQLITE_IOERR if extended in _NO_ROOM:
            return BookFault(
                "full",
                f"{path} cannot grow: nothing was saved. The disk or the share of it that this user may fill is full. "
                "Make room, then do it once more.",
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM:
            return BookFault(
                "read_only",
                f"{path} may not be written: nothing was saved. Give the user who runs odopass the right to write in "
                f"{path.parent}.",
            )
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return BookFault(
                "busy",
                f"Another program keeps {path} to itself: nothing was saved. Close it (a backup program, perhaps), "
                "then do it once more.",
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return BookFault("damaged", _damaged(path, error))
        case _ if "malformed" in str(error):
            return BookFault("damaged", _damaged(path, error))
    return BookFault(
        "unreadable",
        f"{path} cannot be read or written ({error}): nothing was saved. Look whether the disk is in order and the "
        "folder is there.",
    )


def _damaged(path: Path, error: sqlite3.Error) -> str:
    return (
        f"The book {path} is damaged ({error}). Keep it with the files beside it, and bring the last backup back into "
        "its place; `sqlite3 FILE .recover` saves what can still be read."
    )
