from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest
from tests.registry.population import add_garage, add_vehicle
from tests.reliability.deployment import deployment
from tests.reliability.garage import Software, day_of
from tests.reliability.verdict import disagreeing, duplicated, lost, tell, unsettled

from odopass.clock import SystemClock, belgian_day
from odopass.registry.report.content import VehicleData
from odopass.registry.store.migrate import migrate
from odopass.sandbox.played_sources import Addresses, Behaviour, Manner, PlayedVehicle, played_sources_beside

#: How the sources behave, and how long they are waited for here. Those that dribble or break off answer half.
BEHAVIOURS = (
    Behaviour(Manner.SLOW),
    Behaviour(Manner.SILENT),
    Behaviour(Manner.BROKEN),
    Behaviour(Manner.DRIBBLING),
    Behaviour(Manner.MALFORMED),
    Behaviour(Manner.UNREACHABLE),
)
SOURCE_SECONDS, SLOW_SECONDS = 5.0, 3.0
#: The same in the long form: as long as a source may take at all.
LONGEST_SOURCE_SECONDS, LONGEST_SLOW_SECONDS = 60.0, 55.0
VEHICLES = 100
#: No transaction may be open for longer than this, in seconds, and 99 of 100 submissions are answered sooner: the
#: slowest of thousands waits for whatever else the machine's disk has to do.
LONGEST = 1.0

_OPEN_FOR = """
    select coalesce(max(extract(epoch from clock_timestamp() - xact_start)), 0) from pg_stat_activity
    where datname = current_database() and backend_type = 'client backend' and pid <> pg_backend_pid()
"""


@pytest.mark.requirement("W7", "W16")
async def test_slow_silent_and_broken_sources_do_not_harm_those_who_submit_and_hold_no_transaction_open(
    tmp_path: Path, long_form: bool
) -> None:
    reports, submissions, clients = (200, 5_000, 16) if long_form else (60, 300, 6)
    seconds, slow = (LONGEST_SOURCE_SECONDS, LONGEST_SLOW_SECONDS) if long_form else (SOURCE_SECONDS, SLOW_SECONDS)
    today = belgian_day(SystemClock().now())
    vins = [f"WAITS{number:012}" for number in range(reports)]
    played = {
        vin: PlayedVehicle(
            VehicleData(vin), behaviours={"manufacturer": replace(BEHAVIOURS[number % len(BEHAVIOURS)], seconds=slow)}
        )
        for number, vin in enumerate(vins)
    }
    with played_sources_beside(played) as sources, deployment() as registry:
        setup = write_setup(tmp_path / "reports.toml", sources, seconds)
        await migrate(registry.database_url)
        database = await asyncpg.connect(registry.database_url)
        try:
            garage = await add_garage(database, 1)
            for vin in (*vins, *(f"SENDS{number:012}" for number in range(VEHICLES))):
                await add_vehicle(database, vin, first_use=None)
            registry.start("registry", "both", REPORTS=str(setup), REPORT_LEASE_SECONDS="120")
            async with httpx.AsyncClient(base_url=registry.address, timeout=20) as http:
                software = Software(http, garage)
                async with watched(registry.database_url) as open_for:
                    asked = [await ask(software, vin, number, today) for number, vin in enumerate(vins)]
                    taken = await submit(software, today, submissions, clients)
                    outcomes = {await software.settled(guid) for guid in asked}
            verdict = {
                "lost": await lost(database, list(software.acknowledged.values())),
                "unexpected": dict(software.unexpected),
                "duplicated": await duplicated(database),
                "unsettled": await unsettled(database),
                "disagreeing": await disagreeing(database),
            }
            versions = await database.fetch("select version, count(*) from report group by version")
        finally:
            await database.close()
    tell(
        promise=4,
        seed=None,
        attempted=software.tries,
        acknowledged=len(software.acknowledged),
        **verdict,
        longest_transaction_s=round(max(open_for), 3),
        slowest_submission_s=round(max(taken), 3),
    )
    assert verdict == {"lost": 0, "unexpected": {}, "duplicated": {}, "unsettled": 0, "disagreeing": 0}
    assert outcomes == {"PROCESSED"}
    assert [tuple(row) for row in versions] == [(1, reports)]
    assert len(open_for) > 10
    assert max(open_for) < LONGEST
    assert sorted(taken)[len(taken) * 99 // 100] < LONGEST


def write_setup(path: Path, sources: Addresses, seconds: float) -> Path:
    lines = ['registry = "Test"']
    for name, table in sources.configuration(timeout_seconds=seconds)["sources"].items():
        lines += [f"[sources.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    path.write_text("\n".join(lines), "utf-8")
    return path


@asynccontextmanager
async def watched(database_url: str) -> AsyncIterator[list[float]]:
    """How long the oldest transaction had been open, in seconds, each time we looked."""
    database = await asyncpg.connect(database_url)
    seen: list[float] = []

    async def look() -> None:
        while True:
            seen.append(float(await database.fetchval(_OPEN_FOR)))
            await asyncio.sleep(0.02)

    looking = asyncio.create_task(look())
    try:
        yield seen
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await database.close()


async def ask(software: Software, vin: str, number: int, today: date) -> UUID:
    """Ask for a vehicle's report."""
    body = software.body(vin, today, 100_000) | {"observationType": "VEHICLE_HISTORY_DOCUMENT"}
    return await software.post("/api/observation", f"r{number}", body)


async def submit(software: Software, today: date, submissions: int, clients: int) -> list[float]:
    """Submit readings of other vehicles and follow some to their end; how long each took to be answered."""
    numbers = iter(range(submissions))
    taken: list[float] = []

    async def client() -> None:
        for number in numbers:
            day, km = day_of(today, number // VEHICLES)
            body = software.body(f"SENDS{number % VEHICLES:012}", day, km)
            sent = time.monotonic()
            guid = await software.post("/api/observation", f"s{number}", body)
            taken.append(time.monotonic() - sent)
            if number % 25 == 0:
                assert await software.settled(guid) == "PROCESSED"
            await asyncio.sleep(0.02)

    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(client())
    return taken
