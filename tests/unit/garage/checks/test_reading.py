from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from odopass.domain.limits import longest_distance
from odopass.domain.observation import ObservationType
from odopass.garage.book.entries import Reading, ReadingDraft, State, Vehicle
from odopass.garage.checks import Severity, check_reading
from odopass.wire.status import Description, IssueItem

pytestmark = pytest.mark.requirement("G8")

TODAY = date(2026, 11, 24)
CAR = Vehicle("WVWZZZ1JZXW000001", "1ABC123")
NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
REPORT = ObservationType.VEHICLE_HISTORY_DOCUMENT
REPLACED = ObservationType.ODOMETER_REPLACED


def draft(
    km: int, *, days_ago: int = 0, kind: ObservationType = ObservationType.REPAIR_MAINTENANCE_SERVICE
) -> ReadingDraft:
    return ReadingDraft(CAR, TODAY - timedelta(days=days_ago), km, kind)


def booked(entry: ReadingDraft, *, number: int = 1, state: State = State.PROCESSED) -> Reading:
    return Reading(number, entry, state, NOW, NOW)


def codes(entry: ReadingDraft, *book: Reading, at_entry: bool = True) -> list[str]:
    return [finding.code for finding in check_reading(entry, book, TODAY, at_entry=at_entry)]


def test_an_ordinary_reading_is_passed_without_a_word() -> None:
    assert codes(draft(100_000)) == []
    assert codes(draft(100_000), booked(draft(90_000, days_ago=300))) == []


def test_a_reading_below_the_last_one_is_local_issue_001() -> None:
    assert codes(draft(89_999), booked(draft(90_000, days_ago=300))) == ["local_001"]
    assert codes(draft(90_000), booked(draft(90_000, days_ago=300))) == ["same_as_before"]


@pytest.mark.parametrize("days", [1, 10, 365, 730, 1_500])
def test_farther_than_any_vehicle_goes_in_that_time_is_local_issue_209(days: int) -> None:
    last = booked(draft(45_000, days_ago=days))
    assert codes(draft(45_000 + longest_distance(days)), last) == []
    assert codes(draft(45_001 + longest_distance(days)), last) == ["local_209"]


def test_a_digit_too_many_is_told_two_years_later_too() -> None:
    assert codes(draft(450_000), booked(draft(45_000, days_ago=730))) == ["local_209"]


def test_the_same_as_any_earlier_reading_is_warned_of() -> None:
    book = (booked(draft(80_000, days_ago=900)), booked(draft(90_000, days_ago=300), number=2))
    assert codes(draft(80_000), *book) == ["local_001", "same_as_before"]


def test_a_late_reading_is_compared_with_the_next_one_too() -> None:
    assert codes(draft(90_001, days_ago=5), booked(draft(90_000, days_ago=1)), at_entry=False) == ["higher_than_later"]


def test_a_new_odometer_starts_anew() -> None:
    book = (booked(draft(250_000, days_ago=400)), booked(draft(12, days_ago=300, kind=REPLACED), number=2))
    assert codes(draft(9_000), *book) == []
    assert codes(draft(5), *book) == ["local_001"]
    assert codes(draft(12, kind=REPLACED), booked(draft(250_000, days_ago=1))) == []


@pytest.mark.parametrize(
    "state", [State.ERROR, State.EXCLUDED, State.WITHDRAWN, State.LAPSED, State.REFUSED, State.CHECK]
)
def test_readings_that_the_registry_does_not_have_count_for_nothing(state: State) -> None:
    assert codes(draft(50_000), booked(draft(90_000), state=state)) == []


def test_days_in_the_future_and_the_past_are_warned_of_the_past_only_at_entry() -> None:
    assert codes(draft(1, days_ago=-1)) == ["date_in_future"]
    assert codes(draft(1, days_ago=1)) == ["date_in_past"]
    assert codes(draft(1, days_ago=1), at_entry=False) == []


@pytest.mark.parametrize("state", [State.TO_SEND, State.ONGOING, State.REVIEWING, State.ISSUE, State.PROCESSED])
@pytest.mark.parametrize("km", [90_000, 90_005])
def test_a_second_reading_of_a_vehicle_and_day_is_not_sent_whatever_its_km(state: State, km: int) -> None:
    (finding,) = check_reading(draft(km), [booked(draft(90_000), number=7, state=state)], TODAY)
    assert (finding.code, finding.severity, finding.values) == ("second_that_day", Severity.ERROR, {"number": 7})


@pytest.mark.requirement("G13")
def test_a_history_may_follow_an_ordinary_reading_of_the_day_once_with_the_same_km() -> None:
    ordinary = booked(draft(90_000))
    assert codes(draft(90_000, kind=REPORT), ordinary) == []
    assert codes(draft(90_001, kind=REPORT), ordinary) == ["second_that_day"]
    assert codes(draft(90_000, kind=REPORT), ordinary, booked(draft(90_000, kind=REPORT), number=2)) == [
        "second_that_day"
    ]


def test_the_day_of_a_new_odometer_may_carry_one_ordinary_reading_too() -> None:
    new = booked(draft(3, kind=REPLACED))
    assert codes(draft(250_000), new) == []
    assert codes(draft(4, kind=REPLACED), new) == ["second_that_day"]


@pytest.mark.requirement("G13")
def test_a_history_needs_a_vin_and_the_day_of_today() -> None:
    by_plate = replace(draft(1, kind=REPORT), vehicle=Vehicle(None, "1ABC123"))
    assert codes(by_plate) == ["report_needs_vin"]
    assert codes(draft(1, kind=REPORT, days_ago=1)) == ["report_not_today"]


@pytest.mark.requirement("G9")
def test_no_vehicle_at_all_is_an_error() -> None:
    assert codes(replace(draft(1), vehicle=Vehicle(None, None))) == ["vehicle_missing"]


def test_a_reading_that_was_not_reported_was_still_read() -> None:
    for state in (State.EXCLUDED, State.LAPSED):
        assert codes(draft(89_999), booked(draft(90_000, days_ago=300), state=state)) == ["local_001"]
    assert codes(draft(89_999), booked(draft(90_000, days_ago=300), state=State.WITHDRAWN)) == []


def test_after_the_day_of_a_replacement_the_new_odometer_counts_whatever_was_entered_last() -> None:
    book = (booked(draft(10, days_ago=5, kind=REPLACED)), booked(draft(180_000, days_ago=5), number=2))
    assert codes(draft(500), *book) == []


def test_what_the_registry_called_a_second_of_its_day_is_not_entered_again() -> None:
    second = IssueItem("150", Description(nl="", fr="", de=""))
    rejected = replace(booked(draft(90_000), state=State.ERROR), issues=(second,))
    assert codes(draft(90_000), rejected) == ["second_that_day"]
    assert codes(draft(90_000), replace(rejected, issues=())) == []


@pytest.mark.requirement("G13")
def test_a_vehicle_history_is_asked_for_once_per_reading() -> None:
    asked = booked(draft(90_000, days_ago=40, kind=REPORT))
    assert codes(draft(90_000, kind=REPORT), asked) == ["history_there", "same_as_before"]
    assert codes(draft(90_001, kind=REPORT), asked) == []
    lapsed = replace(asked, state=State.LAPSED)
    assert codes(draft(90_000, kind=REPORT), lapsed) == ["same_as_before"]
    assert codes(draft(90_000), asked) == ["same_as_before"]
