"""The role that the registry works as can read the journal and add to it, and nothing else."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import asyncpg
import pytest
from tests.integration.journal.conftest import seal
from tests.registry.running import Registry

from odopass.registry.journal.guarding import guard, migrate_embedded, powers_over_journal
from odopass.registry.postgres import EmbeddedPostgres, ExplainedError
from odopass.registry.store.migrate import migrate

pytestmark = [
    pytest.mark.requirement("R9"),
    pytest.mark.skipif(
        "ODOPASS_TEST_DATABASE_URL" in os.environ, reason="the given server's user is an administrator himself"
    ),
]

TABLES = ("entry", "sealed", "node", "seal", "unsealed")
REFUSED = [
    *(f"update journal.{table} set {column} = {column}" for table, column in [
        ("entry", "content"), ("sealed", "leaf_hashes"), ("node", "hash"), ("seal", "root_hash"),
    ]),
    *(f"delete from journal.{table}" for table in TABLES if table != "unsealed"),
    *(f"truncate journal.{table}" for table in TABLES),
    *(f"drop table journal.{table}" for table in TABLES),
    *(f"alter table journal.{table} add column more integer" for table in TABLES),
    *(f"alter table journal.{table} owner to odopass" for table in TABLES),
    *(f"alter table journal.{table} disable trigger all" for table in TABLES),
    *(f"create trigger hook before insert on journal.{table} execute function suppress_redundant_updates_trigger()"
      for table in TABLES),
    *(f"create rule nothing as on insert to journal.{table} do instead nothing" for table in TABLES),
    "drop schema journal cascade",
    "alter schema journal rename to other",
    "create table journal.more (one integer)",
    "set role odopass_journal",
    "reassign owned by odopass_journal to odopass",
    "drop index journal.entry_about",
    "insert into journal.entry select * from journal.entry on conflict (batch, place) do update set about = 'x'",
]  # fmt: skip


async def test_the_registrys_role_can_change_remove_and_take_over_nothing(pool: asyncpg.Pool) -> None:
    assert await pool.fetchval("select current_user") == "odopass"
    await seal(pool)
    for statement in REFUSED:
        try:
            await pool.execute(statement)
        except asyncpg.InsufficientPrivilegeError:
            continue
        pytest.fail(f"was not refused: {statement}")
    assert await pool.fetchval("select count(*) from journal.entry where about = 'journal'") == 1


async def test_the_registrys_role_cannot_grant_itself_more(pool: asyncpg.Pool) -> None:
    # PostgreSQL warns and grants nothing.
    await pool.execute("grant all on all tables in schema journal to odopass")
    assert await powers_over_journal(pool) == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("update journal.entry set about = 'x'")


async def test_a_registry_on_the_embedded_server_has_no_power_over_its_journal_and_says_so(registry: Registry) -> None:
    assert await powers_over_journal(registry.pool) == []
    assert (await registry.http.get("/ready")).json()["journalGuarded"] is True


async def test_the_owner_of_the_tables_is_told_what_he_could_do(
    empty_database_url: str, postgres: EmbeddedPostgres
) -> None:
    await migrate(empty_database_url)
    connection = await asyncpg.connect(empty_database_url)
    name = urlsplit(empty_database_url).path.lstrip("/")
    try:
        powers = await powers_over_journal(connection)
        assert {"entry: delete", "entry: owns the table", "entry: owns the schema", "entry: update"} <= set(powers)
        assert "unsealed: truncate" in powers
        for _ in range(2):
            await guard(postgres.admin_dsn_of(name), service="odopass")
            assert await powers_over_journal(connection) == []
    finally:
        await connection.close()


async def test_a_database_that_had_readings_before_gets_a_guarded_journal_that_says_so(
    empty_database_url: str, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from odopass.registry.store.migrate import MIGRATIONS

    older = tmp_path_factory.mktemp("older")
    for path in sorted(MIGRATIONS.glob("*.sql"))[:3]:
        (older / path.name).write_bytes(path.read_bytes())
    await migrate(empty_database_url, folder=older)
    connection = await asyncpg.connect(empty_database_url)
    try:
        await connection.execute(
            "insert into vehicle (vin) values ('WVWZZZ1JZXW000001'); "
            "insert into reading (vehicle_id, reading_date, km, source, observation_type, recorded_at) "
            "values (1, '2020-01-01', 5, 'garage', 'X', now())"
        )
        applied = await migrate_embedded(postgres, urlsplit(empty_database_url).path.lstrip("/"))
        assert applied[0] == "0004_journal"
        assert await powers_over_journal(connection) == []
        assert await connection.fetchval("select content from journal.entry") == '{"up_to_arrival":1}'
        assert await migrate_embedded(postgres, urlsplit(empty_database_url).path.lstrip("/")) == []
    finally:
        await connection.close()


async def test_an_administrator_who_is_no_superuser_can_guard_it(
    empty_database_url: str, administration: asyncpg.Connection, postgres: EmbeddedPostgres
) -> None:
    await migrate(empty_database_url)
    name = urlsplit(empty_database_url).path.lstrip("/")
    # The keeper is there already, from other databases of this server.
    await administration.execute(
        "do $$ begin create role odopass_journal nologin; exception when duplicate_object then null; end $$"
    )
    role = f"admin_{name[-12:]}"
    await administration.execute(f"create role {role} login createrole password 'x'")
    await administration.execute(f"grant odopass to {role}; grant odopass_journal to {role} with admin option")
    parts = urlsplit(postgres.admin_dsn_of(name))
    try:
        await guard(f"postgresql://{role}:x@/{name}?{parts.query}", service="odopass")
        connection = await asyncpg.connect(empty_database_url)
        assert await powers_over_journal(connection) == []
        await connection.close()
    finally:
        await administration.execute(f"revoke odopass_journal, odopass from {role}; drop role {role}")


async def test_guarding_for_a_role_that_does_not_exist_or_without_the_right_says_what_to_do(
    database_url: str, postgres: EmbeddedPostgres
) -> None:
    admin = postgres.admin_dsn_of(urlsplit(database_url).path.lstrip("/"))
    with pytest.raises(ExplainedError, match=r"(?s)nobody_here.*--service"):
        await guard(admin, service="nobody_here")
    with pytest.raises(ExplainedError, match="superuser"):
        await guard(database_url, service="odopass")
