"""Which reports are to be made, and the right to make one: a lease with a fencing token, as in judging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from odopass.registry.store.database import Database, Pool

_ASK = """
    insert into report (case_guid, vehicle_id, account_id, asked_at)
    select * from unnest($1::uuid[], $2::bigint[], $3::int[], $4::timestamptz[])
    on conflict (case_guid) do nothing
"""

_ASK_AGAIN = """
    update report set to_make = true, asked_at = $2
    where case_guid = $1 and not to_make and made_at < $3
"""

_CLAIM = """
    with free as (
        select case_guid from report
        where to_make and lease_until < clock_timestamp()
        order by asked_at
        limit $1
        for update skip locked
    ), fence as (select nextval('lease_token') as token)
    update report
    set token = fence.token, lease_until = clock_timestamp() + $2::interval
    from free, fence
    where report.case_guid = free.case_guid
    returning report.case_guid, report.token, report.vehicle_id, report.number, report.public_id, report.version
"""

_STILL_HELD = "select 1 from report where case_guid = $1 and token = $2 and to_make for update"


@dataclass(frozen=True, slots=True)
class ReportClaim:
    """The right to make a report.

    Attributes:
        case_guid: the case that asked for it.
        token: of this claim; a later claim has a higher one.
        number: the document's, if it has been made before.
        public_id: the same.
        version: how often it has been made.
    """

    case_guid: UUID
    token: int
    vehicle_id: int
    number: str | None
    public_id: str | None
    version: int


async def ask_for_reports(database: Database, asked: Sequence[tuple[UUID, int, int, datetime]]) -> None:
    """Let reports be made, in the transaction that settles their cases.

    Args:
        database: in that transaction.
        asked: case, vehicle, account and the moment, for each.
    """
    if asked:
        await database.execute(_ASK, *zip(*asked, strict=True))


async def ask_again(pool: Pool, case_guid: UUID, *, now: datetime, not_since: datetime) -> None:
    """Let a report that stands be made anew, unless it was made since; the one that stands is shown meanwhile."""
    await pool.execute(_ASK_AGAIN, case_guid, now, not_since)


async def claim_reports(pool: Pool, *, most: int, lease: timedelta) -> list[ReportClaim]:
    """Claim up to `most` reports, those asked for first."""
    return [ReportClaim(*row) for row in await pool.fetch(_CLAIM, most, lease)]


async def still_held(database: Database, claim: ReportClaim) -> bool:
    """Lock a claimed report in the transaction that writes it; False if somebody else has claimed it since."""
    return await database.fetchval(_STILL_HELD, claim.case_guid, claim.token) is not None
