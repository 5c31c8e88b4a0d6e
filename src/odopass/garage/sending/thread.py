"""The sender at work beside a program, for as long as the program runs."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from odopass.garage.book import BookFault
from odopass.garage.sending.lock import SenderLock
from odopass.garage.sending.sender import Sender

log = logging.getLogger(__name__)

#: How often a process that may not send looks whether the one that sends has ended, in seconds.
TAKE_OVER_S: Final = 5.0
#: How long the end waits for an exchange that is under way, in seconds; its answer is fetched at the next start.
_END_S: Final = 40.0


@contextmanager
def sending(sender: Sender, folder: Path, *, take_over_s: float = TAKE_OVER_S) -> Iterator[None]:
    """Send in a thread of its own as long as the context lasts, unless another process of the folder does.

    Args:
        sender: of the book in the folder.
        folder: where the right to send lies.
        take_over_s: how often to look whether the process that sends has ended, in seconds.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_send, args=(sender, folder, stop, take_over_s), name="sender", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        sender.wake()
        thread.join(_END_S)


def _send(sender: Sender, folder: Path, stop: threading.Event, take_over_s: float) -> None:
    lock = SenderLock(folder)
    while not _has(lock, sender):
        if stop.wait(take_over_s):
            return
    try:
        sender.run(stop)
    finally:
        # By the thread itself: as long as an exchange is under way, however slow, nobody else may begin one.
        lock.release()


def _has(lock: SenderLock, sender: Sender) -> bool:
    """Whether this process may send; a folder that lets nobody send is told, not waited for in silence."""
    try:
        mine = lock.acquire()
    except BookFault as fault:
        log.exception("The sender cannot begin.")
        sender.fault = fault
        return False
    sender.fault = None
    return mine
