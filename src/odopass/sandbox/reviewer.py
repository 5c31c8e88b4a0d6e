"""A small reviewer: decides the cases in REVIEWING of test vehicles that are there for it, as an employee would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from odopass.clock import Clock
from odopass.domain.catalogue import CATALOGUE
from odopass.domain.finding import Finding
from odopass.domain.history import Reading, SourceKind
from odopass.domain.outcome import Status, accepted
from odopass.registry.judging.claiming import Claim, release
from odopass.registry.judging.deciding import Settlement, decide
from odopass.registry.judging.files import VehicleFile, read_files
from odopass.registry.judging.settling import settle
from odopass.registry.looping import Loop
from odopass.registry.store.database import Database, Pool
from odopass.sandbox.known import Reviewed

_log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 0.25
#: What a garage is told when an employee refuses, in registries that know it; others tell again what was found.
_REFUSED: Final = "301"

_VEHICLES: Final = "select id, vin from vehicle where vin = any($1::text[])"
_WAITING: Final = """
    select c.guid, c.vehicle_id, c.head, c.settled_at, head.subject
    from observation_case c
    join request head on head.guid = c.head
    where c.vehicle_id = any($1::bigint[]) and c.status = 'REVIEWING'
"""
# As a worker claims: whoever judges the vehicle now is left alone.
_TURN: Final = """
    insert into waiting as w (subject, requests, lease_until, token)
    values ($1, '{}', clock_timestamp() + interval '30 seconds', nextval('lease_token'))
    on conflict (subject) do update set token = excluded.token, lease_until = excluded.lease_until
    where w.lease_until < clock_timestamp()
    returning token
"""
# The state that settlements begin from; nobody sees it, since it is gone when the transaction ends.
_REOPEN: Final = """
    update observation_case set status = 'ONGOING' where guid = $1 and head = $2 and status = 'REVIEWING' returning 1
"""


@dataclass(frozen=True, slots=True)
class Review:
    """What is done with the cases of a vehicle.

    Attributes:
        reviewed: how they are decided.
        after: how long after they went into REVIEWING.
    """

    reviewed: Reviewed
    after: timedelta


class Reviewer:
    """Decides what waits long enough, until it is told to stop.

    Args:
        pool: the database.
        clock: of the sandbox.
        reviews: what is done, by VIN; cases of other vehicles are left alone.
    """

    def __init__(self, pool: Pool, clock: Clock, reviews: Mapping[str, Review]) -> None:
        self._pool = pool
        self._clock = clock
        self._reviews = reviews
        self._vehicles: dict[int, Review] = {}
        self._loop = Loop(self.review, idle=_LOOK_SECONDS, failed="could not review")

    async def run(self) -> None:
        """Review until `stop`."""
        await self._loop.run()

    def stop(self) -> None:
        """End `run` after what is under way."""
        self._loop.stop()

    async def review(self) -> int:
        """Decide what is due.

        Returns:
            How many cases were decided.
        """
        if not self._vehicles:
            rows = await self._pool.fetch(_VEHICLES, list(self._reviews))
            self._vehicles = {row["id"]: self._reviews[row["vin"]] for row in rows}
        now = self._clock.now()
        decided = 0
        for row in await self._pool.fetch(_WAITING, list(self._vehicles)):
            review = self._vehicles[row["vehicle_id"]]
            if now >= row["settled_at"] + review.after:
                decided += await self._decide(row["guid"], row["head"], row["subject"], review.reviewed, now)
        return decided

    async def _decide(self, case: UUID, head: UUID, subject: int, reviewed: Reviewed, now: datetime) -> bool:
        async with self._pool.acquire() as connection, connection.transaction():
            token = await connection.fetchval(_TURN, subject)
            if token is None:
                return False
            if await connection.fetchval(_REOPEN, case, head) is None:
                await release(connection, [Claim(subject, token, ())])
                return False
            settlement = await _settlement(connection, Claim(subject, token, (head,)), reviewed)
            # Requests that wait for a worker stay in their order: none of them is taken off with this claim.
            await settle(connection, [(Claim(subject, token, ()), [settlement])], now=now)
        _log.info("reviewed", case=str(case), request=str(head), status=settlement.status.value)
        return True


async def _settlement(connection: Database, claim: Claim, reviewed: Reviewed) -> Settlement:
    file = (await read_files(connection, [claim]))[claim.subject]
    # Judged anew, as a confirmation is: what fits by now needs no review.
    (settlement,) = decide(file)
    if settlement.status is not Status.REVIEWING:
        return settlement
    return _accepted(file, settlement) if reviewed is Reviewed.ACCEPTED else _rejected(settlement)


def _rejected(settlement: Settlement) -> Settlement:
    findings = (Finding(_REFUSED),) if _REFUSED in CATALOGUE else settlement.findings
    return replace(settlement, status=Status.ERROR, findings=findings)


def _accepted(file: VehicleFile, settlement: Settlement) -> Settlement:
    said = settlement.observation
    outcome = accepted(settlement.findings, observation_type=said.type)
    return replace(
        settlement,
        status=outcome.status,
        findings=(),
        remarks=outcome.remarks,
        reading=Reading(
            date=said.reading_date,
            arrival=1 + max((reading.arrival for reading in file.history), default=0),
            km=said.km,
            starts_segment=outcome.starts_segment,
            source=SourceKind.GARAGE,
        ),
    )
