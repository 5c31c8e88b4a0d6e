"""The life of a garage's program, to be cut short: it enters, sends, corrects and confirms, until it is killed.

Its clock runs fast, so that pauses of minutes take a moment; nothing else about it is different from the real one.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any, Final

from odopass.clock import SystemClock, belgian_day
from odopass.domain.observation import ObservationType
from odopass.garage.book import Book, Stale
from odopass.garage.book.decisions import Decisions
from odopass.garage.book.entries import ReadingDraft, State, Vehicle
from odopass.garage.book.outbox import Outbox
from odopass.garage.book.writing import Writing
from odopass.garage.client import Endpoint, RegistryClient
from odopass.garage.sending import Connection, Sender, SenderLock
from odopass.wire.basic_auth import Credentials
from odopass.wire.headers import ClientSoftware
from odopass.wire.kbo import enterprise_number, establishment_number

#: How many times faster than the machine's its clock runs.
FASTER: Final = 200
SETTLED: Final = frozenset({State.PROCESSED, State.ALREADY_THERE})
#: How many readings may be on their way at once.
_AT_ONCE: Final = 4

#: Where it can be killed: a method, whether before or after it, and the value of its second argument, if that matters.
POINTS: Final[dict[str, tuple[type, str, str, str]]] = {
    "a reading is half written": (Writing, "step", "before", ""),
    "a reading is written": (Decisions, "enter", "after", ""),
    "a body is half written": (Writing, "note", "after", "sent"),
    "a body is written": (Outbox, "begin", "after", ""),
    "an answer has come": (Outbox, "answered", "before", ""),
    "a GUID is half written": (Writing, "note", "before", "answered"),
    "a GUID is written": (Outbox, "answered", "after", ""),
    "a status has come": (Outbox, "told", "before", ""),
    "a status is half written": (Writing, "note", "after", "told"),
    "a status is written": (Outbox, "told", "after", ""),
    "a correction is half written": (Writing, "note", "after", "corrected"),
    "a correction is written": (Decisions, "correct", "after", ""),
    "a confirmation is half written": (Writing, "note", "after", "confirmed"),
    "a report has come": (Outbox, "report_received", "before", ""),
    "a report is half written": (Writing, "note", "before", "report"),
    "a report is written": (Outbox, "report_received", "after", ""),
}


@dataclass(frozen=True)
class Life:
    """How a program lives.

    Attributes:
        folder: of its book; what it has promised to keep is written beside it.
        address: of the registry.
        name: which it tells the registry.
        least: how many readings there are to be.
        endless: whether it goes on entering until it is killed, instead of ending when all are settled.
        deadly: at which point it kills itself, and at which passing, from 0; None: never.
        sends: whether it may send.
    """

    folder: Path
    address: str
    name: str = "one"
    least: int = 0
    endless: bool = True
    deadly: tuple[str, int] | None = None
    seed: int = 0


def nursery() -> ForkServerContext:
    """Starts lives fast: from a process that has everything loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", __name__])
    return context


def begin(context: ForkServerContext, life: Life) -> ForkServerProcess:
    """Start a life in a process of its own."""
    process = context.Process(target=_live, args=(life,), daemon=True)
    process.start()
    return process


def promised(folder: Path) -> list[str]:
    """What `enter` has returned from in all lives of a folder."""
    path = folder / "promised"
    return path.read_text("utf-8").splitlines() if path.exists() else []


def _live(life: Life) -> None:
    if life.deadly is not None:
        _lay_in_wait(*life.deadly)
    folder, chance = life.folder, random.Random(life.seed)
    endpoint = Endpoint(
        life.address,
        Credentials("2000000041", "pässword"),
        software=ClientSoftware("test", life.name, "1"),
        timeout_seconds=5,
    )
    with Book.open(folder / "book.sqlite3", SystemClock()) as book, RegistryClient(endpoint, attempts=1) as client:
        connection = Connection(client, enterprise_number(4_000_001), establishment_number(20_000_001))
        sender = Sender(
            book.outbox,
            lambda: connection,
            SystemClock(),
            monotonic=lambda: time.monotonic() * FASTER,
            chance=chance.random,
        )
        ended = threading.Event()
        thread = threading.Thread(target=_send, args=(sender, folder, life.name, ended), daemon=True)
        thread.start()
        while not _person(book, life):
            time.sleep(chance.uniform(0, 0.01))
        ended.set()
        thread.join()


def _send(sender: Sender, folder: Path, name: str, ended: threading.Event) -> None:
    lock = SenderLock(folder)
    while not lock.acquire():
        if ended.wait(0.02):
            return
    _write(folder / "senders", name)
    while not ended.is_set():
        sender.run_once(ended)
        time.sleep(0.002)
    lock.release()


def _person(book: Book, life: Life) -> bool:
    """What people do in a moment; whether everything is done."""
    open_ones = book.readings.find(states=set(State) - SETTLED, limit=1_000)
    newest = book.readings.find(limit=1)
    count = newest[0].number if newest else 0
    if len(open_ones) < _AT_ONCE and (life.endless or count < life.least):
        vin = f"WVW{life.name.upper():0>4}{count:010}"
        kind = ObservationType.VEHICLE_HISTORY_DOCUMENT if vin[-1] in "35" else None
        draft = ReadingDraft(Vehicle(vin, None), belgian_day(SystemClock().now()), 100_000 + count, source_key=vin)
        book.decisions.enter(draft if kind is None else replace(draft, type=kind))
        _write(life.folder / "promised", vin)
    for reading in book.readings.problems():
        vin = reading.draft.vehicle.vin or ""
        with suppress(Stale):
            if vin[-1] == "2":
                book.decisions.confirm(reading.number)
            elif reading.state is State.ISSUE:
                book.decisions.correct(reading.number, replace(reading.draft, km=reading.draft.km + 7))
    return not life.endless and not open_ones and count >= life.least and not book.outbox.awaited()


def _write(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")


def _lay_in_wait(point: str, passing: int) -> None:
    owner, name, when, value = POINTS[point]
    method: Callable[..., Any] = getattr(owner, name)
    left = [passing]

    def deadly(self: object, *args: Any, **named: Any) -> Any:
        meant = not value or args[1] == value
        if meant and when == "before":
            _die(left)
        result = method(self, *args, **named)
        if meant and when == "after":
            _die(left)
        return result

    setattr(owner, name, deadly)


def _die(left: list[int]) -> None:
    left[0] -= 1
    if left[0] < 0:
        os.kill(os.getpid(), signal.SIGKILL)
