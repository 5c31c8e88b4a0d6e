"""A reading of another program is judged like an entry by hand, and comes into the book once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.registry.running import OwnClock
from tests.unit.garage.feeds.conftest import HandOver

from odopass.domain.observation import ObservationType
from odopass.garage.book import Book
from odopass.garage.book.entries import Source, State
from odopass.garage.feeds import HandedOver, Outcome

pytestmark = pytest.mark.requirement("G15")


def codes(handed: HandedOver) -> list[str]:
    return [finding.code for finding in handed.findings]


def refused_for(handed: HandedOver, *wanted: str) -> None:
    assert (handed.outcome, codes(handed)) == (Outcome.REFUSED, list(wanted))
    assert handed.reading is None


def test_an_ordinary_reading_is_taken_and_sent_by_itself(book: Book, handed: HandOver) -> None:
    reading = handed(plate="1-abc-234", unifier="12", first_use="31/01/1979", for_sale="Ja").reading
    assert reading is not None
    assert (reading.state, reading.draft.source, reading.draft.km) == (State.TO_SEND, Source.CSV, 120_000)
    assert (reading.draft.vehicle.plate, reading.draft.vehicle.unifier, reading.draft.for_sale) == ("1ABC234", 12, True)
    assert [step.reading for step in book.outbox.steps()] == [reading.number]


@pytest.mark.requirement("G8")
@pytest.mark.parametrize("km", ["12.345", "12 345", " 12345", "12,5", "1e5", "-5", "abc", "12345km"])
def test_km_are_digits_or_nothing(handed: HandOver, km: str) -> None:
    refused_for(handed(km=km), "km_digits")


@pytest.mark.requirement("G8", "G9")
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"km": ""}, "km_missing"),
        ({"km": "10000000"}, "km_too_high"),
        ({"day": "1/2/26"}, "date_form"),
        ({"day": "2026-02-30"}, "date_form"),
        ({"day": ""}, "date_form"),
        ({"vin": "WVWZZZ1JZXW0000012"}, "vin_too_long"),
        ({"vin": "0" * 17}, "vin_one_character"),
        ({"vin": "WVW/ZZ1JZXW000001"}, "vin_characters"),
        ({"vin": ""}, "vehicle_missing"),
        ({"plate": "1-ABC-234567"}, "plate_too_long"),
        ({"unifier": "x"}, "unifier_digits"),
        ({"first_use": "1/2/80"}, "date_form"),
        ({"read_by": " "}, "read_by_missing"),
        ({"read_by": "a\nb"}, "value_characters"),
        ({"read_by": "a" * 101}, "value_long"),
        ({"work_order": "w" * 41}, "value_long"),
        ({"type": "SERVICE"}, "type_unknown"),
        ({"operation": "till"}, "operation_unknown"),
        ({"category": "lorry"}, "category_unknown"),
        ({"for_sale": "perhaps"}, "for_sale_form"),
        ({"type": "VEHICLE_HISTORY_DOCUMENT", "day": "23/11/2026"}, "report_not_today"),
    ],
)
def test_what_a_form_would_not_take_is_refused_with_its_reason(
    book: Book, handed: HandOver, fields: dict[str, str], code: str
) -> None:
    refused_for(handed(**fields), code)
    assert book.readings.find() == []


@pytest.mark.requirement("G8", "G9")
@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"vin": "WVWZZZ1JZXW00000O"}, "vin_letter"),
        ({"vin": "WVWZZZ"}, "vin_short"),
        ({"day": "23/11/2026"}, "date_in_past"),
        ({"day": "2026-11-25"}, "date_in_future"),
    ],
)
def test_a_warning_waits_for_a_person(book: Book, handed: HandOver, fields: dict[str, str], code: str) -> None:
    found = handed(**fields)
    assert (found.outcome, codes(found)) == (Outcome.CHECK, [code])
    assert found.reading is not None
    assert found.reading.state is State.CHECK
    assert book.outbox.steps() == []


@pytest.mark.requirement("G8")
def test_it_is_compared_with_the_book(handed: HandOver, clock: OwnClock) -> None:
    handed()
    clock.put(clock.today.replace(day=25))
    assert codes(handed(day="25/11/2026", km="119999")) == ["local_001"]
    assert codes(handed(day="25/11/2026", km="130000")) == ["local_209"]


@pytest.mark.requirement("G8", "G11")
def test_a_second_reading_of_vehicle_and_day_is_refused_whatever_its_km(handed: HandOver) -> None:
    first = handed().reading
    assert first is not None
    second = handed(km="120001")
    refused_for(second, "second_that_day")
    assert second.findings[0].values["number"] == first.number


@pytest.mark.requirement("G11")
def test_the_same_reading_again_changes_nothing_whatever_its_invoice(book: Book, handed: HandOver) -> None:
    first = handed(work_order="W1", day="24/11/2026").reading
    again = handed(work_order="INVOICE 7", day="2026-11-24", km="0120000", plate="1ABC234", read_by="Office")
    assert again == HandedOver(Outcome.KNOWN, first)
    assert book.orders.one("INVOICE 7") is None
    assert len(book.readings.find()) == 1


@pytest.mark.requirement("G11")
def test_a_credit_note_of_a_later_day_sends_nothing_again(handed: HandOver, clock: OwnClock) -> None:
    handed(work_order="W1")
    clock.put(clock.today.replace(day=30))
    refused_for(handed(work_order="W1", day="30/11/2026", km="120005"), "order_has_reading")


@pytest.mark.requirement("G11")
def test_what_a_person_has_corrected_or_withdrawn_does_not_come_back(book: Book, handed: HandOver) -> None:
    reading = handed().reading
    assert reading is not None
    book.decisions.correct(reading.number, replace(reading.draft, km=121_000))
    assert handed().outcome is Outcome.KNOWN
    book.decisions.withdraw(reading.number)
    assert handed().outcome is Outcome.KNOWN
    assert [each.draft.km for each in book.readings.find()] == [121_000]


@pytest.mark.requirement("G10")
def test_the_garages_rules_leave_out_what_they_leave_out_by_hand(book: Book, handed: HandOver) -> None:
    handed_over = handed(operation="till_sale", work_order="W1")
    assert handed_over.outcome is Outcome.EXCLUDED
    assert handed_over.reading is not None
    assert (handed_over.reading.state, handed_over.reading.excluded_why) == (
        State.EXCLUDED,
        "rule:operation:till_sale",
    )
    order = book.orders.one("W1")
    assert order is not None
    assert order.excluded_why == "rule:operation:till_sale"
    assert handed(vin="WVWZZZ1JZXW000002", category="Truck").outcome is Outcome.EXCLUDED


@pytest.mark.requirement("G2")
def test_an_unknown_work_order_is_opened_and_closes_when_its_reading_is_sent(book: Book, handed: HandOver) -> None:
    reading = handed(work_order="W1", operation="repair", category="van").reading
    order = book.orders.one("W1")
    assert order is not None
    assert reading is not None
    assert (order.operation, order.category, order.closing, order.closed_at) == ("repair", "van", True, None)
    assert (reading.draft.work_order, reading.draft.operation, reading.draft.category) == ("W1", "repair", "van")
    [step] = book.outbox.steps()
    book.outbox.answered(book.outbox.begin(step, b"{}"), "11111111-1111-4111-8111-111111111111")
    closed = book.orders.one("W1")
    assert closed is not None
    assert closed.closed_at is not None


@pytest.mark.requirement("G2")
def test_a_work_order_with_a_reading_to_check_stays_open(book: Book, handed: HandOver) -> None:
    handed(work_order="W1", day="23/11/2026")
    order = book.orders.one("W1")
    assert order is not None
    assert (order.closing, order.closed_at) == (False, None)


def test_a_refused_reading_opens_no_work_order(book: Book, handed: HandOver) -> None:
    assert handed(work_order="W1", km="x").outcome is Outcome.REFUSED
    assert book.orders.one("W1") is None


@pytest.mark.requirement("G10")
def test_a_reading_for_a_work_order_that_a_person_left_out_is_left_out(book: Book, handed: HandOver) -> None:
    handed(work_order="W1", day="23/11/2026")
    [reading] = book.readings.find()
    book.decisions.withdraw(reading.number)
    book.orders.exclude("W1", "not_here")
    left_out = handed(work_order="W1")
    assert (left_out.outcome, left_out.reading and left_out.reading.excluded_why) == (Outcome.EXCLUDED, "not_here")


def test_a_work_order_has_one_vehicle(handed: HandOver) -> None:
    handed(work_order="W1", plate="1ABC234")
    refused_for(handed(work_order="W1", vin="WVWZZZ1JZXW000002"), "order_other_vehicle")
    refused_for(handed(work_order="W1", vin="", plate="2ABC234"), "order_other_vehicle")


def test_a_work_order_may_have_the_last_of_the_old_odometer_and_the_first_of_the_new(handed: HandOver) -> None:
    assert handed(work_order="W1").outcome is Outcome.TAKEN
    assert handed(work_order="W1", km="3", type="odometer_replaced").outcome is Outcome.TAKEN
    refused_for(handed(work_order="W1", km="4", type="ODOMETER_REPLACED"), "second_that_day", "order_has_reading")


@pytest.mark.requirement("G13")
def test_a_history_of_the_same_km_may_follow_in_the_same_work_order(handed: HandOver) -> None:
    handed(work_order="W1")
    assert handed(work_order="W1", type="VEHICLE_HISTORY_DOCUMENT").outcome is Outcome.TAKEN


def test_a_breakdown_on_the_road_is_reported_as_one(handed: HandOver) -> None:
    reading = handed(operation="roadside").reading
    assert reading is not None
    assert reading.draft.type is ObservationType.ROAD_SIDE_ASSISTANCE


def test_a_key_names_one_reading(book: Book, handed: HandOver) -> None:
    first = handed(key="dms-1")
    assert first.outcome is Outcome.TAKEN
    assert handed(key="dms-1") == HandedOver(Outcome.KNOWN, first.reading)
    other = handed(key="dms-1", km="120001")
    assert (other.outcome, codes(other), other.reading) == (Outcome.REFUSED, ["key_other"], first.reading)
    assert handed(key="dms-1", vin="WVWZZZ1JZXW000002").outcome is Outcome.REFUSED
    refused_for(handed(key="dms-2"), "second_that_day")
    assert len(book.readings.find()) == 1


def test_a_key_is_known_after_a_person_has_corrected_its_reading(book: Book, handed: HandOver) -> None:
    reading = handed(key="dms-1").reading
    assert reading is not None
    book.decisions.correct(reading.number, replace(reading.draft, km=121_000))
    assert handed(key="dms-1").outcome is Outcome.KNOWN
    assert handed(key="dms-1", km="121000").outcome is Outcome.KNOWN
    assert handed(key="dms-1", km="122000").outcome is Outcome.REFUSED
