from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest
from tests.integration.flow.conftest import VIN
from tests.registry.population import add_vehicle
from tests.registry.running import REPLACED, TODAY, Dms, Registry

pytestmark = pytest.mark.requirement("R1")


async def rows(pool: asyncpg.Pool, table: str) -> set[tuple[object, ...]]:
    return {tuple(map(repr, row)) for row in await pool.fetch(f"select * from {table}")}


@pytest.mark.usefixtures("car")
async def test_nothing_that_was_taken_in_or_believed_is_ever_changed(
    registry: Registry, dms: Dms, stranger: Dms
) -> None:
    await add_vehicle(registry.pool, "WVWZZZ1JZXW000002")
    known: dict[str, set[tuple[object, ...]]] = {"request": set(), "reading": set()}

    async def grown() -> None:
        for table, before in known.items():
            now = await rows(registry.pool, table)
            assert before <= now, f"rows of {table} were changed: {before - now}"
            known[table] = now

    await grown()
    guid = await dms.submit(vin=VIN, km=50_000)
    await grown()
    await dms.outcome(guid)
    await grown()
    guid = await dms.correct(guid, vin="WVWZZZ1JZXW000002", km=1_200_000)
    await grown()
    await dms.outcome(guid)
    guid = await dms.correct(guid, vin=VIN, km=94_600)
    await dms.outcome(guid)
    await grown()
    await dms.outcome(await dms.confirm(guid))
    await grown()
    await stranger.submitted(vin=VIN, km=5, kind=REPLACED)
    await stranger.submitted(vin=VIN, km=6, kind=REPLACED)
    await dms.submitted(vin=VIN, km=93_000, day=TODAY - timedelta(days=100))
    await grown()
    assert len(known["request"]) == 7
    assert len(known["reading"]) == 2 + 3


@pytest.mark.requirement("W9")
@pytest.mark.usefixtures("car")
async def test_the_history_of_corrections_stays_and_can_be_told_in_order(registry: Registry, dms: Dms) -> None:
    guid = first = await dms.submit(vin=VIN, km=50_000)
    for km in (60_000, 70_000, 100_000):
        await dms.outcome(guid)
        registry.clock.put(registry.clock.today + timedelta(days=1))
        guid = await dms.correct(guid, vin=VIN, km=km, day=TODAY)
    assert (await dms.outcome(guid)).status == "PROCESSED"
    told = await registry.pool.fetch(
        "select kind, km, account_id from request where case_guid = $1 order by received_at", first
    )
    assert [(row["kind"], row["km"]) for row in told] == [
        ("submission", 50_000),
        ("correction", 60_000),
        ("correction", 70_000),
        ("correction", 100_000),
    ]
    assert {row["account_id"] for row in told} == {dms.garage.account_id}
