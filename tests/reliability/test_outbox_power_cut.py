"""The power is cut at every byte of the last write, after each step of a reading's life."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.reliability.verdict import tell

from odopass.clock import SystemClock
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.garage.book import Book
from odopass.garage.book.entries import ReadingDraft, State, Vehicle
from odopass.wire.status import Description, IssueItem

pytestmark = pytest.mark.requirement("G3")

DAY = date(2026, 11, 24)
DRAFT = ReadingDraft(
    Vehicle("WVWTEST01CB000001", "1ABC234"), DAY, 120_000, ObservationType.VEHICLE_HISTORY_DOCUMENT, read_by="Bench 1"
)
ISSUE = IssueItem("001", Description(nl="lager", fr="inférieur", de="niedriger"))
GUIDS = [f"{place}1111111-1111-4111-8111-111111111111" for place in range(3)]
_FRAME_HEADER, _WAL_HEADER, _PAGE = 24, 32, 4096
_EDGES = {0, 1, 7, 8, 23, 24, 25, 1_000, 3_000, _FRAME_HEADER + _PAGE - 1}

Content = dict[str, list[tuple[Any, ...]]]


def begin(book: Book) -> None:
    [step] = book.outbox.steps()
    book.outbox.begin(step, b'{"vin": "WVWTEST01CB000001"}')


def answered(book: Book, guid: str) -> None:
    [step] = book.outbox.steps()
    book.outbox.answered(step, guid)


def told(book: Book, status: Status, *issues: IssueItem) -> None:
    [awaited] = book.outbox.awaited()
    book.outbox.told(awaited, status.value, status, issues, {"status": status.value})


def report(book: Book) -> None:
    [awaited] = book.outbox.awaited()
    book.outbox.report_received(awaited, b"%PDF-" + b"1" * 9_000, "https://registry.test/vhr/1", "nl")


LIFE: dict[str, Callable[[Book], object]] = {
    "enter": lambda book: book.decisions.enter(DRAFT),
    "begin": begin,
    "answered": lambda book: answered(book, GUIDS[0]),
    "told": lambda book: told(book, Status.ISSUE, ISSUE),
    "corrected": lambda book: book.decisions.correct(1, replace(DRAFT, km=121_000)),
    "begin the correction": begin,
    "correction answered": lambda book: answered(book, GUIDS[1]),
    "told again": lambda book: told(book, Status.ISSUE, ISSUE),
    "confirmed": lambda book: book.decisions.confirm(1),
    "begin the confirmation": begin,
    "confirmation answered": lambda book: answered(book, GUIDS[2]),
    "told at last": lambda book: told(book, Status.PROCESSED),
    "report": report,
}


def content(path: Path) -> Content:
    """All that a book says, read without odopass; it has to be whole."""
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA synchronous = OFF")
        assert file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
        return {
            table: file.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()
            for table in ("reading", "step", "event", "report", "connection")
        }


def cuts(begin: int, end: int, *, every: bool) -> Iterator[int]:
    """Where the write-ahead log is cut: every byte; or some of each of its frames, the edges among them."""
    for cut in range(begin, end + 1):
        in_frame = (cut - _WAL_HEADER) % (_FRAME_HEADER + _PAGE)
        if every or cut in {begin, end, end - 1} or in_frame in _EDGES:
            yield cut


@pytest.mark.parametrize("last", LIFE)
def test_a_power_cut_at_any_byte_of_the_last_write_leaves_all_of_it_or_nothing(
    tmp_path: Path, last: str, long_form: bool
) -> None:
    path = tmp_path / "book.sqlite3"
    log = path.with_name("book.sqlite3-wal")
    steps = list(LIFE)
    with Book.open(path, SystemClock()) as book:
        for name in steps[: steps.index(last)]:
            LIFE[name](book)
        before, size = content(path), log.stat().st_size
        LIFE[last](book)
        after, whole, database = content(path), log.read_bytes(), path.read_bytes()
    assert before != after
    assert len(whole) > size, "the write went to the log"
    found = set()
    tried = 0
    cut_off = tmp_path / "cut" / "book.sqlite3"
    cut_off.parent.mkdir()
    for cut in cuts(size, len(whole), every=long_form):
        # The file's end may be missing, or be there without what should be in it.
        for tail in (b"", bytes(len(whole) - cut)) if cut % 2 else (b"",):
            cut_off.write_bytes(database)
            cut_off.with_name("book.sqlite3-wal").write_bytes(whole[:cut] + tail)
            left = content(cut_off)
            assert left in (before, after), f"{last}: cut at byte {cut}"
            found.add(left == after)
            tried += 1
    tell(promise="outbox, power cut", step=last, attempted=tried, acknowledged=1, lost=0, recovered=tried)
    assert found == {False, True}


def test_a_book_that_was_cut_off_goes_on_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "book.sqlite3"
    with Book.open(path, SystemClock()) as book:
        book.decisions.enter(DRAFT)
        [step] = book.outbox.steps()
        begun = book.outbox.begin(step, b"{}")
        size = path.with_name("book.sqlite3-wal").stat().st_size
        book.outbox.answered(begun, GUIDS[0])
        copied = tmp_path / "cut"
        shutil.copytree(tmp_path, copied, ignore=lambda *_: ["cut"])
    log = copied / "book.sqlite3-wal"
    log.write_bytes(log.read_bytes()[: size + 100])
    with Book.open(copied / "book.sqlite3", SystemClock()) as book:
        [again] = book.outbox.steps()
        assert (again.key, again.body, again.attempts) == (begun.key, b"{}", 1)
        book.outbox.answered(book.outbox.begin(again, b"other words"), GUIDS[0])
        [reading] = book.readings.find()
        assert (reading.state, reading.request_guid) == (State.ONGOING, GUIDS[0])


@pytest.mark.parametrize("missing", ["-shm", "-wal", "-shm and -wal"])
def test_a_book_whose_side_files_are_lost_opens_whole(tmp_path: Path, missing: str) -> None:
    path = tmp_path / "book.sqlite3"
    with Book.open(path, SystemClock()) as book:
        book.decisions.enter(DRAFT)
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        begin(book)
        copied = tmp_path / "copied"
        shutil.copytree(tmp_path, copied, ignore=lambda *_: ["copied"])
    for name in missing.split(" and "):
        (copied / f"book.sqlite3{name}").unlink()
    with Book.open(copied / "book.sqlite3", SystemClock()) as book:
        [step] = book.outbox.steps()
        # Without the log it is the book of the moment in which the log was last worked in; never half of it.
        assert step.attempts == (1 if missing == "-shm" else 0)
        assert book.readings.find()[0].state is State.TO_SEND
        begin(book)
