from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from structlog.testing import capture_logs
from tests.registry.population import add_garage, add_vehicle
from tests.registry.running import Dms, Registry, problems, running_registry, until

from odopass.registry.api.service import service_of
from odopass.registry.limits.limit import REQUESTS, Limit
from odopass.registry.limits.stored import list_all, set_limit, unset_limit
from odopass.registry.limits.watch import RequestLimits

pytestmark = pytest.mark.requirement("R12", "W12")

UNKNOWN = "/api/observation/00000000-0000-4000-8000-000000000000/status"


@pytest_asyncio.fixture
async def registry(database_url: str) -> AsyncIterator[Registry]:
    async with running_registry(database_url, limited=True) as running:
        yield running


async def limited_dms(registry: Registry, number: int = 1) -> Dms:
    return registry.dms(await add_garage(registry.pool, number, limited=True))


async def asked(dms: Dms, times: int) -> list[httpx.Response]:
    return [await dms.get(UNKNOWN) for _ in range(times)]


def refused_so_far() -> float:
    return REGISTRY.get_sample_value("odopass_rate_limited_total", {"limit": REQUESTS}) or 0.0


async def test_what_is_beyond_a_garage_s_limit_is_answered_429_with_retry_after_and_others_do_not_notice(
    registry: Registry,
) -> None:
    dms, other = await limited_dms(registry), await limited_dms(registry, 2)
    await set_limit_of(registry, dms, Limit(0.5, 3))
    before = refused_so_far()
    with capture_logs() as lines:
        answers = await asked(dms, 6)
    assert [answer.status_code for answer in answers] == [404] * 3 + [429] * 3
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 2
    assert "your limit is 0.5 a second, and 3 at once" in problems(answers[-1])[0]["message"]
    assert (await other.get(UNKNOWN)).status_code == 404
    assert refused_so_far() == before + 3
    told = [line for line in lines if line["event"] == "garage limited"]
    assert [(line["garage"], line["burst"]) for line in told] == [(dms.garage.establishment, 3)]


async def set_limit_of(registry: Registry, dms: Dms | None, limit: Limit) -> None:
    """Set a limit and wait until the running registry follows it."""
    account = None if dms is None else dms.garage.account_id
    async with registry.pool.acquire() as database:
        await set_limit(database, REQUESTS, account, limit, "a test")
    limits = service_of(registry.app).limits

    async def follows() -> bool:
        return limits.limit_of(-1 if account is None else account) == limit

    await until(follows)


async def test_every_operation_counts_and_what_is_refused_leaves_nothing_behind(registry: Registry) -> None:
    dms = await limited_dms(registry)
    await add_vehicle(registry.pool, "LIMITED0000000001")
    await set_limit_of(registry, dms, Limit(0.01, 2))
    guid = await dms.submit(vin="LIMITED0000000001")
    assert (await dms.get(f"/api/observation/{guid}/status")).status_code == 200
    for answer in (
        await dms.post("/api/observation", dms.body(vin="LIMITED0000000001")),
        await dms.get(f"/api/observation/{guid}/status"),
        await dms.get(f"/api/observation/{guid}/status/vhr"),
        await dms.try_confirming(guid),
        await dms.try_correcting(guid, vin="LIMITED0000000001"),
    ):
        assert answer.status_code == 429
    assert await registry.count("request") == 1


async def test_a_limit_of_its_own_goes_before_that_of_all_and_that_before_what_odopass_comes_with(
    registry: Registry,
) -> None:
    dms = await limited_dms(registry)
    limits = service_of(registry.app).limits
    assert limits.limit_of(dms.garage.account_id) == Limit(50, 200)
    await set_limit_of(registry, None, Limit(10, 10))
    assert limits.limit_of(dms.garage.account_id) == Limit(10, 10)
    await set_limit_of(registry, dms, Limit(20, 20))
    assert limits.limit_of(-1) == Limit(10, 10)
    async with registry.pool.acquire() as database:
        set_by_hand = await list_all(database)
        assert [each.establishment for each in set_by_hand] == [None, dms.garage.establishment]
        assert await unset_limit(database, REQUESTS, dms.garage.account_id)
        assert not await unset_limit(database, REQUESTS, dms.garage.account_id)

    async def has_that_of_all() -> bool:
        return limits.limit_of(dms.garage.account_id) == Limit(10, 10)

    await until(has_that_of_all)


async def test_processes_side_by_side_hold_a_busy_garage_to_one_limit(registry: Registry) -> None:
    garage = (await limited_dms(registry)).garage
    times = [0.0]
    processes = [RequestLimits(registry.pool, clock=lambda: times[0]) for _ in range(4)]
    counted = 0
    for second in range(1, 31):
        for tenth in range(10):
            times[0] = second + tenth / 10
            # 400 requests a second, spread evenly over the processes
            counted += sum(process.take(garage) == 0 for process in processes for _ in range(10))
        await asyncio.gather(*(process.look() for process in processes))
    # 50 a second and one burst, and what each process did not know of the others in its first second
    assert 30 * 50 <= counted <= 30 * 50 + 4 * 200


async def test_garages_that_are_not_busy_cost_the_database_nothing(registry: Registry) -> None:
    garage = (await limited_dms(registry)).garage
    times = [0.0]
    limits = RequestLimits(registry.pool, clock=lambda: times[0])
    for second in range(1, 6):
        times[0] = float(second)
        for _ in range(4):
            assert limits.take(garage) == 0
        await limits.look()
    assert await registry.count("request_tally") == 0


async def test_what_a_dead_process_told_is_forgotten(registry: Registry) -> None:
    await registry.pool.execute(
        "insert into request_tally values ($1, 1, 1000, clock_timestamp() - interval '2 minutes')", uuid4()
    )
    garage = (await limited_dms(registry)).garage
    times = [0.0]
    limits = RequestLimits(registry.pool, clock=lambda: times[0])
    for _ in range(100):
        limits.take(garage)
    times[0] = 1.0
    await limits.look()
    assert [row[0] for row in await registry.pool.fetch("select taken from request_tally")] == [100]


async def test_wrong_credentials_use_up_nobody_s_limit(database_url: str) -> None:
    async with running_registry(database_url, limited=True) as registry:
        dms = await limited_dms(registry)
        await set_limit_of(registry, dms, Limit(0.01, 1))
        for _ in range(3):
            answer = await registry.http.get(UNKNOWN, auth=(dms.garage.username, "wrong-password"))
            assert answer.status_code == 401
        assert (await dms.get(UNKNOWN)).status_code == 404
