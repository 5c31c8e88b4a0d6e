"""The cases that wait for a person, oldest first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from odopass.domain.finding import Finding
from odopass.registry.store.database import Database, Pool

#: Cases on one page of the list.
ON_A_PAGE: Final = 25

_WHERE: Final = """
    from observation_case c
    join account a on a.id = c.account_id
    join request r on r.guid = c.standing
    left join vehicle v on v.id = c.vehicle_id
    left join review_claim k on k.case_guid = c.guid and k.lease_until > $1
    left join employee e on e.id = k.employee_id
    where c.status = 'REVIEWING'
        and ($2 = '' or a.establishment = $2 or strpos(lower(a.name), lower($2)) > 0)
        and ($3 = '' or c.findings @> jsonb_build_array(jsonb_build_array($3::text)))
        and c.settled_at <= $4
        and (
            $5 = ''
            or strpos(lower(concat_ws(' ', v.vin, r.identifier, v.make, v.model, c.guid, c.head)), lower($5)) > 0
        )
"""
_LIST: Final = f"""
    select c.guid, c.head, c.observation_type, c.reading_date, c.km, c.findings, c.settled_at, a.name as garage,
        a.establishment, coalesce(v.vin, r.identifier, '') as vehicle, concat_ws(' ', v.make, v.model) as model,
        k.employee_id as looker, e.name as looker_name
    {_WHERE}
    order by c.settled_at, c.guid
    limit $6 offset $7
"""
_COUNT: Final = f"select count(*) {_WHERE}"
# The next one that nobody else has open; those after the given place first, so that skipping goes on.
_NEXT: Final = f"""
    select c.guid {_WHERE}
        and c.guid <> $6 and (k.employee_id is null or k.employee_id = $7)
    order by (c.settled_at, c.guid) <= ($8::timestamptz, $6), c.settled_at, c.guid
    limit 1
"""
_CODES: Final = """
    select distinct finding->>0 as code
    from observation_case c cross join jsonb_array_elements(c.findings) as finding
    where c.status = 'REVIEWING' order by 1
"""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which of the waiting cases are wanted; "" and 0 for all.

    Attributes:
        garage: its establishment number, or a part of its name.
        issue: a code of the catalogue.
        days: those that have waited for so many days at least.
        text: a part of VIN, plate, make, model or GUID.
    """

    garage: str = ""
    issue: str = ""
    days: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class WaitingCase:
    """A case that waits.

    Attributes:
        guid: of the case.
        head: its newest request.
        vehicle: the VIN, or what the garage wrote if nobody knows the vehicle.
        model: make and model, "" if not known.
        looker: the number of the employee who has it open, or None.
        looker_name: their name, or None.
    """

    guid: UUID
    head: UUID
    observation_type: str
    reading_date: date
    km: int
    findings: tuple[Finding, ...]
    since: datetime
    garage: str
    establishment: str
    vehicle: str
    model: str
    looker: int | None
    looker_name: str | None


async def waiting_cases(
    database: Database | Pool, filters: Filters, *, page: int, now: datetime
) -> tuple[list[WaitingCase], int]:
    """One page of the queue, and how many cases there are in all."""
    values = _values(filters, now)
    total: int = await database.fetchval(_COUNT, *values)
    rows = await database.fetch(_LIST, *values, ON_A_PAGE, (page - 1) * ON_A_PAGE)
    return [_waiting(row) for row in rows], total


async def next_case(
    database: Database | Pool,
    filters: Filters,
    employee_id: int,
    *,
    after: tuple[datetime, UUID],
    now: datetime,
) -> UUID | None:
    """The case to open after this one: one that nobody else has open; None if there is none."""
    moment, guid = after
    found: UUID | None = await database.fetchval(_NEXT, *_values(filters, now), guid, employee_id, moment)
    return found


async def codes_waiting(database: Database | Pool) -> list[str]:
    """The issue types that occur in the queue."""
    return [row["code"] for row in await database.fetch(_CODES)]


def _values(filters: Filters, now: datetime) -> tuple[object, ...]:
    return now, filters.garage, filters.issue, now - timedelta(days=filters.days), filters.text


def _waiting(row: Record) -> WaitingCase:
    return WaitingCase(
        guid=row["guid"],
        head=row["head"],
        observation_type=row["observation_type"],
        reading_date=row["reading_date"],
        km=row["km"],
        findings=tuple(Finding.from_json(each) for each in json.loads(row["findings"])),
        since=row["settled_at"],
        garage=row["garage"],
        establishment=row["establishment"],
        vehicle=row["vehicle"],
        model=row["model"],
        looker=row["looker"],
        looker_name=row["looker_name"],
    )
