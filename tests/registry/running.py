"""The registry's own application with its own worker, driven by a test in one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from starlette.applications import Starlette
from tests.registry.population import Garage

from odopass.clock import BRUSSELS, belgian_day
from odopass.registry.api.app import build_app
from odopass.registry.api.service import Service, open_pool, open_service
from odopass.registry.judging.worker import Worker
from odopass.registry.report.making import ReportMaker
from odopass.registry.report.setup import ReportSetup, open_reporting
from odopass.registry.settings import Environment, Settings
from odopass.wire.dates import format_wire_date

TODAY = date(2026, 3, 5)
REPAIR = "REPAIR_MAINTENANCE_SERVICE"
REPLACED = "ODOMETER_REPLACED"
REPORT = "VEHICLE_HISTORY_DOCUMENT"
ROADSIDE = "ROAD_SIDE_ASSISTANCE"

Json = dict[str, Any]


class OwnClock:
    """A clock that stands where the test puts it."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        return self.moment

    def put(self, day: date, at: time = time(10), *, fold: int = 0) -> None:
        """Put the clock at an hour of a Belgian day; `fold` picks the second of two equal hours in October."""
        self.moment = datetime.combine(day, at.replace(fold=fold), BRUSSELS).astimezone(UTC)

    @property
    def today(self) -> date:
        return belgian_day(self.moment)


@dataclass
class Outcome:
    """What a status request told."""

    status: str
    issues: list[Json]

    @property
    def types(self) -> list[str]:
        return [issue["type"] for issue in self.issues]


class Dms:
    """A garage's software, as simple as can be."""

    def __init__(self, registry: Registry, garage: Garage) -> None:
        self.registry = registry
        self.garage = garage
        self.headers = {"Authorization": garage.authorization}

    def body(self, **members: object) -> Json:
        """An observation of this garage as on the wire; members that are None are left out."""
        day = members.pop("day", self.registry.clock.today)
        body = {
            "odometerReadingDate": format_wire_date(day) if isinstance(day, date) else day,
            "odometerReading": members.pop("km", 100_000),
            "observationType": members.pop("kind", REPAIR),
            "enterpriseOrganisation": self.garage.enterprise,
            "enteredOrganisation": self.garage.establishment,
        } | members
        return {name: value for name, value in body.items() if value is not None}

    async def post(
        self, path: str, body: Json | None = None, *, key: str | None = None, **headers: str
    ) -> httpx.Response:
        more = {} if key is None else {"Idempotency-Key": key}
        return await self.registry.http.post(path, json=body, headers=self.headers | more | headers)

    async def get(self, path: str) -> httpx.Response:
        return await self.registry.http.get(path, headers=self.headers)

    async def submit(self, **members: Any) -> UUID:
        """Send an observation that must be taken in."""
        return taken_in(await self.post("/api/observation", self.body(**members)))

    async def try_correcting(self, guid: UUID, **members: Any) -> httpx.Response:
        return await self.post(f"/api/observation/{guid}/correction", self.body(**members))

    async def correct(self, guid: UUID, **members: Any) -> UUID:
        """Send a correction that must be taken in."""
        return taken_in(await self.try_correcting(guid, **members))

    async def try_confirming(self, guid: UUID) -> httpx.Response:
        return await self.post(f"/api/observation/{guid}/confirm")

    async def confirm(self, guid: UUID) -> UUID:
        """Send a confirmation that must be taken in."""
        return taken_in(await self.try_confirming(guid))

    async def status(self, guid: UUID) -> Outcome:
        """What the registry says about a request now."""
        answer = await self.get(f"/api/observation/{guid}/status")
        assert answer.status_code == 200, answer.text
        return Outcome(**answer.json())

    async def outcome(self, guid: UUID) -> Outcome:
        """What the registry says once everything that waits has been judged, and its reports made."""
        await self.registry.judge()
        await self.registry.maker.make_waiting()
        found = await self.status(guid)
        assert found.status != "ONGOING"
        return found

    async def submitted(self, **members: Any) -> Outcome:
        """Send an observation and wait for its outcome."""
        return await self.outcome(await self.submit(**members))


def taken_in(answer: httpx.Response) -> UUID:
    assert answer.status_code == 200, f"{answer.status_code} {answer.text}"
    assert set(answer.json()) == {"requestGuid"}
    return UUID(answer.json()["requestGuid"])


@dataclass
class Registry:
    """A running registry and what a test needs to drive and to look into it."""

    app: Starlette
    http: httpx.AsyncClient
    pool: asyncpg.Pool
    clock: OwnClock
    worker: Worker
    maker: ReportMaker

    def dms(self, garage: Garage) -> Dms:
        return Dms(self, garage)

    async def judge(self) -> None:
        """Judge until nothing waits."""
        for _ in range(100):
            if not await self.worker.judge_batch() and not await self.waiting():
                return
        raise AssertionError(f"{await self.waiting()} vehicles still wait")

    async def waiting(self) -> int:
        return int(await self.pool.fetchval("select count(*) from waiting"))

    async def readings(self, vehicle: int) -> list[tuple[date, int]]:
        """The readings of a vehicle that count and that garages have sent."""
        rows = await self.pool.fetch(
            "select reading_date, km from reading where vehicle_id = $1 and superseded_at is null "
            "and account_id is not null order by reading_date, arrival",
            vehicle,
        )
        return [(row[0], row[1]) for row in rows]

    async def count(self, table: str) -> int:
        return int(await self.pool.fetchval(f"select count(*) from {table}"))


@asynccontextmanager
async def running_registry(
    database_url: str,
    *,
    environment: Environment = Environment.BETA,
    clock: OwnClock | None = None,
    pool_size: int = 8,
    lease: timedelta = timedelta(seconds=30),
    setup: ReportSetup | None = None,
    maintenance: str = "",
    public_url: str = "https://registry.test",
    desk: bool = True,
    limited: bool = False,
) -> AsyncIterator[Registry]:
    """The registry on a database, without sockets; garages may send as much as they like, unless it is `limited`."""
    clock = clock or OwnClock(datetime.combine(TODAY, time(10), BRUSSELS))
    settings = Settings(
        environment,
        database_url,
        public_url=public_url,
        pool_size=pool_size,
        maintenance=maintenance,
        desk=desk,
    )
    async with (
        open_pool(settings) as pool,
        open_reporting(setup or ReportSetup(), pool, clock, public_url=settings.public_url) as reporting,
    ):
        if not limited:
            await pool.execute(
                "insert into request_limit (name, rate, burst) values ('requests', 1e6, 1000000) on conflict do nothing"
            )

        @asynccontextmanager
        async def opened() -> AsyncIterator[Service]:
            async with open_service(settings, pool, reporting.reports, clock=clock) as service:
                yield service

        app = build_app(settings, opened)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=transport, base_url="https://registry.test") as http,
        ):
            yield Registry(app, http, pool, clock, Worker(pool, clock, lease=lease), reporting.maker)


async def until(condition: Callable[[], Awaitable[object]], *, seconds: float = 20) -> None:
    """Ask again and again until the answer is yes."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110 - what is waited for happens in the database
            await asyncio.sleep(0.005)


def new_key() -> str:
    return str(uuid4())


def problems(answer: httpx.Response) -> list[Json]:
    """The problems of a refusal, which must be in the error shape."""
    assert answer.headers["content-type"] == "application/json"
    found = answer.json()["errors"]
    assert found
    for problem in found:
        assert set(problem) == {"field", "message"}
        assert isinstance(problem["field"], str)
        assert isinstance(problem["message"], str)
        assert problem["message"]
    return list(found)


def fields(answer: httpx.Response) -> list[str]:
    return [problem["field"] for problem in problems(answer)]
