from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from structlog.testing import capture_logs
from tests.integration.flow.conftest import VIN
from tests.registry.running import REPAIR, REPLACED, REPORT, TODAY, Dms, Registry, fields, new_key, problems, taken_in

#: The nights on which summer time began and ended in 2026, and ordinary ones in winter and summer.
NIGHTS = [date(2026, 3, 28), date(2026, 3, 29), date(2026, 10, 24), date(2026, 10, 25), TODAY, date(2026, 7, 1)]


@pytest.mark.requirement("W15")
@pytest.mark.parametrize("day", NIGHTS)
@pytest.mark.usefixtures("car")
async def test_a_report_carries_the_day_on_belgian_calendars_to_its_last_second(
    registry: Registry, dms: Dms, day: date
) -> None:
    tomorrow = day + timedelta(days=1)
    registry.clock.put(day, time(23, 59, 59, 999_999))
    too_early = await dms.post("/api/observation", dms.body(vin=VIN, kind=REPORT, day=tomorrow))
    assert (too_early.status_code, fields(too_early)) == (400, ["odometerReadingDate"])
    await dms.submit(vin=VIN, kind=REPORT, day=day)
    registry.clock.put(tomorrow, time(0))
    too_late = await dms.post("/api/observation", dms.body(vin=VIN, kind=REPORT, day=day))
    assert (too_late.status_code, fields(too_late)) == (400, ["odometerReadingDate"])
    await dms.submit(vin=VIN, kind=REPORT, day=tomorrow)
    assert await registry.count("request") == 2


@pytest.mark.requirement("W15")
async def test_both_of_the_two_equal_hours_of_october_are_of_the_same_day(registry: Registry, dms: Dms) -> None:
    night = date(2026, 10, 25)
    moments = set()
    for fold in (0, 1):
        registry.clock.put(night, time(2, 30), fold=fold)
        moments.add(registry.clock.moment)
        await dms.submit(vin=VIN, kind=REPORT, day=night)
    assert len(moments) == 2


@pytest.mark.requirement("R4", "W15")
@pytest.mark.parametrize("day", NIGHTS)
@pytest.mark.usefixtures("car")
async def test_what_is_in_the_future_is_decided_by_the_moment_of_arrival_not_of_judging(
    registry: Registry, dms: Dms, day: date
) -> None:
    tomorrow = day + timedelta(days=1)
    registry.clock.put(day, time(23, 59, 59))
    early = await dms.submit(vin=VIN, day=tomorrow)
    registry.clock.put(tomorrow, time(0))
    assert (await dms.outcome(early)).types == ["201"]


@pytest.mark.requirement("W15")
async def test_a_correction_or_confirmation_on_a_later_day_keeps_the_day_of_the_first_submission(
    registry: Registry, dms: Dms, car: int
) -> None:
    guid = await dms.submit(vin=VIN, kind=REPORT, km=50_000)
    await dms.outcome(guid)
    registry.clock.put(TODAY + timedelta(days=3))
    for day in (registry.clock.today, TODAY - timedelta(days=1)):
        answer = await dms.try_correcting(guid, vin=VIN, kind=REPORT, day=day)
        assert (answer.status_code, fields(answer)) == (400, ["odometerReadingDate"])
        assert "05/03/2026" in problems(answer)[0]["message"]
    corrected = await dms.correct(guid, vin=VIN, kind=REPORT, km=94_500, day=TODAY)
    assert (await dms.outcome(corrected)).types == ["001"]
    registry.clock.put(TODAY + timedelta(days=5))
    assert (await dms.outcome(await dms.confirm(corrected))).status == "PROCESSED"
    assert await registry.readings(car) == [(TODAY, 94_500)]


@pytest.mark.requirement("W15")
async def test_a_report_that_went_by_way_of_a_replaced_odometer_returns_to_its_first_day(
    registry: Registry, dms: Dms
) -> None:
    guid = await dms.submit(vin="UNKNOWN0000000001", kind=REPORT)
    await dms.outcome(guid)
    registry.clock.put(TODAY + timedelta(days=2))
    guid = await dms.correct(guid, vin="UNKNOWN0000000001", kind=REPLACED, day=registry.clock.today)
    await dms.outcome(guid)
    later = await dms.try_correcting(guid, vin="UNKNOWN0000000001", kind=REPORT, day=registry.clock.today)
    assert (later.status_code, fields(later)) == (400, ["odometerReadingDate"])
    await dms.correct(guid, vin="UNKNOWN0000000001", kind=REPORT, day=TODAY)


@pytest.mark.requirement("W4", "W12")
@pytest.mark.usefixtures("car")
async def test_a_plate_is_refused_with_a_report_in_a_correction_too(dms: Dms) -> None:
    answer = await dms.post("/api/observation", dms.body(licensePlate="1ABC234", kind=REPORT))
    assert (answer.status_code, fields(answer)) == (400, ["licensePlate, observationType"])
    guid = await dms.submit(vin=VIN, kind=REPORT, km=50_000)
    await dms.outcome(guid)
    answer = await dms.try_correcting(guid, licensePlate="1ABC234", kind=REPORT)
    assert (answer.status_code, fields(answer)) == (400, ["licensePlate, observationType"])


@pytest.mark.requirement("W7", "W15")
@pytest.mark.usefixtures("car")
async def test_a_report_taken_in_before_midnight_and_sent_again_after_it_with_its_key_keeps_its_guid(
    registry: Registry, dms: Dms
) -> None:
    key, body = new_key(), dms.body(vin=VIN, kind=REPORT)
    registry.clock.put(TODAY, time(23, 59, 59))
    guid = taken_in(await dms.post("/api/observation", body, key=key))
    registry.clock.put(TODAY + timedelta(days=1), time(0, 0, 1))
    assert taken_in(await dms.post("/api/observation", body, key=key)) == guid
    other_key = await dms.post("/api/observation", body, key=new_key())
    assert (other_key.status_code, fields(other_key)) == (400, ["odometerReadingDate"])
    other_body = await dms.post("/api/observation", body | {"odometerReading": 7}, key=key)
    assert other_body.status_code == 400
    assert await registry.count("request") == 1


@pytest.mark.requirement("W11", "W12")
@pytest.mark.parametrize("kind", [REPORT, REPAIR])
@pytest.mark.usefixtures("car")
async def test_where_no_report_stands_the_refusal_tells_the_status_at_the_top_level_too(dms: Dms, kind: str) -> None:
    async def told(expected: str) -> None:
        answer = await dms.get(f"/api/observation/{guid}/status/vhr")
        assert answer.status_code == 409
        assert problems(answer)[0]["message"] == answer.json()["message"]
        assert answer.json()["status"] == expected
        assert set(answer.json()) == {"errors", "status", "message"}

    guid = await dms.submit(vin=VIN, kind=kind, km=50_000)
    await told("ONGOING")
    await dms.outcome(guid)
    await told("ISSUE")
    await dms.confirm(guid)
    await told("ONGOING")
    await dms.outcome(guid)
    await told("REVIEWING")


@pytest.mark.requirement("W11")
@pytest.mark.usefixtures("car")
async def test_a_languages_letters_may_be_of_either_case_and_an_unknown_one_is_told(dms: Dms) -> None:
    guid = await dms.submit(vin=VIN, kind=REPORT, km=50_000)
    for language, status in (("nl", 409), ("FR", 409), ("De", 409), ("en", 409), ("it", 400), ("", 400)):
        answer = await dms.get(f"/api/observation/{guid}/status/vhr?language={language}")
        assert answer.status_code == status
        assert fields(answer) == (["language"] if status == 400 else ["requestGuid"])


@pytest.mark.requirement("R13")
@pytest.mark.usefixtures("car")
async def test_whoever_looks_at_a_history_leaves_a_line_that_is_no_key_to_it(registry: Registry, dms: Dms) -> None:
    guid = await dms.submit(vin=VIN, kind=REPORT)
    assert (await dms.outcome(guid)).status == "PROCESSED"
    with capture_logs() as lines:
        answer = await dms.get(f"/api/observation/{guid}/status/vhr?language=FR")
        address = answer.json()["publicUrl"]
        assert (await registry.http.get(address)).status_code == 200
    handed_out, shown = (line for line in lines if line["event"].startswith("report "))
    assert handed_out.items() >= {"request": str(guid), "garage": dms.garage.establishment, "language": "fr"}.items()
    assert shown["event"] == "report shown"
    assert len(shown["number"]) == 12
    assert address.rpartition("/")[2] not in str(lines)
