"""The sender before a server that answers as it is told, with a clock that the test moves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.garage.answering import answer, answering
from tests.unit.garage.sending.before_a_server import DRAFT, GUID, TAKEN, Times, lines, sender_to, status

from odopass.garage.book import Book
from odopass.garage.book.entries import State, Vehicle
from odopass.garage.sending import SenderLock
from odopass.garage.sending.schedule import back_off, next_question


@pytest.mark.requirement("G4")
def test_while_ongoing_it_is_asked_every_10_s_for_90_s_and_then_more_slowly_up_to_an_hour() -> None:
    assert {next_question(State.ONGOING, waited) for waited in (0, 10, 60, 119)} == {10}
    pauses = [next_question(State.ONGOING, waited) for waited in (120, 600, 6_000, 10**6)]
    assert pauses == sorted(pauses)
    assert 10 < pauses[0] < pauses[-1] == 3_600
    assert next_question(State.REVIEWING, 0) < next_question(State.REVIEWING, 86_400) == 4 * 3_600


@pytest.mark.requirement("G5")
def test_the_registry_is_left_alone_for_longer_and_longer_and_as_long_as_it_asks() -> None:
    assert [back_off(failures, None, 1.0) for failures in (1, 2, 3, 50)] == [10, 20, 40, 300]
    assert 120 <= back_off(1, 120, 0.5) <= 130
    assert back_off(1, 10**9, 0.0) == 3_600


@pytest.mark.requirement("G3", "G4")
def test_the_first_question_comes_after_a_second_and_the_next_after_ten(book: Book, times: Times) -> None:
    with answering(TAKEN, status("ONGOING"), status("PROCESSED")) as server:
        book.decisions.enter(DRAFT)
        sender = sender_to(server, book, times)
        sender.run_once()
        times.seconds += 1.0
        sender.run_once()
        assert lines(server) == ["POST /api/observation"]
        times.seconds += 0.6
        sender.run_once()
        assert lines(server)[1:] == ["GET /api/observation/GUID/status"]
        times.seconds += 9.9
        sender.run_once()
        assert len(server.requests) == 2
        times.seconds += 0.2
        sender.run_once()
    assert book.readings.find()[0].state is State.PROCESSED


@pytest.mark.requirement("G4")
def test_setting_the_computers_clock_neither_hurries_nor_stalls(book: Book, times: Times) -> None:
    with answering(TAKEN, status("ONGOING"), status("PROCESSED")) as server:
        book.decisions.enter(DRAFT)
        sender = sender_to(server, book, times)
        sender.run_once()
        times.seconds += 2
        sender.run_once()
        for step in (timedelta(days=365), timedelta(days=-730)):
            times.moment += step
            sender.run_once()
        assert len(server.requests) == 2
        times.seconds += 10.1
        sender.run_once()
    assert book.readings.find()[0].state is State.PROCESSED


@pytest.mark.requirement("G3", "G5")
@pytest.mark.parametrize(
    "away",
    [
        b"",
        answer("<html>proxy</html>", kind="text/html"),
        answer("{", "201 Created"),
        answer("no", "500 Internal Server Error"),
        TAKEN[: len(TAKEN) // 2],
        answer("closed", "503 Service Unavailable", retry_after="60"),
    ],
    ids=["cut off at once", "HTML", "wrong JSON", "500", "cut off half-way", "503"],
)
def test_what_was_not_answered_is_sent_again_under_the_same_key_with_the_same_words(
    book: Book, times: Times, away: bytes
) -> None:
    with answering(away, TAKEN, status("PROCESSED")) as server:
        book.decisions.enter(DRAFT)
        sender = sender_to(server, book, times)
        sender.run_once()
        assert book.readings.find()[0].state is State.TO_SEND
        times.seconds += 80
        times.moment += timedelta(days=3)
        sender.run_once()
        assert book.readings.find()[0].request_guid == GUID
        assert server.header(0, "idempotency-key") == server.header(1, "idempotency-key") is not None
        bodies = [each.split(b"\r\n\r\n", 1)[1] for each in server.requests[:2]]
        assert bodies[0] == bodies[1]
        assert json.loads(bodies[1])["odometerReadingDate"] == "24/11/2026"


@pytest.mark.requirement("G5")
def test_overdue_readings_are_sent_in_the_order_in_which_they_were_entered(book: Book, times: Times) -> None:
    guids = [f"{place}1111111-1111-4111-8111-111111111111" for place in range(3)]
    taken = [answer(json.dumps({"requestGuid": guid}), "201 Created") for guid in guids]
    with answering(*taken) as server:
        for place in range(3):
            book.decisions.enter(replace(DRAFT, vehicle=Vehicle(f"WVWTEST01CB00000{place}", None)))
        sender_to(server, book, times).run_once()
        sent = [json.loads(each.split(b"\r\n\r\n", 1)[1])["vin"] for each in server.requests]
    assert sent == [f"WVWTEST01CB00000{place}" for place in range(3)]


@pytest.mark.requirement("G1")
def test_a_refused_reading_waits_for_a_person_and_is_never_repeated(book: Book, times: Times) -> None:
    refusal = answer(json.dumps({"errors": [{"field": "vin", "message": "It is wrong."}]}), "400 Bad Request")
    with answering(refusal) as server:
        book.decisions.enter(DRAFT)
        sender = sender_to(server, book, times)
        for _ in range(5):
            sender.run_once()
            times.seconds += 4_000
        assert len(server.requests) == 1
    [reading] = book.readings.problems()
    assert (reading.state, reading.refusals) == (State.REFUSED, ("vin: It is wrong.",))


@pytest.mark.requirement("G12")
def test_wrong_credentials_are_not_tried_again_until_the_account_changes(book: Book, times: Times) -> None:
    denied = answer(json.dumps({"errors": [{"field": "", "message": "no"}]}), "401 Unauthorized")
    with answering(denied) as server:
        book.decisions.enter(DRAFT)
        sender = sender_to(server, book, times)
        sender.run_once()
        times.seconds += 600
        sender.run_once()
        assert len(server.requests) == 1
    assert book.outbox.pulse().trouble == "credentials"


@pytest.mark.requirement("G4")
def test_a_status_that_nobody_knows_is_kept_and_asked_about_further(book: Book, times: Times) -> None:
    with answering(TAKEN, status("PONDERING"), status("PROCESSED")) as server:
        book.decisions.enter(DRAFT)
        sender = sender_to(server, book, times)
        sender.run_once()
        times.seconds += 2
        sender.run_once()
        [reading] = book.readings.find()
        assert (reading.state, reading.told) == (State.ONGOING, "PONDERING")
        times.seconds += 10.1
        sender.run_once()
    assert book.readings.find()[0].state is State.PROCESSED


def test_only_one_sends_from_a_folder(tmp_path: Path) -> None:
    first, second = SenderLock(tmp_path), SenderLock(tmp_path)
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()
