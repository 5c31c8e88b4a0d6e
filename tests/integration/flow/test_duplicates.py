from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.flow.conftest import VIN
from tests.registry.population import add_vehicle
from tests.registry.running import REPAIR, REPLACED, REPORT, ROADSIDE, TODAY, Dms, Registry

pytestmark = pytest.mark.requirement("W13")


async def in_state(dms: Dms, state: str, day_of_first: int = 0) -> None:
    """Bring the garage's first observation of the day into a state."""
    day = TODAY - timedelta(days=day_of_first)
    guid = await dms.submit(vin=VIN, km=50_000 if state in {"ISSUE", "REVIEWING"} else 100_000, day=day)
    if state == "ONGOING":
        return
    await dms.outcome(guid)
    if state == "REVIEWING":
        guid = await dms.confirm(guid)
        await dms.outcome(guid)
    assert (await dms.status(guid)).status == state


@pytest.mark.parametrize("state", ["PROCESSED", "ISSUE", "REVIEWING", "ONGOING"])
@pytest.mark.usefixtures("car")
async def test_a_second_observation_of_the_day_is_refused_whatever_the_first_came_to(
    registry: Registry, dms: Dms, state: str
) -> None:
    await in_state(dms, state)
    before = await registry.count("reading")
    second = await dms.submit(vin=VIN, km=100_100)
    told = await dms.outcome(second)
    assert (told.status, told.types) == ("ERROR", ["150"])
    assert await registry.count("reading") == before + (state == "ONGOING")


async def test_an_observation_in_error_is_no_first(registry: Registry, dms: Dms) -> None:
    vehicle = await add_vehicle(registry.pool, VIN, category="N3", max_mass_kg=9_000)
    assert (await dms.submitted(vin=VIN)).types == ["104"]
    await registry.pool.execute("update vehicle set category = 'N1', max_mass_kg = 3500 where id = $1", vehicle)
    assert (await dms.submitted(vin=VIN)).status == "PROCESSED"
    # Nor is a refused second one a first for a third.
    assert (await dms.submitted(vin=VIN)).types == ["150"]
    assert (await dms.submitted(vin=VIN)).types == ["150"]


@pytest.mark.usefixtures("car")
async def test_a_case_whose_correction_is_under_way_still_holds_its_day(dms: Dms) -> None:
    guid = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(guid)
    await dms.correct(guid, vin=VIN, km=50_001)
    assert (await dms.submitted(vin=VIN)).types == ["150"]


@pytest.mark.usefixtures("car")
async def test_a_case_that_is_on_its_way_to_another_vehicle_holds_its_day_until_it_is_there(
    registry: Registry, dms: Dms
) -> None:
    other = await add_vehicle(registry.pool, "WVWZZZ1JZXW000002")
    guid = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(guid)
    await dms.correct(guid, vin="WVWZZZ1JZXW000002")
    # Another worker has the other vehicle.
    await registry.pool.execute("update waiting set lease_until = 'infinity' where subject = $1", other)
    second = await dms.submit(vin=VIN)
    assert await registry.worker.judge_batch() == 1
    assert (await dms.status(second)).types == ["150"]
    await registry.pool.execute("update waiting set lease_until = '-infinity'")
    assert (await dms.outcome(guid)).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN)).status == "PROCESSED"


@pytest.mark.usefixtures("car")
async def test_plate_and_vin_of_one_vehicle_are_one_vehicle(dms: Dms) -> None:
    assert (await dms.submitted(vin=VIN)).status == "PROCESSED"
    assert (await dms.submitted(licensePlate="1-ABC-234")).types == ["150"]


@pytest.mark.parametrize("second", [REPAIR, ROADSIDE])
@pytest.mark.usefixtures("car")
async def test_another_type_makes_no_difference(dms: Dms, second: str) -> None:
    assert (await dms.submitted(vin=VIN, kind=ROADSIDE)).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, kind=second)).types == ["150"]


@pytest.mark.usefixtures("car")
async def test_another_day_and_another_vehicle_are_no_seconds(registry: Registry, dms: Dms) -> None:
    await add_vehicle(registry.pool, "WVWZZZ1JZXW000002")
    assert (await dms.submitted(vin=VIN)).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, day=TODAY - timedelta(days=1), km=99_900)).status == "PROCESSED"
    assert (await dms.submitted(vin="WVWZZZ1JZXW000002")).status == "PROCESSED"


async def test_two_garages_may_report_one_vehicle_on_one_day_sisters_too(
    registry: Registry, dms: Dms, sister: Dms, stranger: Dms, car: int
) -> None:
    for each in (dms, sister, stranger):
        assert (await each.submitted(vin=VIN)).status == "PROCESSED"
    assert len(await registry.readings(car)) == 3


@pytest.mark.requirement("R6")
@pytest.mark.usefixtures("car")
async def test_the_day_of_a_replaced_odometer_carries_one_ordinary_reading_too(dms: Dms) -> None:
    assert (await dms.submitted(vin=VIN, kind=REPLACED, km=3)).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, km=96_000)).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, km=96_000)).types == ["150"]
    assert (await dms.submitted(vin=VIN, kind=REPLACED, km=4)).types == ["150"]


@pytest.mark.requirement("R6")
@pytest.mark.usefixtures("car")
async def test_the_ordinary_reading_may_come_before_the_replaced_odometer(dms: Dms) -> None:
    assert (await dms.submitted(vin=VIN, km=96_000)).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, kind=REPLACED, km=3)).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, km=96_001)).types == ["150"]


@pytest.mark.requirement("W9")
async def test_a_correction_is_not_a_second(registry: Registry, dms: Dms, car: int) -> None:
    guid = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(guid)
    assert (await dms.outcome(await dms.correct(guid, vin=VIN))).status == "PROCESSED"
    assert len(await registry.readings(car)) == 1
    assert (await dms.submitted(vin=VIN)).types == ["150"]


@pytest.mark.requirement("W9")
@pytest.mark.usefixtures("car")
async def test_a_corrected_date_frees_the_day_that_was_wrong(dms: Dms) -> None:
    guid = await dms.submit(vin=VIN, day=TODAY + timedelta(days=1))
    assert (await dms.outcome(guid)).types == ["201"]
    assert (await dms.outcome(await dms.correct(guid, vin=VIN, day=TODAY - timedelta(days=1)))).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, km=100_001)).status == "PROCESSED"


@pytest.mark.requirement("W15")
async def test_a_report_with_the_same_reading_on_the_day_of_an_observation_is_taken_and_not_stored_twice(
    registry: Registry, dms: Dms, car: int
) -> None:
    assert (await dms.submitted(vin=VIN)).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, kind=REPORT)).status == "PROCESSED"
    assert await registry.readings(car) == [(TODAY, 100_000)]
    # A second request for a report with the same reading is one too many, and so is any ordinary one.
    assert (await dms.submitted(vin=VIN, kind=REPORT)).types == ["150"]
    assert (await dms.submitted(vin=VIN)).types == ["150"]


@pytest.mark.requirement("W15")
@pytest.mark.usefixtures("car")
async def test_a_report_with_another_reading_on_the_day_of_an_observation_is_a_second(dms: Dms) -> None:
    assert (await dms.submitted(vin=VIN)).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, kind=REPORT, km=100_001)).types == ["150"]


@pytest.mark.requirement("W15")
async def test_a_report_alone_holds_its_day_and_counts(registry: Registry, dms: Dms, car: int) -> None:
    assert (await dms.submitted(vin=VIN, kind=REPORT)).status == "PROCESSED"
    assert await registry.readings(car) == [(TODAY, 100_000)]
    assert (await dms.submitted(vin=VIN)).types == ["150"]
    assert (await dms.submitted(vin=VIN, kind=REPORT)).types == ["150"]


@pytest.mark.requirement("W15")
async def test_a_report_beside_an_observation_in_issue_stores_the_reading_once_in_the_end(
    registry: Registry, dms: Dms, car: int
) -> None:
    ordinary = await dms.submit(vin=VIN, km=94_500)
    report = await dms.submit(vin=VIN, km=94_500, kind=REPORT)
    assert (await dms.outcome(ordinary)).types == ["001"]
    assert (await dms.outcome(report)).types == ["001"]
    assert (await dms.outcome(await dms.confirm(ordinary))).status == "PROCESSED"
    assert (await dms.outcome(await dms.confirm(report))).status == "PROCESSED"
    assert await registry.readings(car) == [(TODAY, 94_500)]


@pytest.mark.requirement("W15", "W9")
async def test_an_observation_with_a_report_beside_it_can_be_corrected_the_report_only_to_the_same_reading(
    registry: Registry, dms: Dms, car: int
) -> None:
    ordinary = await dms.submit(vin=VIN, km=50_000)
    report = await dms.submit(vin=VIN, km=50_000, kind=REPORT)
    assert (await dms.outcome(report)).status == "ISSUE"
    other = await dms.correct(report, vin=VIN, km=100_001, kind=REPORT)
    assert "150" in (await dms.outcome(other)).types
    assert (await dms.outcome(await dms.correct(ordinary, vin=VIN, km=100_000))).status == "PROCESSED"
    assert (await dms.outcome(await dms.correct(other, vin=VIN, km=100_000, kind=REPORT))).status == "PROCESSED"
    assert await registry.readings(car) == [(TODAY, 100_000)]


@pytest.mark.requirement("W15")
async def test_whichever_of_the_two_counts_first_the_reading_is_stored_once(
    registry: Registry, dms: Dms, car: int
) -> None:
    ordinary = await dms.submit(vin=VIN, km=94_500)
    report = await dms.submit(vin=VIN, km=94_500, kind=REPORT)
    await registry.judge()
    assert (await dms.outcome(await dms.confirm(report))).status == "PROCESSED"
    assert (await dms.outcome(await dms.confirm(ordinary))).status == "PROCESSED"
    assert await registry.readings(car) == [(TODAY, 94_500)]


@pytest.mark.requirement("W15")
async def test_a_report_counts_although_another_garage_read_the_same_and_its_own_observation_waits(
    registry: Registry, dms: Dms, stranger: Dms, car: int
) -> None:
    waits = await dms.submit(vin=VIN, km=94_500)
    await dms.outcome(waits)
    for_stranger = await stranger.submit(vin=VIN, km=94_500)
    await registry.judge()
    await stranger.confirm(for_stranger)
    assert (await dms.submitted(vin=VIN, km=94_500, kind=REPORT)).status == "PROCESSED"
    assert await registry.readings(car) == [(TODAY, 94_500), (TODAY, 94_500)]


@pytest.mark.requirement("W15")
async def test_another_garages_report_of_the_same_reading_is_its_own(
    registry: Registry, dms: Dms, stranger: Dms, car: int
) -> None:
    assert (await dms.submitted(vin=VIN)).status == "PROCESSED"
    assert (await stranger.submitted(vin=VIN, kind=REPORT)).status == "PROCESSED"
    assert len(await registry.readings(car)) == 2


@pytest.mark.requirement("W15", "R6")
async def test_a_report_that_shows_what_the_new_odometer_showed_that_day_stores_it_once(
    registry: Registry, dms: Dms, car: int
) -> None:
    assert (await dms.submitted(vin=VIN, km=100_000)).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, km=3, kind=REPLACED)).status == "PROCESSED"
    assert (await dms.submitted(vin=VIN, km=3, kind=REPORT)).status == "PROCESSED"
    assert sorted(await registry.readings(car)) == [(TODAY, 3), (TODAY, 100_000)]
