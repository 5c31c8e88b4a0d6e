from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import asyncpg
import httpx
import pytest
import structlog
from asyncpg.connection import LoggedQuery
from tests.integration.judging.conftest import FLEET, vin
from tests.registry.population import add_garage, add_reading
from tests.registry.running import TODAY, Dms, Registry, new_key, problems, running_registry, taken_in, until

from odopass.registry.judging.worker import Worker


async def refuse_rows(registry: Registry, table: str, condition: str, errcode: str) -> None:
    """Let the database refuse some rows of a table, as a damaged page, a full tablespace or a new constraint would."""
    await registry.pool.execute(
        f"""
        create function refuse() returns trigger language plpgsql as $$
        begin
            if {condition} then
                raise exception 'refused by the test' using errcode = '{errcode}';
            end if;
            return new;
        end $$;
        create trigger refusal before insert on {table} for each row execute function refuse();
        """
    )


CODES = ["raise_exception", "check_violation", "program_limit_exceeded", "data_corrupted"]


@pytest.mark.requirement("W7", "W12")
@pytest.mark.parametrize("errcode", CODES)
@pytest.mark.usefixtures("fleet")
async def test_one_bad_row_of_a_group_commit_does_not_spoil_the_others(
    registry: Registry, dms: Dms, errcode: str
) -> None:
    await refuse_rows(registry, "request", "new.km = 13", errcode)
    answers = await asyncio.gather(
        *(
            dms.post("/api/observation", dms.body(vin=vin(number), km=13 if number == 17 else 14), key=str(number))
            for number in range(FLEET)
        )
    )
    assert [number for number, answer in enumerate(answers) if answer.status_code != 200] == [17]
    assert problems(answers[17])
    assert "refused by the test" not in answers[17].text
    assert await registry.count("request") == await registry.count("idempotency") == FLEET - 1
    await registry.judge()
    assert await registry.count("reading") == FLEET - 1


@pytest.mark.requirement("R5")
@pytest.mark.parametrize("errcode", CODES)
async def test_one_vehicle_that_cannot_be_settled_does_not_stop_the_others(
    registry: Registry, dms: Dms, fleet: list[int], errcode: str
) -> None:
    await refuse_rows(registry, "reading", f"new.vehicle_id = {fleet[17]}", errcode)
    guids = [await dms.submit(vin=vin(number)) for number in range(FLEET)]
    worker = Worker(registry.pool, registry.clock, lease=timedelta(milliseconds=200))
    assert await worker.judge_batch() == FLEET - 1
    told = [(await dms.status(guid)).status for guid in guids]
    assert [number for number, status in enumerate(told) if status != "PROCESSED"] == [17]
    assert told[17] == "ONGOING"
    await registry.pool.execute("drop trigger refusal on reading")
    await until(worker.judge_batch)
    assert (await dms.status(guids[17])).status == "PROCESSED"


@pytest.mark.requirement("R5")
@pytest.mark.parametrize(
    "poison",
    [
        "update reading set source = 'telepathy' where vehicle_id = $1",
        "update request set observation_type = 'SOLD' where subject = $1",
        "update request set identification = 'guessed' where subject = $1",
        "update request set observation_type = null where subject = $1",
        "delete from request where subject = $1",
    ],
)
async def test_a_vehicle_whose_rows_cannot_be_read_does_not_stop_the_others(
    registry: Registry, dms: Dms, fleet: list[int], poison: str
) -> None:
    await add_reading(registry.pool, fleet[17], date(2020, 1, 1), 10)
    guids = [await dms.submit(vin=vin(number)) for number in range(FLEET)]
    await registry.pool.execute(poison, fleet[17])
    with structlog.testing.capture_logs() as lines:
        assert await registry.worker.judge_batch() == FLEET - 1
        assert await registry.worker.judge_batch() == 0
    assert [line["requests"] for line in lines if line["log_level"] == "error"] == [[str(guids[17])]]
    assert await registry.count("observation_case") == FLEET - 1
    assert await registry.waiting() == 1


@pytest.mark.requirement("R5")
@pytest.mark.usefixtures("fleet")
async def test_the_number_of_statements_of_a_batch_does_not_grow_with_its_size(
    registry: Registry, dms: Dms, database_url: str
) -> None:
    statements: list[str] = []

    async def listen(connection: asyncpg.Connection) -> None:
        def note(query: LoggedQuery) -> None:
            statements.append(query.query)

        connection.add_query_logger(note)

    counted = {}
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1, init=listen) as pool:
        worker = Worker(pool, registry.clock)
        for turn, size in enumerate((2, 1, 10, FLEET)):
            day = TODAY - timedelta(days=turn)
            # A submission, and a correction of one in issue, of each vehicle.
            wrong = [await dms.submit(vin=vin(number), km=2_000_000, day=day) for number in range(size)]
            await registry.judge()
            for number, guid in enumerate(wrong):
                await dms.correct(guid, vin=vin(number), km=1_000 - turn, day=day)
                await dms.submit(vin=vin(number), km=900 - turn, day=day - timedelta(days=50))
            statements.clear()
            assert await worker.judge_batch() == 2 * size
            counted[size] = len(statements)
    # The first batch also asks the server about its types, once for each connection.
    del counted[2]
    assert len(set(counted.values())) == 1, counted
    assert counted[1] <= 16


@pytest.mark.requirement("W12", "R12")
async def test_a_connection_that_is_killed_during_intake_gives_503_and_no_promise_and_the_worker_goes_on(
    registry: Registry, dms: Dms, fleet: list[int], database_url: str
) -> None:
    outside = {"application_name": "outside"}
    other = await asyncpg.connect(database_url, server_settings=outside)
    killer = await asyncpg.connect(database_url, server_settings=outside)
    key, body = new_key(), dms.body(vin=vin(0))
    # What a worker had claimed when its connection was killed waits for the lease to run out.
    worker = Worker(registry.pool, registry.clock, lease=timedelta(seconds=1))
    task = asyncio.create_task(worker.run())
    try:
        # Somebody holds the vehicle's row, so that the intake waits within its statement.
        holding = other.transaction()
        await holding.start()
        await other.execute("insert into waiting (subject, requests) values ($1, '{}')", fleet[0])
        asked = asyncio.create_task(dms.post("/api/observation", body, key=key))
        await until(lambda: killed(killer, "wait_event_type = 'Lock'"))
        refused = await asked
        await holding.rollback()
        assert refused.status_code == 503
        assert int(refused.headers["retry-after"]) > 0
        assert problems(refused)
        assert await registry.count("request") == await registry.count("idempotency") == 0
        guid = taken_in(await answered(dms, body, key))
        assert await killed(killer, "true")
        assert taken_in(await answered(dms, body, key)) == guid

        async def settled() -> bool:
            answer = await dms.get(f"/api/observation/{guid}/status")
            return answer.status_code == 200 and answer.json()["status"] == "PROCESSED"

        await until(settled)
    finally:
        worker.stop()
        await task
        await other.close()
        await killer.close()
    assert len(await registry.readings(fleet[0])) == 1


async def killed(killer: asyncpg.Connection, which: str) -> bool:
    """Kill the registry's own connections of some kind; whether there were any."""
    number = await killer.fetchval(
        f"""
        select count(pg_terminate_backend(pid)) from pg_stat_activity
        where datname = current_database() and application_name <> 'outside' and {which}
        """
    )
    return bool(number > 0)


async def answered(dms: Dms, body: dict[str, object], key: str) -> httpx.Response:
    """Send until the answer is no 503, as a client must."""
    async with asyncio.timeout(20):
        while True:
            answer = await dms.post("/api/observation", body, key=key)
            if answer.status_code != 503:
                return answer
            assert int(answer.headers["retry-after"]) > 0


@pytest.mark.requirement("R12")
async def test_a_worker_outlives_an_outage_of_any_length(registry: Registry, database_url: str) -> None:
    away = await asyncpg.create_pool(database_url, min_size=1, max_size=1)
    await away.close()
    worker = Worker(away, registry.clock, idle=timedelta(microseconds=1))
    with structlog.testing.capture_logs() as lines:
        task = asyncio.create_task(worker.run())

        # 1,024 doublings is what a floating point number holds.
        async def failed_often() -> bool:
            return len(lines) > 1_100 or task.done()

        await until(failed_often)
        worker.stop()
        await task
    assert len(lines) > 1_100
    assert {line["event"] for line in lines} == {"database away"}


async def patiently(ask: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response:
    """Ask again as long as no connection came free in time; there is nothing else that may be told."""
    while (answer := await ask()).status_code == 503:
        assert int(answer.headers["retry-after"]) > 0
        await asyncio.sleep(0.05)
    return answer


@pytest.mark.requirement("R12", "W12")
async def test_a_pool_of_five_serves_three_hundred_clients_at_once(database_url: str) -> None:
    async with running_registry(database_url, pool_size=5) as registry:
        dms = registry.dms(await add_garage(registry.pool, 1))
        guid = await dms.submit(vin="UNKNOWN")
        await registry.judge()

        async def client(number: int) -> set[int]:
            key = new_key()
            told = [await patiently(lambda: dms.post("/api/observation", dms.body(vin=f"UNKNOWN{number}"), key=key))]
            path = f"/api/observation/{told[0].json()['requestGuid']}/status"
            told.append(await patiently(lambda: dms.get(path)))
            confirm = f"/api/observation/{guid}/confirm"
            told.append(await patiently(lambda: dms.post(confirm, key="all the same")))
            return {answer.status_code for answer in told}

        task = asyncio.create_task(registry.worker.run())
        try:
            async with asyncio.timeout(60):
                told = await asyncio.gather(*(client(number) for number in range(300)))
        finally:
            registry.worker.stop()
            await task
        assert set().union(*told) == {200}
        assert await registry.count("request") == 302


@pytest.mark.requirement("R12", "R13")
async def test_without_a_database_every_operation_answers_503_with_retry_after_and_readiness_says_no(
    registry: Registry, dms: Dms, fleet: list[int]
) -> None:
    assert fleet
    guid = await dms.submit(vin=vin(0), km=2_000_000)
    await registry.judge()
    await registry.pool.close()
    answers = [
        await dms.post("/api/observation", dms.body(vin=vin(0))),
        await dms.get(f"/api/observation/{guid}/status"),
        await dms.get(f"/api/observation/{guid}/status/vhr"),
        await dms.try_correcting(guid, vin=vin(0)),
        await dms.try_confirming(guid),
    ]
    for answer in answers:
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) > 0
        assert problems(answer)
    assert (await registry.http.get("/ready")).status_code == 503
    assert (await registry.http.get("/health")).status_code == 200
