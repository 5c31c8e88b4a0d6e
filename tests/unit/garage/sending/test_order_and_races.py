"""What is sent when things happen at the same time, one after another, or not at all."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.running_sandbox import wait_until
from tests.unit.garage.answering import answer, answering
from tests.unit.garage.sending.before_a_server import (
    DAY,
    DRAFT,
    GUID,
    TAKEN,
    Times,
    connection_to,
    lines,
    sender_to,
    status,
    taken,
    vins,
)

from odopass.clock import SystemClock
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.garage.book import Book, BookFault
from odopass.garage.book.entries import ReadingDraft, State, Step, Vehicle
from odopass.garage.client import RegistryClient
from odopass.garage.sending import Sender, SenderLock
from odopass.wire.kbo import establishment_number
from odopass.wire.observation import ObservationRequest

HISTORY = ObservationType.VEHICLE_HISTORY_DOCUMENT


def of_vehicle(place: int, *, day: date = DAY) -> ReadingDraft:
    return replace(DRAFT, vehicle=Vehicle(f"WVWTEST01CB00000{place}", None), reading_date=day)


@pytest.mark.requirement("G5")
def test_after_an_outage_the_oldest_goes_first_whatever_the_jitter(book: Book, times: Times) -> None:
    chances = iter([1.0, 0.0] * 20)
    with answering(b"", b"", taken(0), taken(1)) as server:
        for place in range(2):
            book.decisions.enter(of_vehicle(place))
        connection = connection_to(server.address)
        sender = Sender(book.outbox, lambda: connection, times, monotonic=times.monotonic, chance=lambda: next(chances))
        while len(server.requests) < 4:
            times.seconds += max(0.1, sender.run_once())
        assert vins(server) == ["WVWTEST01CB000000"] * 3 + ["WVWTEST01CB000001"]


@pytest.mark.requirement("G5")
def test_a_reading_that_fails_by_itself_lets_others_pass_but_not_those_of_its_own_vehicle(
    book: Book, times: Times
) -> None:
    fails = answer("no", "500 Internal Server Error")
    with answering(fails, taken(1), taken(2), taken(3), status("PROCESSED")) as server:
        book.decisions.enter(of_vehicle(0, day=DAY - timedelta(days=1)))
        book.decisions.enter(of_vehicle(0))
        book.decisions.enter(of_vehicle(1))
        sender = sender_to(server, book, times)
        sender.run_once()
        assert vins(server) == ["WVWTEST01CB000000", "WVWTEST01CB000001"]
        times.seconds += 11
        sender.run_once()
        days = [json.loads(each.split(b"\r\n\r\n", 1)[1] or b"{}") for each in server.requests]
        assert [each["odometerReadingDate"] for each in days if each.get("vin") == "WVWTEST01CB000000"] == [
            "23/11/2026",
            "23/11/2026",
            "24/11/2026",
        ]


@pytest.mark.requirement("G5")
def test_a_reading_that_is_cut_off_again_and_again_does_not_keep_the_others_for_good(book: Book, times: Times) -> None:
    with answering(b"", b"", b"", taken(1)) as server:
        for place in range(2):
            book.decisions.enter(of_vehicle(place))
        sender = sender_to(server, book, times)
        while len(server.requests) < 4:
            times.seconds += max(0.1, sender.run_once())
        assert vins(server)[3] == "WVWTEST01CB000001"


def between(book: Book, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]) -> None:
    """Let something happen once between the sender's look at the book and what it does about it."""
    look = book.outbox.next_step
    left = [happens]

    def looked(waiting: Any) -> Any:
        step = look(waiting)
        if step is not None and left:
            left.pop()()
        return step

    monkeypatch.setattr(book.outbox, "next_step", looked)


@pytest.mark.requirement("G7", "G11")
def test_a_reading_that_is_corrected_at_the_last_moment_is_sent_as_the_book_has_it(
    book: Book, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = book.decisions.enter(DRAFT).number
    between(book, monkeypatch, lambda: book.decisions.correct(number, replace(DRAFT, km=121_000)))
    with answering(TAKEN) as server:
        sender_to(server, book, times).run_once()
        assert [json.loads(each.split(b"\r\n\r\n", 1)[1])["odometerReading"] for each in server.requests] == [121_000]


@pytest.mark.requirement("G7")
def test_a_reading_that_is_excluded_or_withdrawn_at_the_last_moment_is_not_sent(
    book: Book, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = book.decisions.enter(DRAFT).number
    between(book, monkeypatch, lambda: book.decisions.exclude(number, "till_sale"))
    with answering(TAKEN) as server:
        sender_to(server, book, times).run_once()
        assert server.requests == []
    assert book.outbox.reading(number).state is State.EXCLUDED


@pytest.mark.requirement("G5", "G7")
def test_what_never_left_the_computer_can_still_be_corrected_and_has_no_line_of_being_sent(
    book: Book, times: Times
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    connection = connection_to(f"http://127.0.0.1:{port}/api")
    number = book.decisions.enter(DRAFT).number
    sender = Sender(book.outbox, lambda: connection, times, monotonic=times.monotonic)
    sender.run_once()
    assert book.outbox.pulse().trouble == "unreachable"
    assert [each.kind for each in book.readings.events(number)] == ["entered"]
    assert book.decisions.correct(number, replace(DRAFT, km=121_000)).draft.km == 121_000


@pytest.mark.requirement("G12")
def test_after_refused_credentials_another_account_is_tried_at_once_with_its_own_numbers(
    book: Book, times: Times
) -> None:
    denied = answer("", "401 Unauthorized")
    with answering(denied, TAKEN) as server:
        connections = [connection_to(server.address)]
        book.decisions.enter(DRAFT)
        sender = Sender(book.outbox, lambda: connections[-1], times, monotonic=times.monotonic)
        sender.run_once()
        connections.append(connection_to(server.address, place=20_000_002))
        sender.run_once()
        sent = [json.loads(each.split(b"\r\n\r\n", 1)[1])["enteredOrganisation"] for each in server.requests]
    assert sent == [establishment_number(20_000_001), establishment_number(20_000_002)]
    assert book.outbox.pulse().trouble == ""


@pytest.mark.requirement("G3")
def test_a_guid_that_another_reading_has_is_shown_and_keeps_nothing_from_being_sent(book: Book, times: Times) -> None:
    with answering(TAKEN, TAKEN, taken(2)) as server:
        for place in range(3):
            book.decisions.enter(of_vehicle(place))
        sender_to(server, book, times).run_once()
        assert len(server.requests) == 3
    [reading] = book.readings.problems()
    assert reading.state is State.REFUSED
    assert GUID in reading.refusals[0]


@pytest.mark.requirement("G3")
def test_an_answer_that_cannot_be_kept_by_a_fault_of_the_program_is_asked_for_again_and_blocks_nothing(
    book: Book, times: Times, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = book.outbox.answered

    def fails_with_the_first(step: Step, guid: str) -> None:
        if step.reading == 1 and step.attempts == 1:
            raise RuntimeError("a fault of the program")
        keep(step, guid)

    monkeypatch.setattr(book.outbox, "answered", fails_with_the_first)
    with answering(taken(0), taken(1), taken(0), status("ONGOING")) as server:
        for place in range(2):
            book.decisions.enter(of_vehicle(place))
        sender = sender_to(server, book, times)
        sender.run_once()
        assert book.outbox.reading(2).state is State.ONGOING
        times.seconds += 11
        sender.run_once()
        keys = [server.header(place, "idempotency-key") for place in range(len(server.requests))]
    assert book.outbox.reading(1).state is State.ONGOING
    assert keys.count(keys[0]) == 2


@pytest.mark.requirement("G5")
def test_a_vehicle_history_whose_day_ends_while_others_are_being_sent_is_not_sent(book: Book, times: Times) -> None:
    class Slow(RegistryClient):
        def submit(self, request: ObservationRequest, *, key: str) -> str:
            times.put(DAY + timedelta(days=1), time(0, 0))
            return super().submit(request, key=key)

    times.put(DAY, time(23, 59))
    with answering(taken(0), taken(1)) as server:
        book.decisions.enter(of_vehicle(0))
        history = book.decisions.enter(replace(of_vehicle(1), type=HISTORY))
        sender_to(server, book, times, kind=Slow).run_once()
        assert vins(server) == ["WVWTEST01CB000000"]
    assert book.outbox.reading(history.number).state is State.LAPSED


@pytest.mark.requirement("G5")
def test_a_vehicle_history_whose_day_ends_on_the_way_lapses_too(book: Book, times: Times) -> None:
    class Late(RegistryClient):
        def submit(self, request: ObservationRequest, *, key: str) -> str:
            times.put(DAY + timedelta(days=1), time(0, 0))
            return super().submit(request, key=key)

    refusal = answer(json.dumps({"errors": [{"field": "odometerReadingDate", "message": "Not today."}]}), "400 Bad")
    with answering(refusal) as server:
        history = book.decisions.enter(replace(DRAFT, type=HISTORY))
        sender_to(server, book, times, kind=Late).run_once()
        assert len(server.requests) == 1
    assert book.outbox.reading(history.number).state is State.LAPSED
    assert book.outbox.steps() == []


@pytest.mark.requirement("G7")
def test_a_correction_that_came_too_late_is_taken_back_so_that_the_book_says_what_the_registry_has(
    book: Book, times: Times
) -> None:
    issue = answer(json.dumps({"status": "ISSUE", "issues": [{"type": "001", "description": {"nl": "lager"}}]}))
    late = answer(json.dumps({"errors": [{"field": "requestGuid", "message": "Too late."}]}), "409 Conflict")
    with answering(TAKEN, issue, late, status("PROCESSED")) as server:
        number = book.decisions.enter(DRAFT).number
        sender = sender_to(server, book, times)
        sender.run_once()
        times.seconds += 2
        sender.run_once()
        book.decisions.correct(number, replace(DRAFT, km=121_000, vehicle=Vehicle("WVWTEST01CB000009", None)))
        sender.run_once()
        times.seconds += 2
        sender.run_once()
    reading = book.outbox.reading(number)
    assert (reading.state, reading.draft) == (State.PROCESSED, DRAFT)
    assert "overtaken" in [each.kind for each in book.readings.events(number)]


@pytest.mark.requirement("G5")
@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25)])
def test_a_vehicle_history_lapses_at_midnight_in_belgium_when_summer_time_begins_or_ends_too(
    book: Book, times: Times, day: date
) -> None:
    history = book.decisions.enter(replace(DRAFT, type=HISTORY, reading_date=day))
    sender = Sender(book.outbox, lambda: None, times, monotonic=times.monotonic)
    times.put(day, time(0, 0))
    sender.run_once()
    times.put(day, time(23, 59, 59))
    sender.run_once()
    assert book.outbox.reading(history.number).state is State.TO_SEND
    times.put(day + timedelta(days=1), time(0, 0))
    sender.run_once()
    assert book.outbox.reading(history.number).state is State.LAPSED


@pytest.mark.requirement("G4")
def test_a_request_that_stays_ongoing_is_asked_about_every_10_s_and_after_days_still(book: Book, times: Times) -> None:
    with answering(TAKEN, status("ONGOING")) as server:
        book.decisions.enter(DRAFT)
        asked = _asked(sender_to(server, book, times), server.requests, times, days=3)
    gaps = [round(later - sooner, 3) for sooner, later in pairwise(asked)]
    assert min(gaps) >= 10
    assert len([moment for moment in asked if moment <= 91.5]) >= 9
    assert gaps == sorted(gaps)
    assert gaps[-1] == pytest.approx(3_600)


@pytest.mark.requirement("G4")
def test_what_an_employee_looks_at_is_asked_about_ever_more_rarely_for_days(book: Book, times: Times) -> None:
    with answering(TAKEN, status("REVIEWING")) as server:
        book.decisions.enter(DRAFT)
        asked = _asked(sender_to(server, book, times), server.requests, times, days=7)
    gaps = [round(later - sooner, 3) for sooner, later in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert gaps[0] >= 60
    assert gaps[-1] == pytest.approx(4 * 3_600)
    assert len(asked) < 100


def _asked(sender: Sender, requests: list[bytes], times: Times, *, days: int) -> list[float]:
    """When the questions were asked, in seconds after the submission; the wall's clock steps about meanwhile."""
    asked: list[float] = []
    while times.seconds < days * 86_400:
        times.moment += timedelta(days=-40 if len(asked) % 2 else 40)
        seen = len(requests)
        pause = sender.run_once()
        asked += [times.seconds] * (len(requests) - max(seen, 1))
        times.seconds += max(0.5, pause)
    return asked


@pytest.mark.requirement("G4", "G7", "G13")
@pytest.mark.parametrize("kind", ["correction", "confirm"])
def test_corrections_confirmations_and_reports_are_followed_at_the_same_pace(
    book: Book, times: Times, kind: str
) -> None:
    issue = answer(json.dumps({"status": "ISSUE", "issues": [{"type": "001", "description": {"nl": "lager"}}]}))
    late = answer(
        json.dumps({"errors": [{"field": "requestGuid", "message": "It does not stand yet."}]}), "409 Conflict"
    )
    report = answer(json.dumps({"file": "JVBERi0=", "publicUrl": "https://registry.test/vhr/1"}))
    answers = [TAKEN, issue, taken(5), status("ONGOING"), status("PROCESSED"), late, late, report]
    with answering(*answers) as server:
        number = book.decisions.enter(replace(DRAFT, type=HISTORY)).number
        sender = sender_to(server, book, times)
        sender.run_once()
        times.seconds += 2
        sender.run_once()
        if kind == "confirm":
            book.decisions.confirm(number)
        else:
            book.decisions.correct(number, replace(DRAFT, type=HISTORY, km=121_000))
        asked = []
        while not book.outbox.reading(number).has_report:
            seen = len(server.requests)
            pause = sender.run_once()
            asked += [(times.seconds, line.split("/")[-1]) for line in lines(server)[seen:]]
            times.seconds += max(0.1, pause)
    assert [what for _, what in asked] == [kind, "status", "status", *["vhr?language=nl"] * 3]
    moments = [moment for moment, _ in asked]
    assert moments[1] - moments[0] >= 1
    assert moments[2] - moments[1] >= 10
    assert min(moments[4] - moments[3], moments[5] - moments[4]) >= 10
    assert book.outbox.reading(number).report_url == "https://registry.test/vhr/1"


@pytest.mark.requirement("G5")
def test_what_another_program_enters_is_sent_soon_even_if_the_sender_has_nothing_to_ask_for_hours(
    tmp_path: Path,
) -> None:
    path = tmp_path / "book.sqlite3"
    with answering(TAKEN) as server, Book.open(path, SystemClock()) as book, Book.open(path, SystemClock()) as other:
        book.decisions.enter(of_vehicle(0))
        [step] = book.outbox.steps()
        book.outbox.answered(book.outbox.begin(step, b"{}"), "22222222-2222-4222-8222-222222222222")
        [awaited] = book.outbox.awaited()
        book.outbox.told(awaited, "REVIEWING", Status.REVIEWING, (), {})
        connection = connection_to(server.address)
        sender = Sender(book.outbox, lambda: connection, SystemClock())
        sender.run_once()
        for watch in sender._watches:
            watch.due += 10_000
        stop = threading.Event()
        thread = threading.Thread(target=sender.run, args=(stop,))
        thread.start()
        try:
            assert sender.run_once() > 1_000
            other.decisions.enter(of_vehicle(1))
            wait_until(lambda: bool(server.requests))
        finally:
            stop.set()
            sender.wake()
            thread.join()
    assert vins(server) == ["WVWTEST01CB000001"]


def test_a_folder_in_which_nobody_may_send_is_told(tmp_path: Path) -> None:
    with pytest.raises(BookFault):
        SenderLock(tmp_path / "not there").acquire()
