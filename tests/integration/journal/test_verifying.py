"""`odopass registry verify-journal` finds what was done behind the journal's back, and names it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from click.testing import Result
from tests.integration.journal.conftest import VIN, seal
from tests.registry.running import REPORT, TODAY, Dms, Registry
from typer.testing import CliRunner

from odopass.registry.accounts import accounts
from odopass.registry.commands import registry as commands
from odopass.registry.journal.seals import Seal, latest_seal
from odopass.registry.journal.tree import leaf_hash
from odopass.registry.maintenance import switch

pytestmark = pytest.mark.requirement("R9", "R1")

Verify = Callable[..., Awaitable[Result]]

#: The entries of `played`: 0 the beginning, 1 the account, then one for each outcome.
FIRST_OF_THE_CAR = 2
ENTRIES = 9


@pytest.fixture
def verify(database_url: str) -> Verify:
    async def run(*options: str) -> Result:
        # In a thread: the command runs an event loop of its own.
        arguments = ["verify-journal", "--database-url", database_url, *options]
        return await asyncio.to_thread(CliRunner().invoke, commands, arguments)

    return run


async def judged(verify: Verify, *options: str) -> list[dict[str, Any]]:
    found = await verify("--json", *options)
    faults: list[dict[str, Any]] = json.loads(found.stdout)["faults"]
    assert found.exit_code == (4 if faults else 0), found.output
    return faults


@pytest_asyncio.fixture
async def played(registry: Registry, dms: Dms, car: int) -> Registry:
    """Things that change data: outcomes, a correction, a report, an account."""
    assert car
    await dms.submitted(vin=VIN, km=80_000, day=TODAY - timedelta(days=300))
    await seal(registry.pool)
    wrong = await dms.submit(vin=VIN, km=8_100, day=TODAY - timedelta(days=200))
    assert (await dms.outcome(wrong)).status == "ISSUE"
    assert (
        await dms.outcome(await dms.correct(wrong, vin=VIN, km=81_000, day=TODAY - timedelta(days=200)))
    ).types == []
    assert (await dms.submitted(vin="WVWZZZ1JZXW999999", km=5)).status == "ISSUE"
    await seal(registry.pool)
    assert (await dms.submitted(vin=VIN, km=90_000, kind=REPORT)).status == "PROCESSED"
    async with registry.pool.acquire() as connection:
        await accounts.lock(connection, dms.garage.username)
    await seal(registry.pool)
    assert await registry.pool.fetchval("select count(*) from journal.entry") == ENTRIES
    return registry


async def test_a_registry_in_operation_verifies(played: Registry, verify: Verify) -> None:
    found = await verify()
    assert found.exit_code == 0, found.output
    assert f"Recomputed {ENTRIES} entries under 3 seals: as they were sealed." in found.stdout
    assert "Nothing was changed, removed or added." in found.stdout
    latest = await played.pool.fetchrow("select number, hash from journal.seal order by number desc limit 1")
    known = f"{latest['number']}:{latest['hash'].hex()}"
    assert f"Latest seal: {known}" in found.stdout
    assert await judged(verify, "--known-seal", known) == []


@pytest.mark.usefixtures("played")
async def test_what_is_not_sealed_yet_is_no_fault(dms: Dms, verify: Verify, administrator: asyncpg.Connection) -> None:
    await accounts.unlock(administrator, dms.garage.username)
    found = await verify()
    assert found.exit_code == 0, found.output
    assert "Waiting to be sealed: 1 batch." in found.stdout


@pytest.mark.parametrize("column", ["kind", "about", "content", "public", "at", "salt"])
@pytest.mark.usefixtures("played")
async def test_a_changed_entry_is_named(verify: Verify, administrator: asyncpg.Connection, column: str) -> None:
    entry = await administrator.fetchrow(
        "select batch, place, about, first_leaf + place as number from journal.entry join journal.sealed using (batch) "
        "where kind = 'observation.settled' order by first_leaf + place limit 1"
    )
    assert entry["number"] == FIRST_OF_THE_CAR
    changed = {"at": "at + interval '1 second'", "salt": "'x'", "content": "replace(content, '80000', '30000')"}
    value = changed.get(column, f"{column} || ' '")
    await administrator.execute(
        f"update journal.entry set {column} = {value} where batch = $1 and place = $2", entry["batch"], entry["place"]
    )
    fault, *others = await judged(verify)
    assert (fault["what"], fault["entry"]) == ("changed", FIRST_OF_THE_CAR)
    # The tables tell by themselves what the journal no longer does.
    assert bool(others) == (column in {"about", "content"})


@pytest.mark.usefixtures("played")
async def test_a_removed_entry_batch_or_end_of_the_journal_is_named(
    verify: Verify, administrator: asyncpg.Connection
) -> None:
    known = await latest_seal(administrator)
    assert known is not None
    for statement, number in (
        ("delete from journal.entry where batch = 3", FIRST_OF_THE_CAR),
        ("delete from journal.sealed where batch = 3", FIRST_OF_THE_CAR),
        ("delete from journal.sealed where seal = 2; delete from journal.seal where number = 2", 3),
        ("delete from journal.seal where number = 1", 0),
    ):
        async with administrator.transaction():
            await administrator.execute("create temporary table kept_e as table journal.entry")
            await administrator.execute("create temporary table kept_d as table journal.sealed")
            await administrator.execute("create temporary table kept_s as table journal.seal")
            await administrator.execute(statement)
        fault = (await judged(verify, "--only-journal"))[0]
        assert fault["entry"] == number, (statement, fault)
        assert fault["what"] in {"removed", "changed"}
        async with administrator.transaction():
            await administrator.execute(
                "truncate journal.entry, journal.sealed, journal.seal; insert into journal.entry table kept_e; "
                "insert into journal.sealed table kept_d; insert into journal.seal table kept_s; "
                "drop table kept_e, kept_d, kept_s"
            )
    assert await judged(verify) == []
    # Cut off at the end, all is consistent in itself; a seal that was noted elsewhere shows it.
    await administrator.execute(
        "delete from journal.entry where batch in (select batch from journal.sealed where seal = 3)"
    )
    await administrator.execute("delete from journal.sealed where seal = 3; delete from journal.seal where number = 3")
    assert await judged(verify, "--only-journal") == []
    fault = (await judged(verify, "--only-journal", "--known-seal", f"3:{known.hash.hex()}"))[0]
    assert fault["what"] == "removed"
    assert "Seal 3 was noted elsewhere" in fault["told"]
    # And the live tables do.
    assert {"added", "changed"} >= {each["what"] for each in await judged(verify)} != set()


@pytest.mark.usefixtures("played")
async def test_an_added_entry_is_named(verify: Verify, administrator: asyncpg.Connection) -> None:
    copy = (
        "insert into journal.entry (batch, place, kind, about, content, public, salt) "
        "select $1, $2, 'review.decided', about, content, public, salt from journal.entry where batch = 3"
    )
    await administrator.execute(copy, 3, 7)
    (fault,) = await judged(verify, "--only-journal")
    assert (fault["what"], "review.decided" in fault["told"]) == ("added", True)
    await administrator.execute("delete from journal.entry where batch = 3 and place = 7")
    await administrator.execute(copy, 999, 0)
    (fault,) = await judged(verify, "--only-journal")
    assert fault["what"] == "added"
    assert "under no seal" in fault["told"]


@pytest.mark.usefixtures("played")
async def test_an_entry_changed_together_with_its_hash_shows_in_the_root(
    verify: Verify, administrator: asyncpg.Connection
) -> None:
    await forge(administrator)
    (fault,) = await judged(verify, "--only-journal")
    assert fault["what"] == "changed"
    assert "root of seal 1" in fault["told"]


@pytest.mark.usefixtures("played")
async def test_a_journal_that_was_written_anew_as_a_whole_does_not_have_the_seals_that_were_noted(
    verify: Verify, administrator: asyncpg.Connection
) -> None:
    known = await latest_seal(administrator)
    assert known is not None
    await forge(administrator)
    await rewrite_seals(administrator)
    assert await judged(verify, "--only-journal") == []
    (fault,) = await judged(verify, "--only-journal", "--known-seal", f"{known.number}:{known.hash.hex()}")
    assert fault["what"] == "changed"
    assert "another one than was noted elsewhere" in fault["told"]
    # Whoever forges the journal must forge the tables as well.
    assert any("80000 km" in fault["told"] for fault in await judged(verify))


async def forge(administrator: asyncpg.Connection) -> None:
    """Change the first reading in the journal, and the hash it was sealed with."""
    from odopass.registry.journal.entries import leaf_text

    row = await administrator.fetchrow(
        "update journal.entry set content = replace(content, '80000', '30000'), "
        "public = replace(public, '80000', '30000') where batch = 3 returning at, kind, about, content, public, salt"
    )
    await administrator.execute(
        "update journal.sealed set leaf_hashes = $1 where batch = 3", leaf_hash(leaf_text(**dict(row)).encode())
    )


async def rewrite_seals(administrator: asyncpg.Connection) -> None:
    from odopass.registry.journal.tree import Growing

    tree, previous = Growing(), None
    for row in await administrator.fetch("select number, tree_size, sealed_at from journal.seal order by number"):
        for sealed in await administrator.fetch(
            "select leaf_hashes from journal.sealed where seal = $1 order by first_leaf", row["number"]
        ):
            for at in range(0, len(sealed[0]), 32):
                list(tree.add(sealed[0][at : at + 32]))
        previous = Seal.on(previous, tree_size=tree.size, root_hash=tree.root(), sealed_at=row["sealed_at"])
        await administrator.execute(
            "update journal.seal set root_hash = $2, previous_hash = $3, hash = $4 where number = $1",
            previous.number,
            previous.root_hash,
            previous.previous_hash,
            previous.hash,
        )
    assert previous is not None
    assert sha256(previous.text.encode()).digest() == previous.hash


@pytest.mark.parametrize(
    ("statement", "what", "told"),
    [
        ("update reading set km = 60000 where km = 80000", "changed", "60000 km"),
        ("update reading set reading_date = reading_date - 1 where km = 80000", "changed", "80000 km"),
        ("update reading set starts_segment = true where km = 80000", "changed", "80000 km"),
        ("update reading set account_id = 4711 where km = 80000", "changed", "80000 km"),
        ("update reading set superseded_at = now() where km = 80000", "changed", "taken out of the history"),
        ("delete from reading where km = 80000", "removed", '"km":80000'),
        (
            (
                "insert into reading (vehicle_id, reading_date, km, source, observation_type, recorded_at) "
                "select id, '2025-01-01', 7, 'garage', 'REPAIR_MAINTENANCE_SERVICE', now() from vehicle"
            ),
            "added",
            "7 km",
        ),
        ("update observation_case set status = 'ERROR' where km = 80000", "changed", '"status":"ERROR"'),
        ("update observation_case set km = 60000 where km = 80000", "changed", '"km":60000'),
        ("update account set state = 'active'", "changed", "The account"),
        ("update account set username = 'somebody'", "changed", "somebody"),
        ("update report set content = jsonb_set(content, '{readings,0,km}', '5')", "changed", "The report"),
    ],
)
async def test_a_row_changed_by_the_registrys_own_role_is_named(
    played: Registry, verify: Verify, statement: str, what: str, told: str
) -> None:
    await played.pool.execute(statement)
    faults = await judged(verify)
    assert what in {fault["what"] for fault in faults}
    assert any(told in fault["told"] for fault in faults), faults
    assert all(fault["entry"] is None for fault in faults)


async def test_readings_from_before_the_journal_are_left_out(
    registry: Registry, car: int, verify: Verify, administrator: asyncpg.Connection
) -> None:
    await administrator.execute(
        "insert into reading (vehicle_id, reading_date, km, source, observation_type, recorded_at) "
        "values ($1, '2020-01-01', 5, 'garage', 'REPAIR_MAINTENANCE_SERVICE', now())",
        car,
    )
    assert [fault["what"] for fault in await judged(verify)] == ["added"]
    await administrator.execute("update journal.entry set content = '{\"up_to_arrival\":1}' where about = 'journal'")
    await seal(registry.pool)
    assert await judged(verify) == []


async def test_the_switch_and_the_accounts_are_in_the_journal_without_names_and_passwords(
    registry: Registry, dms: Dms
) -> None:
    from odopass.registry.accounts.secret import Secret

    async with registry.pool.acquire() as connection:
        await switch.close(connection, registry.clock.now() + timedelta(hours=1), "Jan is ill")
        assert await switch.reopen(connection, registry.clock.now())
        assert not await switch.reopen(connection, registry.clock.now())
        await accounts.reset_password(connection, dms.garage.username, Secret("another-Passwort-1234"))
        await accounts.rename(connection, dms.garage.username, name="Garage Janssens", username="janssens-test")
        with pytest.raises(accounts.BadAccount):
            await accounts.rename(connection, dms.garage.username, username="!")
    rows = await registry.pool.fetch("select kind, about, content from journal.entry order by batch, place")
    assert [row["kind"] for row in rows] == [
        "journal.begun", "account.added", "maintenance.on", "maintenance.off", "account.reset", "account.renamed",
    ]  # fmt: skip
    assert {row["about"] for row in rows} == {"journal", "maintenance", dms.garage.establishment}
    told = " ".join(row["content"] for row in rows)
    for secret in ("Jan", "Garage", "Passwort", "argon2"):
        assert secret not in told
    assert json.loads(rows[-1]["content"])["username_before"] == dms.garage.username


async def test_a_change_that_fails_leaves_no_entry(registry: Registry, dms: Dms, stranger_name: str) -> None:
    before = await registry.count("journal.entry")
    async with registry.pool.acquire() as connection:
        with pytest.raises(accounts.AccountExists):
            await accounts.rename(connection, dms.garage.username, username=stranger_name)
    assert await registry.count("journal.entry") == before


@pytest_asyncio.fixture
async def stranger_name(registry: Registry) -> str:
    from tests.registry.population import add_garage

    return (await add_garage(registry.pool, 3)).username


@pytest.mark.parametrize("given", ["1", "x:00", "1:zz", "1:abcd"])
async def test_a_seal_that_is_none_is_refused_with_how_to_write_it(verify: Verify, given: str) -> None:
    found = await verify("--known-seal", given)
    assert found.exit_code == 2
    assert "64 hexadecimal digits" in found.output


async def test_a_database_without_a_journal_is_told(empty_database_url: str) -> None:
    arguments = ["verify-journal", "--database-url", empty_database_url]
    found = await asyncio.to_thread(CliRunner().invoke, commands, arguments)
    assert found.exit_code == 3
    assert "has no journal" in found.output
