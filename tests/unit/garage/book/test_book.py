from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from odopass.clock import SystemClock
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.garage.book import Awaited, Blocker, Book, BookFault, OrderBlocked, SecondThatDay, Stale
from odopass.garage.book.entries import ReadingDraft, State, StepKind, Vehicle, WorkOrder
from odopass.garage.sending.requests import body_of, request_of
from odopass.wire.kbo import enterprise_number, establishment_number
from odopass.wire.status import Description, IssueItem

DAY = date(2026, 11, 24)
DRAFT = ReadingDraft(Vehicle("WVWTEST01CB000001", "1ABC234"), DAY, 120_000, read_by="Bench 1")
ISSUE = IssueItem("001", Description(nl="lager", fr="inférieur", de="niedriger"))
GUID = "11111111-1111-4111-8111-111111111111"
NEXT_GUID = "22222222-2222-4222-8222-222222222222"


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    with Book.open(tmp_path / "book.sqlite3", SystemClock()) as opened:
        yield opened


def answered(book: Book, guid: str) -> None:
    [step] = book.outbox.steps()
    book.outbox.answered(book.outbox.begin(step, b"{}"), guid)


def told(book: Book, status: Status, *issues: IssueItem) -> None:
    [awaited] = book.outbox.awaited()
    book.outbox.told(awaited, status.value, status, issues, {"status": status.value})


@pytest.mark.requirement("G3")
def test_a_reading_comes_with_the_step_that_sends_it_and_the_key_of_it(book: Book) -> None:
    reading = book.decisions.enter(DRAFT, by="Anna")
    [step] = book.outbox.steps()
    assert (reading.state, step.reading, step.kind, step.attempts) == (
        State.TO_SEND,
        reading.number,
        StepKind.SUBMISSION,
        0,
    )
    assert len(step.key) == 36


@pytest.mark.requirement("G3")
def test_what_was_once_tried_is_repeated_word_for_word(book: Book) -> None:
    book.decisions.enter(DRAFT)
    [step] = book.outbox.steps()
    book.outbox.begin(step, b"first")
    [again] = book.outbox.steps()
    assert book.outbox.begin(again, b"second").body == b"first"


@pytest.mark.requirement("G7")
def test_a_correction_names_the_newest_request_and_the_book_follows_it(book: Book) -> None:
    number = book.decisions.enter(DRAFT).number
    answered(book, GUID)
    told(book, Status.ISSUE, ISSUE)
    book.decisions.correct(number, replace(DRAFT, km=121_000), by="Anna")
    [step] = book.outbox.steps()
    assert (step.kind, step.about_guid) == (StepKind.CORRECTION, GUID)
    assert book.outbox.reading(number).draft.km == 121_000
    answered(book, NEXT_GUID)
    assert [each.guid for each in book.outbox.awaited()] == [NEXT_GUID]


@pytest.mark.requirement("G7")
def test_a_work_order_follows_the_vehicle_of_its_corrected_reading_and_back(book: Book) -> None:
    book.orders.open(WorkOrder("W-1", DRAFT.vehicle, "service", "car", DAY))
    draft = replace(DRAFT, work_order="W-1")
    sent = request_of(draft, enterprise=enterprise_number(4_000_001), establishment=establishment_number(20_000_001))
    number = book.decisions.enter(draft).number
    book.outbox.answered(book.outbox.begin(book.outbox.steps()[0], body_of(sent)), GUID)
    told(book, Status.ISSUE, ISSUE)
    other = Vehicle("WVWTEST01CB000009", None, 7, date(1979, 5, 1))
    book.decisions.correct(number, replace(draft, vehicle=other))
    order = book.orders.one("W-1")
    assert order is not None
    assert order.vehicle == other
    # The registry does not take the correction any more: the order is again about what the registry has.
    book.outbox.overtaken(book.outbox.begin(book.outbox.steps()[0], b"{}"), "too late")
    order = book.orders.one("W-1")
    assert order is not None
    assert order.vehicle.vin == DRAFT.vehicle.vin


@pytest.mark.requirement("G7")
def test_a_work_order_about_another_vehicle_than_its_reading_is_left_alone(book: Book) -> None:
    book.orders.open(WorkOrder("W-1", Vehicle("WVWTEST01CB000008", None), "service", "car", DAY))
    number = book.decisions.enter(replace(DRAFT, work_order="W-1")).number
    book.decisions.correct(number, replace(DRAFT, work_order="W-1", vehicle=Vehicle("WVWTEST01CB000009", None)))
    order = book.orders.one("W-1")
    assert order is not None
    assert order.vehicle.vin == "WVWTEST01CB000008"


@pytest.mark.requirement("G7")
def test_a_case_is_confirmed_once(book: Book) -> None:
    number = book.decisions.enter(DRAFT).number
    answered(book, GUID)
    told(book, Status.ISSUE, ISSUE)
    book.decisions.confirm(number)
    with pytest.raises(Stale):
        book.decisions.confirm(number)
    answered(book, NEXT_GUID)
    told(book, Status.ISSUE, ISSUE)
    with pytest.raises(Stale):
        book.decisions.confirm(number)


@pytest.mark.requirement("G3")
def test_what_is_told_about_an_older_request_of_the_case_changes_nothing(book: Book) -> None:
    number = book.decisions.enter(DRAFT).number
    answered(book, GUID)
    told(book, Status.ISSUE, ISSUE)
    book.decisions.confirm(number)
    answered(book, NEXT_GUID)
    old = Awaited(number, GUID, State.ONGOING)
    assert book.outbox.told(old, "ERROR", Status.ERROR, (), {}).state is State.ONGOING


@pytest.mark.requirement("G1", "G7")
def test_a_reading_whose_attempt_was_not_answered_is_neither_corrected_nor_excluded(book: Book) -> None:
    number = book.decisions.enter(DRAFT).number
    [step] = book.outbox.steps()
    book.outbox.begin(step, b"{}")
    with pytest.raises(Stale):
        book.decisions.correct(number, DRAFT)
    with pytest.raises(Stale):
        book.decisions.exclude(number, "other")


@pytest.mark.requirement("G8")
def test_a_second_that_day_after_an_unanswered_attempt_is_already_there_and_else_an_error(book: Book) -> None:
    second = IssueItem("150", Description(nl="", fr="", de=""))
    book.decisions.enter(DRAFT)
    answered(book, GUID)
    told(book, Status.ERROR, second)
    assert book.readings.find()[0].state is State.ERROR
    book.decisions.enter(replace(DRAFT, vehicle=Vehicle("WVWTEST01CB000002", None)))
    [step] = book.outbox.steps()
    book.outbox.begin(step, b"{}")
    answered(book, NEXT_GUID)
    told(book, Status.ERROR, second)
    assert book.readings.find()[0].state is State.ALREADY_THERE


@pytest.mark.requirement("G5")
def test_an_unsent_vehicle_history_lapses_after_its_day_and_its_reading_is_offered_with_that_day(book: Book) -> None:
    history = book.decisions.enter(replace(DRAFT, type=ObservationType.VEHICLE_HISTORY_DOCUMENT))
    assert book.outbox.lapse(DAY) == []
    assert book.outbox.lapse(date(2026, 11, 25)) == [history.number]
    assert book.outbox.steps() == []
    ordinary = book.decisions.offer_as_ordinary(history.number)
    assert ordinary.draft.reading_date == DAY
    assert ordinary.draft.type is ObservationType.REPAIR_MAINTENANCE_SERVICE


@pytest.mark.requirement("G2")
def test_an_order_stays_open_until_its_reading_is_sent_or_excluded(book: Book) -> None:
    order = WorkOrder("W-1", DRAFT.vehicle, "service", "car", DAY)
    book.orders.open(order)
    with pytest.raises(OrderBlocked) as blocked:
        book.orders.close("W-1")
    assert blocked.value.blocker is Blocker.NO_READING
    book.decisions.enter(replace(DRAFT, work_order="W-1"))
    with pytest.raises(OrderBlocked) as blocked:
        book.orders.close("W-1")
    assert blocked.value.blocker is Blocker.WAITING
    assert book.orders.close("W-1", as_soon_as_sent=True).closed_at is None
    answered(book, GUID)
    closed = book.orders.one("W-1")
    assert closed is not None
    assert closed.closed_at is not None


@pytest.mark.requirement("G10")
def test_an_exclusion_is_undone_and_the_reading_is_sent_with_its_day(book: Book) -> None:
    number = book.decisions.enter(DRAFT).number
    assert book.decisions.exclude(number, "not_here").state is State.EXCLUDED
    assert book.outbox.steps() == []
    assert book.decisions.include(number).draft.reading_date == DAY
    assert len(book.outbox.steps()) == 1


@pytest.mark.requirement("G6")
def test_problems_come_in_the_order_of_their_urgency(book: Book) -> None:
    for place, status in enumerate([Status.ERROR, Status.PROCESSED, Status.ISSUE]):
        book.decisions.enter(replace(DRAFT, vehicle=Vehicle(f"WVWTEST01CB00001{place}", None)))
        answered(book, f"3333333{place}-1111-4111-8111-111111111111")
        told(book, status, *([ISSUE] if status is not Status.PROCESSED else []))
    assert [each.state for each in book.readings.problems()] == [State.ISSUE, State.ERROR]


def test_readings_are_found_by_part_of_a_plate_however_it_is_typed(book: Book) -> None:
    number = book.decisions.enter(DRAFT).number
    for text in ("1-abc-2", " 1 ABC 234", "000001", str(number)):
        assert [each.number for each in book.readings.find(search=text)] == [number]
    assert book.readings.find(search="9-zzz") == []


@pytest.mark.requirement("G8")
def test_a_second_reading_of_a_vehicle_and_day_is_not_sent_by_whatever_way_it_comes(book: Book) -> None:
    first = book.decisions.enter(DRAFT).number
    second = replace(DRAFT, km=120_001)
    with pytest.raises(SecondThatDay, match="of this day already") as refused:
        book.decisions.enter(second)
    assert refused.value.reading.number == first
    handed_over = book.decisions.enter(second, state=State.CHECK).number
    with pytest.raises(SecondThatDay):
        book.decisions.release(handed_over)
    excluded = book.decisions.enter(second, state=State.EXCLUDED).number
    with pytest.raises(SecondThatDay):
        book.decisions.include(excluded)
    other = book.decisions.enter(replace(DRAFT, reading_date=date(2026, 11, 23))).number
    with pytest.raises(SecondThatDay):
        book.decisions.correct(other, DRAFT)
    assert [step.reading for step in book.outbox.steps()] == [first, other]


@pytest.mark.requirement("G8")
def test_what_the_registry_has_called_the_second_of_its_day_is_not_followed_by_a_third(book: Book) -> None:
    book.decisions.enter(DRAFT)
    answered(book, GUID)
    told(book, Status.ERROR, IssueItem("150", Description(nl="", fr="", de="")))
    with pytest.raises(SecondThatDay):
        book.decisions.enter(DRAFT)


@pytest.mark.requirement("G5", "G8")
def test_a_lapsed_vehicle_history_after_an_ordinary_reading_of_the_day_sends_nothing_again(book: Book) -> None:
    ordinary = book.decisions.enter(DRAFT).number
    answered(book, GUID)
    history = book.decisions.enter(replace(DRAFT, type=ObservationType.VEHICLE_HISTORY_DOCUMENT)).number
    book.outbox.lapse(date(2026, 11, 25))
    assert book.decisions.offer_as_ordinary(history).number == ordinary
    assert book.outbox.steps() == []
    assert book.outbox.reading(history).superseded_by == ordinary


@pytest.mark.requirement("G7")
def test_a_step_that_was_replaced_meanwhile_cannot_be_begun(book: Book) -> None:
    number = book.decisions.enter(DRAFT).number
    [step] = book.outbox.steps()
    book.decisions.exclude(number, "till_sale")
    with pytest.raises(Stale):
        book.outbox.begin(step, b"{}")


@pytest.mark.requirement("G3")
def test_an_outcome_that_was_told_is_not_overwritten_by_an_answer_that_was_overtaken(book: Book) -> None:
    number = book.decisions.enter(DRAFT).number
    answered(book, GUID)
    [awaited] = book.outbox.awaited()
    told(book, Status.PROCESSED)
    assert book.outbox.told(awaited, "ONGOING", Status.ONGOING, (), {}).state is State.PROCESSED
    assert book.outbox.reading(number).told == "PROCESSED"


def test_a_search_for_a_number_that_no_book_has_finds_nothing(book: Book) -> None:
    book.decisions.enter(DRAFT)
    assert book.readings.find(search="9" * 40) == []


@pytest.mark.requirement("G3")
def test_the_disk_has_confirmed_a_change_before_anybody_is_told_that_it_was_saved(book: Book) -> None:
    [[log]] = book._storage.rows("PRAGMA journal_mode")
    [[confirmed]] = book._storage.rows("PRAGMA synchronous")
    full = 2
    assert (log, confirmed) == ("wal", full)


def test_two_programs_may_begin_the_same_book_at_once(tmp_path: Path) -> None:
    def open_and_enter(place: int) -> int:
        with Book.open(tmp_path / "new.sqlite3", SystemClock()) as opened:
            return opened.decisions.enter(replace(DRAFT, vehicle=Vehicle(f"WVWTEST01CB00{place:04}", None))).number

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(open_and_enter, range(24))) == list(range(1, 25))


def test_a_book_that_another_program_keeps_to_itself_is_told_and_nothing_is_saved(book: Book, tmp_path: Path) -> None:
    book._storage._db.execute("PRAGMA busy_timeout = 50")
    with closing(sqlite3.connect(tmp_path / "book.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(BookFault, match="nothing was saved") as fault:
            book.decisions.enter(DRAFT)
        assert fault.value.kind == "busy"
        other.execute("ROLLBACK")
    assert book.decisions.enter(DRAFT).number == 1


def test_a_damaged_book_is_told(tmp_path: Path) -> None:
    (tmp_path / "book.sqlite3").write_bytes(b"not a book at all" * 500)
    with pytest.raises(BookFault) as fault:
        Book.open(tmp_path / "book.sqlite3", SystemClock())
    assert fault.value.kind == "damaged"


def test_a_book_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    Book.open(tmp_path / "book.sqlite3", SystemClock()).close()
    with sqlite3.connect(tmp_path / "book.sqlite3") as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    with pytest.raises(BookFault) as fault:
        Book.open(tmp_path / "book.sqlite3", SystemClock())
    assert fault.value.kind == "newer"


@pytest.mark.requirement("G5")
def test_the_pulse_tells_since_when_something_waits_while_there_is_trouble(book: Book) -> None:
    before = datetime.now(UTC)
    book.decisions.enter(DRAFT)
    assert book.outbox.pulse().overdue_since is None
    book.outbox.in_trouble("unreachable", "no route", None)
    pulse = book.outbox.pulse()
    assert pulse.waiting == 1
    assert pulse.overdue_since is not None
    assert pulse.overdue_since >= before
    book.outbox.reached()
    assert book.outbox.pulse().trouble == ""
