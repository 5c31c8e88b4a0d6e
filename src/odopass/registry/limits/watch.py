"""Whether a garage may make another request, decided without asking the database.

Each process counts for itself. Once a second it looks at what was set by hand, tells the others what its busy garages
have asked of it, and counts in what they told. A garage that is not busy costs nobody anything; one that is busy on
several processes is held to one limit, a second late.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4

import structlog

from odopass.registry.accounts.verdicts import Garage
from odopass.registry.limits.buckets import Buckets
from odopass.registry.limits.limit import DEFAULTS, REQUESTS, Limit
from odopass.registry.limits.stored import read, report_taken, taken_by_others
from odopass.registry.looping import Loop
from odopass.registry.metrics import RATE_LIMITED
from odopass.registry.store.database import Pool

_log = structlog.get_logger(__name__)

#: How often other processes and what was set are looked at, in seconds.
LOOKS_EVERY_S: Final = 1.0
#: A garage is busy on a process that takes this share of its rate: below, nobody is told. So up to ten processes hold a
#: garage to its rate together, and each one more lets it have a tenth more at most.
_BUSY_SHARE: Final = 0.1
#: A garage that goes on and on gets one line of log in this time.
_TOLD_EVERY_S: Final = 60.0


class RequestLimits:
    """Counts the requests of each garage against its limit.

    One for each process and event loop. While the database is away, what it said last holds.

    Args:
        pool: connections to the registry's database.
        clock: monotonic seconds.
    """

    def __init__(self, pool: Pool, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._pool = pool
        self._clock = clock
        self._process = uuid4()
        self._buckets = Buckets()
        self._set: dict[tuple[str, int | None], Limit] = {}
        self._taken: Counter[int] = Counter()
        self._looked_at = clock()
        self._counted_in: dict[tuple[UUID, int], datetime] = {}
        self._told_at: dict[int, float] = {}

    def take(self, garage: Garage) -> int:
        """Count a request of this garage.

        Returns:
            0 if it may be served; else the whole seconds after which the garage may try again.
        """
        now = self._clock()
        seconds = self._buckets.take(garage.account_id, self.limit_of(garage.account_id), now)
        if seconds == 0.0:
            self._taken[garage.account_id] += 1
            return 0
        RATE_LIMITED.labels(REQUESTS).inc()
        self._tell(garage, now)
        return max(1, math.ceil(seconds))

    def limit_of(self, account_id: int) -> Limit:
        """What holds for this account: its own, what was set for all, or what the program comes with."""
        if not self._set:
            return DEFAULTS[REQUESTS]
        return self._set.get((REQUESTS, account_id)) or self._set.get((REQUESTS, None)) or DEFAULTS[REQUESTS]

    async def look(self) -> int:
        """See what was set, tell what was taken, count in what others took; always 0, for `Loop`: then it rests."""
        self._set = await read(self._pool)
        now = self._clock()
        taken, self._taken = self._taken, Counter()
        seconds, self._looked_at = now - self._looked_at, now
        busy = {
            account: number
            for account, number in taken.items()
            if number > _BUSY_SHARE * seconds * self.limit_of(account).rate
        }
        if busy:
            await report_taken(self._pool, self._process, busy)
        await self._count_in(now)
        return 0

    async def _count_in(self, now: float) -> None:
        tallies = await taken_by_others(self._pool, self._process)
        for each in tallies:
            if self._counted_in.get((each.process, each.account_id)) != each.at:
                self._buckets.charge(each.account_id, self.limit_of(each.account_id), each.taken, now)
        self._counted_in = {(each.process, each.account_id): each.at for each in tallies}

    def _tell(self, garage: Garage, now: float) -> None:
        if now < self._told_at.get(garage.account_id, -math.inf) + _TOLD_EVERY_S:
            return
        self._told_at[garage.account_id] = now  # bounded by the number of accounts
        limit = self.limit_of(garage.account_id)
        _log.warning(
            "garage limited",
            garage=garage.establishment,
            rate=limit.rate,
            burst=limit.burst,
            note="told once a minute at most",
        )


@asynccontextmanager
async def counting(limits: RequestLimits) -> AsyncIterator[None]:
    """Look again and again in the meantime."""
    loop = Loop(limits.look, idle=LOOKS_EVERY_S, failed="limits not looked at")
    with suppress(OSError):
        await limits.look()
    running = asyncio.create_task(loop.run())
    try:
        yield
    finally:
        loop.stop()
        await running
