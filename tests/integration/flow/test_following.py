from __future__ import annotations

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from tests.integration.flow.conftest import VIN
from tests.registry.population import add_vehicle
from tests.registry.running import REPAIR, REPLACED, REPORT, ROADSIDE, TODAY, Dms, Registry, fields, problems

OTHER_VIN = "WVWZZZ1JZXW000002"


@pytest.mark.requirement("W9", "W8")
async def test_a_correction_that_fits_is_processed_and_closes_all_issues(
    registry: Registry, dms: Dms, car: int
) -> None:
    # Higher than any display, and a year and more ago: several issues at once.
    guid = await dms.submit(vin=VIN, km=1_000_000, day=TODAY - timedelta(days=400))
    before = await dms.outcome(guid)
    assert before.status == "ISSUE"
    assert len(before.types) > 1
    corrected = await dms.correct(guid, vin=VIN, km=101_000)
    assert (await dms.status(corrected)).status == "ONGOING"
    after = await dms.outcome(corrected)
    assert (after.status, after.issues) == ("PROCESSED", [])
    assert await registry.readings(car) == [(TODAY, 101_000)]


@pytest.mark.requirement("W8", "W9", "W10")
@pytest.mark.usefixtures("car")
async def test_every_guid_of_a_chain_answers_the_state_of_the_case(dms: Dms) -> None:
    first = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(first)
    second = await dms.correct(first, vin=VIN, km=60_000)
    assert {(await dms.status(guid)).status for guid in (first, second)} == {"ONGOING"}
    await dms.outcome(second)
    told = [await dms.status(guid) for guid in (first, second)]
    assert told[0] == told[1]
    assert told[0].status == "ISSUE"
    assert "60.000" in told[0].issues[0]["description"]["nl"]
    third = await dms.confirm(second)
    assert (await dms.outcome(third)).status == "REVIEWING"
    for guid in (first, second, third):
        told_of = await dms.status(guid)
        assert (told_of.status, told_of.issues) == ("REVIEWING", [])


@pytest.mark.requirement("W9", "W10")
@pytest.mark.usefixtures("car")
async def test_only_the_newest_guid_takes_a_correction_or_confirmation(registry: Registry, dms: Dms) -> None:
    first = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(first)
    second = await dms.correct(first, vin=VIN, km=60_000)
    await dms.outcome(second)
    for answer in (await dms.try_correcting(first, vin=VIN), await dms.try_confirming(first)):
        assert (answer.status_code, fields(answer)) == (409, ["requestGuid"])
        assert str(second) in problems(answer)[0]["message"]
    assert await registry.count("request") == 2
    await dms.correct(second, vin=VIN)


@pytest.mark.requirement("W9")
@pytest.mark.parametrize("kinds", [("correction", "correction"), ("correction", "confirm"), ("confirm", "confirm")])
@pytest.mark.usefixtures("car")
async def test_of_two_follow_ups_at_once_exactly_one_wins(registry: Registry, dms: Dms, kinds: tuple[str, str]) -> None:
    for turn in range(5):
        guid = await dms.submit(vin=VIN, km=50_000, day=TODAY - timedelta(days=turn))
        assert (await dms.outcome(guid)).status == "ISSUE"
        answers = await asyncio.gather(
            *(dms.post(f"/api/observation/{guid}/{kind}", dms.body(vin=VIN, km=40_000 + turn)) for kind in kinds)
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        followers = await registry.pool.fetchval("select count(*) from request where case_guid = $1", guid)
        assert followers == 2
        await registry.judge()


@pytest.mark.requirement("W9", "W10")
@pytest.mark.parametrize("state", ["ONGOING", "PROCESSED", "ERROR", "REVIEWING"])
@pytest.mark.usefixtures("car")
async def test_a_request_in_any_other_state_takes_neither_and_says_why(
    registry: Registry, dms: Dms, state: str
) -> None:
    if state == "ERROR":
        await dms.submitted(vin=VIN)
    guid = await dms.submit(vin=VIN, km=50_000 if state == "REVIEWING" else 100_000)
    if state == "REVIEWING":
        await dms.outcome(guid)
        guid = await dms.confirm(guid)
    if state != "ONGOING":
        assert (await dms.outcome(guid)).status == state
    requests = await registry.count("request")
    for answer in (await dms.try_correcting(guid, vin=VIN), await dms.try_confirming(guid)):
        assert (answer.status_code, fields(answer)) == (409, ["requestGuid"])
        assert state in problems(answer)[0]["message"]
    assert await registry.count("request") == requests


@pytest.mark.requirement("W9")
@pytest.mark.usefixtures("car")
async def test_a_follow_up_that_waits_keeps_the_request_from_being_followed_again(dms: Dms) -> None:
    first = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(first)
    second = await dms.correct(first, vin=VIN, km=60_000)
    for guid in (first, second):
        assert (await dms.try_correcting(guid, vin=VIN)).status_code == 409
        assert (await dms.try_confirming(guid)).status_code == 409


@pytest.mark.requirement("W9")
@pytest.mark.usefixtures("car")
async def test_correct_is_another_name_for_correction(dms: Dms) -> None:
    guid = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(guid)
    answer = await dms.post(f"/api/observation/{guid}/correct", dms.body(vin=VIN))
    assert answer.status_code == 200
    assert (await dms.outcome(guid)).status == "PROCESSED"


@pytest.mark.requirement("W9", "W13")
async def test_a_correction_that_ends_in_error_leaves_the_case_in_issue_with_that_error_told_too(
    registry: Registry, dms: Dms, car: int
) -> None:
    await dms.submitted(vin=VIN, km=99_000, day=TODAY - timedelta(days=1))
    guid = await dms.submit(vin=VIN, km=50_000)
    assert (await dms.outcome(guid)).types == ["001"]
    onto_the_other_day = await dms.correct(guid, vin=VIN, km=99_000, day=TODAY - timedelta(days=1))
    told = await dms.outcome(onto_the_other_day)
    assert (told.status, told.types) == ("ISSUE", ["001", "150"])
    assert await registry.count("reading") == 3
    # Not even a second one that goes wrong repeats the first error, and the case can still be solved.
    again = await dms.correct(onto_the_other_day, vin=VIN, km=98_000, day=TODAY - timedelta(days=1))
    assert (await dms.outcome(again)).types == ["001", "150"]
    solved = await dms.correct(again, vin=VIN, km=100_500)
    assert (await dms.outcome(solved)).status == "PROCESSED"
    assert await registry.readings(car) == [(TODAY - timedelta(days=1), 99_000), (TODAY, 100_500)]


@pytest.mark.requirement("W9", "W10", "W14")
async def test_after_a_refused_correction_a_confirmation_is_about_what_stood_before(
    registry: Registry, dms: Dms, car: int
) -> None:
    await add_vehicle(registry.pool, OTHER_VIN, max_mass_kg=12_000, category="N3")
    guid = await dms.submit(vin=VIN, km=94_500)
    await dms.outcome(guid)
    to_a_truck = await dms.correct(guid, vin=OTHER_VIN, km=94_500)
    told = await dms.outcome(to_a_truck)
    assert (told.status, told.types) == ("ISSUE", ["001", "104"])
    assert (await dms.outcome(await dms.confirm(to_a_truck))).status == "PROCESSED"
    assert await registry.readings(car) == [(TODAY, 94_500)]


@pytest.mark.requirement("W9", "R3")
async def test_a_correction_may_name_another_vehicle_and_counts_for_that_one_only(
    registry: Registry, dms: Dms, car: int
) -> None:
    other = await add_vehicle(registry.pool, OTHER_VIN)
    guid = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(guid)
    corrected = await dms.correct(guid, vin=OTHER_VIN, km=50_000)
    assert (await dms.outcome(corrected)).status == "PROCESSED"
    assert (await registry.readings(car), await registry.readings(other)) == ([], [(TODAY, 50_000)])
    # The first vehicle's day is free again, the other's is taken.
    assert (await dms.submitted(vin=VIN)).status == "PROCESSED"
    assert (await dms.submitted(vin=OTHER_VIN)).types == ["150"]


@pytest.mark.requirement("W9", "R3")
async def test_what_identifies_the_vehicle_may_change_from_an_unknown_vin_to_a_plate(
    registry: Registry, dms: Dms, car: int
) -> None:
    guid = await dms.submit(vin="WVWZZZ1JZXW00000I")
    assert (await dms.outcome(guid)).types == ["101"]
    corrected = await dms.correct(guid, licensePlate="1-ABC-234")
    assert (await dms.outcome(corrected)).status == "PROCESSED"
    assert await registry.readings(car) == [(TODAY, 100_000)]


CHANGES = [
    (REPAIR, REPLACED, True),
    (ROADSIDE, REPLACED, True),
    (REPLACED, REPAIR, True),
    (REPLACED, ROADSIDE, True),
    (REPORT, REPLACED, True),
    (REPAIR, ROADSIDE, False),
    (ROADSIDE, REPAIR, False),
    (REPAIR, REPORT, False),
    (REPORT, REPAIR, False),
    (REPLACED, REPORT, False),
]


@pytest.mark.requirement("W9")
@pytest.mark.parametrize(("was", "wanted", "allowed"), CHANGES)
async def test_the_type_stays_save_a_change_to_or_from_a_replaced_odometer(
    dms: Dms, was: str, wanted: str, allowed: bool
) -> None:
    guid = await dms.submit(vin="UNKNOWN0000000001", kind=was)
    await dms.outcome(guid)
    answer = await dms.try_correcting(guid, vin="UNKNOWN0000000001", kind=wanted)
    assert answer.status_code == (200 if allowed else 400)
    if not allowed:
        assert fields(answer) == ["observationType"]


@pytest.mark.requirement("W9", "W15")
async def test_a_report_that_became_a_replaced_odometer_may_become_a_report_again_but_no_other_case_may(
    dms: Dms,
) -> None:
    for began_as, expected in ((REPORT, 200), (REPAIR, 400)):
        guid = await dms.submit(vin="UNKNOWN0000000001", kind=began_as)
        await dms.outcome(guid)
        guid = await dms.correct(guid, vin="UNKNOWN0000000001", kind=REPLACED)
        await dms.outcome(guid)
        assert (await dms.try_correcting(guid, vin="UNKNOWN0000000001", kind=REPORT)).status_code == expected


@pytest.mark.requirement("W9", "W12")
@pytest.mark.usefixtures("car")
async def test_a_correction_is_checked_like_a_submission(registry: Registry, dms: Dms, sister: Dms) -> None:
    guid = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(guid)
    wrong: list[tuple[dict[str, Any], list[str]]] = [
        (dms.body(vin=VIN, km=-1), ["odometerReading"]),
        (dms.body(), ["vin, licensePlate"]),
        (sister.body(vin=VIN), ["enteredOrganisation"]),
        (dms.body(vin=VIN) | {"correctedFrom": str(guid)}, ["correctedFrom"]),
    ]
    for body, expected in wrong:
        answer = await dms.post(f"/api/observation/{guid}/correction", body)
        assert (answer.status_code, fields(answer)) == (400, expected)
    assert (await registry.count("request"), (await dms.status(guid)).status) == (1, "ISSUE")


@pytest.mark.requirement("W10", "R4")
@pytest.mark.parametrize(("km", "status"), [(94_500, "PROCESSED"), (94_000, "PROCESSED"), (93_999, "REVIEWING")])
@pytest.mark.usefixtures("car")
async def test_a_small_deviation_confirmed_is_taken_and_marked_a_large_one_reviewed(
    registry: Registry, dms: Dms, km: int, status: str
) -> None:
    guid = await dms.submit(vin=VIN, km=km)
    assert (await dms.outcome(guid)).types == ["001"]
    confirmed = await dms.confirm(guid)
    assert (await dms.outcome(confirmed)).status == status
    remarks = await registry.pool.fetch("select remarks from reading where case_guid = $1", guid)
    assert [row[0] for row in remarks] == ([["001"]] if status == "PROCESSED" else [])


@pytest.mark.requirement("W10", "R5")
@pytest.mark.usefixtures("registry", "car")
async def test_a_confirmed_break_is_the_new_baseline(dms: Dms, stranger: Dms) -> None:
    guid = await dms.submit(vin=VIN, km=94_500, day=TODAY - timedelta(days=3))
    await dms.outcome(guid)
    assert (await dms.outcome(await dms.confirm(guid))).status == "PROCESSED"
    assert (await stranger.submitted(vin=VIN, km=94_600)).status == "PROCESSED"


@pytest.mark.requirement("W10")
@pytest.mark.usefixtures("car")
async def test_with_several_issues_the_strictest_outcome_counts(dms: Dms) -> None:
    # A year ago alone is taken and marked; above what displays show is reviewed.
    only_late = await dms.submit(vin=VIN, km=60_000, day=TODAY - timedelta(days=800))
    assert (await dms.outcome(only_late)).types == ["203"]
    assert (await dms.outcome(await dms.confirm(only_late))).status == "PROCESSED"
    both = await dms.submit(vin=VIN, km=1_200_000, day=TODAY - timedelta(days=801))
    types = (await dms.outcome(both)).types
    assert {"203", "212"} <= set(types)
    assert (await dms.outcome(await dms.confirm(both))).status == "REVIEWING"


@pytest.mark.requirement("W10", "R3")
@pytest.mark.parametrize("identified", [{"vin": "UNKNOWN0000000001"}, {"licensePlate": "9-ZZZ-999"}])
async def test_an_unknown_vehicle_confirmed_goes_to_an_employee(dms: Dms, identified: dict[str, str]) -> None:
    guid = await dms.submit(**identified)
    assert (await dms.outcome(guid)).status == "ISSUE"
    assert (await dms.outcome(await dms.confirm(guid))).status == "REVIEWING"


@pytest.mark.requirement("W10")
@pytest.mark.parametrize("body", [b"", b"{}", b"not json", b"\x00\xff", b'{"vin": 3}', b"x" * 2_000_000])
@pytest.mark.usefixtures("car")
async def test_a_confirmation_needs_no_body_and_ignores_any(dms: Dms, body: bytes) -> None:
    guid = await dms.submit(vin=VIN, km=94_500)
    await dms.outcome(guid)
    answer = await dms.registry.http.post(f"/api/observation/{guid}/confirm", content=body, headers=dms.headers)
    assert answer.status_code == 200
    assert (await dms.outcome(guid)).status == "PROCESSED"


@pytest.mark.requirement("W10")
@pytest.mark.usefixtures("car")
async def test_a_case_is_confirmed_once(registry: Registry, dms: Dms) -> None:
    guid = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(guid)
    confirmed = await dms.confirm(guid)
    assert (await dms.outcome(confirmed)).status == "REVIEWING"
    # What an employee's "send back" will do.
    await registry.pool.execute("update observation_case set status = 'ISSUE' where guid = $1", guid)
    answer = await dms.try_confirming(confirmed)
    assert (answer.status_code, fields(answer)) == (409, ["requestGuid"])
    corrected = await dms.correct(confirmed, vin=VIN, km=60_000)
    assert (await dms.outcome(corrected)).status == "ISSUE"
    assert (await dms.try_confirming(corrected)).status_code == 409
    assert (await dms.outcome(await dms.correct(corrected, vin=VIN))).status == "PROCESSED"


@pytest.mark.requirement("W10", "R5")
@pytest.mark.usefixtures("car")
async def test_a_confirmation_of_what_fits_by_now_is_taken_without_a_mark(
    registry: Registry, dms: Dms, stranger: Dms
) -> None:
    guid = await dms.submit(vin=VIN, km=94_900)
    assert (await dms.outcome(guid)).types == ["001"]
    await stranger.submitted(vin=VIN, kind=REPLACED, km=94_850, day=date(2026, 3, 4))
    assert (await dms.outcome(await dms.confirm(guid))).status == "PROCESSED"
    assert await registry.pool.fetchval("select remarks from reading where case_guid = $1", guid) == []


@pytest.mark.requirement("W10", "W13")
async def test_a_chain_of_twenty_corrections_is_one_case_and_at_most_one_reading(
    registry: Registry, dms: Dms, car: int
) -> None:
    guid = first = await dms.submit(vin=VIN, km=50_000)
    for km in range(50_001, 50_020):
        assert (await dms.outcome(guid)).status == "ISSUE"
        guid = await dms.correct(guid, vin=VIN, km=km)
    await dms.outcome(guid)
    guid = await dms.correct(guid, vin=VIN)
    assert (await dms.outcome(first)).status == "PROCESSED"
    assert await registry.count("observation_case") == 1
    assert await registry.readings(car) == [(TODAY, 100_000)]
