"""The disk is full: the kernel refuses to let any file of this process grow."""

from __future__ import annotations

import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.garage.answering import answer, answering
from tests.unit.garage.sending.before_a_server import DRAFT, GUID, TAKEN, Times, sender_to, status

from odopass.garage.book import Book, BookFault
from odopass.garage.book.entries import State, Vehicle
from odopass.garage.client import RegistryClient
from odopass.wire.observation import ObservationRequest

pytestmark = pytest.mark.requirement("G3")


@contextmanager
def no_room(book_path: Path) -> Iterator[None]:
    """Let no file grow beyond the book's log as it is."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (book_path.with_name(f"{book_path.name}-wal").stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_told_and_nothing_of_the_reading_is_saved(book: Book, tmp_path: Path) -> None:
    number = book.decisions.enter(DRAFT).number
    with no_room(tmp_path / "book.sqlite3"):
        for attempt in (
            lambda: book.decisions.enter(replace(DRAFT, vehicle=Vehicle("WVWTEST01CB000002", None))),
            lambda: book.decisions.correct(number, replace(DRAFT, km=121_000)),
            lambda: book.decisions.withdraw(number),
        ):
            with pytest.raises(BookFault, match=r"full.*nothing|nothing.*full") as fault:
                attempt()
            assert fault.value.kind == "full"
        assert [each.draft for each in book.readings.find()] == [DRAFT]
    assert book.decisions.correct(number, replace(DRAFT, km=121_000)).draft.km == 121_000


def test_a_book_that_has_no_room_from_the_first_page_says_so(tmp_path: Path, times: Times) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(BookFault, match="nothing was saved"):
            Book.open(tmp_path / "new.sqlite3", times)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    Book.open(tmp_path / "new.sqlite3", times).close()


def filling(path: Path) -> type[RegistryClient]:
    """A client during whose submission the disk becomes full."""

    class Filling(RegistryClient):
        def submit(self, request: ObservationRequest, *, key: str) -> str:
            size = path.with_name(f"{path.name}-wal").stat().st_size
            try:
                return super().submit(request, key=key)
            finally:
                limits = resource.getrlimit(resource.RLIMIT_FSIZE)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))

    return Filling


@pytest.fixture
def room() -> Iterator[None]:
    """There is room again, whatever happens."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def make_room() -> None:
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


@pytest.mark.usefixtures("room")
def test_a_guid_that_comes_while_the_disk_is_full_is_kept_and_written_when_there_is_room(
    book: Book, times: Times, tmp_path: Path
) -> None:
    number = book.decisions.enter(DRAFT).number
    book.decisions.enter(replace(DRAFT, vehicle=Vehicle("WVWTEST01CB000002", None)))
    with answering(TAKEN, status("ONGOING")) as server:
        sender = sender_to(server, book, times, kind=filling(tmp_path / "book.sqlite3"))
        for _ in range(3):
            with pytest.raises(BookFault, match="full"):
                sender.run_once()
            times.seconds += 30
        assert len(server.requests) == 1, "nothing else is done as long as an answer is not on the disk"
        assert book.outbox.reading(number).state is State.TO_SEND
        make_room()
        sender._not_before = times.seconds + 1
        sender.run_once()
        assert book.outbox.reading(number).request_guid == GUID
        assert len(server.requests) == 1


@pytest.mark.requirement("G1")
@pytest.mark.usefixtures("room")
def test_a_refusal_that_comes_while_the_disk_is_full_is_not_provoked_again(
    book: Book, times: Times, tmp_path: Path
) -> None:
    number = book.decisions.enter(DRAFT).number
    refusal = answer(json.dumps({"errors": [{"field": "vin", "message": "It is wrong."}]}), "400 Bad Request")
    with answering(refusal) as server:
        sender = sender_to(server, book, times, kind=filling(tmp_path / "book.sqlite3"))
        with pytest.raises(BookFault):
            sender.run_once()
        make_room()
        times.seconds += 30
        sender.run_once()
        assert len(server.requests) == 1
    assert book.outbox.reading(number).refusals == ("vin: It is wrong.",)
