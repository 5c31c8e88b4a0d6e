"""The commands `odopass registry account …` (R8)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from odopass.domain.history import SourceKind
from odopass.registry.accounts import accounts
from odopass.registry.accounts.accounts import Account, AccountError, AccountExists, AccountState, NoSuchAccount
from odopass.registry.accounts.passwords import WeakPassword
from odopass.registry.accounts.secret import Secret
from odopass.registry.command_work import fail, new_password, print_json, with_database

if TYPE_CHECKING:
    from odopass.registry.store.database import Database

Result = TypeVar("Result")

EXIT_NO_SUCH_ACCOUNT = 4
EXIT_ACCOUNT_EXISTS = 5
EXIT_BAD_INPUT = 6

_EPILOG = (
    "Exit codes: 0 done; 2 wrong usage; 3 the database cannot be reached; 4 no such account; "
    "5 the establishment has an account, or the user name is taken; 6 a number, name or password was refused."
)

account = typer.Typer(
    name="account",
    no_args_is_help=True,
    help="Garages' accounts: add, reset, lock, unlock, rename, list. They work while the registry runs, too.",
    epilog=_EPILOG,
    pretty_exceptions_show_locals=False,
)

Key = Annotated[str, typer.Argument(metavar="ACCOUNT", help="User name or establishment number.", show_default=False)]
Url = Annotated[
    str | None,
    typer.Option(
        "--database-url",
        metavar="URL",
        envvar="ODOPASS_DATABASE_URL",
        show_envvar=True,
        help="The registry's PostgreSQL: postgresql://user@host/database.",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        envvar="ODOPASS_DATA",
        show_envvar=True,
        help="The data folder of a registry with embedded PostgreSQL, running or not.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]
PasswordStdin = Annotated[
    bool,
    typer.Option(
        "--password-stdin",
        help="Take the password from standard input (its first line; asked for on a terminal) instead of making one.",
    ),
]


class ReadBy(StrEnum):
    """Who reads the odometers of an account's vehicles."""

    GARAGE = "garage"
    INSPECTION = "inspection"
    CONNECTED = "connected"


@account.command(epilog=_EPILOG)
def add(
    establishment: Annotated[str, typer.Argument(help="KBO establishment number, 10 digits.", show_default=False)],
    *,
    enterprise: Annotated[
        str, typer.Option("--enterprise", help="KBO number of its enterprise, 10 digits.", show_default=False)
    ],
    name: Annotated[str, typer.Option("--name", help="What employees call the garage.", show_default=False)],
    username: Annotated[
        str | None, typer.Option("--username", help="Another user name than the establishment number, for tests.")
    ] = None,
    source: Annotated[
        ReadBy,
        typer.Option(
            "--source",
            help="Who reads the odometers: a garage, an inspection body, or connected vehicles themselves. The last "
            "two may deliver files (import-readings); reports tell the kind.",
        ),
    ] = ReadBy.GARAGE,
    password_stdin: PasswordStdin = False,
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Give an establishment an account. Its password is made and shown once."""
    password = new_password(from_stdin=password_stdin)

    async def work(database: Database) -> Account:
        return await accounts.add(
            database,
            establishment=establishment,
            enterprise=enterprise,
            name=name,
            username=username,
            password=password,
            source=SourceKind(source),
        )

    added = _run(work, database_url, data)
    _tell(added, "has an account now", None if password_stdin else password, as_json=as_json)


@account.command(epilog=_EPILOG)
def reset(
    key: Key,
    *,
    password_stdin: PasswordStdin = False,
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Give an account a new password, shown once.

    The new one works at once; the old one at most 60 s longer. A lock stays.
    """
    password = new_password(from_stdin=password_stdin)
    changed = _run(lambda database: accounts.reset_password(database, key, password), database_url, data)
    _tell(changed, "has a new password", None if password_stdin else password, as_json=as_json)


@account.command(epilog=_EPILOG)
def lock(
    key: Key,
    *,
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Lock an account: within 60 s nobody can log in with it any more."""
    changed = _run(lambda database: accounts.lock(database, key), database_url, data)
    _tell(changed, "is locked; within 60 s nobody can log in with it", as_json=as_json)


@account.command(epilog=_EPILOG)
def unlock(
    key: Key,
    *,
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Let a locked account log in again, with the password it had."""
    changed = _run(lambda database: accounts.unlock(database, key), database_url, data)
    _tell(changed, "can log in", as_json=as_json)


@account.command(epilog=_EPILOG)
def rename(
    key: Key,
    *,
    name: Annotated[str | None, typer.Option("--name", help="What employees call the garage from now on.")] = None,
    username: Annotated[
        str | None, typer.Option("--username", help="What it logs in with from now on; tell the garage.")
    ] = None,
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Change what employees call a garage (--name) or what it logs in with (--username)."""
    if name is None and username is None:
        raise typer.BadParameter("give --name, --username or both")
    changed = _run(lambda database: accounts.rename(database, key, name=name, username=username), database_url, data)
    _tell(changed, "has its new name", as_json=as_json)


@account.command("list", epilog=_EPILOG)
def list_(
    *,
    containing: Annotated[
        str, typer.Option("--containing", metavar="TEXT", help="Only accounts with this in a name or number.")
    ] = "",
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """List accounts by the garage's name."""
    found = _run(lambda database: accounts.list_all(database, containing=containing), database_url, data)
    if as_json:
        print_json([_as_json(item) for item in found])
        return
    table = Table("Garage")
    for heading in ("Establishment", "Enterprise", "User name", "State", "Changed (UTC)"):
        table.add_column(heading, no_wrap=True)  # numbers are copied from here
    for item in found:
        username = "the same" if item.username == item.establishment else item.username
        changed = f"{item.changed_at:%Y-%m-%d %H:%M}"
        cells = (item.name, item.establishment, item.enterprise, username, _state(item), changed)
        table.add_row(*(Text(cell) for cell in cells))
    console = Console()
    console.print(table)
    console.print(f"{len(found)} account{'' if len(found) == 1 else 's'}", highlight=False)


def _run(work: Callable[[Database], Awaitable[Result]], database_url: str | None, data: Path | None) -> Result:
    try:
        return with_database(work, database_url, data, lacks="table of accounts")
    except NoSuchAccount as error:
        fail(str(error), EXIT_NO_SUCH_ACCOUNT)
    except AccountExists as error:
        fail(str(error), EXIT_ACCOUNT_EXISTS)
    except (AccountError, WeakPassword) as error:
        fail(str(error), EXIT_BAD_INPUT)


def _tell(changed: Account, what: str, password: Secret | None = None, *, as_json: bool) -> None:
    if as_json:
        shown = _as_json(changed)
        if password is not None:
            shown["password"] = password.reveal()
        print_json(shown)
        return
    typer.echo(f"{changed.name} ({changed.establishment}) {what}.")
    typer.echo(f"  User name: {changed.username}")
    if password is not None:
        typer.echo(f"  Password:  {password.reveal()}")
        typer.echo("It is shown only now. Hand it to the garage in a safe way; `reset` makes another one.")
    if changed.state is AccountState.LOCKED and "locked" not in what:
        typer.echo("The account is locked; `unlock` lets the garage log in.")


def _as_json(item: Account) -> dict[str, str]:
    return {
        "username": item.username,
        "establishment": item.establishment,
        "enterprise": item.enterprise,
        "name": item.name,
        "state": _state(item),
        "changedAt": item.changed_at.isoformat(),
    }


def _state(item: Account) -> str:
    if item.state is AccountState.ACTIVE and item.password_hash is None:
        return "without password"
    return item.state.value
