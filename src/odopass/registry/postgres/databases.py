"""Roles and databases of the embedded server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import asyncpg

_CONNECT_SECONDS = 30.0
T = TypeVar("T")


def ensure_role(admin_dsn: str, role: str, password: str, *, renew: bool) -> None:
    """Make the role the registry works with, unless it exists.

    It is an ordinary role: it owns its databases, but cannot read files or run programs through SQL.

    Args:
        admin_dsn: where a superuser connects.
        role: its name.
        password: its password.
        renew: whether an existing role gets this password, too.
    """

    async def work(connection: asyncpg.Connection) -> None:
        exists = await connection.fetchval("select true from pg_roles where rolname = $1", role)
        if not exists or renew:
            verb = "alter" if exists else "create"
            make = "select format($1 || ' role %I login password %L', $2::text, $3::text)"
            await connection.execute(await connection.fetchval(make, verb, role, password))

    _with_connection(admin_dsn, work)


def ensure_database(admin_dsn: str, name: str, *, owner: str) -> bool:
    """Make a database, unless it exists; return whether it was made.

    Args:
        admin_dsn: where a superuser connects.
        name: the database.
        owner: the role it belongs to.
    """

    async def work(connection: asyncpg.Connection) -> bool:
        if await connection.fetchval("select true from pg_database where datname = $1", name):
            return False
        make = "select format('create database %I owner %I', $1::text, $2::text)"
        await connection.execute(await connection.fetchval(make, name, owner))
        return True

    return _with_connection(admin_dsn, work)


def _with_connection(dsn: str, work: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    async def connected() -> T:
        connection = await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS)
        try:
            return await work(connection)
        finally:
            await connection.close()

    # In a thread of its own, because the caller may be inside a running event loop.
    with ThreadPoolExecutor(1, thread_name_prefix="postgres-databases") as pool:
        return pool.submit(lambda: asyncio.run(connected())).result()
