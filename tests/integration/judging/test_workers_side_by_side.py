from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from tests.integration.judging.conftest import FLEET, vin
from tests.registry.running import TODAY, Dms, OwnClock, Registry, until

from odopass.registry.api.service import open_pool
from odopass.registry.judging import worker as judging
from odopass.registry.judging.worker import Worker
from odopass.registry.settings import Environment, Settings


@asynccontextmanager
async def at_work(database_url: str, clock: OwnClock, *, batch: int) -> AsyncIterator[Worker]:
    """A worker with connections of its own."""
    async with open_pool(Settings(Environment.BETA, database_url, pool_size=2)) as pool:
        worker = Worker(pool, clock, batch=batch, idle=timedelta(milliseconds=1))
        task = asyncio.create_task(worker.run())
        try:
            yield worker
        finally:
            worker.stop()
            await task


@pytest.mark.requirement("R5", "R12")
@pytest.mark.usefixtures("fleet")
async def test_two_workers_judge_each_request_once_and_a_vehicles_requests_in_order_of_arrival(
    registry: Registry, dms: Dms, database_url: str
) -> None:
    days = 8
    async with at_work(database_url, registry.clock, batch=3), at_work(database_url, registry.clock, batch=7):
        # Each vehicle's readings arrive one after another, all vehicles' at once, while both workers judge.
        async def visits(number: int) -> None:
            for turn in range(days):
                day = TODAY - timedelta(days=(turn * 5) % days)
                await dms.submit(vin=vin(number), day=day, km=100_000 + (TODAY - day).days * -10)
                await dms.submit(vin=vin(number), day=day)

        await asyncio.gather(*(visits(number) for number in range(FLEET)))

        async def settled() -> bool:
            return await registry.waiting() == 0

        await until(settled)
    assert await registry.count("observation_case") == await registry.count("request") == FLEET * days * 2
    told = dict(await registry.pool.fetch("select status, count(*) from observation_case group by status"))
    assert told == {"PROCESSED": FLEET * days, "ERROR": FLEET * days}
    assert await registry.count("reading") == FLEET * days
    # Of two on one day, the first to arrive is the one that counts; and readings came to stand as they arrived.
    out_of_order = await registry.pool.fetchval(
        """
        select count(*) from (
            select r.reading_date, row_number() over (partition by r.vehicle_id order by r.arrival) - 1 as place
            from reading r
        ) as stood where reading_date <> $1::date - ((place * 5) % $2)::int
        """,
        TODAY,
        days,
    )
    assert out_of_order == 0


class FreezingClock(OwnClock):
    """A clock at which whoever asks for the time stays until the test lets it go, as a process under SIGSTOP does."""

    def __init__(self, moment: datetime) -> None:
        super().__init__(moment)
        self.frozen = threading.Event()
        self.thaw = threading.Event()

    def now(self) -> datetime:
        self.frozen.set()
        assert self.thaw.wait(30)
        return super().now()


def in_a_thread(main: Callable[[], Coroutine[Any, Any, int]]) -> Future[int]:
    """Run a worker in a thread with a loop of its own, so that it can be frozen without freezing the test."""
    future: Future[int] = Future()

    def run() -> None:
        try:
            future.set_result(asyncio.run(main()))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for it
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


@pytest.mark.requirement("R5", "R12")
async def test_a_worker_that_froze_past_its_lease_settles_nothing_when_it_wakes(
    registry: Registry, dms: Dms, fleet: list[int], database_url: str
) -> None:
    clock = FreezingClock(registry.clock.moment)

    async def frozen() -> int:
        async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
            return await Worker(pool, clock, lease=timedelta(milliseconds=50)).judge_batch()

    first = await dms.submit(vin=vin(0), km=50_000)
    other = await dms.submit(vin=vin(1), km=1)
    asleep = in_a_thread(frozen)
    await asyncio.to_thread(clock.frozen.wait, 30)

    async def judged() -> bool:
        await registry.worker.judge_batch()
        return (await dms.status(first)).status == "PROCESSED"

    await until(judged)
    # More has happened since, which the frozen worker knows nothing of.
    second = await dms.submit(vin=vin(0), km=50_100, day=TODAY - timedelta(days=1))
    assert (await dms.outcome(second)).types == ["002"]
    waits = await dms.submit(vin=vin(1), km=2)
    before = [await registry.pool.fetch(f"select * from {name} order by 1, 2, 3") for name in ("reading", "waiting")]
    cases = await registry.pool.fetch("select * from observation_case order by guid")
    clock.thaw.set()
    assert await asyncio.wrap_future(asleep) == 0
    after = [await registry.pool.fetch(f"select * from {name} order by 1, 2, 3") for name in ("reading", "waiting")]
    assert after == before
    assert await registry.pool.fetch("select * from observation_case order by guid") == cases
    assert (await dms.outcome(waits)).types == ["150"]
    assert [await registry.readings(vehicle) for vehicle in fleet[:2]] == [[(TODAY, 50_000)], [(TODAY, 1)]]
    assert (await dms.status(other)).status == "PROCESSED"


@pytest.mark.requirement("R5", "R12")
@pytest.mark.usefixtures("fleet")
async def test_a_worker_that_froze_within_its_transaction_holds_others_up_for_a_while_only(
    registry: Registry, dms: Dms, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen, thaw = threading.Event(), threading.Event()
    test_thread = threading.get_ident()

    def freeze(point: str) -> None:
        if point == "judging: judged, before the commit" and threading.get_ident() != test_thread:
            frozen.set()
            assert thaw.wait(30)

    monkeypatch.setattr(judging, "reached", freeze)

    async def asleep() -> int:
        short = {"idle_in_transaction_session_timeout": "300ms"}
        async with asyncpg.create_pool(database_url, min_size=1, max_size=1, server_settings=short) as pool:
            return await Worker(pool, registry.clock, lease=timedelta(milliseconds=50)).judge_batch()

    guid = await dms.submit(vin=vin(0))
    sleeper = in_a_thread(asleep)
    await asyncio.to_thread(frozen.wait, 30)
    assert await registry.worker.judge_batch() == 0
    # A garage that reports the same vehicle waits for the lock, and is answered once it is gone.
    second = await dms.submit(vin=vin(0), day=TODAY - timedelta(days=1), km=99_000)
    assert (await dms.outcome(guid)).status == "PROCESSED"
    assert (await dms.outcome(second)).status == "PROCESSED"
    thaw.set()
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await asyncio.wrap_future(sleeper)
    assert (await registry.count("observation_case"), await registry.count("reading")) == (2, 2)


@pytest.mark.requirement("R5", "R12")
@pytest.mark.usefixtures("fleet")
async def test_a_vehicle_that_is_being_settled_is_claimed_by_nobody_though_its_lease_has_run_out(
    registry: Registry, dms: Dms, pool: asyncpg.Pool
) -> None:
    guid = await dms.submit(vin=vin(0))
    slow = Worker(registry.pool, registry.clock, lease=timedelta(milliseconds=50))
    async with pool.acquire() as other:
        holding = other.transaction()
        await holding.start()
        await other.execute("lock table observation_case in share mode")
        settling = asyncio.create_task(slow.judge_batch())

        async def waits_for_the_table() -> bool:
            asked = "select count(*) from pg_locks where not granted and relation = 'observation_case'::regclass"
            return bool(await pool.fetchval(asked))

        async def lease_is_over() -> bool:
            return bool(await pool.fetchval("select lease_until < clock_timestamp() from waiting"))

        await until(waits_for_the_table)
        await until(lease_is_over)
        async with asyncio.timeout(5):
            assert await registry.worker.judge_batch() == 0
        await holding.rollback()
    assert await settling == 1
    assert (await dms.status(guid)).status == "PROCESSED"


@pytest.mark.requirement("R12")
async def test_the_registrys_own_connections_lose_their_locks_when_they_freeze(registry: Registry) -> None:
    assert await registry.pool.fetchval("show idle_in_transaction_session_timeout") == "10s"


@pytest.mark.requirement("R5")
@pytest.mark.usefixtures("fleet")
async def test_more_requests_of_one_vehicle_than_a_claim_takes_are_judged_in_order(
    registry: Registry, dms: Dms
) -> None:
    guids = [
        await dms.submit(vin=vin(0), km=1_000 + turn, day=TODAY - timedelta(days=250 - turn)) for turn in range(250)
    ]
    assert await registry.worker.judge_batch() == 100
    assert [(await dms.status(guids[place])).status for place in (0, 99, 100)] == ["PROCESSED", "PROCESSED", "ONGOING"]
    await registry.judge()
    assert await registry.pool.fetch("select km from reading order by arrival") == [
        (1_000 + turn,) for turn in range(250)
    ]


@pytest.mark.requirement("R12")
@pytest.mark.usefixtures("fleet")
async def test_what_a_worker_had_claimed_when_it_died_is_judged_when_its_lease_has_run_out(
    registry: Registry, dms: Dms
) -> None:
    guid = await dms.submit(vin=vin(0))
    await registry.pool.execute(
        "update waiting set token = nextval('lease_token'), lease_until = clock_timestamp() + interval '100 ms'"
    )
    assert await registry.worker.judge_batch() == 0

    async def judged() -> bool:
        return await registry.worker.judge_batch() == 1

    await until(judged)
    assert (await dms.status(guid)).status == "PROCESSED"
