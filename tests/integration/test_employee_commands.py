"""`odopass registry employee …`, on real databases."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest
from click.testing import Result
from typer.testing import CliRunner

from odopass.registry.accounts.passwords import matches
from odopass.registry.accounts.secret import Secret
from odopass.registry.employees.commands import employee

pytestmark = pytest.mark.requirement("R7")

ADD = ("add", "Anna.A", "--name", "Anna [bold]A[/bold]", "--role", "reviewer", "--role", "auditor")


async def run(url: str, *arguments: str, given: str | None = None) -> Result:
    # In a thread: the command runs an event loop of its own.
    asked = [*arguments, "--database-url", url]
    return await asyncio.to_thread(CliRunner().invoke, employee, asked, input=given, env={"COLUMNS": "160"})


async def test_an_employee_is_added_with_a_password_that_is_shown_once(database_url: str, pool: asyncpg.Pool) -> None:
    added = await run(database_url, *ADD)
    assert added.exit_code == 0, added.output
    assert "Anna [bold]A[/bold]" in added.stdout
    password = added.stdout.partition("Password:")[2].split()[0]
    row = await pool.fetchrow("select username, roles, password_hash from employee")
    assert (row["username"], row["roles"]) == ("anna.a", ["auditor", "reviewer"])
    assert matches(row["password_hash"], Secret(password))
    listed = await run(database_url, "list")
    assert "anna.a" in listed.stdout
    assert password not in listed.stdout


async def test_reset_takes_the_second_factor_off_and_logs_out(database_url: str, pool: asyncpg.Pool) -> None:
    await run(database_url, *ADD)
    await pool.execute("update employee set totp_secret = 'JBSWY3DPEHPK3PXP', recovery_codes = '{x}'")
    await pool.execute("insert into employee_session select 'x', id, 'x', now(), now() from employee")
    changed = await run(database_url, "reset", "anna.a", "--password-stdin", given="vier vogels vliegen over\n")
    assert changed.exit_code == 0, changed.output
    assert "vogels" not in changed.output
    row = await pool.fetchrow("select password_hash, totp_secret, recovery_codes from employee")
    assert matches(row["password_hash"], Secret("vier vogels vliegen over"))
    assert (row["totp_secret"], row["recovery_codes"]) == (None, [])
    assert await pool.fetchval("select count(*) from employee_session") == 0


async def test_an_employee_is_locked_and_let_in_again_and_given_other_roles(
    database_url: str, pool: asyncpg.Pool
) -> None:
    await run(database_url, *ADD)
    for command, state in (("lock", "locked"), ("unlock", "active")):
        assert (await run(database_url, command, "anna.a")).exit_code == 0
        assert await pool.fetchval("select state from employee") == state
    told = json.loads((await run(database_url, "roles", "anna.a", "--role", "administrator", "--json")).stdout)
    assert told["roles"] == ["administrator"]


@pytest.mark.parametrize(
    ("arguments", "given", "code"),
    [
        (("lock", "nobody"), None, 4),
        (ADD, None, 5),
        (("add", "Ä", "--name", "Ä", "--role", "reviewer"), None, 6),
        (("add", "b b", "--name", "B", "--role", "reviewer"), None, 6),
        (("reset", "anna.a", "--password-stdin"), "wachtwoord1234\n", 6),
        (("reset", "anna.a", "--password-stdin"), "short\n", 6),
        (("add", "bert", "--name", "B"), None, 2),
        (("add", "bert", "--name", "B", "--role", "chief"), None, 2),
    ],
)
async def test_what_cannot_be_done_is_told_with_an_exit_code(
    database_url: str, arguments: tuple[str, ...], given: str | None, code: int
) -> None:
    await run(database_url, *ADD)
    refused = await run(database_url, *arguments, given=given)
    assert refused.exit_code == code, refused.output


async def test_a_database_that_is_away_is_told() -> None:
    refused = await run("postgresql://127.0.0.1:1/none", "list")
    assert refused.exit_code == 3
    assert "cannot be reached" in refused.output
