"""All that is known about the vehicles of a batch, read with a handful of queries whatever the size of the batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record

from odopass.domain.finding import Finding
from odopass.domain.history import History, Reading, SourceKind
from odopass.domain.identification import Identification
from odopass.domain.observation import Observation, ObservationType
from odopass.domain.outcome import Status
from odopass.domain.rules import SameGarage
from odopass.domain.vehicle import Vehicle
from odopass.registry.judging.claiming import Claim
from odopass.registry.store.database import Database

_REQUESTS = """
    select guid, subject, kind, case_guid, case_subject, account_id, received_at, identification, identifier,
        observation_type, reading_date, km, coalesce(account.source, 'garage'), delivery_id is not null
    from request left join account on account.id = request.account_id
    where guid = any($1::uuid[])
"""
_CASES = """
    select c.guid, c.subject, c.vehicle_id, c.observation_type, c.reading_date, c.km, c.status, c.head, c.standing,
        c.confirmed, c.findings
    from unnest($1::uuid[]) as asked(guid)
    join observation_case c using (guid)
"""
_VEHICLES = "select id, category, max_mass_kg, first_use, vin from vehicle where id = any($1::bigint[])"
_READINGS = """
    select vehicle_id, reading_date, arrival, km, starts_segment, source
    from reading
    where vehicle_id = any($1::bigint[]) and superseded_at is null
    order by vehicle_id, reading_date, arrival
"""
# What may be the first of two (W13). Who reported a reading matters only on the days that are judged, so most of a
# history need not tell.
_REPORTS = """
    select vehicle_id, case_guid, account_id, observation_type, reading_date, km, true as counts
    from unnest($2::bigint[], $3::date[]) as asked(vehicle_id, reading_date)
    join reading using (vehicle_id, reading_date)
    where case_guid is not null and superseded_at is null
    union all
    select vehicle_id, guid, account_id, observation_type, reading_date, km, false
    from observation_case
    where vehicle_id = any($1::bigint[])
        and (
            status in ('ONGOING', 'ISSUE', 'REVIEWING')
            or (status = 'PROCESSED' and observation_type = 'VEHICLE_HISTORY_DOCUMENT')
        )
"""

_TYPES = {kind.value: kind for kind in ObservationType}
_SOURCES = {kind.value: kind for kind in SourceKind}


@dataclass(frozen=True, slots=True)
class Request:
    """A request that waits to be judged.

    Attributes:
        observation: what it says; None for a confirmation.
        source: who reads the odometers of the account that sent it.
        delivered: whether it came in a file, so that nobody will answer what is asked about it.
    """

    guid: UUID
    subject: int
    kind: str
    case_guid: UUID
    case_subject: int
    account_id: int
    received_at: datetime
    identification: Identification
    identifier: str
    observation: Observation | None
    source: SourceKind = SourceKind.GARAGE
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A case that a correction or confirmation belongs to, as it stands."""

    guid: UUID
    subject: int
    vehicle_id: int | None
    observation: Observation
    status: Status
    head: UUID
    standing: UUID
    confirmed: bool
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class OwnReport:
    """What a garage has reported of a vehicle, and by which case, so that a case is not its own duplicate.

    Attributes:
        counts: whether its reading is part of the history.
    """

    account_id: int
    case_guid: UUID
    said: SameGarage
    counts: bool


@dataclass(slots=True)
class VehicleFile:
    """What judging one vehicle's requests needs; it grows as they are judged.

    Attributes:
        vehicle: None if no vehicle was identified.
        vin: the vehicle's.
        history: the readings that count.
        reports: what garages have reported and is not in ERROR, at least on the days that are judged.
        requests: those to be judged, in order of arrival.
        cases: the cases that they follow on.
    """

    vehicle: Vehicle | None = None
    vin: str | None = None
    history: History = field(default_factory=History)
    reports: list[OwnReport] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    cases: dict[UUID, Case] = field(default_factory=dict)


async def read_files(connection: Database, claims: Sequence[Claim]) -> dict[int, VehicleFile]:
    """Read the files of all claimed vehicles, by subject."""
    subjects = [claim.subject for claim in claims if claim.subject > 0]
    requests = await _requests(connection, claims)
    followed = [request.case_guid for request in requests.values() if request.kind != "submission"]
    cases = await read_cases(connection, followed) if followed else {}
    files = {claim.subject: VehicleFile() for claim in claims}
    for vehicle_id, *facts, vin in await connection.fetch(_VEHICLES, subjects) if subjects else ():
        files[vehicle_id] = VehicleFile(Vehicle(vehicle_id, *facts), vin)
    for claim in claims:
        file = files[claim.subject]
        file.requests = [requests[guid] for guid in claim.requests]
        file.cases = {
            request.case_guid: cases[request.case_guid] for request in file.requests if request.case_guid in cases
        }
    if subjects:
        await _read_histories(connection, subjects, files)
    return files


async def read_cases(connection: Database, guids: Sequence[UUID]) -> dict[UUID, Case]:
    """Cases as they stand, by the GUID of the submission that opened each."""
    return {row["guid"]: _case(row) for row in await connection.fetch(_CASES, guids)}


async def _requests(connection: Database, claims: Sequence[Claim]) -> dict[UUID, Request]:
    rows = await connection.fetch(_REQUESTS, [guid for claim in claims for guid in claim.requests])
    return {
        row[0]: Request(
            guid=row[0],
            subject=row[1],
            kind=row[2],
            case_guid=row[3],
            case_subject=row[4],
            account_id=row[5],
            received_at=row[6],
            identification=Identification(row[7]),
            identifier=row[8],
            observation=None if row[9] is None else _observation(row[9], row[10], row[11]),
            source=_SOURCES[row[12]],
            delivered=row[13],
        )
        for row in rows
    }


async def _read_histories(connection: Database, subjects: list[int], files: dict[int, VehicleFile]) -> None:
    for vehicle_id, day, arrival, km, starts_segment, source in await connection.fetch(_READINGS, subjects):
        files[vehicle_id].history.readings.append(Reading(day, arrival, km, starts_segment, _SOURCES[source]))
    days = [(subject, day) for subject in subjects for day in _days_judged(files[subject])]
    asked = subjects, [subject for subject, _ in days], [day for _, day in days]
    for vehicle_id, case_guid, account_id, kind, day, km, counts in await connection.fetch(_REPORTS, *asked):
        said = SameGarage(day, km, _TYPES[kind])
        files[vehicle_id].reports.append(OwnReport(account_id, case_guid, said, counts))


def _days_judged(file: VehicleFile) -> set[date]:
    observations = [request.observation for request in file.requests]
    observations += [case.observation for case in file.cases.values()]
    return {observation.reading_date for observation in observations if observation is not None}


def _case(row: Record) -> Case:
    return Case(
        guid=row["guid"],
        subject=row["subject"],
        vehicle_id=row["vehicle_id"],
        observation=_observation(row["observation_type"], row["reading_date"], row["km"]),
        status=Status(row["status"]),
        head=row["head"],
        standing=row["standing"],
        confirmed=row["confirmed"],
        findings=tuple(Finding.from_json(each) for each in json.loads(row["findings"])),
    )


def _observation(observation_type: str, day: date, km: int) -> Observation:
    return Observation(day, km, _TYPES[observation_type])
