"""Accept, reject or send back a case in REVIEWING: it runs through the same settling as what workers judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from asyncpg import Record

from odopass.domain.identification import Identification
from odopass.domain.outcome import Status
from odopass.domain.rules import refused_in_review
from odopass.registry.judging.deciding import CannotCount, Settlement, accept
from odopass.registry.judging.files import Case, Request, VehicleFile, read_cases, read_files
from odopass.registry.judging.settling import settle
from odopass.registry.metrics import SETTLED
from odopass.registry.review.journaling import note_decision
from odopass.registry.review.trail import Decision, log_decision
from odopass.registry.review.turns import turn
from odopass.registry.store.database import Database, Pool

__all__ = ["AlreadyDecided", "CannotCount", "ClaimedByOther", "NoVehicle", "NobodyToAsk", "UnknownCase", "decide_case"]

_log = structlog.get_logger(__name__)

_CASE: Final = "select subject, status, head, vehicle_id from observation_case where guid = $1"
_LOCKED_CASE: Final = "select status, head from observation_case where guid = $1 for update"
_HEAD_SUBJECT: Final = "select subject from request where guid = $1"
# The state that workers' settlements begin from; nobody sees it, since it is gone when the transaction ends.
_REOPEN: Final = "update observation_case set status = 'ONGOING' where guid = $1"
_CLAIMED: Final = """
    select e.name from review_claim k join employee e on e.id = k.employee_id
    where k.case_guid = $1 and k.employee_id <> $2 and k.lease_until > $3
"""
_WHO_DECIDED: Final = """
    select e.name, d.kind, d.decided_at from review_decision d join employee e on e.id = d.employee_id
    where d.case_guid = $1 order by d.id desc limit 1
"""


class UnknownCase(LookupError):  # noqa: N818 - it names the state of things
    """There is no such case."""


class NoVehicle(Exception):  # noqa: N818 - it names the state of things
    """Nobody knows which vehicle the observation is about, so it can join no history: name the vehicle."""


class NobodyToAsk(Exception):  # noqa: N818 - it names the state of things
    """The reading came in a file: nobody can be asked to correct it."""


class ClaimedByOther(Exception):  # noqa: N818 - it names the state of things
    """A colleague is looking at the case.

    Attributes:
        name: the colleague's.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


@dataclass
class AlreadyDecided(Exception):  # noqa: N818 - it names the state of things
    """The case no longer waits for a decision, or has moved on since it was looked at.

    Attributes:
        status: its state now.
        by: who decided it, or "" if nobody at the desk did.
        kind: how, or "".
        at: when, or None.
    """

    status: Status
    by: str = ""
    kind: str = ""
    at: datetime | None = None


async def decide_case(
    pool: Pool,
    guid: UUID,
    decision: Decision,
    *,
    head: UUID,
    now: datetime,
    vehicle_id: int | None = None,
    marked: bool = True,
) -> Status:
    """Decide a case, if it still stands as it was looked at.

    Args:
        pool: of the registry's database.
        guid: of the case.
        decision: accept, reject or send_back.
        head: its newest request when it was looked at.
        now: the present moment, in UTC.
        vehicle_id: what an accepted observation is about, if nobody knew so far.
        marked: whether reports tell that an accepted reading did not fit.

    Returns:
        Its new state.

    Raises:
        UnknownCase: there is none with this GUID.
        AlreadyDecided: somebody else was faster.
        ClaimedByOther: a colleague is looking at it.
        NobodyToAsk: it was to be sent back, and came in a file.
        NoVehicle: it was to be accepted, and nobody knows the vehicle.
        CannotCount: it was to be accepted, and there is an error about it that nobody can overrule.
        Busy: the vehicle was being judged all the time.
    """
    known = await pool.fetchrow(_CASE, guid)
    if known is None:
        raise UnknownCase(str(guid))
    subject = await pool.fetchval(_HEAD_SUBJECT, known["head"])
    subjects = {subject} if vehicle_id is None else {subject, vehicle_id}
    async with turn(pool, subjects) as (connection, claims):
        await _check(connection, guid, decision, head, now)
        await connection.execute(_REOPEN, guid)
        files = await read_files(connection, [replace(claim, requests=(head,)) for claim in claims.values()])
        file = files[subject]
        (request,) = file.requests
        case = (await read_cases(connection, [guid]))[guid]
        for each in files.values():
            each.cases[guid] = case
        settlement = _settlement(file, files, request, case, decision, vehicle_id=vehicle_id, marked=marked)
        # The rows of the vehicle's turn are held: nothing but a fault could keep this from being written.
        await settle(connection, [(claims[settlement.request.subject], [settlement])], now=now)
        await connection.execute("delete from review_claim where case_guid = $1", guid)
        await note_decision(connection, decision, guid)
        await log_decision(
            connection,
            decision,
            case_guid=guid,
            vehicle_id=settlement.vehicle_id,
            before=_told(case, Status.REVIEWING),
            after=_told_settled(settlement, marked=marked),
            now=now,
        )
    SETTLED.labels(settlement.status).inc()
    _log.info(
        "decided",
        case=str(guid),
        request=str(head),
        decision=decision.kind,
        employee=decision.employee_id,
        status=settlement.status.value,
    )
    return settlement.status


async def _check(connection: Database, guid: UUID, decision: Decision, head: UUID, now: datetime) -> None:
    case = await connection.fetchrow(_LOCKED_CASE, guid)
    if case is None:
        raise UnknownCase(str(guid))
    if case["status"] != Status.REVIEWING or case["head"] != head:
        raise _already(case, await connection.fetchrow(_WHO_DECIDED, guid))
    holder = await connection.fetchval(_CLAIMED, guid, decision.employee_id, now)
    if holder is not None:
        raise ClaimedByOther(holder)


def _already(case: Record, decided: Record | None) -> AlreadyDecided:
    status = Status(case["status"])
    if decided is None:
        return AlreadyDecided(status)
    return AlreadyDecided(status, decided["name"], decided["kind"], decided["decided_at"])


def _settlement(
    file: VehicleFile,
    files: dict[int, VehicleFile],
    request: Request,
    case: Case,
    decision: Decision,
    *,
    vehicle_id: int | None,
    marked: bool,
) -> Settlement:
    if decision.kind == "accept":
        if vehicle_id is not None:
            file = files[vehicle_id]
            request = replace(request, subject=vehicle_id, identification=Identification.IDENTIFIED)
        if file.vehicle is None:
            raise NoVehicle
        return accept(file, request, case, marked=marked)
    rejected = decision.kind == "reject"
    if not rejected and request.delivered:
        raise NobodyToAsk
    return Settlement(
        request=request,
        opens=False,
        vehicle_id=case.vehicle_id,
        vin=None,
        observation=case.observation,
        standing=case.standing,
        status=Status.ERROR if rejected else Status.ISSUE,
        findings=tuple(refused_in_review()) if rejected else case.findings,
        confirmed=case.confirmed,
        reading=None,
        remarks=(),
    )


def _told(case: Case, status: Status) -> dict[str, Any]:
    return {
        "status": status.value,
        "vehicle": case.vehicle_id,
        "date": case.observation.reading_date,
        "km": case.observation.km,
        "findings": [finding.as_json() for finding in case.findings],
    }


def _told_settled(settlement: Settlement, *, marked: bool) -> dict[str, Any]:
    reading = settlement.reading
    return {
        "status": settlement.status.value,
        "vehicle": settlement.vehicle_id,
        "counts": reading is not None,
        "starts_segment": reading is not None and reading.starts_segment,
        "remarks": list(settlement.remarks),
        "marked": marked,
    }
