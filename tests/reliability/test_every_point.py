from __future__ import annotations

import asyncio
import re
import signal
from datetime import datetime, time
from pathlib import Path

import asyncpg
import httpx
import pytest
from tests.registry.population import Garage, add_garage, add_vehicle
from tests.registry.running import OwnClock, running_registry, taken_in
from tests.reliability.deployment import Deployment, deployment
from tests.reliability.garage import Software
from tests.reliability.verdict import disagreeing, duplicated, tell, unsettled

from odopass.clock import BRUSSELS, SystemClock, belgian_day
from odopass.registry import faultpoints
from odopass.registry.store.migrate import migrate

#: The points between a request's arrival and its outcome.
REPORTS = [point for point in faultpoints.POINTS if point.startswith("report:")]
FLOW = [point for point in faultpoints.POINTS if point.startswith(("intake:", "chain:", "judging:"))]


@pytest.mark.requirement("W7", "W9", "W13", "R12")
async def test_a_process_killed_at_any_named_point_recovers_with_one_observation_and_one_outcome() -> None:
    recovered = []
    with deployment() as registry:
        await migrate(registry.database_url)
        database = await asyncpg.connect(registry.database_url)
        garage = await add_garage(database, 1)
        try:
            for number, point in enumerate(FLOW):
                vehicle = await add_vehicle(database, f"POINT{number:012}", first_use=None)
                await die_and_recover(registry, garage, point, number)
                readings = await database.fetch("select km from reading where vehicle_id = $1", vehicle)
                assert [row["km"] for row in readings] == [100_000], point
                recovered.append(point)
            verdict = {"duplicated": await duplicated(database), "unsettled": await unsettled(database)}
            told = await database.fetch("select status, count(*) from observation_case group by status")
            assert await disagreeing(database) == 0
        finally:
            await database.close()
    tell(
        promise=2,
        seed=None,
        attempted=len(FLOW),
        acknowledged=len(recovered),
        lost=0,
        unexpected=0,
        **verdict,
        recovered=len(recovered),
    )
    assert verdict == {"duplicated": {}, "unsettled": 0}
    assert [tuple(row) for row in told] == [("PROCESSED", len(FLOW))]


async def die_and_recover(registry: Deployment, garage: Garage, point: str, number: int) -> None:
    """Let a process die at a point of one request's way, then send that request again to one that does not die."""
    clock = OwnClock(datetime.combine(belgian_day(SystemClock().now()), time(12), BRUSSELS))
    vin, key = f"POINT{number:012}", f"key {number}"
    async with running_registry(registry.database_url, clock=clock) as steady:
        dms = steady.dms(garage)
        path = "/api/observation"
        if point.startswith("chain"):
            wrong = taken_in(await dms.post(path, dms.body(vin=vin, km=2_000_000), key=f"wrong {number}"))
            assert (await dms.outcome(wrong)).status == "ISSUE"
            path = f"/api/observation/{wrong}/correction"
        dying = registry.start("dying", "both", ODOPASS_DIE_AT=point)
        async with httpx.AsyncClient(base_url=registry.address, timeout=20) as http:
            try:
                headers = dms.headers | {"Idempotency-Key": key}
                answered = await http.post(path, json=dms.body(vin=vin), headers=headers)
                promised = taken_in(answered)
            except httpx.TransportError:
                promised = None
        assert await asyncio.to_thread(dying.wait, 20) == -signal.SIGKILL, f"{point} was never reached"
        registry.processes.pop("dying")
        if point.startswith("judging"):
            assert promised is not None
        again = taken_in(await dms.post(path, dms.body(vin=vin), key=key))
        assert promised in {None, again}
        async with asyncio.timeout(20):
            while (await dms.status(again)).status == "ONGOING":
                if not await steady.worker.judge_batch():
                    await asyncio.sleep(0.05)
        assert (await dms.status(again)).status == "PROCESSED", point
        assert await steady.pool.fetchval("select count(*) from idempotency where key = $1", key) == 1


@pytest.mark.requirement("W16", "R12")
async def test_a_maker_of_reports_killed_at_any_named_point_leaves_one_report_in_the_end() -> None:
    today = belgian_day(SystemClock().now())
    with deployment() as registry:
        await migrate(registry.database_url)
        database = await asyncpg.connect(registry.database_url)
        garage = await add_garage(database, 1)
        try:
            async with httpx.AsyncClient(base_url=registry.address, timeout=20) as http:
                software = Software(http, garage)
                for number, point in enumerate(REPORTS):
                    vin = f"REPORT{number:011}"
                    await add_vehicle(database, vin, first_use=None)
                    dying = registry.start("dying", "both", ODOPASS_DIE_AT=point)
                    body = software.body(vin, today, 100_000) | {"observationType": "VEHICLE_HISTORY_DOCUMENT"}
                    guid = await software.post("/api/observation", f"report {number}", body)
                    assert await asyncio.to_thread(dying.wait, 20) == -signal.SIGKILL, f"{point} was never reached"
                    registry.processes.pop("dying")
                    assert await database.fetchval("select version from report where case_guid = $1", guid) == 0
                    steady = registry.start("steady", "both")
                    assert await software.settled(guid) == "PROCESSED", point
                    headers = {"Authorization": garage.authorization}
                    answer = await http.get(f"/api/observation/{guid}/status/vhr", headers=headers)
                    assert answer.status_code == 200, answer.text
                    steady.terminate()
                    assert await asyncio.to_thread(steady.wait, 30) in {0, -signal.SIGTERM}
                    registry.processes.pop("steady")
                    made = await database.fetchrow("select version, to_make from report where case_guid = $1", guid)
                    assert tuple(made) == (1, False), point
            stored = await database.fetchval("select count(*) from report")
            verdict = {"duplicated": await duplicated(database), "unsettled": await unsettled(database)}
            assert await disagreeing(database) == 0
        finally:
            await database.close()
    tell(
        promise=2,
        seed=None,
        attempted=len(REPORTS),
        acknowledged=len(software.acknowledged),
        lost=len(REPORTS) - stored,
        unexpected=dict(software.unexpected),
        **verdict,
        recovered=stored,
    )
    assert (stored, software.unexpected) == (len(REPORTS), {})
    assert verdict == {"duplicated": {}, "unsettled": 0}


def test_every_point_that_the_flow_names_is_listed() -> None:
    folder = Path(faultpoints.__file__).parent
    named = {
        point
        for path in folder.rglob("*.py")
        for point in re.findall(r'\breached\("([^"]+)"\)', path.read_text("utf-8"))
    }
    assert named == set(faultpoints.POINTS)
