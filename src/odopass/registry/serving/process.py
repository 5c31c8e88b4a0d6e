"""One process of a registry: it serves the API, or judges, or both."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import structlog
import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.types import ASGIApp

from odopass.clock import Clock, SystemClock
from odopass.registry import tracing
from odopass.registry.api.app import build_app
from odopass.registry.api.service import Service, nobody, open_pool, open_service
from odopass.registry.journal.sealing import Sealer
from odopass.registry.judging.worker import Worker
from odopass.registry.report.setup import Reporting, open_reporting, read_setup
from odopass.registry.serving.protocol import OnePacketProtocol
from odopass.registry.serving.renewing import renewing
from odopass.registry.settings import Settings
from odopass.registry.store.database import Pool

_log = structlog.get_logger(__name__)

#: How long requests under way may take when the process is told to end.
_GRACE_SECONDS = 20

#: How many more objects there must be before the garbage collector looks through the youngest. Python's own: 700.
_OBJECTS_BETWEEN_COLLECTIONS = 50_000


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a test environment puts between the network and the application.

    Attributes:
        around: makes the application that is served out of the registry's own.
        protocol: how HTTP is spoken.
    """

    around: Callable[[Starlette], ASGIApp]
    protocol: type[OnePacketProtocol] = OnePacketProtocol


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run a process's main coroutine on uvloop.

    The garbage collector, which looks for cycles only, is told to look seldom, and never at what was loaded at the
    start: requests and rows are freed without it, and looking through them is a twelfth of all work.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


async def serve(
    settings: Settings,
    listeners: Sequence[socket.socket],
    *,
    tls: ssl.SSLContext | None = None,
    judges: bool = True,
    clock: Clock | None = None,
    on_started: Callable[[], None] = nobody,
    surroundings: Surroundings | None = None,
) -> None:
    """Serve the API until SIGTERM or SIGINT; what was taken in is stored before this returns.

    Args:
        settings: of the registry; its database has been migrated.
        listeners: listening sockets; several processes may share one.
        tls: how to encrypt; None: plain HTTP, for something in front that ends TLS.
        judges: whether to judge as well.
        clock: the time of day.
        on_started: called once requests are taken.
        surroundings: of a test environment; None: the registry alone.
    """
    time = clock or SystemClock()
    tracing.configure("api")

    @asynccontextmanager
    async def opened() -> AsyncIterator[Service]:
        async with open_pool(settings) as pool, _reporting(settings, pool, time) as reporting:
            if not judges:
                async with open_service(settings, pool, reporting.reports, clock=time) as service:
                    yield service
                return
            worker = make_worker(settings, pool, time)
            async with (
                running(worker),
                running(reporting.maker),
                running(make_sealer(settings, pool)),
                open_service(settings, pool, reporting.reports, clock=time, arrived=worker.wake) as service,
            ):
                yield service

    app = build_app(settings, opened)
    if surroundings is None:
        server = _Server(app, OnePacketProtocol, tls, on_started)
    else:
        server = _Server(surroundings.around(app), surroundings.protocol, tls, on_started)
    async with renewing(tls):
        await server.serve(list(listeners))


async def work(settings: Settings, *, clock: Clock | None = None) -> None:
    """Judge, make reports and seal the journal until SIGTERM or SIGINT.

    The batch under way is settled before this returns.
    """
    time = clock or SystemClock()
    tracing.configure("worker")
    async with open_pool(settings) as pool, _reporting(settings, pool, time) as reporting:
        worker = make_worker(settings, pool, time)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, worker.stop)
        async with running(reporting.maker), running(make_sealer(settings, pool)):
            await worker.run()


def make_worker(settings: Settings, pool: Pool, clock: Clock) -> Worker:
    """A worker as the settings say."""
    return Worker(pool, clock, batch=settings.batch, lease=timedelta(seconds=settings.lease_seconds))


def make_sealer(settings: Settings, pool: Pool) -> Sealer:
    """A sealer of the journal as the settings say."""
    return Sealer(pool, every=settings.seal_seconds)


def _reporting(settings: Settings, pool: Pool, clock: Clock) -> AbstractAsyncContextManager[Reporting]:
    setup = read_setup(None if settings.reports is None else Path(settings.reports))
    lease = timedelta(seconds=settings.report_lease_seconds)
    return open_reporting(setup, pool, clock, public_url=settings.public_url, lease=lease)


class _Loop(Protocol):
    async def run(self) -> None: ...

    def stop(self) -> None: ...


@asynccontextmanager
async def running(worker: _Loop) -> AsyncIterator[None]:
    """A worker, a maker of reports or a sealer beside whatever else this process does."""
    task = asyncio.create_task(worker.run(), name=type(worker).__name__)
    try:
        yield
    finally:
        worker.stop()
        await task


class _Server(uvicorn.Server):
    """uvicorn with a TLS context of our own, since its options cannot express the wire's."""

    def __init__(
        self,
        app: ASGIApp,
        protocol: type[OnePacketProtocol],
        tls: ssl.SSLContext | None,
        on_started: Callable[[], None],
    ) -> None:
        config = uvicorn.Config(
            app,
            http=protocol,
            ws="none",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        config.load()
        config.ssl = tls
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()
