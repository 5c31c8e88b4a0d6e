"""Correct or withdraw a reading that counts, on a justified request; what it said before stays (R1)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import structlog
from asyncpg import Record

from odopass.clock import belgian_day
from odopass.domain.catalogue import CATALOGUE, Severity
from odopass.domain.history import History
from odopass.domain.observation import Observation, ObservationType
from odopass.domain.outcome import Outcome, accepted
from odopass.domain.rules import SameGarage, judge, withdrawn
from odopass.registry.judging.deciding import CannotCount
from odopass.registry.judging.files import VehicleFile, read_files
from odopass.registry.review.journaling import note_reading
from odopass.registry.review.trail import Decision, log_decision
from odopass.registry.review.turns import turn
from odopass.registry.store.database import Database, Pool, fetch_one

_logger = structlog.get_logger(__name__)

# Of two who change the same reading at the same moment the second finds nothing to change.
_SUPERSEDE: Final = """
    update reading set superseded_at = $4
    where vehicle_id = $1 and reading_date = $2 and arrival = $3 and superseded_at is null
    returning *
"""
_REPLACE: Final = """
    insert into reading (
        vehicle_id, reading_date, km, source, observation_type, account_id, case_guid, starts_segment, remarks,
        recorded_at, country, in_miles
    ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    returning *
"""
_CASE_CORRECTED: Final = """
    update observation_case set reading_date = $2, km = $3, settled_at = $4 where guid = $1 and status = 'PROCESSED'
"""
_CASE_WITHDRAWN: Final = """
    update observation_case set status = 'ERROR', findings = $2::jsonb, settled_at = $3
    where guid = $1 and status = 'PROCESSED'
"""


@dataclass(frozen=True, slots=True)
class ReadingKey:
    """One row of a vehicle's history."""

    vehicle_id: int
    day: date
    arrival: int


class NoSuchReading(Exception):  # noqa: N818 - it names the state of things
    """The reading is not there, or somebody has changed it since it was looked at."""


async def correct_reading(
    pool: Pool, key: ReadingKey, decision: Decision, *, day: date, km: int, now: datetime
) -> None:
    """Let another value stand in the place of a reading.

    Args:
        pool: of the registry's database.
        key: the reading.
        decision: whose it is, and why.
        day: the day on which the odometer was read after all.
        km: what it showed after all.
        now: the present moment, in UTC.

    Raises:
        NoSuchReading: somebody was faster.
        CannotCount: there is an error about the new value that nobody can overrule.
        Busy: the vehicle was being judged all the time.
    """
    async with turn(pool, [key.vehicle_id]) as (connection, claims):
        old = await _supersede(connection, key, now)
        file = (await read_files(connection, [replace(claims[key.vehicle_id], requests=())]))[key.vehicle_id]
        kind = ObservationType(old["observation_type"])
        outcome = await _judged(connection, file, Observation(day, km, kind), old)
        new = await fetch_one(
            connection,
            _REPLACE,
            key.vehicle_id,
            day,
            km,
            old["source"],
            old["observation_type"],
            old["account_id"],
            old["case_guid"],
            outcome.starts_segment,
            list(outcome.remarks),
            now,
            old["country"],
            old["in_miles"] if km == old["km"] else None,
        )
        if old["case_guid"] is not None:
            await connection.execute(_CASE_CORRECTED, old["case_guid"], day, km, now)
        assert file.vin is not None  # noqa: S101 - its reading was found
        await note_reading(connection, decision, file.vin, old, new)
        await _log(connection, decision, old, _told(new), now)


async def withdraw_reading(pool: Pool, key: ReadingKey, decision: Decision, *, now: datetime) -> None:
    """Take a reading out of the history; its garage's case ends in ERROR and says so.

    Raises:
        NoSuchReading: somebody was faster.
        Busy: the vehicle was being judged all the time.
    """
    async with turn(pool, [key.vehicle_id]) as (connection, _):
        old = await _supersede(connection, key, now)
        vin: str = await connection.fetchval("select vin from vehicle where id = $1", key.vehicle_id)
        await note_reading(connection, decision, vin, old, None)
        if old["case_guid"] is not None:
            (finding,) = withdrawn()
            await connection.execute(_CASE_WITHDRAWN, old["case_guid"], f'[["{finding.code}", {{}}]]', now)
        await _log(connection, decision, old, {}, now)


async def _supersede(connection: Database, key: ReadingKey, now: datetime) -> Record:
    old = await connection.fetchrow(_SUPERSEDE, key.vehicle_id, key.day, key.arrival, now)
    if old is None:
        raise NoSuchReading
    return old


async def _judged(connection: Database, file: VehicleFile, observation: Observation, old: Record) -> Outcome:
    """What becomes of the new value beside the rest of the history, taken as confirmed."""
    assert file.vehicle is not None  # noqa: S101 - its reading was found
    rivals = [each for each in file.reports if each.account_id == old["account_id"]]
    rows = await connection.fetch(
        "select account_id, km, observation_type from reading "
        "where vehicle_id = $1 and reading_date = $2 and superseded_at is null and account_id = $3",
        old["vehicle_id"],
        observation.reading_date,
        old["account_id"],
    )
    said = [each.said for each in rivals if each.case_guid != old["case_guid"]]
    said += [SameGarage(observation.reading_date, row["km"], ObservationType(row["observation_type"])) for row in rows]
    found = judge(
        observation,
        vehicle=file.vehicle,
        history=History(list(file.history.readings)),
        same_garage=said if old["account_id"] is not None else [],
        today=belgian_day(old["recorded_at"]),  # as when it was taken in: it was not late then
    )
    errors = [finding for finding in found if CATALOGUE[finding.code].severity is Severity.ERROR]
    if errors:
        raise CannotCount(errors)
    return accepted(found, observation_type=observation.type)


def _told(row: Record) -> dict[str, Any]:
    return {
        "date": row["reading_date"],
        "km": row["km"],
        "arrival": row["arrival"],
        "remarks": list(row["remarks"]),
        "starts_segment": row["starts_segment"],
    }


async def _log(connection: Database, decision: Decision, old: Record, after: dict[str, Any], now: datetime) -> None:
    case: UUID | None = old["case_guid"]
    await log_decision(
        connection, decision, case_guid=case, vehicle_id=old["vehicle_id"], before=_told(old), after=after, now=now
    )
    _logger.info("reading changed", decision=decision.kind, employee=decision.employee_id, vehicle=old["vehicle_id"])
