"""The outbox for other garage software: what it takes, and what it says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.registry.running import OwnClock
from tests.unit.garage.answering import answering
from tests.unit.garage.sending.before_a_server import DAY, Times, status, taken, vins

from odopass.garage.client import Endpoint
from odopass.garage.outbox import NotTaken, Outbox, ReadingDraft, Stale, State, Vehicle
from odopass.wire.basic_auth import Credentials
from odopass.wire.kbo import enterprise_number, establishment_number

DRAFT = ReadingDraft(Vehicle("wvw test 01CB000001", "1-abc-234"), DAY, 120_000, source_key="order 4711")
ENTERPRISE, ESTABLISHMENT = enterprise_number(4_000_001), establishment_number(20_000_001)


def open_outbox(folder: Path, clock: OwnClock, address: str = "http://127.0.0.1:9/api") -> Outbox:
    endpoint = Endpoint(address, Credentials(ESTABLISHMENT, "pässword"), timeout_seconds=5)
    return Outbox(folder, endpoint, enterprise=ENTERPRISE, establishment=ESTABLISHMENT, clock=clock)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """One that does not send: it was not entered with a with statement."""
    opened = open_outbox(tmp_path / "a" / "folder", Times())
    yield opened
    opened.close()


@pytest.mark.requirement("G11")
def test_what_is_submitted_twice_under_one_key_is_one_reading_with_its_day(outbox: Outbox) -> None:
    number = outbox.submit(DRAFT)
    invoiced = replace(DRAFT, reading_date=DAY + timedelta(days=9), km=130_000)
    assert outbox.submit(invoiced) == number
    assert outbox.standing(number).draft == replace(DRAFT, vehicle=Vehicle("WVWTEST01CB000001", "1ABC234"))


@pytest.mark.requirement("G8", "G9")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (replace(DRAFT, vehicle=Vehicle(None, None)), "vehicle_missing"),
        (replace(DRAFT, vehicle=Vehicle("0" * 17, None)), "vin_one_character"),
        (replace(DRAFT, vehicle=Vehicle("W" + "1" * 17, None)), "vin_too_long"),
        (replace(DRAFT, vehicle=Vehicle(None, "1ABC234567")), "plate_too_long"),
        (replace(DRAFT, vehicle=Vehicle("WVW1", None, unifier=-1)), "unifier_digits"),
        (replace(DRAFT, km=-1), "km_digits"),
        (replace(DRAFT, km=10_000_000), "km_too_high"),
    ],
)
def test_what_the_registry_would_refuse_is_not_taken_and_cannot_be_confirmed(
    outbox: Outbox, wrong: ReadingDraft, code: str
) -> None:
    with pytest.raises(NotTaken) as refused:
        outbox.submit(wrong, confirmed=[code])
    assert code in [each.code for each in refused.value.findings]
    assert not refused.value.may_be_confirmed
    assert list(outbox.news()) == []


@pytest.mark.requirement("G8", "G9")
def test_warnings_are_confirmed_by_their_codes_and_kept_with_the_reading(outbox: Outbox) -> None:
    short = replace(DRAFT, vehicle=Vehicle("OLD1", None), reading_date=date(2026, 11, 20))
    with pytest.raises(NotTaken, match="instead of 17") as unusual:
        outbox.submit(short)
    assert unusual.value.may_be_confirmed
    number = outbox.submit(short, confirmed=[each.code for each in unusual.value.findings])
    assert outbox.standing(number).draft.confirmed_warnings == ("vin_short", "date_in_past")


@pytest.mark.requirement("G8")
def test_a_second_reading_of_the_day_is_offered_as_a_correction(outbox: Outbox) -> None:
    number = outbox.submit(DRAFT)
    again = replace(DRAFT, km=120_500, source_key="order 4712")
    with pytest.raises(NotTaken) as second:
        outbox.submit(again)
    assert second.value.findings[0].values["number"] == number
    outbox.correct(number, again)
    assert outbox.standing(number).draft.km == 120_500


@pytest.mark.requirement("G7")
def test_what_cannot_be_done_with_a_reading_now_is_told(outbox: Outbox) -> None:
    number = outbox.submit(DRAFT)
    with pytest.raises(Stale):
        outbox.confirm(number)
    with pytest.raises(Stale):
        outbox.send_lapsed(number)
    outbox.withdraw(number)
    assert outbox.standing(number).state is State.WITHDRAWN
    with pytest.raises(KeyError):
        outbox.standing(99)


@pytest.mark.requirement("G3", "G5")
def test_what_one_program_has_left_unsent_the_next_one_sends(tmp_path: Path) -> None:
    clock = Times()
    with open_outbox(tmp_path, clock) as away:
        number = away.submit(DRAFT)
    clock.moment += timedelta(days=3)
    with answering(taken(1), status("PROCESSED")) as server, open_outbox(tmp_path, clock, server.address) as back:
        assert back.settled(number, 60).state is State.PROCESSED
    assert vins(server) == ["WVWTEST01CB000001"]
    assert b"24/11/2026" in server.requests[0]


def test_numbers_that_are_none_of_the_kbos_are_told_at_once(tmp_path: Path) -> None:
    endpoint = Endpoint("http://127.0.0.1:9/api", Credentials(ESTABLISHMENT, "x"))
    with pytest.raises(ValueError, match="1234567890"):
        Outbox.open(tmp_path, endpoint, enterprise="1234567890", establishment=ESTABLISHMENT)
