"""The commands `odopass registry maintenance …` (W20)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from odopass.clock import BRUSSELS, SystemClock
from odopass.registry.accounts.commands import Data, Url
from odopass.registry.command_work import with_database
from odopass.registry.maintenance import switch

if TYPE_CHECKING:
    from odopass.registry.store.database import Database

Result = TypeVar("Result")


_EPILOG = "Exit codes: 0 done; 2 wrong usage; 3 the database cannot be reached."
_LONGEST_MINUTES: Final = 7 * 24 * 60

maintenance = typer.Typer(
    name="maintenance",
    no_args_is_help=True,
    help="Close the registry for maintenance and open it again, while it runs. A closed one answers 503 with "
    "Retry-After; what was taken in is judged all the same.",
    add_completion=False,
)


@maintenance.command(epilog=_EPILOG)
def on(
    *,
    minutes: Annotated[
        int,
        typer.Option(metavar="N", min=1, max=_LONGEST_MINUTES, help="How long; it ends by itself."),
    ],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="For your colleagues.")] = "",
    database_url: Url = None,
    data: Data = None,
) -> None:
    """Close the registry within about a second; an end that was set before is replaced."""
    until = SystemClock().now() + timedelta(minutes=minutes)
    _run(lambda database: switch.close(database, until, reason), database_url, data)
    typer.echo(f"Closed until {until.astimezone(BRUSSELS):%d/%m/%Y %H:%M} (Belgian time).")


@maintenance.command(epilog=_EPILOG)
def off(*, database_url: Url = None, data: Data = None) -> None:
    """Open the registry again. A weekly window that is open now stays so."""
    was = _run(lambda database: switch.reopen(database, SystemClock().now()), database_url, data)
    typer.echo("Open again." if was else "It was not closed by hand.")


@maintenance.command(epilog=_EPILOG)
def show(*, database_url: Url = None, data: Data = None) -> None:
    """Tell whether the registry is closed by hand."""
    state = _run(lambda database: switch.closed(database, SystemClock().now()), database_url, data)
    if state is None:
        typer.echo("Not closed by hand.")
        return
    why = f": {state.reason}" if state.reason else ""
    typer.echo(f"Closed until {state.until.astimezone(BRUSSELS):%d/%m/%Y %H:%M} (Belgian time){why}.")


def _run(work: Callable[[Database], Awaitable[Result]], database_url: str | None, data: Path | None) -> Result:
    return with_database(work, database_url, data, lacks="table of maintenance")
