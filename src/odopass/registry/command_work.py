"""What commands share that do one thing with the registry's database: reaching it, and telling what goes wrong."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn, TypeVar

import asyncpg
import typer

from odopass.registry.accounts import passwords
from odopass.registry.accounts.reaching import database_at, database_in
from odopass.registry.accounts.secret import Secret
from odopass.registry.postgres import ExplainedError

if TYPE_CHECKING:
    from odopass.registry.store.database import Database

EXIT_NO_DATABASE: Final = 3

Result = TypeVar("Result")


def with_database(
    work: Callable[[Database], Awaitable[Result]], database_url: str | None, data: Path | None, *, lacks: str
) -> Result:
    """Do something with the registry's database, whether the registry is running or not.

    What goes wrong with the database ends the command in words, with exit code 3. What goes wrong with the work is
    raised, for its command to tell.

    Args:
        work: what is done.
        database_url: of a PostgreSQL of one's own; None with `data`.
        data: the folder of an embedded one; None with `database_url`.
        lacks: what a database has not that was never brought up to date, such as ``table of accounts``.
    """
    if (database_url is None) == (data is None):
        raise typer.BadParameter(
            "give either --database-url or --data (or one of their variables), whichever the registry was started with"
        )

    async def connected() -> Result:
        opened = database_in(data, say) if data is not None else database_at(database_url or "")
        async with opened as database:
            return await work(database)

    try:
        return asyncio.run(connected())
    except ExplainedError as error:
        fail(str(error), EXIT_NO_DATABASE)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        fail(
            f"The database has no {lacks}.\n"
            "  What to do: check the address, or bring it up to date with `odopass registry migrate`.",
            EXIT_NO_DATABASE,
        )
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        fail(f"The database failed: {str(error) or type(error).__name__}", EXIT_NO_DATABASE)


def say(text: str) -> None:
    """Tell people something beside a command's output."""
    typer.echo(text, err=True)


def fail(message: str, code: int) -> NoReturn:
    """End the command with a message and an exit code."""
    say(message)
    raise typer.Exit(code)


def new_password(*, from_stdin: bool) -> Secret:
    """A password from standard input, or a new one. Never from an argument: other users can see those."""
    if not from_stdin:
        return passwords.generate()
    if sys.stdin.isatty():
        return Secret(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return Secret(sys.stdin.readline().rstrip("\r\n"))


def print_json(content: object) -> None:
    """Print a command's output for scripts."""
    typer.echo(json.dumps(content, ensure_ascii=False, indent=2))
