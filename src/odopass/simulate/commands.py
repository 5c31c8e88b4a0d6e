"""`odopass simulate …`: write a fleet as files, or play one as traffic.

Exit codes: 0 done; 1 it could not be done (files, network); 2 an option is wrong.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import time
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NoReturn
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from odopass.simulate.fleet import FleetPlan
from odopass.simulate.playlist import count_readings, load_accounts, readings_of
from odopass.simulate.traffic import Player, Tally
from odopass.simulate.writing import Format, Written, file_sizes, write_fleet

app = typer.Typer(
    no_args_is_help=True,
    help="A simulated national fleet: realistic readings, mistakes and frauds, each labelled with the truth.",
)

_BRUSSELS = ZoneInfo("Europe/Brussels")
_FAILED = 1

_Json = Annotated[bool, typer.Option("--json", help="Print the summary as JSON on standard output.")]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no date; write it as 2026-06-30") from None


@app.command()
def write(
    *,
    vehicles: Annotated[int, typer.Option(help="How many vehicles; about 12 readings each.")],
    until: Annotated[
        date,
        typer.Option(parser=_day, metavar="DATE", help="Last day whose readings have arrived, such as 2026-06-30."),
    ],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the files; made if it is missing.")],
    seed: Annotated[int, typer.Option(help="Another seed gives another fleet; the same one the same bytes.")] = 1,
    kind: Annotated[Format, typer.Option("--format", help="Which files to write.")] = Format.PARQUET,
    as_json: _Json = False,
) -> None:
    """Simulate a fleet and write its tables: vehicles, plates, garages, readings and sales."""
    try:
        plan = FleetPlan(seed, vehicles, until)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    begun = time.monotonic()
    console = Console(stderr=True)
    try:
        with _progress(console) as progress:
            task = progress.add_task("vehicles", total=vehicles)
            written = write_fleet(plan, out, kind, lambda done: progress.update(task, completed=done))
    except FileExistsError as error:
        _fail(console, f"{error}. Choose another folder with --out, or remove that one.")
    except OSError as error:
        _fail(console, f"cannot write the fleet to {out}: {error.strerror or error}.")
    if as_json:
        typer.echo(json.dumps({**written.as_json(), "folder": str(out)}))
    else:
        _show_written(written, out, time.monotonic() - begun)


@app.command()
def play(
    *,
    api: Annotated[
        str, typer.Option(metavar="URL", help="Base address of the registry, such as https://127.0.0.1:8443/api.")
    ],
    ca: Annotated[Path, typer.Option(exists=True, dir_okay=False, help="Certificate (PEM) of the registry's CA.")],
    garages: Annotated[
        Path,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="JSON with the accounts to send with: a list, or the sandbox's ready file.",
        ),
    ],
    fleet: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Folder that 'odopass simulate write' filled.")
    ],
    rate: Annotated[
        float, typer.Option(min=0, help="Readings a second at most; 0 as fast as the registry answers.")
    ] = 10,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after so many readings.")] = None,
    since: Annotated[
        date | None, typer.Option(parser=_day, metavar="DATE", help="Only readings dated on this day or later.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Send a fleet's readings to a registry over HTTPS, in the order of arrival, and follow each to its outcome.

    The fleet's garages share the given accounts. A request for a vehicle's history whose day is past is sent as an
    ordinary reading, since the registry takes such requests on their day only.
    """
    console = Console(stderr=True)
    try:
        accounts = load_accounts(garages)
        total = count_readings(fleet, since, limit)
        trust = ssl.create_default_context(cafile=ca)
        with _progress(console) as progress:
            task = progress.add_task("readings", total=total)
            player = Player(
                api,
                trust,
                accounts,
                today=lambda: datetime.now(_BRUSSELS).date(),
                on_progress=lambda tally: progress.update(task, completed=tally.settled),
            )
            tally = asyncio.run(player.play(readings_of(fleet, since, limit), rate or None))
    except ssl.SSLError as error:
        _fail(console, f"{ca} holds no usable certificate: {error.reason or error}.")
    except (OSError, ValueError) as error:
        _fail(console, f"{error}.")
    if as_json:
        typer.echo(json.dumps(tally.as_json()))
    else:
        _show_tally(tally)
    if tally.settled and all(set(counter) == {"UNREACHABLE"} for counter in tally.outcomes.values()):
        _fail(console, f"{api} did not answer. Is the registry running, and is {ca} its CA?")


def _progress(console: Console) -> Progress:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console)


def _fail(console: Console, message: str) -> NoReturn:
    console.print(f"[bold red]Error:[/] {message}", highlight=False, soft_wrap=True)
    raise typer.Exit(_FAILED)


def _show_written(written: Written, out: Path, seconds: float) -> None:
    console = Console()
    table = Table(title=f"Simulated fleet in {out}", caption="All of it invented.")
    table.add_column("table")
    table.add_column("rows", justify="right")
    for name, rows in written.rows.items():
        table.add_row(name, f"{rows:,}")
    console.print(table)
    truths = Table(title="The truth about its readings")
    truths.add_column("truth")
    truths.add_column("readings", justify="right")
    truths.add_column("share", justify="right")
    for truth, count in written.truths.items():
        truths.add_row(truth, f"{count:,}", f"{count / max(written.rows['readings'], 1):.3%}")
    console.print(truths)
    console.print(f"{file_sizes(out, written.files) / 1e6:,.1f} MB in {seconds:.1f} s")


def _show_tally(tally: Tally) -> None:
    outcomes = sorted({outcome for counter in tally.outcomes.values() for outcome in counter})
    table = Table(title="What became of the readings", caption=_caption(tally))
    table.add_column("truth")
    for outcome in outcomes:
        table.add_column(outcome, justify="right")
    for truth, counter in sorted(tally.outcomes.items()):
        table.add_row(truth, *(f"{counter[outcome]:,}" for outcome in outcomes))
    Console().print(table)


def _caption(tally: Tally) -> str | None:
    if not tally.as_ordinary:
        return None
    return f"{tally.as_ordinary:,} requests for a report were sent as ordinary readings: their day is past."
