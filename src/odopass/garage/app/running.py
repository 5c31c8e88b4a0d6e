"""The workshop at work: its book open, its sender and the watch over its drop folder in threads of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from odopass.clock import Clock, SystemClock
from odopass.garage.account import AccountStore, Workplaces
from odopass.garage.account.secrets import secrets_for
from odopass.garage.app.account import REPORT_LANGUAGE
from odopass.garage.app.connections import Connections
from odopass.garage.app.labels import finding_text
from odopass.garage.app.words import wording
from odopass.garage.app.workshop import Workshop
from odopass.garage.book import Book
from odopass.garage.checks import Finding
from odopass.garage.feeds import DropWatch, FeedSettings
from odopass.garage.feeds.drop import Explain
from odopass.garage.feeds.watching import watching
from odopass.garage.sending import Sender, sending
from odopass.wording import DEFAULT_LANGUAGE


@contextmanager
def running_workshop(
    folder: Path, config: Path, *, clock: Clock | None = None, drop_folder: Path | None = None
) -> Iterator[Workshop]:
    """Open the book, send and take in what is dropped, as long as the context lasts.

    Args:
        folder: of the book; it has to be there.
        config: where the key to the password lies.
        clock: the time; None for the machine's.
        drop_folder: where readings are dropped from now on; None for where they were so far.

    Raises:
        BookFault: the book cannot be opened.
        ValueError: there is no such drop folder.
    """
    time = clock or SystemClock()
    with ExitStack() as stack:
        book = stack.enter_context(Book.open(folder / "book.sqlite3", time))
        account = AccountStore(book.settings, secrets_for(folder, config))
        connections = Connections(account, lambda: book.settings.setting(REPORT_LANGUAGE) or "nl")
        sender = Sender(book.outbox, connections, time)
        feeds = FeedSettings(book.settings, folder, time)
        (folder / "drop").mkdir(exist_ok=True)
        if drop_folder is not None:
            feeds.set_folder(drop_folder)
        drop = DropWatch(book, feeds, time, _explaining(book, feeds), sender.wake)
        stack.enter_context(sending(sender, folder))
        stack.enter_context(watching(drop, folder))
        yield Workshop(book, account, Workplaces(book.settings, time), connections, sender, time, feeds, drop)


def _explaining(book: Book, feeds: FeedSettings) -> Explain:
    """The words of rejects files: in the language that was chosen for them, or else for reports."""

    def explain(finding: Finding) -> str:
        language = feeds.language or book.settings.setting(REPORT_LANGUAGE) or DEFAULT_LANGUAGE
        return finding_text(finding, wording(language))

    return explain
