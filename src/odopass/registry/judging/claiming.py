"""Which vehicles a worker may judge now: leases with fencing tokens.

A worker claims vehicles, not requests, so that a vehicle's requests are judged one after another in order of
arrival (R5) and no vehicle waits for another. A claim writes a new token into the vehicle's row of `waiting`; a
settlement locks the row and counts only if its token still stands there. A worker that froze past its lease and woke
settles nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from odopass.registry.store.database import Database

#: Requests of one vehicle that are judged in one go; the rest wait for the next claim.
_MOST_OF_ONE_VEHICLE = 100

# The database's clock, not the worker's, decides when a lease has run out.
_CLAIM = """
    with free as (
        select subject from waiting
        where lease_until < clock_timestamp()
        order by since
        limit $1
        for update skip locked
    ), fence as (select nextval('lease_token') as token)
    update waiting
    set token = fence.token, lease_until = clock_timestamp() + $2::interval
    from free, fence
    where waiting.subject = free.subject
    returning waiting.subject, waiting.token, waiting.requests[:$3]
"""

# In order of subject, as intake marks them, so that the two cannot deadlock.
_STILL_HELD = """
    select waiting.subject
    from unnest($1::bigint[], $2::bigint[]) as claim(subject, token)
    join waiting using (subject, token)
    order by waiting.subject
    for update of waiting
"""

_DONE = """
    with done as (
        delete from waiting
        using unnest($1::bigint[], $2::int[]) as judged(subject, number)
        where waiting.subject = judged.subject and cardinality(waiting.requests) = judged.number
    )
    update waiting
    set requests = waiting.requests[judged.number + 1:], lease_until = '-infinity', since = clock_timestamp()
    from unnest($1::bigint[], $2::int[]) as judged(subject, number)
    where waiting.subject = judged.subject and cardinality(waiting.requests) > judged.number
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to judge a vehicle's waiting requests.

    Attributes:
        subject: the vehicle, or a number below zero for an identifier that names none.
        token: of this claim; a later claim has a higher one.
        requests: in order of arrival.
    """

    subject: int
    token: int
    requests: tuple[UUID, ...]


async def claim(connection: Database, *, most: int, lease: timedelta) -> list[Claim]:
    """Claim up to `most` vehicles, those that have waited longest first."""
    rows = await connection.fetch(_CLAIM, most, lease, _MOST_OF_ONE_VEHICLE)
    return [Claim(subject, token, tuple(requests)) for subject, token, requests in rows]


async def still_held(connection: Database, claims: Sequence[Claim]) -> list[Claim]:
    """Lock the claims that still hold, in the transaction that settles them; the others belong to someone else now."""
    rows = await connection.fetch(_STILL_HELD, [claim.subject for claim in claims], [claim.token for claim in claims])
    held = {row[0] for row in rows}
    return [claim for claim in claims if claim.subject in held]


async def release(connection: Database, claims: Sequence[Claim]) -> None:
    """Take the judged requests off; what arrived meanwhile may be claimed at once."""
    await connection.execute(_DONE, [claim.subject for claim in claims], [len(claim.requests) for claim in claims])
