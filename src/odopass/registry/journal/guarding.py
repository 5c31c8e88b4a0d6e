"""Whose the journal is. Nobody can change what he may only read and add to."""

from __future__ import annotations

from typing import Final

import asyncpg
import structlog

from odopass.registry.postgres import EmbeddedPostgres, ExplainedError
from odopass.registry.postgres.cluster import APPLICATION
from odopass.registry.store.database import Database, Pool
from odopass.registry.store.migrate import migrate

_log = structlog.get_logger(__name__)

#: Owns the journal's tables. It cannot log in and has no members.
KEEPER: Final = "odopass_journal"

_CONNECT_SECONDS: Final = 30.0
_LOCK: Final = 0x6A6F75726E616C  # "journal"

# `not pg_has_role(…, 'member')`: a member could act as the owner.
_POWERS: Final = """
    with mine as (
        select c.oid, c.relname, c.relowner, n.nspowner
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'journal' and c.relkind = 'r'
    )
    select format('%s: %s', relname, power) as told from mine, lateral (
        select 'owns the table' as power where pg_has_role(relowner, 'member')
        union all select 'owns the schema' where pg_has_role(nspowner, 'member')
        union all select power from unnest(
            case relname when 'unsealed' then array['truncate', 'trigger']
            else array['update', 'delete', 'truncate', 'trigger'] end
        ) as power
        where has_table_privilege(oid, power) or (power = 'update' and has_any_column_privilege(oid, 'update'))
    ) as powers
    order by relname, power
"""

_GUARD: Final = f"""
    do $do$
    begin
        if not exists (select from pg_roles where rolname = '{KEEPER}') then
            create role {KEEPER} nologin;
        end if;
    end $do$;
    grant {KEEPER} to current_user;
    grant create on database %(database)s to {KEEPER};
    alter schema journal owner to {KEEPER};
    alter table journal.entry owner to {KEEPER};
    alter table journal.unsealed owner to {KEEPER};
    alter table journal.sealed owner to {KEEPER};
    alter table journal.node owner to {KEEPER};
    alter table journal.seal owner to {KEEPER};
    revoke create on database %(database)s from {KEEPER};
    revoke all on schema journal from public, %(service)s;
    revoke all on all tables in schema journal from public, %(service)s;
    grant usage on schema journal to %(service)s;
    grant select, insert on all tables in schema journal to %(service)s;
    grant delete on journal.unsealed to %(service)s;
    revoke {KEEPER} from current_user;
"""  # noqa: S608 - the keeper is a constant; the other names are quoted by the database


async def powers_over_journal(database: Database | Pool) -> list[str]:
    """What the connection's role could do to the journal beyond reading and adding; empty if it is guarded."""
    return [row["told"] for row in await database.fetch(_POWERS)]


async def guard(admin_url: str, *, service: str) -> None:
    """Give the journal to a role of its own, and leave the service the right to read it and to add to it.

    Doing it again changes nothing.

    Args:
        admin_url: the registry's database, for a role that may make roles and give tables away.
        service: the role that the registry works as.

    Raises:
        ExplainedError: it cannot be done; nothing was changed.
    """
    connection = await asyncpg.connect(admin_url, timeout=_CONNECT_SECONDS)
    try:
        async with connection.transaction():
            await connection.execute("select pg_advisory_xact_lock($1)", _LOCK)
            quote = "select quote_ident($1), quote_ident(current_database())"
            role, database = await connection.fetchrow(quote, service) or ("", "")
            await connection.execute(_GUARD % {"service": role, "database": database})
    except asyncpg.UndefinedObjectError as error:
        raise _cannot(str(error), "Name the role that the registry works as with --service.") from error
    except asyncpg.InvalidSchemaNameError as error:
        raise _cannot(str(error), "Bring the database up to date first: odopass registry migrate.") from error
    except asyncpg.InsufficientPrivilegeError as error:
        raise _cannot(
            str(error), "Connect as a superuser, or as the owner of the tables with the right to make roles."
        ) from error
    finally:
        await connection.close()


async def migrate_embedded(server: EmbeddedPostgres, database: str = APPLICATION) -> list[str]:
    """Bring a database of the embedded server up to date and guard its journal.

    Returns:
        The names of the migrations applied.

    Raises:
        MigrationRefused: the database does not fit this program.
    """
    applied = await migrate(server.dsn(database))
    await guard(server.admin_dsn_of(database), service=APPLICATION)
    return applied


def _cannot(why: str, do: str) -> ExplainedError:
    return ExplainedError("The journal could not be guarded.", f"PostgreSQL says: {why}.", do)
