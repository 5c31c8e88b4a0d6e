"""Looking after the drop folder, as long as the application runs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from odopass.clock import Clock
from odopass.garage.book import Book, BookFault
from odopass.garage.feeds.drop import DropFolder, Explain, FolderFault
from odopass.garage.feeds.files import FileOutcome, FileOutcomes
from odopass.garage.feeds.settings import FeedSettings
from odopass.garage.sending import SenderLock

_log: Final = logging.getLogger(__name__)
#: How often the folder is looked at, in seconds.
_LOOK_S: Final = 1.0
#: How long others get to use the book between two groups of lines, in seconds.
_BREATH_S: Final = 0.02
#: How often the sender is told of a file that takes long, in seconds.
_WAKE_S: Final = 2.0
#: How often a process that does not watch looks whether the one that does has ended, in seconds.
_TAKE_OVER_S: Final = 5.0
#: How long the end waits for the lines that are being taken in, in seconds.
_END_S: Final = 20.0


class _Ended(Exception):  # noqa: N818 - it names what happened
    """The application ends; the file is read anew at the next start."""


class DropWatch:
    """Takes in what is dropped into the folder that is chosen.

    Attributes:
        fault: why the folder or the book cannot be worked with at the moment, as kind and detail; None if they can.

    Args:
        book: takes the readings.
        settings: where the folder is chosen.
        clock: for days and for what people read.
        explain: says in the garage's language what is wrong with a line.
        wake: tells the sender that there is something to send.
    """

    def __init__(
        self, book: Book, settings: FeedSettings, clock: Clock, explain: Explain, wake: Callable[[], None]
    ) -> None:
        self.fault: tuple[str, str] | None = None
        self._book = book
        self._settings = settings
        self._clock = clock
        self._explain = explain
        self._wake = wake
        self._folder: DropFolder | None = None
        self._outcomes = FileOutcomes(book.settings)

    def latest(self) -> list[FileOutcome]:
        """What has become of the files that were dropped last, the newest first."""
        return self._outcomes.latest()

    @property
    def strangers(self) -> tuple[str, ...]:
        """Names of files in the folder that are left alone."""
        return () if self._folder is None else self._folder.strangers

    @property
    def under_way(self) -> tuple[str, int] | None:
        """The file that is being read and its lines so far, or None."""
        return None if self._folder is None else self._folder.under_way

    def run(self, stop: threading.Event) -> None:
        """Look at the folder again and again until told to stop."""
        while not stop.wait(_LOOK_S):
            self._look(stop)

    def _look(self, stop: threading.Event) -> None:
        woken = time.monotonic()

        def breathe() -> None:
            nonlocal woken
            if time.monotonic() - woken >= _WAKE_S:
                self._wake()
                woken = time.monotonic()
            if stop.wait(_BREATH_S):
                raise _Ended

        try:
            if self._chosen().look(breathe):
                self._wake()
        except FolderFault as fault:
            self._say((fault.kind, fault.detail))
        except BookFault as fault:
            self._say(("book", str(fault)))
        except _Ended:
            return
        except Exception as error:  # noqa: BLE001 - see below
            # A file that nobody foresaw does not end the watch over the others.
            self._say(("unforeseen", repr(error)), error)
        else:
            self.fault = None

    def _chosen(self) -> DropFolder:
        path = self._settings.folder
        if self._folder is None or self._folder.path != path:
            self._folder = DropFolder(path, self._book, self._clock, self._explain, monotonic=time.monotonic)
        return self._folder

    def _say(self, fault: tuple[str, str], error: Exception | None = None) -> None:
        if fault != self.fault:
            _log.warning("the drop folder cannot be worked with: %s: %s", *fault, exc_info=error)
        self.fault = fault


@contextmanager
def watching(drop: DropWatch, folder: Path) -> Iterator[None]:
    """Watch in a thread of its own as long as the context lasts, unless another process of the book's folder does.

    Args:
        drop: what watches.
        folder: of the book; the right to watch lies there.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(drop, folder, stop), name="drop folder", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_END_S)


def _watch(drop: DropWatch, folder: Path, stop: threading.Event) -> None:
    lock = SenderLock(folder, "drop.lock")
    while not _has(lock):
        if stop.wait(_TAKE_OVER_S):
            return
    try:
        drop.run(stop)
    finally:
        lock.release()


def _has(lock: SenderLock) -> bool:
    try:
        return lock.acquire()
    except BookFault:
        _log.exception("the drop folder cannot be watched")
        return False
