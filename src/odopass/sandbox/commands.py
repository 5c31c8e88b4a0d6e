"""The commands `odopass sandbox` and `odopass demo`."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from odopass.clock import SystemClock, belgian_day
from odopass.registry.logs import configure_logs
from odopass.registry.postgres import ExplainedError
from odopass.registry.postgres.faults import explained
from odopass.sandbox.control.commands import clock, fault
from odopass.sandbox.control.serving import DEFAULT_PORT
from odopass.sandbox.fleet import GARAGES_FILE
from odopass.sandbox.ready_file import Ready
from odopass.sandbox.running import SandboxOptions, run_sandbox
from odopass.sandbox.telling import tell_ready
from odopass.wire.dates import format_wire_date

EXIT_CANNOT_RUN = 3

_EPILOG = "Exit codes: 0 ended as told (Ctrl-C or SIGTERM); 2 wrong usage; 3 it cannot run, and says why."

sandbox = typer.Typer(
    name="sandbox",
    add_completion=False,
    pretty_exceptions_show_locals=False,
    invoke_without_command=True,
    subcommand_metavar="[COMMAND] [ARGS]...",
    epilog=_EPILOG,
)
sandbox.add_typer(fault, name="fault")
sandbox.add_typer(clock, name="clock")


@sandbox.callback(epilog=_EPILOG)
def run(
    context: typer.Context,
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The folder of the sandbox: database, certificates, log. It is made at the first start and kept. "
            "Needed to run one.",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(metavar="N", min=0, max=65_535, help="The port on 127.0.0.1; 0 takes any free one.")
    ] = 8443,
    control_port: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=65_535,
            help="The port of faults, clock and traffic on 127.0.0.1, in plain HTTP; 0 takes any free one. By default "
            f"{DEFAULT_PORT}, or any free one if another program has that.",
        ),
    ] = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Written when requests are taken, removed at the end: JSON with the address, the CA's certificate, "
            "the garages with their passwords, and the vehicles.",
        ),
    ] = None,
    gentle: Annotated[
        bool,
        typer.Option("--gentle", help="Answer as a healthy registry does, save for what rules ask for."),
    ] = False,
    fault_seed: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=0,
            max=2**31,
            help="Decides about misbehaviour by chance: the same seed and the same requests, the same faults. "
            "By default another at each start; it is printed.",
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, max=2**31, help="Other vehicles with the same purposes; counts at the first start."
        ),
    ] = None,
    fleet: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Load a fleet that 'odopass simulate write' made, save for its last year, which is left to be played. "
            f"The accounts of its garages are written to {GARAGES_FILE} in the folder of --data.",
        ),
    ] = None,
) -> None:
    """Run a registry with test garages and test vehicles on this machine, over HTTPS, to develop a DMS against.

    Garages, passwords, vehicles and dates stay the same from one start to the next, and so does what was reported.
    Unless --gentle is given, it misbehaves a little, as networks do: now and then an answer comes late, or not at all.
    What was stored stays right. The commands below make a running sandbox do worse, and move its clock.
    """
    if context.invoked_subcommand is not None:
        return
    if data is None:
        raise typer.BadParameter("Name the sandbox's folder: --data DIR", param_hint="--data")
    system_clock = SystemClock()
    console = Console()
    chance = secrets.randbelow(2**31) if fault_seed is None else fault_seed

    def ready(content: Ready) -> None:
        today = format_wire_date(belgian_day(system_clock.now()))
        tell_ready(console, content, today=today, log=str(log), fault_seed=None if gentle else chance)

    log = data / "sandbox.log"
    try:
        with explained(data):
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with explained(log):
            stream = log.open("a", encoding="utf-8")
        with stream:
            configure_logs("info", stream=stream)
            options = SandboxOptions(
                data,
                port,
                ready_file,
                seed,
                fleet,
                control_port=control_port,
                fault_seed=chance,
                gentle=gentle,
            )
            run_sandbox(options, system_clock, tell=_say, on_ready=ready)
    except ExplainedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_CANNOT_RUN) from None
    console.print("The sandbox has ended. Start it again with the same --data to go on.", highlight=False)


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
