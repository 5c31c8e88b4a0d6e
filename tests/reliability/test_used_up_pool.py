"""Far more clients than database connections, and a database that goes away under load (promise 8)."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest
from tests.registry.population import Garage, add_garage, add_vehicle
from tests.reliability.connection import Connection
from tests.reliability.deployment import Deployment, deployment
from tests.reliability.garage import day_of
from tests.reliability.verdict import disagreeing, duplicated, lost, settled_within, tell, unsettled

from odopass.clock import SystemClock, belgian_day
from odopass.registry.store.migrate import migrate
from odopass.wire.dates import format_wire_date

VEHICLES = 100
GARAGES = 20
#: What a client may be told: it is done, come back later, or it is not possible now; the last two with Retry-After.
EXPECTED = {200, 429, 503}


@dataclass
class Crowd:
    """Clients that send one thing after another and note how long each answer took.

    Attributes:
        longest: the longest wait for an answer, in seconds.
        machine: the longest wait for one that needs no database: what the machine itself costs, clients included.
    """

    address: str
    garages: list[Garage]
    today: date
    acknowledged: list[UUID] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    longest: float = 0.0
    machine: float = 0.0
    ended: bool = False

    async def client(self, number: int) -> None:
        garage = self.garages[number % len(self.garages)]
        headers = {"Authorization": garage.authorization}
        connection = await Connection.to(self.address)
        turn = 0
        while not self.ended:
            turn += 1
            key = number + turn * 1_000
            body = observation(garage, f"CROWD{key % VEHICLES:012}", *day_of(self.today, turn))
            await self.ask(connection, "/api/observation", body, headers | {"Idempotency-Key": f"{key}"})
            if self.acknowledged:
                # Each of these takes a connection for itself: nothing is shared with others.
                guid = random.choice(self.acknowledged[-100:])
                await self.ask(connection, f"/api/observation/{guid}/confirm", None, headers)
        connection.close()

    async def bystander(self) -> None:
        connection = await Connection.to(self.address)
        while not self.ended:
            began = time.monotonic()
            assert (await connection.request("GET", "/health", None, {})).status == 200
            self.machine = max(self.machine, time.monotonic() - began)
            await asyncio.sleep(0.02)
        connection.close()

    async def ask(
        self, connection: Connection, path: str, body: dict[str, object] | None, headers: dict[str, str]
    ) -> None:
        began = time.monotonic()
        answer = await connection.request("POST", path, body, headers)
        self.longest = max(self.longest, time.monotonic() - began)
        self.answers[answer.status] += 1
        confirming = path.endswith("/confirm")
        if answer.status == 200:
            if not confirming:
                self.acknowledged.append(UUID(answer.json()["requestGuid"]))
        elif confirming and answer.status in {404, 409}:
            pass  # an answer like any other: somebody else's request, or one that has no issue
        elif answer.status not in EXPECTED:
            self.unexpected[f"{answer.status} {answer.body[:100]!r}"] += 1
        else:
            if int(answer.headers.get("retry-after", "0")) < 1 or not answer.json()["errors"]:
                self.unexpected["a refusal that does not tell when to come back"] += 1
            await asyncio.sleep(1.0)  # what they ask for, or a part of it


def observation(garage: Garage, vin: str, day: date, km: int) -> dict[str, object]:
    return {
        "vin": vin,
        "odometerReadingDate": format_wire_date(day),
        "odometerReading": km,
        "observationType": "REPAIR_MAINTENANCE_SERVICE",
        "enterpriseOrganisation": garage.enterprise,
        "enteredOrganisation": garage.establishment,
    }


async def populate(registry: Deployment, *, limited: bool) -> list[Garage]:
    await migrate(registry.database_url)
    connection = await asyncpg.connect(registry.database_url)
    for number in range(VEHICLES):
        await add_vehicle(connection, f"CROWD{number:012}", first_use=None)
    garages = [await add_garage(connection, number, limited=limited) for number in range(GARAGES)]
    await connection.execute("insert into request_limit (name, rate, burst) values ('requests', 2, 5)")
    await connection.close()
    return garages


async def crowded(
    registry: Deployment, garages: list[Garage], clients: int, meanwhile: Callable[[Crowd], Awaitable[object]]
) -> Crowd:
    """Let many clients send for as long as something else takes."""
    crowd = Crowd(registry.address, garages, belgian_day(SystemClock().now()))
    async with httpx.AsyncClient(base_url=registry.address, timeout=60, trust_env=False) as http:
        await known(http, garages)
    async with asyncio.TaskGroup() as group:
        for number in range(clients):
            group.create_task(crowd.client(number))
        group.create_task(crowd.bystander())
        await meanwhile(crowd)
        crowd.ended = True
    return crowd


async def known(http: httpx.AsyncClient, garages: list[Garage]) -> None:
    """Let each garage log in once: comparing passwords is not what is tried here."""
    async with asyncio.timeout(60):
        for garage in garages:
            path = "/api/observation/00000000-0000-4000-8000-000000000000/status"
            while (await http.get(path, headers={"Authorization": garage.authorization})).status_code != 404:  # noqa: ASYNC110
                await asyncio.sleep(0.1)


async def verdict_of(registry: Deployment, crowd: Crowd) -> dict[str, object]:
    database = await asyncpg.connect(registry.database_url)
    await settled_within(database, 60)
    found = {
        "lost": await lost(database, list(crowd.acknowledged)),
        "unexpected": dict(crowd.unexpected),
        "duplicated": await duplicated(database),
        "unsettled": await unsettled(database),
        "disagreeing": await disagreeing(database),
    }
    await database.close()
    return found


NOTHING = {"lost": 0, "unexpected": {}, "duplicated": {}, "unsettled": 0, "disagreeing": 0}


async def answered_again(registry: Deployment, garage: Garage, patience: float) -> float:
    """Seconds until an observation is taken in."""
    began = time.monotonic()
    async with httpx.AsyncClient(base_url=registry.address, timeout=patience, trust_env=False) as http:
        body = observation(garage, "CROWD000000000000", *day_of(belgian_day(SystemClock().now()), 300))
        headers = {"Authorization": garage.authorization, "Idempotency-Key": "again"}
        async with asyncio.timeout(patience):
            while True:
                answer = await http.post("/api/observation", json=body, headers=headers)
                if answer.status_code == 200:
                    return time.monotonic() - began
                await asyncio.sleep(0.05)


@pytest.mark.requirement("R12", "W12")
@pytest.mark.parametrize("limited", [False, True])
async def test_five_hundred_clients_on_five_connections_wait_for_no_answer_and_get_none_but_the_expected(
    long_form: bool, limited: bool
) -> None:
    clients, seconds = (500, 60.0) if long_form else (120, 3.0)
    with deployment() as registry:
        garages = await populate(registry, limited=limited)
        registry.start("registry", "both")
        crowd = await crowded(registry, garages, clients, lambda _: asyncio.sleep(seconds))
        recovered = await answered_again(registry, garages[0], 60)
        verdict = await verdict_of(registry, crowd)
        faults = registry.log.read_text().count('"event": "fault"')
    tell(
        promise=8,
        seed=None,
        clients=clients,
        limited=limited,
        attempted=crowd.answers.total(),
        acknowledged=len(crowd.acknowledged),
        **verdict,
        recovered=round(recovered, 2),
        longest_wait=round(crowd.longest, 2),
        of_which_machine=round(crowd.machine, 2),
        answers={str(code): number for code, number in sorted(crowd.answers.items()) if number},
    )
    assert verdict == NOTHING
    assert faults == 0
    assert crowd.acknowledged
    if limited:
        assert crowd.answers[429]
    if long_form:
        assert crowd.longest < 3.0 + crowd.machine
        assert recovered < 10.0


async def stop_server(registry: Deployment, seconds: float) -> None:
    """A database that is away: all of its processes are gone."""
    registry.kill_postgres()
    await asyncio.sleep(seconds)
    await asyncio.to_thread(registry.restart_postgres)


async def freeze_server(registry: Deployment, seconds: float) -> None:
    """A database that does not answer, as behind a broken network: connections stand, and nothing comes."""
    server = registry.postgres.pid
    processes = [server, *_children(server)]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    await asyncio.sleep(seconds)
    for process in processes:
        os.kill(process, signal.SIGCONT)


def _children(process: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


@pytest.mark.requirement("W7", "R12", "W12")
@pytest.mark.parametrize("fault", [stop_server, freeze_server])
async def test_a_database_that_goes_away_under_load_costs_nothing_but_503_and_work_goes_on_by_itself(
    long_form: bool, fault: Callable[[Deployment, float], Awaitable[None]]
) -> None:
    clients, away = (100, 60.0) if long_form else (20, 3.0)
    with deployment() as registry:
        garages = await populate(registry, limited=False)
        registry.start("registry", "both")

        async def meanwhile(crowd: Crowd) -> None:
            while len(crowd.acknowledged) < 200:  # noqa: ASYNC110 - what is waited for happens elsewhere
                await asyncio.sleep(0.01)
            await fault(registry, away)
            before = len(crowd.acknowledged)
            async with asyncio.timeout(60):
                while len(crowd.acknowledged) < before + 200:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)

        crowd = await crowded(registry, garages, clients, meanwhile)
        recovered = await answered_again(registry, garages[0], 60)
        verdict = await verdict_of(registry, crowd)
        faults = registry.log.read_text().count('"event": "fault"')
    tell(
        promise=8,
        seed=None,
        fault=fault.__name__,
        seconds_away=away,
        attempted=crowd.answers.total(),
        acknowledged=len(crowd.acknowledged),
        **verdict,
        recovered=round(recovered, 2),
        longest_wait=round(crowd.longest, 2),
        answers={str(code): number for code, number in sorted(crowd.answers.items()) if number},
    )
    assert verdict == NOTHING
    assert crowd.answers[503]
    assert faults == 0
