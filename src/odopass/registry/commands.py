"""The commands `odopass registry …`."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import asyncpg
import structlog
import typer

from odopass.registry import tracing
from odopass.registry.accounts.commands import account
from odopass.registry.accounts.reaching import database_at
from odopass.registry.backup.commands import add_backup_commands
from odopass.registry.deliveries import commands as deliveries
from odopass.registry.desk.options import Desk, DeskSetupFile, DeskUrl
from odopass.registry.desk.setup import read_desk_setup
from odopass.registry.employees.commands import employee
from odopass.registry.journal.commands import add_journal_commands
from odopass.registry.journal.guarding import migrate_embedded, powers_over_journal
from odopass.registry.limits.commands import limit
from odopass.registry.logs import configure_logs
from odopass.registry.maintenance.calendar import WeeklyWindow
from odopass.registry.maintenance.commands import maintenance
from odopass.registry.postgres import EmbeddedPostgres, ExplainedError, PostgresUnavailable
from odopass.registry.report.setup import check_setup
from odopass.registry.serving import many
from odopass.registry.serving.alone import serve_on, serve_on_embedded
from odopass.registry.serving.ending import EndSignals
from odopass.registry.serving.listening import listen
from odopass.registry.serving.many import Crew
from odopass.registry.serving.process import run, work
from odopass.registry.serving.tls import Certificate, server_context
from odopass.registry.settings import Environment, Settings
from odopass.registry.store.migrate import migrate

_log = structlog.get_logger(__name__)

Result = TypeVar("Result")

EXIT_CANNOT_RUN = 3

_UNGUARDED = (
    "The journal is not guarded: the role that the registry works as could change it. "
    "Run `odopass registry guard-journal` as an administrator of the database."
)

_EPILOG = "Exit codes: 0 done, or ended as told (Ctrl-C or SIGTERM); 2 wrong usage; 3 it cannot run, and says why."

registry = typer.Typer(
    name="registry",
    no_args_is_help=True,
    help="Run a registry: take observations in, judge them, tell garages the outcome.",
    pretty_exceptions_show_locals=False,
    add_completion=False,
)
registry.add_typer(account)
registry.add_typer(employee)
registry.add_typer(maintenance)
registry.add_typer(limit)
add_backup_commands(registry)
registry.command("import-vehicles", epilog=deliveries.EPILOG)(deliveries.import_vehicles)
registry.command("import-readings", epilog=deliveries.EPILOG)(deliveries.import_readings)
add_journal_commands(registry)


class LogLevel(StrEnum):
    """Which lines of the log are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


Url = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        metavar="URL",
        envvar="ODOPASS_DATABASE_URL",
        show_envvar=True,
        help="A PostgreSQL of your own, 15 or newer: postgresql://user:password@host/database. Better given by the "
        "variable: every user of the machine sees arguments.",
        show_default=False,
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="ODOPASS_DATA",
        show_envvar=True,
        help="The folder of the embedded PostgreSQL. Without --data and --database-url: odopass/registry in the user's "
        "data directory.",
        show_default=False,
    ),
]
Reports = Annotated[
    Path | None,
    typer.Option(
        "--reports",
        metavar="FILE",
        envvar="ODOPASS_REPORTS",
        show_envvar=True,
        help="The TOML file that sets up reports: outside sources, and the key that signs. Without: reports are "
        "made of the registry's own readings, and not signed. Give all machines of a registry the same.",
        show_default=False,
    ),
]
Level = Annotated[LogLevel, typer.Option("--log-level", help="The log goes to standard error, one JSON object a line.")]


@registry.command(epilog=_EPILOG)
def serve(
    *,
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="What to listen on; 127.0.0.1 is for this machine only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", min=0, max=65_535, help="0 takes any free port.")] = 8080,
    data: Data = None,
    database_url: Url = None,
    environment: Annotated[
        Environment,
        typer.Option(help="beta refuses members of a body that it does not know, production ignores them."),
    ] = Environment.PRODUCTION,
    public_url: Annotated[
        str, typer.Option(metavar="URL", help="The address of the public pages, as the world sees it.")
    ] = "",
    tls_cert: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="A certificate with its chain, in PEM. Repeat it, with --tls-key, to offer one with an RSA key and "
            "one with an ECDSA key. Without: plain HTTP, for something in front that ends TLS.",
            show_default=False,
        ),
    ] = None,
    tls_key: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", exists=True, dir_okay=False, help="The key of each certificate, in PEM.", show_default=False
        ),
    ] = None,
    api_processes: Annotated[int, typer.Option(metavar="N", min=1, max=256, help="Processes that serve.")] = 1,
    workers: Annotated[
        int,
        typer.Option(metavar="N", min=0, max=256, help="Processes that only judge; 0: those that serve judge as well."),
    ] = 0,
    maintenance_window: Annotated[
        str,
        typer.Option(
            metavar="WINDOW",
            help="A weekly window, in Belgian time, in which every operation answers 503 with Retry-After: "
            "thu 19:00-24:00. Work that was taken in goes on. Without: only `odopass registry maintenance` closes.",
            show_default=False,
        ),
    ] = "",
    reports: Reports = None,
    desk: Desk = True,
    desk_url: DeskUrl = "",
    desk_setup: DeskSetupFile = None,
    log_level: Level = LogLevel.INFO,
) -> None:
    """Serve the API and judge what comes in, on the embedded PostgreSQL or on one of your own.

    The database is brought up to date first. Processes that die are started anew.
    """
    _check_one_database(data, database_url)
    try:
        window = str(WeeklyWindow.parse(maintenance_window)) if maintenance_window else ""
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--maintenance-window") from None
    certificates = _certificates(tls_cert, tls_key)
    configure_logs(log_level)
    scheme = "https" if certificates else "http"
    try:
        tracing.asked_for()
        setup = _checked(reports)
        read_desk_setup(desk_setup)
        tls = _context(certificates)
        with listen(host, port) as listener:
            bound = listener.getsockname()[1]
            address = f"{scheme}://{f'[{host}]' if ':' in host else host}:{bound}"
            settings = Settings(
                environment,
                database_url or "",
                public_url=(public_url or address).rstrip("/"),
                reports=setup,
                maintenance=window,
                desk=desk,
                desk_url=desk_url.rstrip("/"),
                desk_setup=None if desk_setup is None else str(desk_setup.absolute()),
            )
            _log.info("listening", address=address, environment=environment.value)
            crew = Crew(api_processes, workers, certificates, log_level)
            alone = api_processes == 1 and workers == 0
            if database_url is not None:
                run(_migrated(database_url))
            with EndSignals() as ending:
                if database_url is not None and alone:
                    serve_on(settings, [listener], ending, tls=tls, on_started=_serving)
                elif database_url is not None:
                    many.run_on(settings, listener, crew, ending)
                elif alone:
                    postgres = EmbeddedPostgres(data or default_data_folder(), tell=_say)
                    serve_on_embedded(
                        postgres,
                        settings,
                        [listener],
                        ending,
                        tls=tls,
                        prepare=_prepared(postgres),
                        on_started=_serving,
                    )
                else:
                    postgres = EmbeddedPostgres(data or default_data_folder(), tell=_say)
                    many.run_on_embedded(postgres, settings, listener, crew, ending, prepare=_prepared(postgres))
    except KeyboardInterrupt:
        _log.info("ended as told")
    except ExplainedError as error:
        _fail(error)


@registry.command(epilog=_EPILOG)
def worker(
    *,
    database_url: Url = None,
    workers: Annotated[int, typer.Option(metavar="N", min=1, max=256, help="Processes that judge.")] = 1,
    environment: Annotated[
        Environment, typer.Option(help="As the registry's API was given it.")
    ] = Environment.PRODUCTION,
    reports: Reports = None,
    log_level: Level = LogLevel.INFO,
) -> None:
    """Judge only, beside a registry that serves elsewhere: this is how machines are added.

    The database must be one that the registry's other machines use; it is left as it is.
    """
    if database_url is None:
        raise typer.BadParameter("give --database-url or ODOPASS_DATABASE_URL: the database of the registry to help")
    configure_logs(log_level)
    try:
        tracing.asked_for()
        settings = Settings(environment, database_url, reports=_checked(reports))
        with EndSignals() as ending:
            run(_reached(database_url))
            if workers == 1:
                _log.info("judging")
                run(work(settings))
            else:
                many.run_on(settings, None, Crew(0, workers, log_level=log_level), ending)
    except KeyboardInterrupt:
        _log.info("ended as told")
    except ExplainedError as error:
        _fail(error)


@registry.command("migrate", epilog=_EPILOG)
def migrate_(
    *,
    data: Data = None,
    database_url: Url = None,
) -> None:
    """Bring the database to this program's tables. `serve` does so by itself; this is for doing it beforehand.

    Changes that only add something can be made while an earlier version of the program runs.
    """
    _check_one_database(data, database_url)
    try:
        if database_url is not None:
            applied, powers = asyncio.run(_migrate(database_url))
        else:
            with EmbeddedPostgres(data or default_data_folder(), tell=_say) as postgres:
                applied, powers = asyncio.run(_explained(migrate_embedded(postgres))), []
    except ExplainedError as error:
        _fail(error)
    for name in applied:
        typer.echo(f"applied {name}")
    if not applied:
        typer.echo("The database is up to date.")
    if powers:
        typer.echo(_UNGUARDED, err=True)


def default_data_folder() -> Path:
    """Where the embedded PostgreSQL keeps its data if nothing is said: in the user's data directory."""
    if os.geteuid() == 0:
        return Path("/var/lib/odopass/registry")
    base = os.environ.get("XDG_DATA_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".local" / "share") / "odopass" / "registry"


def _check_one_database(data: Path | None, database_url: str | None) -> None:
    if data is not None and database_url is not None:
        raise typer.BadParameter("give --data or --database-url (or one of their variables), not both")


def _certificates(chains: list[Path] | None, keys: list[Path] | None) -> tuple[Certificate, ...]:
    chains, keys = chains or [], keys or []
    if len(chains) != len(keys):
        raise typer.BadParameter(
            f"{len(chains)} --tls-cert and {len(keys)} --tls-key are given; give one key for each certificate, in order"
        )
    return tuple(Certificate(chain.absolute(), key.absolute()) for chain, key in zip(chains, keys, strict=True))


def _checked(reports: Path | None) -> str | None:
    """The file that sets up reports, for processes that may be in another folder; wrong ones are told at once."""
    if reports is None:
        return None
    asyncio.run(check_setup(reports))
    return str(reports.absolute())


def _context(certificates: tuple[Certificate, ...]) -> ssl.SSLContext | None:
    if not certificates:
        return None
    try:
        return server_context(certificates)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(each.chain) for each in certificates)
        raise ExplainedError(
            "The certificates cannot be used.",
            f"Of {files}: {error}",
            "Give PEM files this user may read, each --tls-key that of the --tls-cert in the same place.",
        ) from error


async def _migrated(url: str) -> None:
    applied, powers = await _migrate(url)
    for name in applied:
        _log.info("migrated", migration=name)
    if powers:
        _log.warning("the journal is not guarded", powers=powers, do=_UNGUARDED)


def _prepared(postgres: EmbeddedPostgres) -> Callable[[str], Coroutine[Any, Any, None]]:
    async def prepare(_: str) -> None:
        for name in await _explained(migrate_embedded(postgres)):
            _log.info("migrated", migration=name)

    return prepare


async def _migrate(url: str) -> tuple[list[str], list[str]]:
    """The migrations applied, and what this role could do to the journal that it should not."""
    return await _explained(_migrate_and_look(url))


async def _migrate_and_look(url: str) -> tuple[list[str], list[str]]:
    applied = await migrate(url)
    async with database_at(url) as database:
        return applied, await powers_over_journal(database)


async def _explained(work: Awaitable[Result]) -> Result:
    try:
        return await work
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _unreachable(error) from error


async def _reached(url: str) -> None:
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise _unreachable(error) from error
    await connection.close()


def _unreachable(error: Exception) -> PostgresUnavailable:
    return PostgresUnavailable(
        "The database cannot be used.",
        f"{str(error) or type(error).__name__}.",
        "Check that PostgreSQL runs, and the address: postgresql://user:password@host:port/database. "
        "Its user must be allowed to make tables.",
    )


def _serving() -> None:
    _log.info("serving")


def _say(text: str) -> None:
    _log.info("waiting", what=text)


def _fail(error: ExplainedError) -> NoReturn:
    typer.echo(str(error), err=True)
    raise typer.Exit(EXIT_CANNOT_RUN) from None
