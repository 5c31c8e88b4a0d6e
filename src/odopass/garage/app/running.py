"""The workshop at work: its book open, its sender in a thread of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from odopass.clock import Clock, SystemClock
from odopass.garage.account import AccountStore, Workplaces
from odopass.garage.account.secrets import secrets_for
from odopass.garage.app.account import REPORT_LANGUAGE
from odopass.garage.app.connections import Connections
from odopass.garage.app.workshop import Workshop
from odopass.garage.book import Book
from odopass.garage.sending import Sender, sending


@contextmanager
def running_workshop(folder: Path, config: Path, *, clock: Clock | None = None) -> Iterator[Workshop]:
    """Open the book and send, as long as the context lasts.

    Args:
        folder: of the book; it has to be there.
        config: where the key to the password lies.
        clock: the time; None for the machine's.

    Raises:
        BookFault: the book cannot be opened.
    """
    time = clock or SystemClock()
    with ExitStack() as stack:
        book = stack.enter_context(Book.open(folder / "book.sqlite3", time))
        account = AccountStore(book.settings, secrets_for(folder, config))
        connections = Connections(account, lambda: book.settings.setting(REPORT_LANGUAGE) or "nl")
        sender = Sender(book.outbox, connections, time)
        stack.enter_context(sending(sender, folder))
        yield Workshop(book, account, Workplaces(book.settings, time), connections, sender, time)
