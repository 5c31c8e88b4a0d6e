"""The commands `odopass registry import-vehicles` and `import-readings` (R2).

What they need to read files is imported when they run: it takes its time, and the other commands do without.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias, TypeVar

import asyncpg
import typer
from rich.console import Console
from rich.table import Table

from odopass.clock import SystemClock
from odopass.registry.accounts.commands import Data, Url
from odopass.registry.accounts.reaching import database_at, server_in
from odopass.registry.command_work import fail, say
from odopass.registry.deliveries.refusing import FileRefused
from odopass.registry.logs import configure_logs
from odopass.registry.postgres import ExplainedError
from odopass.registry.serving.ending import EndSignals, until_told

if TYPE_CHECKING:
    from odopass.registry.deliveries.chunks import DeliveredFile
    from odopass.registry.deliveries.showing import Shown
    from odopass.registry.deliveries.taking_in import Importing

Result = TypeVar("Result")
#: Gives, for a file, what is told of the bytes that were looked through.
Looking: TypeAlias = Callable[[Path], Callable[[int], None]]

EXIT_NO_DATABASE: Final = 3
EXIT_LINES_LEFT_OUT: Final = 4
EXIT_FILE_REFUSED: Final = 5
EXIT_INTERRUPTED: Final = 130

EPILOG: Final = (
    "Exit codes: 0 done, every line is in; 2 wrong usage; 3 the database cannot be reached, is away or full; "
    "4 done, but lines were left out; 5 a file cannot be used; 130 interrupted. After 3, 5 and 130 the same command "
    "goes on where it stopped."
)

Files = Annotated[
    list[Path],
    typer.Argument(metavar="FILE...", exists=True, dir_okay=False, help="CSV or Parquet.", show_default=False),
]
Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        metavar="THEIRS=OURS",
        help="The file calls a column otherwise: its name there, and ours. Repeat it for each.",
        show_default=False,
    ),
]
AtOnce = Annotated[
    int,
    typer.Option("--lines-at-once", metavar="N", min=1, max=1_000_000, help="Lines that share a transaction."),
]
Patience = Annotated[
    int,
    typer.Option(metavar="SECONDS", min=0, help="How long a database that goes away is waited for."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the outcome as JSON on standard output, and no bar.")]


def import_vehicles(
    files: Files,
    *,
    column: Columns = None,
    rejects: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Where the lines that are left out go, with their numbers and why. Without: FILE.rejects.csv beside "
            "each file.",
            show_default=False,
        ),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Take a file in once more that is done already.")] = False,
    lines_at_once: AtOnce = 100_000,
    patience: Patience = 600,
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Take in an authority's vehicles and plates from CSV or Parquet files, while the registry runs or not.

    A killed import goes on where it stopped when the same command is given again; a file that is done changes nothing.
    """
    from odopass.registry.vehicles.extracts import open_extract  # noqa: PLC0415 - see above
    from odopass.registry.vehicles.importing import import_vehicles as import_file  # noqa: PLC0415

    if rejects is not None and len(files) > 1:
        raise typer.BadParameter("one file of rejected lines cannot serve several files", param_hint="--rejects")
    own_names = _own_names(column)

    async def one(importing: Importing, file: DeliveredFile) -> dict[str, Any]:
        imported = await import_file(importing, file, rejects=rejects, again=again)
        return imported.as_json()

    told = run_import(
        lambda looking: [open_extract(path, own_names, looking(path)) for path in files],
        one,
        database_url=database_url,
        data=data,
        lines_at_once=lines_at_once,
        patience=patience,
        quiet=as_json,
    )
    _tell(told, as_json=as_json)


def import_readings(
    files: Files,
    *,
    source: Annotated[
        str,
        typer.Option(
            metavar="ACCOUNT",
            help="Who delivers: user name or establishment number of an account added with --source inspection or "
            "connected.",
            show_default=False,
        ),
    ],
    column: Columns = None,
    outcomes: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="Where the outcome of every line goes. Without: FILE.outcomes.csv beside each file.",
            show_default=False,
        ),
    ] = None,
    lines_at_once: AtOnce = 5_000,
    patience: Patience = 600,
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Take in readings of an inspection body or of connected vehicles from CSV or Parquet files, and judge them.

    Every line is judged by the rules that hold for garages, once. A killed import goes on where it stopped when the
    same command is given again; a file that is done is not judged again, and its outcomes are written as they stand.
    """
    from odopass.registry.deliveries.readings import import_readings as import_file  # noqa: PLC0415 - see above
    from odopass.registry.deliveries.readings import source_of  # noqa: PLC0415
    from odopass.registry.intake.delivered import open_readings  # noqa: PLC0415

    if outcomes is not None and len(files) > 1:
        raise typer.BadParameter("one file of outcomes cannot serve several files", param_hint="--outcomes")
    own_names = _own_names(column)
    configure_logs("error")  # what is settled is told by the outcomes

    async def one(importing: Importing, file: DeliveredFile) -> dict[str, Any]:
        found = await source_of(importing.address, source)
        return (await import_file(importing, file, found, outcomes=outcomes)).as_json()

    told = run_import(
        lambda looking: [open_readings(path, own_names, looking(path)) for path in files],
        one,
        database_url=database_url,
        data=data,
        lines_at_once=lines_at_once,
        patience=patience,
        quiet=as_json,
    )
    _tell(told, as_json=as_json)


def run_import(
    opened: Callable[[Looking], list[DeliveredFile]],
    one: Callable[[Importing, DeliveredFile], Awaitable[Result]],
    *,
    database_url: str | None,
    data: Path | None,
    lines_at_once: int,
    patience: int,
    quiet: bool,
) -> list[Result]:
    """Look the files through, reach the database and take one file after another in; explain what goes wrong."""
    from odopass.registry.deliveries.showing import shown  # noqa: PLC0415 - see above
    from odopass.registry.deliveries.taking_in import Importing  # noqa: PLC0415

    if (database_url is None) == (data is None):
        raise typer.BadParameter(
            "give either --database-url or --data (or one of their variables), whichever the registry was started with"
        )

    told: list[Result] = []

    async def all_of_them(files: list[DeliveredFile], bars: Shown) -> None:
        async with _address(database_url, data) as address:
            importing = Importing(
                address,
                SystemClock(),
                lines_at_once=lines_at_once,
                patience_seconds=patience,
                tell=say,
                on_progress=bars.update,
            )
            for file in files:
                told.append(await one(importing, file))  # noqa: PERF401 - each is told once it is done

    try:
        with shown(visible=not quiet) as bars, _ending() as ending:
            files = opened(bars.looking)
            with ending.deferred():
                asyncio.run(until_told(ending, all_of_them(files, bars)))
            ending.check()
    except KeyboardInterrupt:
        fail("Interrupted. What was taken in stays; the same command goes on from there.", EXIT_INTERRUPTED)
    except FileRefused as error:
        fail(str(error), EXIT_FILE_REFUSED)
    except ExplainedError as error:
        fail(str(error), EXIT_NO_DATABASE)
    except asyncpg.UndefinedTableError:
        fail(
            "The database lacks the tables of this program.\n"
            "  What to do: check the address, or bring it up to date with `odopass registry migrate`.",
            EXIT_NO_DATABASE,
        )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        fail(f"The database failed: {str(error) or type(error).__name__}", EXIT_NO_DATABASE)
    return told


def _ending() -> AbstractContextManager[EndSignals]:
    """SIGTERM ends an import as Ctrl-C does, so that a server that was started for it is stopped."""
    in_main_thread = threading.current_thread() is threading.main_thread()
    return EndSignals() if in_main_thread else nullcontext(EndSignals())


@asynccontextmanager
async def _address(database_url: str | None, data: Path | None) -> AsyncIterator[str]:
    if data is not None:
        async with server_in(data, say) as address:
            yield address
        return
    async with database_at(database_url or ""):
        pass  # a wrong address is told at once, and not waited for
    yield database_url or ""


def _own_names(column: list[str] | None) -> dict[str, str]:
    pairs = [each.rpartition("=") for each in column or ()]
    if wrong := [f"{theirs}{ours}" for theirs, _, ours in pairs if not theirs or not ours]:
        raise typer.BadParameter(f"{wrong[0]!r} is not THEIRS=OURS", param_hint="--column")
    return {theirs.strip(): ours.strip() for theirs, _, ours in pairs}


def _tell(told: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for each in told:
            _show(each)
    if any(each["counts"].get("rejected") for each in told):
        raise typer.Exit(EXIT_LINES_LEFT_OUT)


def _show(told: dict[str, Any]) -> None:
    console = Console()
    counts = told["counts"]
    lines, rejected = counts.get("lines", 0), counts.get("rejected", 0)
    console.print(f"{told['file']}", highlight=False, markup=False, soft_wrap=True)
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for name, words in _WORDS.items():
        if name in counts:
            table.add_row(words, f"{counts[name]:,}")
    console.print(table)
    before = told["state"] == "done before"
    if before:
        console.print("It was taken in before; nothing was changed. --again takes it in once more.")
    elif told["seconds"]:
        console.print(f"{told['seconds']:,.1f} s in this run", highlight=False)
    for remark in told["remarks"]:
        console.print(f"Note: {remark}.", highlight=False, markup=False)
    if told["columnsNotUsed"]:
        console.print(f"Columns not used: {', '.join(told['columnsNotUsed'])}.", highlight=False, markup=False)
    if rejected:
        text = f"{rejected:,} of {lines:,} lines were left out."
        if "rejects" in told:
            text += f" They are in {told['rejects']}, each with the reason; correct them there and import that file."
        console.print(text, highlight=False, markup=False, soft_wrap=True)
    if "outcomes" in told:
        console.print(f"The outcome of every line is in {told['outcomes']}.", highlight=False, soft_wrap=True)


#: What counts are called for people.
_WORDS: Final = {
    "lines": "lines",
    "rejected": "left out",
    "vehiclesAdded": "vehicles added",
    "vehiclesChanged": "vehicles changed",
    "vehiclesUnchanged": "vehicles unchanged",
    "linesOverruledByLaterOnes": "overruled by later lines",
    "platesWritten": "spans of plates written",
    "PROCESSED": "count as readings (PROCESSED)",
    "REVIEWING": "wait for an employee (REVIEWING)",
    "ERROR": "refused (ERROR)",
    "ISSUE": "wait for the source (ISSUE)",
    "ONGOING": "not judged yet (ONGOING)",
}
