"""Names for what the database driver hands out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import asyncpg
from asyncpg import Record

#: Errors that the data of one request or vehicle explains, so that all which shared a statement with it are tried again
#: one by one: bad values, a constraint or trigger that refuses, a damaged page, a deadlock.
OF_SINGLE_ROWS: Final = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.PLPGSQLError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.InternalServerError,
    asyncpg.TransactionRollbackError,
)

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    #: A connection, whether one's own or lent by a pool.
    Database: TypeAlias = asyncpg.Connection[Record] | PoolConnectionProxy[Record]
    Pool: TypeAlias = asyncpg.Pool[Record]
else:
    # The driver's own classes take no type parameters when the program runs.
    Database = asyncpg.Connection
    Pool = asyncpg.Pool


async def fetch_one(database: Database | Pool, query: str, *values: object) -> Record:
    """The one row that the query must find.

    Raises:
        LookupError: it found none, which only a fault of the program or damage to the data explains.
    """
    row = await database.fetchrow(query, *values)
    if row is None:
        raise LookupError(f"no row for {values!r}")
    return row
