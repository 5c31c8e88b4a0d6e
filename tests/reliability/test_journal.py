from __future__ import annotations

import asyncio
import signal

import asyncpg
import httpx
import pytest
from tests.registry.population import add_garage, add_vehicle
from tests.registry.running import until
from tests.reliability.deployment import deployment
from tests.reliability.garage import Software

from odopass.clock import SystemClock, belgian_day
from odopass.registry.journal.comparing import compare
from odopass.registry.journal.recomputing import Recomputed, recompute
from odopass.registry.store.migrate import migrate

POINT = "journal: sealed, before the commit"
VEHICLES = 5


@pytest.mark.requirement("R9", "R12")
async def test_a_sealer_killed_before_its_commit_leaves_every_entry_to_the_next() -> None:
    today = belgian_day(SystemClock().now())
    with deployment() as registry:
        await migrate(registry.database_url)
        database = await asyncpg.connect(registry.database_url)
        garage = await add_garage(database, 1)
        try:
            # The journal's first entry waits already: the process dies of sealing it.
            dying = registry.start("dying", "judge", ODOPASS_DIE_AT=POINT)
            assert await asyncio.to_thread(dying.wait, 30) == -signal.SIGKILL
            registry.processes.pop("dying")
            assert await database.fetchval("select count(*) from journal.seal") == 0
            assert await database.fetchval("select count(*) from journal.unsealed") == 1

            registry.start("first", "both")
            registry.start("second", "judge")
            async with httpx.AsyncClient(base_url=registry.address, timeout=20) as http:
                software = Software(http, garage)
                for number in range(VEHICLES):
                    vin = f"SEALED{number:011}"
                    await add_vehicle(database, vin, first_use=None)
                    guid = await software.post("/api/observation", f"key {number}", software.body(vin, today, 50_000))
                    assert await software.settled(guid) == "PROCESSED"

            async def sealed() -> bool:
                return not await database.fetchval("select exists (select from journal.unsealed)")

            await until(sealed, seconds=60)
            async with database.transaction(isolation="repeatable_read", readonly=True):
                found: Recomputed = await recompute(database, known_seals={}, progress=lambda _: None)
                faults = [fault async for fault in compare(database, progress=lambda *_: None)]
        finally:
            await database.close()
    assert found.entries == 1 + VEHICLES
    # The garage's account was added by hand, and nothing else.
    assert [fault.told for fault in faults] == [f"The account {garage.username} was changed or added by hand."]
