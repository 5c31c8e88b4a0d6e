"""The worker: the loop that judges whatever waits.

Any number of workers on any number of machines share the work. None holds state that another needs: what a worker had
claimed when it died is claimed again when its lease has run out.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

import structlog

from odopass.clock import Clock
from odopass.registry import tracing
from odopass.registry.faultpoints import reached
from odopass.registry.judging.claiming import Claim, claim
from odopass.registry.judging.deciding import Settlement, decide
from odopass.registry.judging.files import VehicleFile, read_files
from odopass.registry.judging.settling import settle
from odopass.registry.looping import Loop
from odopass.registry.metrics import SETTLED, SETTLING_SECONDS
from odopass.registry.store.database import OF_SINGLE_ROWS, Database, Pool

_log = structlog.get_logger(__name__)

Judged = tuple[Claim, list[Settlement]]

#: What rows give that this program cannot read: those of a newer version, or damaged ones.
_UNREADABLE = (LookupError, ValueError, TypeError)


class Worker:
    """Claims, judges and settles batches until it is told to stop.

    Args:
        pool: the database.
        clock: tells when something was settled.
        batch: how many vehicles are claimed at once.
        lease: how long a batch may take before another worker may claim it.
        idle: how long to wait when there is nothing to do. An arrival on the same process wakes the worker earlier.
    """

    def __init__(
        self,
        pool: Pool,
        clock: Clock,
        *,
        batch: int = 500,
        lease: timedelta = timedelta(seconds=30),
        idle: timedelta = timedelta(milliseconds=100),
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._batch = batch
        self._lease = lease
        self._loop = Loop(self.judge_batch, idle=idle.total_seconds(), failed="could not judge a batch")

    def wake(self) -> None:
        """Tell the worker that something has arrived."""
        self._loop.wake()

    def stop(self) -> None:
        """End `run` after the batch under way."""
        self._loop.stop()

    async def run(self) -> None:
        """Judge until `stop`."""
        await self._loop.run()

    async def judge_batch(self) -> int:
        """Claim one batch, judge and settle it.

        Returns:
            How many requests were settled.
        """
        with ExitStack() as batch:
            async with self._pool.acquire() as connection:
                begun = time.time_ns()
                claims = await claim(connection, most=self._batch, lease=self._lease)
                if not claims:
                    return 0
                requests = tracing.guids(guid for each in claims for guid in each.requests)
                batch.enter_context(tracing.span("judging batch", begun_ns=begun, requests=requests))
                with tracing.span("claim", begun_ns=begun, vehicles=len(claims)):
                    reached("judging: after the claim")
                with tracing.span("reading histories"):
                    files = await _read(connection, claims)
            reached("judging: after reading the histories")
            judged = [
                (each, settlements)
                for each in claims
                if each.subject in files and (settlements := _judge(each, files[each.subject])) is not None
            ]
            return await self._settle(judged)

    async def _settle(self, judged: Sequence[Judged]) -> int:
        try:
            now = self._clock.now()
            with tracing.span("settling", vehicles=len(judged)):
                async with self._pool.acquire() as connection, connection.transaction():
                    held = await settle(connection, judged, now=now)
                    reached("judging: judged, before the commit")
        except OF_SINGLE_ROWS as error:
            if len(judged) == 1:
                _log.error("could not settle", requests=_guids(judged), error=str(error))
                return 0
            return sum([await self._settle([each]) for each in judged])
        reached("judging: after the commit")
        if len(held) < len(judged):
            _log.warning("lease lost", vehicles=len(judged) - len(held))
        kept = {each.subject for each in held}
        settled = [(each, settlements) for each, settlements in judged if each.subject in kept]
        _count(settled, now)
        _log.info("settled", outcomes=_outcomes(settled))
        return sum(len(each.requests) for each, _ in settled)


async def _read(connection: Database, claims: Sequence[Claim]) -> dict[int, VehicleFile]:
    """Read the files of a batch; a vehicle whose rows cannot be read is left waiting, and harms no other vehicle."""
    try:
        return await read_files(connection, claims)
    except _UNREADABLE:
        if len(claims) == 1:
            (unread,) = claims
            _log.exception("could not read", subject=unread.subject, requests=[str(guid) for guid in unread.requests])
            return {}
        files = [await _read(connection, [each]) for each in claims]
        return {subject: file for single in files for subject, file in single.items()}


def _judge(claimed: Claim, file: VehicleFile) -> list[Settlement] | None:
    """Judge one vehicle; a fault of the rules leaves it waiting and says so, and harms no other vehicle."""
    try:
        return list(decide(file))
    except Exception:  # noqa: BLE001 - a fault in one vehicle's data must not stop the others
        _log.exception("could not judge", subject=claimed.subject, requests=[str(guid) for guid in claimed.requests])
        return None


def _count(settled: Sequence[Judged], now: datetime) -> None:
    for _, settlements in settled:
        for each in settlements:
            SETTLED.labels(each.status).inc()
            SETTLING_SECONDS.observe((now - each.received_at).total_seconds())


def _guids(judged: Sequence[Judged]) -> list[str]:
    return [str(guid) for each, _ in judged for guid in each.requests]


def _outcomes(judged: Sequence[Judged]) -> dict[str, str]:
    return {str(each.request.guid): each.status.value for _, settlements in judged for each in settlements}
