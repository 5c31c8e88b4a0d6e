"""What a process that serves knows of maintenance, without asking the database for every request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from typing import Final

from odopass.clock import Clock
from odopass.registry.looping import Loop
from odopass.registry.maintenance.calendar import WeeklyWindow
from odopass.registry.maintenance.switch import Closed, closed
from odopass.registry.store.database import Pool

#: How often the switch is looked at, in seconds: so late at most a process closes and opens.
LOOKS_EVERY_S: Final = 1.0


class MaintenanceWatch:
    """Tells whether requests are taken just now.

    While the database is away, what it said last holds: it may be away because of the maintenance.
    """

    def __init__(self, pool: Pool, clock: Clock, window: WeeklyWindow | None) -> None:
        self._pool = pool
        self._clock = clock
        self._window = window
        self._closed: Closed | None = None

    def reopens_at(self) -> datetime | None:
        """When requests are taken again, UTC or Belgian time; None if they are taken now."""
        now = self._clock.now()
        ends = [] if self._window is None else [self._window.reopens_at(now)]
        if self._closed is not None and self._closed.until > now:
            ends.append(self._closed.until)
        return max((end for end in ends if end is not None), default=None)

    def seconds_left(self) -> int | None:
        """How many seconds until requests are taken again, at least 1; None if they are taken now."""
        end = self.reopens_at()
        return None if end is None else max(1, round((end - self._clock.now()).total_seconds()))

    async def look(self) -> int:
        """See what the switch says; always 0, for `Loop`: then it rests."""
        self._closed = await closed(self._pool, self._clock.now())
        return 0


@asynccontextmanager
async def watching(watch: MaintenanceWatch) -> AsyncIterator[None]:
    """Look at the switch again and again in the meantime."""
    loop = Loop(watch.look, idle=LOOKS_EVERY_S, failed="maintenance not looked at")
    with suppress(OSError):
        await watch.look()
    running = asyncio.create_task(loop.run())
    try:
        yield
    finally:
        loop.stop()
        await running
