"""Who is looking at which case, so that two people do not spend their time on the same one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from odopass.registry.store.database import Database, Pool, fetch_one

#: For so long a case is left to whoever opened it; every look renews it.
LEASE: Final = timedelta(minutes=10)

_TAKE: Final = """
    insert into review_claim as k (case_guid, employee_id, since, lease_until) values ($1, $2, $3, $4)
    on conflict (case_guid) do update
    set employee_id = excluded.employee_id, lease_until = excluded.lease_until,
        since = case when k.employee_id = excluded.employee_id and k.lease_until > $3 then k.since else $3 end
    where k.employee_id = $2 or k.lease_until <= $3 or $5
"""
_HELD: Final = """
    select k.employee_id, e.name, k.since from review_claim k join employee e on e.id = k.employee_id
    where k.case_guid = $1
"""


@dataclass(frozen=True, slots=True)
class Look:
    """Who is looking at a case.

    Attributes:
        mine: whether it is the one who asked.
        name: the colleague's.
        since: when they opened it, UTC.
    """

    mine: bool
    name: str
    since: datetime


async def look_at(
    database: Database | Pool, guid: UUID, employee_id: int, *, now: datetime, take: bool = False
) -> Look:
    """Open a case: it is left to this employee, unless a colleague has it.

    Args:
        database: of the registry.
        guid: of the case.
        employee_id: who opens it.
        now: the present moment.
        take: whether to take it from a colleague.
    """
    await database.execute(_TAKE, guid, employee_id, now, now + LEASE, take)
    held = await fetch_one(database, _HELD, guid)
    return Look(held["employee_id"] == employee_id, held["name"], held["since"])


async def leave(database: Database | Pool, guid: UUID, employee_id: int) -> None:
    """Leave a case to the others."""
    await database.execute("delete from review_claim where case_guid = $1 and employee_id = $2", guid, employee_id)
