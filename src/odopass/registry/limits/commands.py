"""The commands `odopass registry limit …`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from odopass.registry.accounts import accounts
from odopass.registry.accounts.accounts import NoSuchAccount
from odopass.registry.accounts.commands import Data, Json, Url
from odopass.registry.command_work import fail, with_database
from odopass.registry.limits import stored
from odopass.registry.limits.limit import DEFAULTS, MOST, Limit
from odopass.registry.limits.stored import SetLimit

if TYPE_CHECKING:
    from odopass.registry.store.database import Database

Result = TypeVar("Result")

EXIT_NO_SUCH_ACCOUNT: Final = 4

_EPILOG = "Exit codes: 0 done; 2 wrong usage; 3 the database cannot be reached; 4 no such account."
_LEAST_RATE: Final = 0.01

limit = typer.Typer(
    name="limit",
    no_args_is_help=True,
    help="How many requests garages may make: list, set, unset. A running registry follows within about a second.",
    add_completion=False,
)


def _known(name: str) -> str:
    if name not in DEFAULTS:
        raise typer.BadParameter(f"there is no limit {name!r}; there is {', '.join(sorted(DEFAULTS))}")
    return name


Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", callback=_known, help="Which limit: requests, all operations together.", show_default=False
    ),
]
Account = Annotated[
    str | None,
    typer.Option(
        "--account",
        metavar="ACCOUNT",
        help="For this user name or establishment number. Without: for all that have none of their own.",
        show_default=False,
    ),
]


@limit.command("list", epilog=_EPILOG)
def list_(*, database_url: Url = None, data: Data = None, as_json: Json = False) -> None:
    """List the limits: what holds for all, and what single garages have."""
    found = _run(stored.list_all, database_url, data)
    general = {each.name for each in found if each.establishment is None}
    rows = [_Row(name, None, None, DEFAULTS[name], "as odopass comes") for name in DEFAULTS if name not in general]
    rows += [_Row.of(each) for each in found]
    rows.sort(key=lambda row: (row.name, row.establishment or ""))
    if as_json:
        typer.echo(json.dumps([row.as_json() for row in rows], ensure_ascii=False, indent=2))
        return
    table = Table("Limit", "Garage", "Establishment", "A second", "At once", "Reason")
    for row in rows:
        whose = ("all", "") if row.establishment is None else (row.garage or "", row.establishment)
        cells = (row.name, *whose, f"{row.limit.rate:g}", str(row.limit.burst), row.reason)
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)


@limit.command("set", epilog=_EPILOG)
def set_(
    name: Name,
    *,
    rate: Annotated[
        float, typer.Option(metavar="N", min=_LEAST_RATE, max=MOST, help="Requests a second, in the long run.")
    ],
    burst: Annotated[int, typer.Option(metavar="N", min=1, max=MOST, help="Requests at once, after a rest.")],
    account: Account = None,
    reason: Annotated[str, typer.Option(metavar="TEXT", help="For your colleagues.")] = "",
    database_url: Url = None,
    data: Data = None,
) -> None:
    """Set a limit for one garage, or for all that have none of their own."""

    async def work(database: Database) -> str:
        account_id, whose = await _account(database, account)
        await stored.set_limit(database, name, account_id, Limit(rate, burst), reason)
        return whose

    whose = _run(work, database_url, data)
    typer.echo(f"{whose}: {rate:g} {name} a second, {burst} at once.")


@limit.command(epilog=_EPILOG)
def unset(name: Name, *, account: Account = None, database_url: Url = None, data: Data = None) -> None:
    """Take back a limit that was set: the garage has what all have, or all have what odopass comes with."""

    async def work(database: Database) -> tuple[str, bool]:
        account_id, whose = await _account(database, account)
        return whose, await stored.unset_limit(database, name, account_id)

    whose, was = _run(work, database_url, data)
    typer.echo(f"{whose}: the limit was taken back." if was else f"{whose}: none was set.")


class _Row:
    """A line of the list."""

    def __init__(self, name: str, establishment: str | None, garage: str | None, limit: Limit, reason: str) -> None:
        self.name = name
        self.establishment = establishment
        self.garage = garage
        self.limit = limit
        self.reason = reason

    @classmethod
    def of(cls, each: SetLimit) -> _Row:
        return cls(each.name, each.establishment, each.garage, each.limit, each.reason)

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "establishment": self.establishment,
            "garage": self.garage,
            "rate": self.limit.rate,
            "burst": self.limit.burst,
            "reason": self.reason,
        }


async def _account(database: Database, key: str | None) -> tuple[int | None, str]:
    """The number of an account and what it is called; None for all."""
    if key is None:
        return None, "All garages"
    found = await accounts.find(database, key)
    return found.id, f"{found.name} ({found.establishment})"


def _run(work: Callable[[Database], Awaitable[Result]], database_url: str | None, data: Path | None) -> Result:
    try:
        return with_database(work, database_url, data, lacks="table of limits")
    except NoSuchAccount as error:
        fail(str(error), EXIT_NO_SUCH_ACCOUNT)
