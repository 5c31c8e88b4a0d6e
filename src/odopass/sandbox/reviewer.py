"""A small reviewer: decides the cases in REVIEWING of test vehicles that are there for it, as an employee would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from odopass.clock import Clock
from odopass.registry.looping import Loop
from odopass.registry.review.deciding import AlreadyDecided, CannotCount, ClaimedByOther, decide_case
from odopass.registry.review.trail import Decision
from odopass.registry.review.turns import Busy
from odopass.registry.store.database import Pool
from odopass.sandbox.known import Reviewed

_log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 0.25

_VEHICLES: Final = "select id, vin from vehicle where vin = any($1::text[])"
_EMPLOYEE: Final = "select id from employee where username = $1"
_WAITING: Final = """
    select guid, vehicle_id, head, settled_at from observation_case
    where vehicle_id = any($1::bigint[]) and status = 'REVIEWING'
"""
#: The kind of a decision, and its reason at the desk.
_DECISIONS: Final = {Reviewed.ACCEPTED: ("accept", "photo_proves"), Reviewed.REJECTED: ("reject", "unbelievable")}


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
    """Decides what waits long enough, until it is told to stop. A case that somebody has open at the desk waits on.

    Args:
        pool: the database.
        clock: of the sandbox.
        reviews: what is done, by VIN; cases of other vehicles are left alone.
        username: of the employee whose decisions these are.
    """

    def __init__(self, pool: Pool, clock: Clock, reviews: Mapping[str, Review], *, username: str) -> None:
        self._pool = pool
        self._clock = clock
        self._reviews = reviews
        self._username = username
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
            if now < row["settled_at"] + review.after:
                continue
            kind, reason = _DECISIONS[review.reviewed]
            employee_id = await self._pool.fetchval(_EMPLOYEE, self._username)
            decision = Decision(kind, employee_id, reason, "Decided by the sandbox, as the vehicle says.")
            try:
                await decide_case(self._pool, row["guid"], decision, head=row["head"], now=now)
            except (AlreadyDecided, ClaimedByOther, CannotCount, Busy) as why:
                _log.info("not reviewed", case=str(row["guid"]), why=type(why).__name__)
            else:
                decided += 1
        return decided
