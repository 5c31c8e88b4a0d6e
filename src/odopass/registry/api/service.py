"""What the operations work with, opened when a process starts and closed when it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from prometheus_client import REGISTRY
from starlette.applications import Starlette

from odopass.clock import Clock, SystemClock
from odopass.registry.accounts.credentials import Authenticator
from odopass.registry.cases import Cases
from odopass.registry.intake.following import Following
from odopass.registry.intake.software import SoftwareCatalogue
from odopass.registry.intake.submitting import Submitting
from odopass.registry.limits.watch import RequestLimits, counting
from odopass.registry.maintenance.calendar import WeeklyWindow
from odopass.registry.maintenance.watch import MaintenanceWatch, watching
from odopass.registry.report.published import Reports
from odopass.registry.settings import Settings
from odopass.registry.store.database import Database, Pool
from odopass.registry.store.pool import bounded_pool


@dataclass(frozen=True, slots=True)
class Service:
    """The parts behind the wire.

    Attributes:
        arrived: called after each request that leaves something to judge; wakes a worker of the same process.
    """

    settings: Settings
    pool: Pool
    clock: Clock
    authenticator: Authenticator
    software: SoftwareCatalogue
    submitting: Submitting
    following: Following
    cases: Cases
    reports: Reports
    maintenance: MaintenanceWatch
    limits: RequestLimits
    arrived: Callable[[], None]
    new_guid: Callable[[], UUID] = uuid4


_SESSION: Final = {
    # A process that freezes in the middle of a transaction holds its locks, on which others would wait.
    "idle_in_transaction_session_timeout": "10s",
    # Statements are planned once for each connection. What was planned while a table was empty must not read the whole
    # of it when it has grown; every statement of the flow has an index to go by.
    "enable_seqscan": "off",
}


def nobody() -> None:
    """Wakes nobody: workers of other processes look for themselves."""


@asynccontextmanager
async def open_pool(settings: Settings) -> AsyncIterator[Pool]:
    """Connections to the registry's database; statements that hang are given up after 30 s.

    Nothing that outlasts a transaction (`set`, `listen`, session locks) may be left on a connection: it is lent again
    as it is.
    """
    pool = bounded_pool(
        settings.database_url,
        smallest=min(2, settings.pool_size),
        largest=settings.pool_size,
        command_timeout=30,
        session=_SESSION,
        reset=_nothing_to_reset,
    )
    async with pool:
        yield pool


async def _nothing_to_reset(_: Database) -> None:
    """Spare the round trip that cleans a session when it is given back; open transactions are rolled back anyway."""


@asynccontextmanager
async def open_service(
    settings: Settings,
    pool: Pool,
    reports: Reports,
    *,
    clock: Clock | None = None,
    arrived: Callable[[], None] = nobody,
) -> AsyncIterator[Service]:
    """The parts behind the wire on a pool; what was taken in is stored before this closes."""
    time = clock or SystemClock()
    window = WeeklyWindow.parse(settings.maintenance) if settings.maintenance else None
    maintenance = MaintenanceWatch(pool, time, window)
    limits = RequestLimits(pool)
    authenticator = Authenticator(pool, metrics=REGISTRY)
    submitting = Submitting(pool)
    try:
        async with watching(maintenance), counting(limits):
            yield Service(
                settings=settings,
                pool=pool,
                clock=time,
                authenticator=authenticator,
                software=SoftwareCatalogue(pool),
                submitting=submitting,
                following=Following(pool),
                cases=Cases(pool),
                reports=reports,
                maintenance=maintenance,
                limits=limits,
                arrived=arrived,
            )
    finally:
        await submitting.drain()
        await authenticator.aclose()


def service_of(app: Starlette) -> Service:
    """The parts behind a running application."""
    service: Service = app.state.service
    return service
