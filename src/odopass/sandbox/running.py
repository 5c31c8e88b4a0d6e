"""A sandbox from its start to its end."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Lifespan

from odopass.clock import Clock, belgian_day
from odopass.registry.api.service import service_of
from odopass.registry.journal.guarding import migrate_embedded
from odopass.registry.postgres import EmbeddedPostgres, ExplainedError
from odopass.registry.postgres.faults import explained
from odopass.registry.postgres.folder_lock import FolderLock
from odopass.registry.serving.alone import serve_on_embedded
from odopass.registry.serving.ending import EndSignals
from odopass.registry.serving.listening import listen
from odopass.registry.serving.process import Surroundings, running
from odopass.registry.settings import Environment, Settings
from odopass.registry.store.database import Pool
from odopass.sandbox.certificates import Certificates, ensure_certificates
from odopass.sandbox.control.app import Controlled
from odopass.sandbox.control.serving import control_listener, control_port_beside
from odopass.sandbox.faults.applying import Misbehaving
from odopass.sandbox.faults.choosing import Rules
from odopass.sandbox.faults.connections import Connections
from odopass.sandbox.faults.handshakes import Handshakes
from odopass.sandbox.faults.mild import MILD
from odopass.sandbox.filling import fill
from odopass.sandbox.fleet import write_garages
from odopass.sandbox.known import World
from odopass.sandbox.moved_clock import MovedClock
from odopass.sandbox.pages.vehicles import vehicle_routes
from odopass.sandbox.played_sources import PlayedVehicle, played_sources_beside
from odopass.sandbox.present import VehicleNow, vehicles_now
from odopass.sandbox.ready_file import Ready, ready_content, write_whole
from odopass.sandbox.report_setup import write_report_setup
from odopass.sandbox.report_vehicles import played_table
from odopass.sandbox.reviewer import Review, Reviewer
from odopass.sandbox.reviews import desk_logins, open_desk
from odopass.sandbox.showing_vehicles import reviews, slow_vehicles
from odopass.sandbox.traffic.recorder import Recorder
from odopass.sandbox.traffic.recording import Recording
from odopass.sandbox.world import garages

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """What a sandbox was asked to be.

    Attributes:
        data: the folder that holds everything of it.
        port: to listen on; 0 for any free one.
        ready_file: written when requests are taken, removed when they are no longer; None for none.
        seed: of the test world; None for the one that is there, or the default.
        fleet: the folder of a simulated fleet to load as well.
        control_port: to be controlled on; 0 for any free one; None for the default, or any if that is taken.
        fault_seed: decides about misbehaviour by chance.
        gentle: whether it misbehaves only when it is told to.
    """

    data: Path
    port: int
    ready_file: Path | None
    seed: int | None = None
    fleet: Path | None = None
    control_port: int | None = None
    fault_seed: int = 0
    gentle: bool = True


def run_sandbox(
    options: SandboxOptions,
    clock: Clock,
    *,
    tell: Callable[[str], None],
    on_ready: Callable[[Ready], None],
) -> None:
    """Run a sandbox until SIGTERM or SIGINT.

    Args:
        options: what it shall be.
        clock: the time of day.
        tell: is told in a few words what takes longer than a moment.
        on_ready: called with what the ready file says once requests are taken.

    Raises:
        ExplainedError: it cannot run.
    """
    data = Path(os.path.abspath(options.data))  # noqa: PTH100 - symbolic links stay as given
    with EndSignals() as ending, suppress(KeyboardInterrupt):
        with explained(data):
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Taken before anything of another sandbox in this folder is touched, its ready file above all.
        lock = FolderLock(data / "sandbox.lock")
        try:
            with listen(HOST, options.port) as listener, control_listener(options.control_port) as control:
                postgres = EmbeddedPostgres(data, tell=tell)
                _Sandbox(options, data, listener, control, postgres=postgres, clock=MovedClock(clock)).run(
                    ending, on_ready
                )
        finally:
            lock.release()


class _Sandbox:
    """A sandbox whose folder and addresses are its own."""

    def __init__(
        self,
        options: SandboxOptions,
        data: Path,
        listener: socket,
        control: socket,
        *,
        postgres: EmbeddedPostgres,
        clock: MovedClock,
    ) -> None:
        self._postgres = postgres
        self._options = options
        self._data = data
        self._listener = listener
        self._control_listener = control
        self._clock = clock
        self._address = f"https://{HOST}:{_port(listener)}"
        self._control = f"http://{HOST}:{_port(control)}"
        self._world = World((), ())
        self._vehicles: list[VehicleNow] = []
        self._table: dict[str, PlayedVehicle] = {}
        self._slow_vehicles: dict[str, float] = {}
        self._reviews: dict[str, Review] = {}

    def run(self, ending: EndSignals, on_ready: Callable[[Ready], None]) -> None:
        """Run until it is told to end."""
        ready_file = self._options.ready_file
        if ready_file is not None:
            ready_file = Path(os.path.abspath(ready_file))  # noqa: PTH100
            _clear(ready_file)
        with explained(self._data / "tls"):
            # The certificates' time is the system's: clients judge them by that.
            certificates = ensure_certificates(self._data / "tls", self._clock.system_now())

        def started() -> None:
            content = ready_content(
                address=self._address,
                control=self._control,
                ca=certificates.authority,
                garages=garages(),
                vehicles=self._vehicles,
            )
            if ready_file is not None:
                with explained(ready_file):
                    write_whole(ready_file, content)
            on_ready(content)

        try:
            self._serve(certificates, ending, started)
        finally:
            if ready_file is not None:
                ready_file.unlink(missing_ok=True)

    def _serve(self, certificates: Certificates, ending: EndSignals, started: Callable[[], None]) -> None:
        reports = self._data / "reports.toml"
        options = self._options
        recorder = Recorder()
        rules = Rules(options.fault_seed, self._clock, () if options.gentle else MILD)
        connections = Connections()
        handshakes = Handshakes(
            certificates,
            self._data / "tls",
            rules=rules,
            clock=self._clock,
            recorder=recorder,
            connections=connections,
        )
        rules.around_tls_rules(handshakes.prepare, connections.end_idle)

        def around(app: Starlette) -> ASGIApp:
            connections.ending = False
            misbehaving = Misbehaving(
                app, rules, self._clock, slow_vehicles=self._slow_vehicles, ending=lambda: connections.ending
            )
            app.router.routes.extend(self._vehicle_routes())
            app.router.lifespan_context = self._reviewed_meanwhile(app.router.lifespan_context)
            return Recording(misbehaving, recorder, self._clock)

        controlled = Controlled(
            self._clock,
            rules,
            recorder,
            api=f"{self._address}/api",
            names={garage.username: garage.name for garage in garages()},
        )
        with (
            played_sources_beside(self._table) as sources,
            control_port_beside(controlled, self._control_listener),
        ):
            with explained(reports):
                write_report_setup(reports, sources=sources, documents=certificates.documents)
            serve_on_embedded(
                self._postgres,
                Settings(environment=Environment.BETA, database_url="", public_url=self._address, reports=str(reports)),
                [self._listener],
                ending,
                tls=handshakes.context(),
                prepare=self._prepare,
                on_started=started,
                clock=self._clock,
                surroundings=Surroundings(around, connections.protocol()),
            )

    def _vehicle_routes(self) -> list[BaseRoute]:
        return vehicle_routes(
            lambda: self._world,
            self._vehicles,
            today=lambda: belgian_day(self._clock.now()),
            control=self._control,
        )

    def _reviewed_meanwhile(self, opened: Lifespan[Starlette]) -> Lifespan[Starlette]:
        """What is open while the registry serves, and a reviewer beside it."""

        @asynccontextmanager
        async def lifespan(app: Starlette) -> AsyncIterator[None]:
            async with opened(app), running(_reviewer(service_of(app).pool, self._clock, self._reviews)):
                yield

        return lifespan

    async def _prepare(self, url: str) -> None:
        today = belgian_day(self._clock.now())
        options = self._options
        await migrate_embedded(self._postgres)
        self._world = await fill(url, today, seed=options.seed, fleet=options.fleet)
        self._table.update(played_table(self._world))
        self._slow_vehicles.update(slow_vehicles(self._world))
        self._reviews.update(reviews(self._world))
        await open_desk(url, self._world, self._clock)
        if options.fleet is not None:
            write_garages(options.fleet, self._data)
        self._vehicles[:] = await vehicles_now(url, today)


def _reviewer(pool: Pool, clock: Clock, reviews: Mapping[str, Review]) -> Reviewer:
    """The sandbox's own reviewer, under the name of the second one who can log in."""
    _, second, *_ = desk_logins()
    return Reviewer(pool, clock, reviews, username=second.username)


def _port(listener: socket) -> int:
    port: int = listener.getsockname()[1]
    return port


def _clear(ready_file: Path) -> None:
    """Remove what an earlier sandbox left behind: it must not pass for ours. And see that ours can be written."""
    if ready_file.is_dir():
        raise ExplainedError(
            f"The ready file {ready_file} cannot be written.",
            "It is a folder.",
            "Name a file: --ready-file FOLDER/ready.json",
        )
    with explained(ready_file):
        ready_file.unlink(missing_ok=True)
        ready_file.parent.mkdir(parents=True, exist_ok=True)
        probe = ready_file.with_name(f".{ready_file.name}.{os.getpid()}")
        probe.touch()
        probe.unlink()
