from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import asyncpg
import httpx
import pytest
from tests.registry.population import add_garage, add_vehicle
from tests.reliability.deployment import Deployment, deployment
from tests.reliability.garage import Software, day_of
from tests.reliability.verdict import disagreeing, duplicated, lost, settled_within, tell, unsettled

from odopass.clock import SystemClock, belgian_day
from odopass.registry.store.migrate import migrate

VEHICLES = 200
ROLES = {"api 1": "api", "api 2": "api", "judge 1": "judge", "judge 2": "judge"}


@dataclass
class Traffic:
    """What many clients send at once, for as long as processes are being killed.

    Attributes:
        least: submissions to make, however soon the killing ends.
        pause: seconds between two submissions of one client.
        outcomes: of those that were followed to their end.
    """

    software: Software
    today: date
    killing: asyncio.Task[dict[str, int]]
    least: int
    pause: float
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10**9)))
    outcomes: set[str] = field(default_factory=set)

    async def client(self) -> None:
        for number in self.numbers:
            if number >= self.least and self.killing.done():
                return
            guid = await self.submit(number)
            if number % 25 == 0:
                self.outcomes.add(await self.software.settled(guid))
            await asyncio.sleep(self.pause)

    async def submit(self, number: int) -> object:
        """Submit a reading; each tenth is wrong at first and corrected."""
        vin = f"KILLED{number % VEHICLES:011}"
        day, km = day_of(self.today, number // VEHICLES)
        wrong = number % 10 == 0
        body = self.software.body(vin, day, 2_000_000 if wrong else km)
        guid = await self.software.post("/api/observation", f"s{number}", body)
        if wrong:
            assert await self.software.settled(guid) == "ISSUE"
            body = self.software.body(vin, day, km)
            guid = await self.software.post(f"/api/observation/{guid}/correction", f"c{number}", body)
        return guid


async def kill_and_restart(registry: Deployment, kills: int, chance: random.Random) -> dict[str, int]:
    """Kill one process after another, each at a random moment, and start it again; how often each was killed."""
    counted = dict.fromkeys([*ROLES, "postgres"], 0)
    for number in range(kills):
        await asyncio.sleep(chance.uniform(0.05, 0.6))
        name = "postgres" if number % 6 == 4 else chance.choice(list(ROLES))
        counted[name] += 1
        if name == "postgres":
            registry.kill_postgres()
            await asyncio.sleep(chance.uniform(0, 0.3))
            await asyncio.to_thread(registry.restart_postgres)
        else:
            registry.kill(name)
            await asyncio.sleep(chance.uniform(0, 0.2))
            registry.start(name, ROLES[name])
        # A process that could not start because the database was away is started again, as any supervisor does.
        for each, process in list(registry.processes.items()):
            if process.poll() is not None:
                registry.start(each, ROLES[each])
    return counted


async def populate(registry: Deployment) -> Software:
    """Tables, one garage, and vehicles without history."""
    await migrate(registry.database_url)
    connection = await asyncpg.connect(registry.database_url)
    garage = await add_garage(connection, 1)
    for number in range(VEHICLES):
        await add_vehicle(connection, f"KILLED{number:011}", first_use=None)
    await connection.close()
    return Software(httpx.AsyncClient(base_url=registry.address, timeout=10), garage)


@pytest.mark.requirement("W7", "W13", "R12")
async def test_processes_killed_at_random_lose_nothing_that_was_acknowledged_and_duplicate_nothing(
    long_form: bool,
) -> None:
    seed = int(os.environ.get("ODOPASS_SEED", random.randrange(10**6)))
    least, kills, clients, pause = (10_000, 200, 32, 0.0) if long_form else (200, 8, 12, 0.02)
    with deployment() as registry:
        software = await populate(registry)
        for name, role in ROLES.items():
            registry.start(name, role)
        killing = asyncio.create_task(kill_and_restart(registry, kills, random.Random(seed)))
        traffic = Traffic(software, belgian_day(SystemClock().now()), killing, least, pause)
        async with software.http, asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(traffic.client())
        killed = await killing
        database = await asyncpg.connect(registry.database_url)
        began = time.monotonic()
        await settled_within(database, 120)
        seconds = round(time.monotonic() - began, 1)
        verdict = {
            "acknowledged": len(software.acknowledged),
            "lost": await lost(database, list(software.acknowledged.values())),
            "unexpected": dict(software.unexpected),
            "duplicated": await duplicated(database),
            "unsettled": await unsettled(database),
            "disagreeing": await disagreeing(database),
        }
        told = dict(await database.fetch("select status, count(*) from observation_case group by status"))
        stored = await database.fetchval("select count(*) from request")
        await database.close()
        recovered = sum(killed.values())
        tell(
            promise=1,
            seed=seed,
            attempted=software.tries,
            **verdict,
            recovered=recovered,
            killed=killed,
            outcomes=told,
            seconds_to_settle=seconds,
        )
        faults = registry.log.read_text().count('"event": "fault"')
    nothing = {"lost": 0, "unexpected": {}, "duplicated": {}, "unsettled": 0, "disagreeing": 0}
    assert verdict == {"acknowledged": stored, **nothing}
    assert (set(told), traffic.outcomes) == ({"PROCESSED"}, {"PROCESSED"})
    assert software.tries > len(software.acknowledged), "no kill hit anything, so nothing was shown"
    assert faults == 0
