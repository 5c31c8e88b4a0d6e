"""`odopass registry limit …`, on a real database: what it prints and how it ends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import asyncpg
import pytest
from click.testing import Result
from tests.registry.population import Garage, add_garage
from typer.testing import CliRunner

from odopass.registry.limits.commands import limit

NOBODY = "postgresql://nobody@127.0.0.1:9/none"


async def run(url: str, *arguments: str) -> Result:
    # In a thread: the command runs an event loop of its own.
    return await asyncio.to_thread(
        CliRunner().invoke, limit, [*arguments, "--database-url", url], env={"COLUMNS": "140"}
    )


async def listed(url: str) -> list[dict[str, Any]]:
    return list(json.loads((await run(url, "list", "--json")).stdout))


async def garage_of(pool: asyncpg.Pool) -> Garage:
    return await add_garage(pool, 1, limited=True)


async def test_a_limit_is_set_for_one_garage_listed_and_taken_back(database_url: str, pool: asyncpg.Pool) -> None:
    garage = await garage_of(pool)
    general = {"name": "requests", "establishment": None, "garage": None, "rate": 50.0, "burst": 200}
    general["reason"] = "as odopass comes"
    assert await listed(database_url) == [general | {"rate": 50}]
    values = ("--rate", "500", "--burst", "2000", "--reason", "a lessor [bold]")
    done = await run(database_url, "set", "requests", *values, "--account", garage.establishment)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"Garage 1 ({garage.establishment}): 500 requests a second, 2000 at once.\n"
    assert await listed(database_url) == [
        general,
        {
            "name": "requests",
            "establishment": garage.establishment,
            "garage": "Garage 1",
            "rate": 500.0,
            "burst": 2000,
            "reason": "a lessor [bold]",
        },
    ]
    shown = (await run(database_url, "list")).stdout
    assert garage.establishment in shown
    assert "a lessor [bold]" in shown
    back = await run(database_url, "unset", "requests", "--account", garage.establishment)
    assert "was taken back" in back.stdout
    assert "none was set" in (await run(database_url, "unset", "requests", "--account", garage.username)).stdout
    assert await listed(database_url) == [general]


async def test_what_holds_for_all_is_set_and_taken_back(database_url: str) -> None:
    assert (await run(database_url, "set", "requests", "--rate", "0.5", "--burst", "1")).exit_code == 0
    (row,) = await listed(database_url)
    assert (row["establishment"], row["rate"], row["burst"]) == (None, 0.5, 1)
    assert (await run(database_url, "unset", "requests")).stdout == "All garages: the limit was taken back.\n"
    assert (await listed(database_url))[0]["rate"] == 50


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (("set", "logins", "--rate", "1", "--burst", "1"), 2, "there is requests"),
        (("set", "requests", "--rate", "0", "--burst", "1"), 2, "--rate"),
        (("set", "requests", "--rate", "1", "--burst", "0"), 2, "--burst"),
        (("set", "requests", "--rate", "nan", "--burst", "1"), 2, "--rate"),
        (("set", "requests", "--rate", "1", "--burst", "1", "--account", "2000000042"), 4, "2000000042"),
        (("unset", "requests", "--account", "2000000042"), 4, "2000000042"),
    ],
)
async def test_what_cannot_be_set_is_told(
    database_url: str, arguments: tuple[str, ...], code: int, complaint: str
) -> None:
    done = await run(database_url, *arguments)
    assert done.exit_code == code, done.output
    assert complaint in done.output


async def test_a_database_that_is_away_or_lacks_the_table_is_told(empty_database_url: str) -> None:
    away = await run(NOBODY, "list")
    assert (away.exit_code, "cannot be reached" in away.output) == (3, True)
    bare = await run(empty_database_url, "list")
    assert (bare.exit_code, "odopass registry migrate" in bare.output) == (3, True)
