"""A vehicle's turn: while an employee's decision is written, no worker judges the vehicle, and none has begun to.

A decision takes the same lease with the same kind of token as a worker's claim (see `judging.claiming`), so that the
histories that workers have read are never overtaken by it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

from odopass.registry.judging.claiming import Claim, release
from odopass.registry.store.database import Database, Pool

_LOOK_S: Final = 0.05
_LOOKS: Final = 200

# The lease ends with the transaction; its length matters only to whoever reads the table.
_TAKE: Final = """
    insert into waiting as w (subject, requests, lease_until, token)
    values ($1, '{}', clock_timestamp() + interval '30 seconds', nextval('lease_token'))
    on conflict (subject) do update
    set token = excluded.token, lease_until = excluded.lease_until
    where w.lease_until < clock_timestamp()
    returning token
"""


class Busy(Exception):  # noqa: N818 - it names the state of things
    """The vehicle was being judged all the time; nothing was changed."""


class _Judging(Exception):  # noqa: N818 - it names the state of things
    """A worker holds the lease."""


@asynccontextmanager
async def turn(pool: Pool, subjects: Iterable[int]) -> AsyncIterator[tuple[Database, dict[int, Claim]]]:
    """A transaction in which nobody else judges these vehicles; it is committed at the end of the block.

    Raises:
        Busy: a worker judged them for ten seconds on end.
    """
    wanted = sorted(set(subjects))
    for _ in range(_LOOKS):
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                claims = await _take(connection, wanted)
            except _Judging:
                await transaction.rollback()
            except BaseException:
                await transaction.rollback()
                raise
            else:
                try:
                    yield connection, claims
                    await release(connection, list(claims.values()))
                except BaseException:
                    await transaction.rollback()
                    raise
                await transaction.commit()
                return
        await asyncio.sleep(_LOOK_S)
    raise Busy


async def _take(connection: Database, subjects: list[int]) -> dict[int, Claim]:
    claims = {}
    for subject in subjects:
        token = await connection.fetchval(_TAKE, subject)
        if token is None:
            raise _Judging
        # No requests: those that wait for a worker stay, in their order.
        claims[subject] = Claim(subject, token, ())
    return claims
