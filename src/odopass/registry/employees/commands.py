"""The commands `odopass registry employee …` (R7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from odopass.registry.accounts.commands import Data, Json, PasswordStdin, Url
from odopass.registry.accounts.passwords import WeakPassword
from odopass.registry.accounts.secret import Secret
from odopass.registry.command_work import fail, new_password, print_json, with_database
from odopass.registry.employees import employees
from odopass.registry.employees.employees import Employee, EmployeeError, EmployeeExists, NoSuchEmployee, Role

if TYPE_CHECKING:
    from odopass.registry.store.database import Database

Result = TypeVar("Result")

EXIT_NO_SUCH_EMPLOYEE = 4
EXIT_EMPLOYEE_EXISTS = 5
EXIT_BAD_INPUT = 6

_EPILOG = (
    "Exit codes: 0 done; 2 wrong usage; 3 the database cannot be reached; 4 no such employee; "
    "5 the user name is taken; 6 a name, role or password was refused."
)

employee = typer.Typer(
    name="employee",
    no_args_is_help=True,
    help="Who works at the desk: add, reset, lock, unlock, roles, list. They work while the registry runs, too.",
    epilog=_EPILOG,
    pretty_exceptions_show_locals=False,
)

Key = Annotated[str, typer.Argument(metavar="USERNAME", help="What they log in with.", show_default=False)]
Roles = Annotated[
    list[Role],
    typer.Option(
        "--role",
        help="What they may do; repeat it for several. reviewer decides cases, administrator manages accounts, "
        "auditor sees what the others did.",
        show_default=False,
    ),
]


@employee.command(epilog=_EPILOG)
def add(
    username: Key,
    *,
    name: Annotated[str, typer.Option("--name", help="What colleagues call them.", show_default=False)],
    role: Roles,
    password_stdin: PasswordStdin = False,
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Give an employee an account. Its password is made and shown once."""
    password = new_password(from_stdin=password_stdin)

    async def work(database: Database) -> Employee:
        return await employees.add(database, username=username, name=name, roles=role, password=password)

    _tell(_run(work, database_url, data), "has an account now", None if password_stdin else password, as_json=as_json)


@employee.command(epilog=_EPILOG)
def reset(
    username: Key,
    *,
    password_stdin: PasswordStdin = False,
    database_url: Url = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Give an employee a new password, shown once, take their second factor off and log them out. A lock stays."""
    password = new_password(from_stdin=password_stdin)
    changed = _run(lambda database: employees.reset_password(database, username, password), database_url, data)
    _tell(changed, "has a new password", None if password_stdin else password, as_json=as_json)


@employee.command(epilog=_EPILOG)
def lock(username: Key, *, database_url: Url = None, data: Data = None, as_json: Json = False) -> None:
    """Lock an employee out at once, wherever they are logged in."""
    changed = _run(lambda database: employees.set_locked(database, username, locked=True), database_url, data)
    _tell(changed, "is locked out", as_json=as_json)


@employee.command(epilog=_EPILOG)
def unlock(username: Key, *, database_url: Url = None, data: Data = None, as_json: Json = False) -> None:
    """Let a locked employee log in again, with the password they had."""
    changed = _run(lambda database: employees.set_locked(database, username, locked=False), database_url, data)
    _tell(changed, "can log in", as_json=as_json)


@employee.command(epilog=_EPILOG)
def roles(username: Key, *, role: Roles, database_url: Url = None, data: Data = None, as_json: Json = False) -> None:
    """Change what an employee may do, from their next click on."""
    changed = _run(lambda database: employees.set_roles(database, username, role), database_url, data)
    _tell(changed, f"may do now what these roles may: {', '.join(sorted(changed.roles))}", as_json=as_json)


@employee.command("list", epilog=_EPILOG)
def list_(*, database_url: Url = None, data: Data = None, as_json: Json = False) -> None:
    """List everybody by name."""
    found = _run(employees.list_all, database_url, data)
    if as_json:
        print_json([_as_json(each) for each in found])
        return
    table = Table("Name", "User name", "Roles", "State", "Second factor", "Changed (UTC)")
    for each in found:
        cells = (
            each.name,
            each.username,
            ", ".join(sorted(each.roles)),
            _state(each),
            "yes" if each.second_factor else "no",
            f"{each.changed_at:%Y-%m-%d %H:%M}",
        )
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)


def _run(work: Callable[[Database], Awaitable[Result]], database_url: str | None, data: Path | None) -> Result:
    try:
        return with_database(work, database_url, data, lacks="table of employees")
    except NoSuchEmployee as error:
        fail(str(error), EXIT_NO_SUCH_EMPLOYEE)
    except EmployeeExists as error:
        fail(str(error), EXIT_EMPLOYEE_EXISTS)
    except (EmployeeError, WeakPassword) as error:
        fail(str(error), EXIT_BAD_INPUT)


def _tell(changed: Employee, what: str, password: Secret | None = None, *, as_json: bool) -> None:
    if as_json:
        shown = _as_json(changed)
        if password is not None:
            shown["password"] = password.reveal()
        print_json(shown)
        return
    typer.echo(f"{changed.name} {what}.")
    typer.echo(f"  User name: {changed.username}")
    if password is not None:
        typer.echo(f"  Password:  {password.reveal()}")
        typer.echo("It is shown only now. They change it at the desk, under their name; `reset` makes another one.")
    if changed.locked and "locked" not in what:
        typer.echo("The account is locked; `unlock` lets them log in.")


def _as_json(each: Employee) -> dict[str, object]:
    return {
        "username": each.username,
        "name": each.name,
        "roles": sorted(each.roles),
        "state": _state(each),
        "secondFactor": each.second_factor,
        "changedAt": each.changed_at.isoformat(),
    }


def _state(each: Employee) -> str:
    if each.locked:
        return "locked"
    return "OpenID Connect" if each.password_hash is None else "active"
