"""A sandbox from its start to its end."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from odopass.clock import Clock, belgian_day
from odopass.registry.journal.guarding import migrate_embedded
from odopass.registry.postgres import EmbeddedPostgres, ExplainedError
from odopass.registry.postgres.faults import explained
from odopass.registry.postgres.folder_lock import FolderLock
from odopass.registry.serving.alone import serve_on_embedded
from odopass.registry.serving.ending import EndSignals
from odopass.registry.serving.listening import listen
from odopass.registry.serving.tls import server_context
from odopass.registry.settings import Environment, Settings
from odopass.sandbox.certificates import ensure_certificates
from odopass.sandbox.filling import fill
from odopass.sandbox.fleet import write_garages
from odopass.sandbox.played_sources import PlayedVehicle, played_sources_beside
from odopass.sandbox.present import VehicleNow, vehicles_now
from odopass.sandbox.ready_file import Ready, ready_content, write_whole
from odopass.sandbox.report_setup import write_report_setup
from odopass.sandbox.report_vehicles import played_table
from odopass.sandbox.reviews import open_desk
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
    """

    data: Path
    port: int
    ready_file: Path | None
    seed: int | None = None
    fleet: Path | None = None


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
            with listen(HOST, options.port) as listener:
                _run(options, data, listener, ending, clock=clock, tell=tell, on_ready=on_ready)
        finally:
            lock.release()


def _run(
    options: SandboxOptions,
    data: Path,
    listener: socket,
    ending: EndSignals,
    *,
    clock: Clock,
    tell: Callable[[str], None],
    on_ready: Callable[[Ready], None],
) -> None:
    ready_file = options.ready_file
    if ready_file is not None:
        ready_file = Path(os.path.abspath(ready_file))  # noqa: PTH100
        _clear(ready_file)
    address = f"https://{HOST}:{listener.getsockname()[1]}"
    with explained(data / "tls"):
        certificates = ensure_certificates(data / "tls", clock.now())
    vehicles: list[VehicleNow] = []
    table: dict[str, PlayedVehicle] = {}
    reports = data / "reports.toml"
    postgres = EmbeddedPostgres(data, tell=tell)

    async def prepare(url: str) -> None:
        today = belgian_day(clock.now())
        await migrate_embedded(postgres)
        world = await fill(url, today, seed=options.seed, fleet=options.fleet)
        table.update(played_table(world))
        await open_desk(url, world, clock)
        if options.fleet is not None:
            write_garages(options.fleet, data)
        vehicles[:] = await vehicles_now(url, today)

    def started() -> None:
        content = ready_content(address=address, ca=certificates.authority, garages=garages(), vehicles=vehicles)
        if ready_file is not None:
            with explained(ready_file):
                write_whole(ready_file, content)
        on_ready(content)

    try:
        with played_sources_beside(table) as sources:
            with explained(reports):
                write_report_setup(reports, sources=sources, documents=certificates.documents)
            serve_on_embedded(
                postgres,
                Settings(environment=Environment.BETA, database_url="", public_url=address, reports=str(reports)),
                [listener],
                ending,
                tls=server_context(certificates.server),
                prepare=prepare,
                on_started=started,
                clock=clock,
            )
    finally:
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)


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
