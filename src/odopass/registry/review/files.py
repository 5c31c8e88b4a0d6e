"""What the desk shows of a case, a vehicle and a request."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

from asyncpg import Record

from odopass.domain.finding import Finding
from odopass.domain.history import Reading, SourceKind
from odopass.domain.outcome import Status
from odopass.domain.timeline import Recorded, Timeline, timeline
from odopass.registry.store.database import Database, Pool

_CASE: Final = """
    select c.*, a.name as garage, a.establishment, a.id as garage_id, r.identifier, r.identification
    from observation_case c
    join account a on a.id = c.account_id
    join request r on r.guid = c.standing
    where c.guid = $1
"""
_REQUESTS: Final = """
    select r.guid, r.kind, r.received_at, r.identifier, r.observation_type, r.reading_date, r.km,
        concat_ws(' ', s.builder, s.name, s.version) as software
    from unnest($1::uuid[]) as asked(guid)
    join request r using (guid)
    left join client_software s on s.id = r.software_id
    order by r.received_at
"""
# Requests have no index by case; those of a case are queued under its vehicle or under that of its head or standing.
_GUIDS: Final = """
    select r.guid from request r
    where r.subject = any($2::bigint[]) and r.case_guid = $1
    union
    select r.guid from request r where r.guid = any($3::uuid[])
"""
_SUBJECTS: Final = "select distinct subject from request where guid = any($1::uuid[])"
_DECISIONS: Final = """
    select d.id, d.decided_at, d.kind, d.reason, d.words, d.before, d.after, e.name, d.case_guid, d.vehicle_id
    from review_decision d join employee e on e.id = d.employee_id
"""
_READINGS: Final = """
    select r.reading_date, r.arrival, r.km, r.source, r.observation_type, r.starts_segment, r.remarks, r.country,
        r.in_miles, r.case_guid, r.recorded_at, r.superseded_at, a.name as garage, a.id as garage_id
    from reading r left join account a on a.id = r.account_id
    where r.vehicle_id = $1
    order by r.reading_date, r.arrival
"""
_VEHICLE: Final = "select * from vehicle where id = $1"
_PLATES: Final = "select plate, valid_from, valid_until from plate where vehicle_id = $1 order by valid_from desc"
_OPEN: Final = """
    select c.guid, c.status, c.reading_date, c.km, a.name as garage
    from observation_case c join account a on a.id = c.account_id
    where c.vehicle_id = $1 and c.status in ('ONGOING', 'ISSUE', 'REVIEWING')
    order by c.reading_date
"""


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case as it stands.

    Attributes:
        guid: of the case.
        row: its columns, with the garage's name and what the garage called the vehicle.
        findings: what was found.
        requests: submission, corrections and confirmations, oldest first.
        decisions: what employees decided about it, oldest first.
    """

    guid: UUID
    row: Record
    findings: tuple[Finding, ...]
    requests: list[Record]
    decisions: list[Record]

    @property
    def status(self) -> Status:
        """Its state."""
        return Status(self.row["status"])


@dataclass(frozen=True, slots=True)
class VehicleFile:
    """A vehicle and its readings, superseded ones as well.

    Attributes:
        row: its columns.
        plates: those it has borne, newest first.
        readings: every row, oldest first.
        open_cases: what garages have reported and does not count yet.
        decisions: what employees decided about it, oldest first.
    """

    row: Record
    plates: list[Record]
    readings: list[Record]
    open_cases: list[Record]
    decisions: list[Record]

    def timeline(self, doubted: tuple[date, int] | None = None) -> Timeline:
        """The readings that count, in order, with what does not fit.

        Args:
            doubted: the day and km of a reading that does not count yet and is to be shown among them.
        """
        recorded = [
            Recorded(
                Reading(row["reading_date"], place, row["km"], row["starts_segment"], SourceKind(row["source"])),
                replaced=row["observation_type"] == "ODOMETER_REPLACED",
                confirmed=bool(row["remarks"]),
                country=row["country"],
                in_miles=row["in_miles"],
            )
            for place, row in enumerate(self.readings)
            if row["superseded_at"] is None
        ]
        if doubted is not None:
            recorded.append(Recorded(Reading(doubted[0], len(self.readings), doubted[1])))
        return timeline(recorded)


async def read_case(database: Database | Pool, guid: UUID) -> CaseFile | None:
    """The case that began with this request; None if there is none, or it is not judged yet."""
    row = await database.fetchrow(_CASE, guid)
    if row is None:
        return None
    known = [row["guid"], row["head"], row["standing"]]
    subjects = [each["subject"] for each in await database.fetch(_SUBJECTS, known)]
    guids = [each["guid"] for each in await database.fetch(_GUIDS, guid, subjects, known)]
    return CaseFile(
        guid=guid,
        row=row,
        findings=tuple(Finding.from_json(each) for each in json.loads(row["findings"])),
        requests=await database.fetch(_REQUESTS, guids),
        decisions=await database.fetch(f"{_DECISIONS} where d.case_guid = $1 order by d.id", guid),
    )


async def read_vehicle(database: Database | Pool, vehicle_id: int) -> VehicleFile | None:
    """A vehicle; None if there is none with this number."""
    row = await database.fetchrow(_VEHICLE, vehicle_id)
    if row is None:
        return None
    return VehicleFile(
        row=row,
        plates=await database.fetch(_PLATES, vehicle_id),
        readings=await database.fetch(_READINGS, vehicle_id),
        open_cases=await database.fetch(_OPEN, vehicle_id),
        decisions=await database.fetch(f"{_DECISIONS} where d.vehicle_id = $1 order by d.id", vehicle_id),
    )


async def case_of_request(database: Database | Pool, guid: UUID) -> UUID | None:
    """The case that a request belongs to; None if nobody has sent a request with this GUID."""
    found: UUID | None = await database.fetchval("select case_guid from request where guid = $1", guid)
    return found


async def read_decisions(database: Database | Pool, *, most: int, offset: int) -> Sequence[Record]:
    """What was decided, newest first."""
    return await database.fetch(f"{_DECISIONS} order by d.decided_at desc, d.id desc limit $1 offset $2", most, offset)


def told(stored: str) -> dict[str, Any]:
    """What was before or after a decision, from its JSON."""
    found: dict[str, Any] = json.loads(stored)
    return found
