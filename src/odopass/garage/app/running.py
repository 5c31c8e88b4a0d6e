"""The workshop at work: its book open, its sender and the watch over its drop folder in threads of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

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
from odopass.garage.sending import Sender, SenderLock
from odopass.wording import DEFAULT_LANGUAGE

#: How often a process that may not send looks whether the one that sends has ended, in seconds.
_LOOK_S: Final = 5.0
#: How long the end waits for an exchange that is under way, in seconds; its answer is fetched at the next start.
_END_S: Final = 40.0


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
    stop = threading.Event()
    with ExitStack() as stack:
        book = stack.enter_context(Book.open(folder / "book.sqlite3", time))
        account = AccountStore(book.settings, secrets_for(folder, config))
        connections = Connections(account, lambda: book.settings.setting(REPORT_LANGUAGE) or "nl")
        sender = Sender(book.outbox, connections, time)
        lock = SenderLock(folder)
        stack.callback(lock.release)
        feeds = FeedSettings(book.settings, folder, time)
        (folder / "drop").mkdir(exist_ok=True)
        if drop_folder is not None:
            feeds.set_folder(drop_folder)
        drop = DropWatch(book, feeds, time, _explaining(book, feeds), sender.wake)
        workshop = Workshop(book, account, Workplaces(book.settings, time), connections, sender, time, feeds, drop)
        thread = threading.Thread(target=_send, args=(sender, lock, stop), name="sender", daemon=True)
        thread.start()
        try:
            with watching(drop, folder):
                yield workshop
        finally:
            stop.set()
            sender.wake()
            thread.join(_END_S)


def _send(sender: Sender, lock: SenderLock, stop: threading.Event) -> None:
    """Send if no other process of this folder does; else wait for its end."""
    while not lock.acquire():
        if stop.wait(_LOOK_S):
            return
    sender.run(stop)


def _explaining(book: Book, feeds: FeedSettings) -> Explain:
    """The words of rejects files: in the language that was chosen for them, or else for reports."""

    def explain(finding: Finding) -> str:
        language = feeds.language or book.settings.setting(REPORT_LANGUAGE) or DEFAULT_LANGUAGE
        return finding_text(finding, wording(language))

    return explain
