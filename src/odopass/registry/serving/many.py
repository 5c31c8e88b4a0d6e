"""A registry in several processes on one machine: how many serve, how many judge."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import structlog

from odopass.registry.postgres import EmbeddedPostgres, ExplainedError
from odopass.registry.serving.alone import MOST_SOON, SOON_SECONDS
from odopass.registry.serving.child import Task
from odopass.registry.serving.ending import EndSignals, until_told
from odopass.registry.serving.supervisor import Job, Supervisor
from odopass.registry.serving.tls import Certificate
from odopass.registry.settings import Settings

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Crew:
    """The processes of a registry.

    Attributes:
        api_processes: how many serve.
        workers: how many judge and do nothing else; 0: those that serve judge as well.
        certificates: for TLS; none: plain HTTP.
        log_level: as for `configure_logs`.
    """

    api_processes: int
    workers: int
    certificates: tuple[Certificate, ...] = ()
    log_level: str = "info"

    def jobs(self, settings: Settings, listener: socket.socket | None) -> list[Job]:
        """One job for each process."""

        def task(descriptor: int | None) -> Task:
            return Task(settings, descriptor, self.workers == 0, self.certificates, self.log_level)

        serving = [] if listener is None else [listener.fileno()] * self.api_processes
        return [
            *(Job(f"api {number}", task(descriptor)) for number, descriptor in enumerate(serving, 1)),
            *(Job(f"worker {number}", task(None)) for number in range(1, self.workers + 1)),
        ]


def run_on_embedded(
    postgres: EmbeddedPostgres,
    settings: Settings,
    listener: socket.socket,
    crew: Crew,
    ending: EndSignals,
    *,
    prepare: Callable[[str], Coroutine[Any, Any, None]],
) -> None:
    """Run all processes on an embedded PostgreSQL until SIGTERM or SIGINT, starting it anew if it ends by itself.

    Args:
        postgres: not started yet; it is stopped when this returns.
        settings: of the registry; the database's address is filled in.
        listener: shared by the processes that serve. It stays open while PostgreSQL is started anew, so that clients
            wait and are not refused.
        crew: how many processes of which kind.
        ending: takes the signals.
        prepare: brings the database of this address up to date before anything is served.

    Raises:
        ExplainedError: PostgreSQL does not start or does not stay, or `prepare` cannot be done.
    """

    async def supervise(address: str) -> ExplainedError | None:
        await until_told(ending, prepare(address))
        if ending.told:
            return None
        return await Supervisor(crew.jobs(replace(settings, database_url=address), listener), ending, postgres).run()

    soon = 0
    while True:
        postgres.start()
        try:
            began = time.monotonic()
            with ending.deferred():
                failure = asyncio.run(supervise(postgres.dsn()))
        finally:
            with ending.deferred():
                postgres.stop()
        if failure is None:
            return
        soon = soon + 1 if time.monotonic() - began < SOON_SECONDS else 1
        if soon >= MOST_SOON:
            raise failure
        _log.error("PostgreSQL ended and is started anew", reason=str(failure))


def run_on(settings: Settings, listener: socket.socket | None, crew: Crew, ending: EndSignals) -> None:
    """Run all processes on the database of the settings until SIGTERM or SIGINT."""

    async def supervise() -> None:
        await Supervisor(crew.jobs(settings, listener), ending).run()

    with ending.deferred():
        asyncio.run(supervise())
