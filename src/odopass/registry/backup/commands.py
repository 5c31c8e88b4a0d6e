"""The commands `odopass registry backup`, `restore` and `archive` (R14)."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from odopass.clock import SystemClock
from odopass.registry.accounts.commands import Data, Url
from odopass.registry.backup.archive import forget_before, keep_archive
from odopass.registry.backup.base import write_base_backup
from odopass.registry.backup.dumping import load_dump, restore_dump, write_dump
from odopass.registry.backup.kept import Facts
from odopass.registry.backup.moment import parse_moment, told
from odopass.registry.backup.restoring import restore_base_backup
from odopass.registry.backup.serving_folder import served
from odopass.registry.command_work import fail, say
from odopass.registry.postgres import ExplainedError

EXIT_CANNOT: Final = 3
EXIT_INTERRUPTED: Final = 130
_EPILOG: Final = (
    "Exit codes: 0 done; 2 wrong usage; 3 it cannot be done, and says why; 130 interrupted, and nothing is left behind."
)
_MEBIBYTE: Final = 1024 * 1024


def add_backup_commands(registry: typer.Typer) -> None:
    """Add what this module defines to the commands of the registry."""
    for command in (backup, restore, archive):
        registry.command(epilog=_EPILOG)(command)


def backup(
    target: Annotated[
        Path,
        typer.Argument(metavar="DIR|FILE", help="The folder (with --dump: the file) to be made; it may not exist."),
    ],
    *,
    dump: Annotated[
        bool,
        typer.Option(
            "--dump",
            help="Write the content into one file, which other major versions of PostgreSQL can load too, "
            "instead of copying the database's files.",
        ),
    ] = False,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Copy the registry's database, while it runs or not, and check the copy.

    With what `odopass registry archive` keeps, a copy leads to any moment after it was made.
    """
    _check_one(data, database_url, "whichever the registry was started with")
    if database_url is not None and not dump:
        raise typer.BadParameter(
            "a PostgreSQL of your own is copied by its own tools (pg_basebackup, pgbackrest, barman); give --dump to "
            "write a dump of it"
        )
    with _explained():
        if not dump:
            assert data is not None  # noqa: S101 - checked above
            with _bar("copied") as progress:
                facts = write_base_backup(
                    target.absolute(), data.absolute(), clock=SystemClock(), tell=say, progress=progress
                )
            typer.echo(f"{target}: {facts.bytes / _MEBIBYTE:,.0f} MiB, whole at {told(facts.ended)}.")
            return
        if database_url is not None:
            size = write_dump(target.absolute(), database_url, tell=say)
        else:
            assert data is not None  # noqa: S101 - checked above
            with served(data.absolute(), say) as url:
                size = write_dump(target.absolute(), url, tell=say)
        typer.echo(f"{target}: {size / _MEBIBYTE:,.1f} MiB.")


def restore(
    source: Annotated[
        Path, typer.Argument(metavar="DIR|FILE", exists=True, help="What `odopass registry backup` has written.")
    ],
    *,
    archive: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            file_okay=False,
            exists=True,
            help="The folder that `odopass registry archive` writes: goes on from the backup with what it has.",
        ),
    ] = None,
    until: Annotated[
        str,
        typer.Option(
            metavar="MOMENT",
            help='Stop at this moment: "2026-11-25 14:00" in Belgian time, or "2026-11-25 13:00 UTC". Needs --archive.',
        ),
    ] = "",
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            envvar="ODOPASS_DATA",
            show_envvar=True,
            help="The folder to be made, with all that a registry with embedded PostgreSQL needs.",
        ),
    ] = None,
    database_url: Annotated[
        str | None,
        typer.Option(
            "--database-url",
            metavar="URL",
            envvar="ODOPASS_DATABASE_URL",
            show_envvar=True,
            help="An empty database, to be filled from a dump: postgresql://user@host/database.",
        ),
    ] = None,
) -> None:
    """Make a registry's database from a backup: a new data folder, or, from a dump, the content of an empty database.

    The backup is checked first. A folder in use or with something in it is refused.
    """
    _check_one(data, database_url, "where to restore to")
    try:
        moment = parse_moment(until) if until else None
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--until") from None
    if moment is not None and archive is None:
        raise typer.BadParameter("a backup alone leads to its own end; give --archive too", param_hint="--until")
    dump = source.is_file()
    if dump and archive is not None:
        raise typer.BadParameter("a dump has no archive that continues it", param_hint="--archive")
    if database_url is not None and not dump:
        raise typer.BadParameter("a base backup is restored into a folder: give --data", param_hint="--database-url")
    with _explained():
        if database_url is not None:
            load_dump(source.absolute(), database_url, tell=say)
            typer.echo("Restored.")
            return
        assert data is not None  # noqa: S101 - checked above
        if dump:
            restore_dump(source.absolute(), data.absolute(), tell=say)
            typer.echo(f"Restored to {data}.")
            return
        if moment is not None:
            say(f"restoring what was there at {told(moment)}")
        with _bar("copied") as progress:
            last = restore_base_backup(
                source.absolute(),
                data.absolute(),
                archive=archive.absolute() if archive is not None else None,
                until=moment,
                tell=say,
                progress=progress,
            )
        typer.echo(f"Restored to {data}." + (f" The last change in it was made at {last}." if last else ""))


def archive(
    target: Annotated[Path, typer.Argument(metavar="DIR", file_okay=False, help="The folder for the log of changes.")],
    *,
    data: Annotated[
        Path,
        typer.Option(
            metavar="DIR",
            envvar="ODOPASS_DATA",
            show_envvar=True,
            help="The folder of a registry with embedded PostgreSQL.",
            show_default=False,
        ),
    ],
    forget_before_: Annotated[
        Path | None,
        typer.Option(
            "--forget-before",
            metavar="BACKUP",
            exists=True,
            file_okay=False,
            help="Remove what only backups older than this one need, and end.",
        ),
    ] = None,
) -> None:
    """Copy the log of changes of a running registry, each change as it is committed, until told to end.

    Run it beside `odopass registry serve`, onto another disk. Begin with it before the first backup.
    """
    with _explained():
        if forget_before_ is not None:
            removed = forget_before(target.absolute(), Facts.read(forget_before_.absolute()))
            typer.echo(f"{removed} pieces of the log removed.")
            return
        try:
            keep_archive(target.absolute(), data.absolute(), tell=say, ended=threading.Event())
        except KeyboardInterrupt:
            say("ended as told")


def _check_one(data: Path | None, database_url: str | None, which: str) -> None:
    if (database_url is None) == (data is None):
        raise typer.BadParameter(f"give either --data or --database-url: {which}")


@contextmanager
def _explained() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does, with everything cleared away; faults are told."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    before = os.umask(0o077)  # a backup is as private as the data
    try:
        yield
    except ExplainedError as error:
        fail(str(error), EXIT_CANNOT)
    except KeyboardInterrupt:
        fail("Interrupted; nothing is left behind.", EXIT_INTERRUPTED)
    finally:
        os.umask(before)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal; elsewhere nothing, since lines tell what is being done."""
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        disable=not Console(stderr=True).is_terminal,
        transient=True,
    )
    with bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=max(total, done))
