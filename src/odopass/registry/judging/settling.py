"""Write what a batch came to, in one transaction, and only for vehicles whose claim still holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.registry.journal.appending import append
from odopass.registry.judging.claiming import Claim, release, still_held
from odopass.registry.judging.deciding import Settlement
from odopass.registry.judging.journaling import entry_of
from odopass.registry.report.claims import ask_for_reports
from odopass.registry.store.database import Database

# `do nothing`: a case is opened once, whatever happens.
_OPEN = """
    insert into observation_case (
        guid, subject, account_id, vehicle_id, observation_type, reading_date, km, status, head, standing, findings,
        settled_at
    )
    select guid, subject, account_id, vehicle_id, observation_type, reading_date, km, status, guid, guid,
        findings::jsonb, $10
    from unnest(
        $1::uuid[], $2::bigint[], $3::int[], $4::bigint[], $5::text[], $6::date[], $7::int[], $8::text[], $9::text[]
    ) as opened (guid, subject, account_id, vehicle_id, observation_type, reading_date, km, status, findings)
    on conflict (guid, subject) do nothing
"""

_CHANGE = """
    update observation_case c
    set vehicle_id = changed.vehicle_id, observation_type = changed.observation_type,
        reading_date = changed.reading_date, km = changed.km, status = changed.status, standing = changed.standing,
        findings = changed.findings::jsonb, confirmed = changed.confirmed, settled_at = $12
    from unnest(
        $1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::date[], $6::int[], $7::text[], $8::uuid[], $9::text[],
        $10::bool[], $11::uuid[]
    ) as changed (
        guid, subject, vehicle_id, observation_type, reading_date, km, status, standing, findings, confirmed, head
    )
    where c.guid = changed.guid and c.subject = changed.subject and c.head = changed.head and c.status = 'ONGOING'
"""

_READ = """
    insert into reading (
        vehicle_id, reading_date, km, source, observation_type, account_id, case_guid, starts_segment, remarks,
        recorded_at
    )
    select vehicle_id, reading_date, km, source, observation_type, account_id, case_guid, starts_segment,
        coalesce(string_to_array(nullif(remarks, ''), ','), '{}'), $10
    from unnest(
        $1::bigint[], $2::date[], $3::int[], $4::text[], $5::text[], $6::int[], $7::uuid[], $8::bool[], $9::text[]
    ) with ordinality as read (
        vehicle_id, reading_date, km, source, observation_type, account_id, case_guid, starts_segment, remarks, n
    )
    order by n
"""


async def settle(
    connection: Database, judged: Sequence[tuple[Claim, Sequence[Settlement]]], *, now: datetime
) -> list[Claim]:
    """Settle the vehicles of a batch, inside the caller's transaction.

    Args:
        connection: in a transaction.
        judged: each claim with what its requests came to.
        now: the moment of settling, in UTC.

    Returns:
        The claims that were settled; the others had been taken over by another worker, and nothing of them was written.
    """
    held = await still_held(connection, [claim for claim, _ in judged])
    subjects = {claim.subject for claim in held}
    settlements = [each for claim, settled in judged if claim.subject in subjects for each in settled]
    await _open_cases(connection, [each for each in settlements if each.opens], now)
    await _change_cases(connection, [each for each in settlements if not each.opens], now)
    await _add_readings(connection, settlements, now)
    await append(connection, [entry_of(each) for each in settlements])
    await ask_for_reports(connection, list(_asked_for(settlements, now)))
    await release(connection, held)
    return held


def _asked_for(settlements: Sequence[Settlement], now: datetime) -> Iterator[tuple[UUID, int, int, datetime]]:
    """The reports that are to be made from now on: those of observations that ask for one and count (W15)."""
    for each in settlements:
        asks = each.observation.type is ObservationType.VEHICLE_HISTORY_DOCUMENT
        if asks and each.status is Status.PROCESSED and each.vehicle_id is not None:
            yield each.request.case_guid, each.vehicle_id, each.request.account_id, now


async def _open_cases(connection: Database, opened: Sequence[Settlement], now: datetime) -> None:
    if not opened:
        return
    rows = [
        (
            each.request.case_guid,
            each.request.case_subject,
            each.request.account_id,
            each.vehicle_id,
            each.observation.type.value,
            each.observation.reading_date,
            each.observation.km,
            each.status.value,
            _findings(each),
        )
        for each in opened
    ]
    await connection.execute(_OPEN, *zip(*rows, strict=True), now)


async def _change_cases(connection: Database, changed: Sequence[Settlement], now: datetime) -> None:
    if not changed:
        return
    rows = [
        (
            each.request.case_guid,
            each.request.case_subject,
            each.vehicle_id,
            each.observation.type.value,
            each.observation.reading_date,
            each.observation.km,
            each.status.value,
            each.standing,
            _findings(each),
            each.confirmed,
            each.request.guid,
        )
        for each in changed
    ]
    await connection.execute(_CHANGE, *zip(*rows, strict=True), now)


async def _add_readings(connection: Database, settlements: Sequence[Settlement], now: datetime) -> None:
    rows = [
        (
            each.vehicle_id,
            each.reading.date,
            each.reading.km,
            each.reading.source.value,
            each.observation.type.value,
            each.request.account_id,
            each.request.case_guid,
            each.reading.starts_segment,
            ",".join(each.remarks),
        )
        for each in settlements
        if each.reading is not None
    ]
    if rows:
        await connection.execute(_READ, *zip(*rows, strict=True), now)


def _findings(settlement: Settlement) -> str:
    return json.dumps([finding.as_json() for finding in settlement.findings]) if settlement.findings else "[]"
