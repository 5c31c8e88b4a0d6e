from __future__ import annotations

import asyncio
import os
import random
import signal

import asyncpg
import httpx
import pytest
from tests.registry.population import add_garage, add_vehicle
from tests.reliability.deployment import Deployment, deployment
from tests.reliability.garage import Software, day_of
from tests.reliability.registry_process import LEASE_SECONDS
from tests.reliability.verdict import disagreeing, duplicated, lost, settled_within, tell, unsettled

from odopass.clock import SystemClock, belgian_day
from odopass.registry.store.migrate import migrate


@pytest.mark.requirement("W7", "R12")
async def test_one_submission_fifty_times_at_once_through_two_processes_is_one_row_and_one_guid(
    long_form: bool,
) -> None:
    rounds = 200 if long_form else 5
    with deployment() as registry:
        await migrate(registry.database_url)
        database = await asyncpg.connect(registry.database_url)
        garage = await add_garage(database, 1)
        vehicle = await add_vehicle(database, "FIFTY000000000001", first_use=None)
        for name, role in (("1", "both"), ("2", "both")):
            registry.start(name, role)
        today = belgian_day(SystemClock().now())
        async with httpx.AsyncClient(base_url=registry.address, timeout=60) as http:
            software = Software(http, garage)
            for turn in range(rounds):
                body = software.body("FIFTY000000000001", *day_of(today, turn))
                guids = await asyncio.gather(*(software.post("/api/observation", f"k{turn}", body) for _ in range(50)))
                assert len(set(guids)) == 1
        await settled_within(database, 60)
        stored = await database.fetchval("select count(*) from request")
        readings = await database.fetchval("select count(*) from reading where vehicle_id = $1", vehicle)
        verdict = {
            "lost": await lost(database, list(software.acknowledged.values())),
            "unexpected": dict(software.unexpected),
            "duplicated": await duplicated(database),
        }
        await database.close()
    tell(promise=5, seed=None, attempted=rounds * 50, acknowledged=len(software.acknowledged), **verdict, recovered=0)
    assert (stored, readings) == (rounds, rounds)
    assert verdict == {"lost": 0, "unexpected": {}, "duplicated": {}}


async def freeze_in_turn(registry: Deployment, rounds: int, chance: random.Random) -> int:
    """Freeze one worker after the other, for longer than its lease; how often."""
    for turn in range(rounds):
        worker = registry.processes[f"judge {turn % 2 + 1}"]
        await asyncio.sleep(chance.uniform(0.02, 0.3))
        worker.send_signal(signal.SIGSTOP)
        await asyncio.sleep(LEASE_SECONDS * chance.uniform(1.2, 1.6))
        worker.send_signal(signal.SIGCONT)
    return rounds


@pytest.mark.requirement("R5", "R12")
async def test_workers_frozen_past_their_leases_and_woken_do_no_harm(long_form: bool) -> None:
    seed = int(os.environ.get("ODOPASS_SEED", random.randrange(10**6)))
    rounds, vehicles = (60 if long_form else 4), 20
    with deployment() as registry:
        await migrate(registry.database_url)
        database = await asyncpg.connect(registry.database_url)
        garage = await add_garage(database, 1)
        for number in range(vehicles):
            await add_vehicle(database, f"FROZEN{number:011}", first_use=None)
        for name, role in (("api", "api"), ("judge 1", "judge"), ("judge 2", "judge")):
            registry.start(name, role)
        today = belgian_day(SystemClock().now())
        async with httpx.AsyncClient(base_url=registry.address, timeout=60) as http:
            software = Software(http, garage)
            freezing = asyncio.create_task(freeze_in_turn(registry, rounds, random.Random(seed)))

            async def client(vehicle: int) -> None:
                turn = 0
                while not freezing.done() and turn < 360:
                    body = software.body(f"FROZEN{vehicle:011}", *day_of(today, turn))
                    await software.post("/api/observation", f"{vehicle} {turn}", body)
                    turn += 1
                    await asyncio.sleep(0.02)

            await asyncio.gather(*(client(vehicle) for vehicle in range(vehicles)))
            frozen = await freezing
        await settled_within(database, 60)
        verdict = {
            "lost": await lost(database, list(software.acknowledged.values())),
            "unexpected": dict(software.unexpected),
            "duplicated": await duplicated(database),
            "unsettled": await unsettled(database),
            "disagreeing": await disagreeing(database),
        }
        told = dict(await database.fetch("select status, count(*) from observation_case group by status"))
        await database.close()
    acknowledged = len(software.acknowledged)
    tell(promise=6, seed=seed, attempted=software.tries, acknowledged=acknowledged, **verdict, recovered=frozen)
    assert verdict == {"lost": 0, "unexpected": {}, "duplicated": {}, "unsettled": 0, "disagreeing": 0}
    assert told == {"PROCESSED": acknowledged}
