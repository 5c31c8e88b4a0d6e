"""Take in what follows on an issue: corrections and confirmations (W9, W10).

Only the newest request of a case may be followed, only while the case is in ISSUE, and by one request only: the case's
row is locked while that is checked and changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

import structlog
from asyncpg import Record

from odopass.clock import belgian_day
from odopass.domain.identification import Identification
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.registry.faultpoints import reached
from odopass.registry.intake.requests import Conflict, Origin, Submission, UnknownRequest
from odopass.registry.intake.submitting import earlier_answer
from odopass.registry.metrics import STORED
from odopass.registry.store.database import Database, Pool, fetch_one
from odopass.registry.vehicles.identifying import identify
from odopass.wire.dates import format_wire_date
from odopass.wire.errors import Invalid, Problem

_log = structlog.get_logger(__name__)

_NAME = """
    insert into idempotency (account_id, key, digest, guid) values ($1, $2, $3, $4)
    on conflict (account_id, key) do nothing
"""
_NAMED = "select guid, digest from idempotency where account_id = $1 and key = $2"
_OWN_REQUEST = """
    select case_guid, case_subject, subject from request where guid = $1 and account_id = $2
"""
# Columns by name: with `*` a migration that adds one would break the statement that is prepared already.
_CASE = """
    select guid, subject, status, head, standing, confirmed, observation_type, reading_date, km
    from observation_case where guid = $1 and subject = $2 for update
"""
_FIRST = "select received_at, observation_type, reading_date from request where guid = $1 and subject = $2"
_STANDING = "select subject, identification, identifier from request where guid = $1"
_FOLLOW = "update observation_case set status = 'ONGOING', head = $3 where guid = $1 and subject = $2"
_INSERT = """
    insert into request (
        guid, subject, kind, case_guid, case_subject, account_id, software_id, received_at,
        identification, identifier, observation_type, reading_date, km, body
    ) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
_MARK = """
    insert into waiting (subject, requests) values ($1, array[$2::uuid])
    on conflict (subject) do update set requests = waiting.requests || excluded.requests
"""

_NOT_AN_ISSUE = {
    Status.ONGOING: "it is still being validated. Ask for its status again in 10 seconds.",
    Status.PROCESSED: "it has been processed. If it is wrong all the same, ask the registry's helpdesk.",
    Status.ERROR: "it was refused; submit a new observation instead.",
    Status.REVIEWING: "an employee of the registry is looking at it. Ask for its status again later.",
}


@dataclass(frozen=True, slots=True)
class _Following:
    """The request that is to be taken in, and the case it belongs to."""

    guid: UUID
    origin: Origin
    case: Record


class Following:
    """Stores corrections and confirmations."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def ensure_own(self, guid: UUID, account_id: int) -> None:
        """Check that the garage has sent the request with this GUID, before anything else is said about it.

        Raises:
            UnknownRequest: it has not, or nobody has.
        """
        async with self._pool.acquire() as connection:
            await _own_request(connection, guid, account_id)

    async def correct(self, corrected: UUID, correction: Submission) -> UUID:
        """Store a correction of a request in ISSUE; when this returns, it is committed.

        Raises:
            UnknownRequest: the garage has sent no request with this GUID.
            Conflict: the request cannot be corrected now, or the idempotency key was used for something else.
            Invalid: the correction changes what must stay the same.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            own = await _own_request(connection, corrected, correction.origin.account_id)
            earlier = await _name(connection, correction.guid, correction.origin, correction.digest)
            if earlier is not None:
                return earlier
            case = await _case_in_issue(connection, own, corrected)
            await _check_unchanged(connection, case, correction)
            (found,) = await identify(connection, [correction.request])
            following = _Following(correction.guid, correction.origin, case)
            request = correction.request
            await _store(
                connection,
                following,
                "correction",
                subject=found.subject,
                identification=found.identification.value,
                identifier=found.identifier,
                observation=(request.type.value, request.reading_date, request.km, correction.body),
            )
        return _committed(following, "correction")

    async def confirm(self, confirmed: UUID, guid: UUID, origin: Origin, digest: bytes) -> UUID:
        """Store a confirmation of a request in ISSUE; when this returns, it is committed.

        Args:
            confirmed: the request that is confirmed.
            guid: the name the confirmation will be known by.
            origin: where it comes from.
            digest: identifies the operation, for the idempotency key.

        Raises:
            UnknownRequest: the garage has sent no request with this GUID.
            Conflict: the request cannot be confirmed now, or the idempotency key was used for something else.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            own = await _own_request(connection, confirmed, origin.account_id)
            earlier = await _name(connection, guid, origin, digest)
            if earlier is not None:
                return earlier
            case = await _case_in_issue(connection, own, confirmed)
            if case["confirmed"]:
                raise Conflict(
                    "requestGuid",
                    "This observation was already confirmed once. Correct it, or ask the registry's helpdesk.",
                )
            following = _Following(guid, origin, case)
            standing = await fetch_one(connection, _STANDING, case["standing"])
            await _store(
                connection,
                following,
                "confirmation",
                subject=standing["subject"],
                identification=standing["identification"],
                identifier=standing["identifier"],
                observation=(None, None, None, None),
            )
        return _committed(following, "confirmation")


async def _own_request(connection: Database, guid: UUID, account_id: int) -> Record:
    own = await connection.fetchrow(_OWN_REQUEST, guid, account_id)
    if own is None:
        raise UnknownRequest
    return own


async def _name(connection: Database, guid: UUID, origin: Origin, digest: bytes) -> UUID | None:
    """Take the idempotency key for this request, or give the answer it got when it was first used."""
    if origin.idempotency_key is None:
        return None
    taken = await connection.execute(_NAME, origin.account_id, origin.idempotency_key, digest, guid)
    if taken == "INSERT 0 1":
        return None
    first, first_digest = await fetch_one(connection, _NAMED, origin.account_id, origin.idempotency_key)
    answer = earlier_answer(first, first_digest, digest)
    if isinstance(answer, Conflict):
        raise answer
    return answer


async def _case_in_issue(connection: Database, own: Record, guid: UUID) -> Record:
    case = await connection.fetchrow(_CASE, own["case_guid"], own["case_subject"])
    if case is None:
        raise not_an_issue(Status.ONGOING)
    status = Status(case["status"])
    if case["head"] != guid:
        raise Conflict(
            "requestGuid",
            f"A newer request follows on this one: {case['head']} ({status}). Correct or confirm that one.",
        )
    if status is not Status.ISSUE:
        raise not_an_issue(status)
    return case


def not_an_issue(status: Status) -> Conflict:
    """What is answered to the correction or confirmation of a request in this state."""
    return Conflict(
        "requestGuid",
        f"Only a request in ISSUE can be corrected or confirmed; this one is {status}: {_NOT_AN_ISSUE[status]}",
    )


async def _check_unchanged(connection: Database, case: Record, correction: Submission) -> None:
    """Hold what must stay: the type, save to or from ODOMETER_REPLACED, and the day of a report (W9, W15)."""
    first = await fetch_one(connection, _FIRST, case["guid"], case["subject"])
    report = ObservationType.VEHICLE_HISTORY_DOCUMENT
    replaced = ObservationType.ODOMETER_REPLACED
    was, wanted = ObservationType(case["observation_type"]), correction.request.type
    began_as = ObservationType(first["observation_type"])
    problems = []
    if wanted is not was and replaced not in (was, wanted):
        problems.append(_type_problem(f"{was} cannot become {wanted}"))
    elif wanted is report and began_as is not report:
        problems.append(_type_problem(f"the observation began as {began_as}"))
    day: date = belgian_day(first["received_at"])
    if wanted is report and began_as is report and correction.request.reading_date != day:
        problems.append(
            Problem(
                ("odometerReadingDate",),
                f"A VEHICLE_HISTORY_DOCUMENT keeps the day of its first submission, {format_wire_date(day)}.",
            )
        )
    if problems:
        raise Invalid(tuple(problems))


def _type_problem(why: str) -> Problem:
    return Problem(
        ("observationType",),
        f"A correction keeps the type, except for a change to or from ODOMETER_REPLACED: {why}.",
    )


async def _store(
    connection: Database,
    following: _Following,
    kind: str,
    *,
    subject: int,
    identification: Identification | str,
    identifier: str | None,
    observation: tuple[str | None, date | None, int | None, str | None],
) -> None:
    case, origin = following.case, following.origin
    await connection.execute(
        _INSERT,
        following.guid,
        subject,
        kind,
        case["guid"],
        case["subject"],
        origin.account_id,
        origin.software_id,
        origin.received_at,
        identification,
        identifier,
        *observation,
    )
    await connection.execute(_FOLLOW, case["guid"], case["subject"], following.guid)
    await connection.execute(_MARK, subject, following.guid)
    reached("chain: before the commit")


def _committed(following: _Following, kind: str) -> UUID:
    reached("chain: after the commit, before the answer")
    STORED.labels(kind).inc()
    _log.info(kind, request=str(following.guid), case=str(following.case["guid"]))
    return following.guid
