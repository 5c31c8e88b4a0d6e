"""The command `odopass demo`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from odopass.clock import SystemClock
from odopass.registry.postgres import ExplainedError
from odopass.registry.serving.ending import EndSignals
from odopass.sandbox.demo.garage import Unexpected
from odopass.sandbox.demo.running import run_demo
from odopass.sandbox.demo.screen import Screen

EXIT_NOT_AS_TOLD = 1
EXIT_CANNOT_RUN = 3
EXIT_INTERRUPTED = 130

_EPILOG = (
    "Exit codes: 0 every step came out as told; 1 one did not; 2 wrong usage; 3 it cannot run, and says why; "
    "130 interrupted during the tour."
)

demo = typer.Typer(name="demo", add_completion=False, pretty_exceptions_show_locals=False)


@demo.command("demo", epilog=_EPILOG)
def run(
    *,
    leaves: Annotated[
        bool,
        typer.Option(
            "--exit",
            help="End when the tour is done. So it does anyway when the input is not a terminal, as in scripts.",
        ),
    ] = False,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="An empty folder that is kept. Without: one that is removed at the end.",
            show_default=False,
        ),
    ] = None,
    vehicles: Annotated[
        int, typer.Option(metavar="N", min=10, max=100_000, help="How many vehicles the simulated fleet has.")
    ] = 1_500,
) -> None:
    """Start a registry with invented garages and vehicles, send real observations over TLS, and tell what happens.

    After the tour the registry goes on, for looking around, until Ctrl-C.
    """
    console = Console()
    stays = not leaves and sys.stdin.isatty()
    try:
        with EndSignals():
            run_demo(Screen(console), SystemClock(), data=data, vehicles=vehicles, stays=stays)
    except KeyboardInterrupt:
        console.print("\nThe demo was interrupted; its registry has ended.")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    except Unexpected as error:
        typer.echo(f"\nThis is not how the story goes.\n  {error}", err=True)
        raise typer.Exit(EXIT_NOT_AS_TOLD) from None
    except ExplainedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(EXIT_CANNOT_RUN) from None
