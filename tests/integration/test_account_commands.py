"""`odopass registry account …`, on real databases: what it prints, how it ends, what it never shows."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from click.testing import Result
from prometheus_client import CollectorRegistry
from typer.testing import CliRunner

from odopass.registry.accounts.commands import account
from odopass.registry.accounts.credentials import Authenticator
from odopass.registry.accounts.secret import Secret
from odopass.registry.accounts.verdicts import Garage, Locked, Refused, Verdict
from odopass.registry.postgres import EmbeddedPostgres
from odopass.registry.store.migrate import migrate
from odopass.wire.kbo import enterprise_number, establishment_number

ESTABLISHMENT = establishment_number(21234567)
SISTER = establishment_number(21234568)
ENTERPRISE = enterprise_number(4174971)
TO_ADD = ("add", ESTABLISHMENT, "--enterprise", ENTERPRISE, "--name", "Garage [bold]Peeters[/bold]")

Command = Callable[..., Awaitable[Result]]


async def run(*arguments: str, given: str | None = None) -> Result:
    # In a thread: the command runs an event loop of its own.
    return await asyncio.to_thread(CliRunner().invoke, account, list(arguments), input=given, env={"COLUMNS": "120"})


@pytest_asyncio.fixture
async def command(database_url: str) -> Command:
    async def on_test_database(*arguments: str, given: str | None = None) -> Result:
        return await run(*arguments, "--database-url", database_url, given=given)

    return on_test_database


async def login(pool: asyncpg.Pool, password: str, username: str = ESTABLISHMENT) -> Verdict:
    authenticator = Authenticator(pool, metrics=CollectorRegistry())
    try:
        return await authenticator.verify(username, Secret(password), "192.0.2.1")
    finally:
        await authenticator.aclose()


@pytest.mark.requirement("R8")
async def test_an_added_garage_logs_in_with_the_password_that_was_printed(command: Command, pool: asyncpg.Pool) -> None:
    added = await command(*TO_ADD)
    assert added.exit_code == 0, added.output
    assert "Garage [bold]Peeters[/bold]" in added.stdout
    password = added.stdout.partition("Password:")[2].split()[0]
    assert isinstance(await login(pool, password), Garage)
    assert password not in (await command("list")).output


@pytest.mark.requirement("R8")
async def test_a_script_reads_json(command: Command, pool: asyncpg.Pool) -> None:
    added = json.loads((await command(*TO_ADD, "--json")).stdout)
    assert isinstance(await login(pool, added.pop("password")), Garage)
    listed = json.loads((await command("list", "--json")).stdout)
    assert listed == [added]
    assert {name: added[name] for name in ("username", "establishment", "enterprise", "name", "state")} == {
        "username": ESTABLISHMENT,
        "establishment": ESTABLISHMENT,
        "enterprise": ENTERPRISE,
        "name": "Garage [bold]Peeters[/bold]",
        "state": "active",
    }


@pytest.mark.requirement("R8")
async def test_a_password_can_be_given_on_standard_input_and_is_not_printed(
    command: Command, pool: asyncpg.Pool
) -> None:
    await command(*TO_ADD)
    given = "clé: été-à-Liège 2027"
    reset = await command("reset", ESTABLISHMENT, "--password-stdin", given=given + "\r\n")
    assert reset.exit_code == 0, reset.output
    assert given not in reset.output
    assert isinstance(await login(pool, given), Garage)


@pytest.mark.requirement("R8")
async def test_a_reset_replaces_the_password(command: Command, pool: asyncpg.Pool) -> None:
    old = json.loads((await command(*TO_ADD, "--json")).stdout)["password"]
    new = json.loads((await command("reset", ESTABLISHMENT, "--json")).stdout)["password"]
    assert isinstance(await login(pool, new), Garage)
    assert await login(pool, old) == Refused()


@pytest.mark.requirement("R8")
async def test_lock_and_unlock(command: Command, pool: asyncpg.Pool) -> None:
    password = json.loads((await command(*TO_ADD, "--json")).stdout)["password"]
    locked = await command("lock", ESTABLISHMENT)
    assert locked.exit_code == 0
    assert "is locked" in locked.stdout
    assert await login(pool, password) == Locked()
    assert "The account is locked" in (await command("rename", ESTABLISHMENT, "--name", "Peeters")).stdout
    assert (await command("unlock", ESTABLISHMENT)).exit_code == 0
    assert isinstance(await login(pool, password), Garage)


@pytest.mark.requirement("R8")
async def test_a_new_user_name_is_what_the_garage_logs_in_with(command: Command, pool: asyncpg.Pool) -> None:
    password = json.loads((await command(*TO_ADD, "--json")).stdout)["password"]
    assert (await command("rename", ESTABLISHMENT, "--username", "peeters")).exit_code == 0
    assert isinstance(await login(pool, password, "peeters"), Garage)
    assert await login(pool, password) == Refused()
    assert "peeters" in (await command("list", "--containing", ESTABLISHMENT)).stdout
    assert "0 accounts" in (await command("list", "--containing", "nowhere")).stdout


@pytest.mark.requirement("R8")
@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("lock", "nobody"), 4, "No account has the user name"),
        (TO_ADD, 5, "reset"),
        (("add", SISTER, "--enterprise", "0417497107", "--name", "Sister"), 6, "modulo 97"),
        (("reset", ESTABLISHMENT, "--password-stdin"), 6, "too short"),
        (("rename", ESTABLISHMENT), 2, "--username"),
        (("add", SISTER), 2, "--enterprise"),
    ],
)
async def test_what_cannot_be_done_says_why_and_has_its_exit_code(
    command: Command, arguments: tuple[str, ...], code: int, told: str
) -> None:
    await command(*TO_ADD)
    result = await command(*arguments, given="kort\n")
    assert result.exit_code == code, result.output
    assert told in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.output
    assert "kort" not in result.output


async def test_a_database_that_does_not_answer_has_a_message_and_exit_code_3(tmp_path: Path) -> None:
    url = f"postgresql://odopass:geheim@/odopass?host={tmp_path}"
    result = await run("list", "--database-url", url)
    assert result.exit_code == 3
    assert "What to do" in result.stderr
    assert "geheim" not in result.output


async def test_a_database_without_tables_says_so(empty_database_url: str) -> None:
    result = await run("list", "--database-url", empty_database_url)
    assert result.exit_code == 3
    assert "no table of accounts" in result.stderr


async def test_one_of_url_and_folder_must_be_given(tmp_path: Path, database_url: str) -> None:
    for arguments in ((), ("--data", str(tmp_path), "--database-url", database_url)):
        result = await run("list", *arguments)
        assert result.exit_code == 2
        assert "either" in result.stderr


async def test_a_mistyped_folder_does_not_become_a_registry(tmp_path: Path) -> None:
    result = await run("list", "--data", str(tmp_path / "mistyped"))
    assert result.exit_code == 3
    assert "There is no registry" in result.stderr
    assert not any(tmp_path.iterdir())  # noqa: ASYNC240 - an empty folder of the test


@pytest.mark.requirement("R8")
async def test_a_running_registry_s_folder_is_reached_through_its_server(postgres: EmbeddedPostgres) -> None:
    await migrate(postgres.dsn())
    before = postgres.pid
    try:
        result = await run(*TO_ADD, "--data", str(postgres.data_dir))
        assert result.exit_code == 0, result.output
        listed = await run("list", "--json", "--data", str(postgres.data_dir))
        assert [item["establishment"] for item in json.loads(listed.stdout)] == [ESTABLISHMENT]
        assert postgres.poll() is None
        assert postgres.pid == before
    finally:
        connection = await asyncpg.connect(postgres.dsn())
        await connection.execute("delete from account")
        await connection.close()


@pytest.mark.requirement("R8")
async def test_a_stopped_registry_s_folder_is_opened_for_the_time_of_the_command(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with EmbeddedPostgres(data, settings={"fsync": "off"}):
        pass
    assert (await run(*TO_ADD, "--data", str(data))).exit_code == 0
    listed = await run("list", "--json", "--data", str(data))
    assert [item["establishment"] for item in json.loads(listed.stdout)] == [ESTABLISHMENT]
    with EmbeddedPostgres(data, settings={"fsync": "off"}) as server:  # nothing was left running
        assert server.poll() is None


@pytest.mark.parametrize("name", ["add", "reset", "lock", "unlock", "rename", "list"])
async def test_every_command_explains_its_options_and_exit_codes(name: str) -> None:
    result = await run(name, "--help")
    assert result.exit_code == 0
    for text in ("--database-url", "--data", "--json", "Exit codes"):
        assert text in result.stdout


@pytest.mark.requirement("R13")
async def test_no_command_takes_a_password_as_an_argument(command: Command) -> None:
    for arguments in ((*TO_ADD, "--password", "abcd-efgh-jkmn-pqrs"), ("reset", ESTABLISHMENT, "abcd-efgh-jkmn-pqrs")):
        assert (await command(*arguments)).exit_code == 2
