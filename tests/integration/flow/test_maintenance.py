from __future__ import annotations

from datetime import date, time, timedelta

import pytest
from prometheus_client import REGISTRY
from tests.integration.flow.conftest import VIN
from tests.registry.population import add_garage, add_vehicle
from tests.registry.running import Dms, problems, running_registry, until

from odopass.registry.maintenance import switch

pytestmark = pytest.mark.requirement("W20")

THURSDAY = date(2026, 11, 26)


def refused_so_far() -> float:
    return REGISTRY.get_sample_value("odopass_answers_total", {"operation": "maintenance", "status": "503"}) or 0.0


async def is_closed(dms: Dms) -> bool:
    return (await dms.get("/api/observation/00000000-0000-4000-8000-000000000000/status")).status_code == 503


async def test_in_the_weekly_window_every_operation_answers_503_with_its_end_and_takes_requests_after_it(
    database_url: str,
) -> None:
    async with running_registry(database_url, maintenance="thu 19:00-24:00") as registry:
        dms = registry.dms(await add_garage(registry.pool, 1, enterprise=1))
        await add_vehicle(registry.pool, VIN)
        registry.clock.put(THURSDAY, time(18, 59))
        guid = await dms.submit(vin=VIN)
        registry.clock.put(THURSDAY, time(23, 50))
        counted = refused_so_far()
        for answer in (
            await dms.post("/api/observation", dms.body(vin=VIN, km=1)),
            await dms.get(f"/api/observation/{guid}/status"),
            await dms.get(f"/api/observation/{guid}/status/vhr"),
            await dms.post(f"/api/observation/{guid}/confirm"),
            await dms.post(f"/api/observation/{guid}/correction", dms.body(vin=VIN, km=1)),
        ):
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "600"
            assert "again in 600 s" in problems(answer)[0]["message"]
        assert refused_so_far() == counted + 5
        await registry.judge()  # what was taken in goes on
        assert (await registry.http.get("/ready")).status_code == 200
        registry.clock.put(THURSDAY + timedelta(days=1), time(0))
        assert (await dms.get(f"/api/observation/{guid}/status")).json()["status"] == "PROCESSED"


async def test_maintenance_by_hand_closes_a_running_registry_and_opens_it_again(dms: Dms) -> None:
    registry = dms.registry
    now = registry.clock.now()
    async with registry.pool.acquire() as database:
        assert await switch.closed(database, now) is None
        await switch.close(database, now + timedelta(minutes=5), "new disks")
        await until(lambda: is_closed(dms))
        state = await switch.closed(database, now)
        assert state is not None
        assert state.reason == "new disks"
        assert await switch.reopen(database, now)
        assert not await switch.reopen(database, now)

    async def is_open() -> bool:
        return not await is_closed(dms)

    await until(is_open)


async def test_maintenance_by_hand_ends_by_itself(dms: Dms) -> None:
    registry = dms.registry
    async with registry.pool.acquire() as database:
        await switch.close(database, registry.clock.now() + timedelta(minutes=5), "")
    await until(lambda: is_closed(dms))
    registry.clock.put(registry.clock.today, time(10, 5))
    assert not await is_closed(dms)
