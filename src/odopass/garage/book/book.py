"""The garage's book: one file, opened once."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

from odopass.clock import Clock
from odopass.garage.book.decisions import Decisions
from odopass.garage.book.exclusions import Exclusions
from odopass.garage.book.orders import Orders
from odopass.garage.book.outbox import Outbox
from odopass.garage.book.readings import Readings
from odopass.garage.book.settings import Settings
from odopass.garage.book.storage import Storage
from odopass.garage.book.writing import Writing


class Book:
    """The book, by who uses it. It may be used by several threads and processes.

    Attributes:
        readings: to look readings up.
        decisions: what people do with them.
        outbox: what the sender does with them.
        orders: work orders.
        exclusions: what need not be reported.
        settings: what the garage has set.
    """

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self._storage = storage
        writing = Writing(storage, clock)
        self.readings = Readings(storage)
        self.decisions = Decisions(writing)
        self.outbox = Outbox(writing)
        self.orders = Orders(writing, self.readings)
        self.exclusions = Exclusions(writing)
        self.settings = Settings(writing)

    @classmethod
    def open(cls, path: Path, clock: Clock) -> Self:
        """Open the book, or begin it; its folder has to be there.

        Raises:
            BookFault: it is damaged, of a newer version, or cannot be written; the message says what to do.
        """
        return cls(Storage(path), clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._storage.close()

    def at_once(self) -> AbstractContextManager[None]:
        """A transaction around several uses, so that what was looked up cannot change before it is acted upon.

        Raises:
            BookFault: it cannot be written; nothing of it was.
        """
        return self._storage.transaction()
