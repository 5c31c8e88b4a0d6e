"""Make the reports that were asked for: ask outside sources, put together what is known, let it stand (W16).

Each report is made by one task. While the sources are asked, no transaction is open and no connection is held. What a
process had begun when it died is begun again by another when its lease has run out; a report is written only by the
holder of the newest token, so it stands once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import structlog

from odopass.clock import Clock, belgian_day
from odopass.registry import tracing
from odopass.registry.faultpoints import reached
from odopass.registry.journal.appending import append
from odopass.registry.looping import Loop
from odopass.registry.report.claims import ReportClaim, claim_reports, still_held
from odopass.registry.report.content import (
    ReadingLine,
    ReportContent,
    VehicleData,
    last_day_of_validity,
    store_content,
    stored_content,
)
from odopass.registry.report.histories import join_foreign_readings, reading_lines, unifier_of, vehicle_data
from odopass.registry.report.journaling import published
from odopass.registry.report.numbers import new_number, new_public_id
from odopass.registry.report.sources import Enquiry, Question
from odopass.registry.store.database import Pool

_log = structlog.get_logger(__name__)

#: A minute for the sources, and ample time to write what they said.
LEASE: Final = timedelta(seconds=120)

_WRITE = """
    update report
    set to_make = false, lease_until = '-infinity', version = version + 1, number = $2, public_id = $3, made_at = $4,
        content = $5::jsonb
    where case_guid = $1
"""
_FIRST_CONTENT = "select content from report where case_guid = $1"

Ask = Callable[[Question], Awaitable[Enquiry]]


@dataclass
class ReportMaker:
    """Makes reports until it is told to stop.

    Attributes:
        ask: asks the outside sources; takes a minute at most and raises nothing because of them.
        registry: the name of the registry that issues the reports.
        lease: how long a maker may take before another may begin anew.
        side_by_side: how many may be under way at once.
        idle: seconds to wait when there is nothing to make; `wake` ends the wait.
    """

    pool: Pool
    clock: Clock
    ask: Ask
    registry: str
    lease: timedelta = LEASE
    side_by_side: int = 100
    idle: float = 0.1

    def __post_init__(self) -> None:
        self._loop = Loop(self._begin, idle=self.idle, failed="could not begin reports")
        self._under_way: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Tell the maker that a report may have been asked for."""
        self._loop.wake()

    def stop(self) -> None:
        """End `run`; reports under way are given up and made by somebody else."""
        self._loop.stop()

    async def run(self) -> None:
        """Make reports until `stop`."""
        await self._loop.run()
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def make_waiting(self) -> int:
        """Make all reports that can be claimed now, and wait for them.

        Returns:
            How many were claimed.
        """
        begun = await self._begin()
        await asyncio.gather(*self._under_way)
        return begun

    async def _begin(self) -> int:
        free = self.side_by_side - len(self._under_way)
        claims = await claim_reports(self.pool, most=free, lease=self.lease) if free > 0 else []
        for claim in claims:
            task = asyncio.create_task(self._make(claim))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return len(claims)

    async def _make(self, claim: ReportClaim) -> None:
        with structlog.contextvars.bound_contextvars(request=str(claim.case_guid)):
            try:
                await self._make_claimed(claim)
            except Exception:  # noqa: BLE001 - the lease runs out and it is made again; the others must go on
                _log.exception("could not make a report")

    async def _make_claimed(self, claim: ReportClaim) -> None:
        reached("report: claimed")
        async with self.pool.acquire() as connection:
            vehicle = await vehicle_data(connection, claim.vehicle_id)
            question = Question(
                vin=vehicle.vin,
                unifier=await unifier_of(connection, claim.vehicle_id),
                first_use=vehicle.first_use,
                imported_used=vehicle.imported_used,
                country=None,
            )
        with tracing.span("enquiry", request=str(claim.case_guid)):
            enquiry = await self.ask(question)
        reached("report: the sources were asked")
        now = self.clock.now()
        async with self.pool.acquire() as connection, connection.transaction():
            if not await still_held(connection, claim):
                _log.warning("lease lost")
                return
            await join_foreign_readings(connection, claim.vehicle_id, enquiry.readings, vin=vehicle.vin, now=now)
            earlier = await connection.fetchval(_FIRST_CONTENT, claim.case_guid)
            content = self._content(
                claim, told(vehicle, enquiry), await reading_lines(connection, claim.vehicle_id), enquiry
            )
            if earlier is not None:
                first = stored_content(earlier)
                content = replace(content, day=first.day, valid_until=first.valid_until)
            stored = store_content(content)
            await connection.execute(
                _WRITE, claim.case_guid, content.number, content.public_id, content.made_at, stored
            )
            await append(connection, [published(claim.case_guid, claim.vehicle_id, content, stored)])
            reached("report: written, before the commit")
        _log.info("report stands", sources={line.name: line.state.value for line in content.sources})

    def _content(
        self, claim: ReportClaim, vehicle: VehicleData, readings: tuple[ReadingLine, ...], enquiry: Enquiry
    ) -> ReportContent:
        made_at = self.clock.now()
        day = belgian_day(made_at)
        return ReportContent(
            number=claim.number or new_number(),
            public_id=claim.public_id or new_public_id(),
            registry=self.registry,
            made_at=made_at,
            day=day,
            valid_until=last_day_of_validity(day),
            vehicle=vehicle,
            readings=readings,
            recalls=enquiry.recalls,
            accident_inspection_due=enquiry.accident_inspection_due,
            sources=enquiry.lines,
        )


def told(vehicle: VehicleData, enquiry: Enquiry) -> VehicleData:
    """The vehicle's data with what the registration authority says today in place of what was loaded."""
    known = {name: value for name, value in enquiry.vehicle.items() if value is not None and name in _TOLD}
    return replace(vehicle, **known)


_TOLD: Final = frozenset(VehicleData.__dataclass_fields__) - {"vin"}
