"""Follow a delivered file's readings to their outcomes, and tell the outcome of every line."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg

from odopass.clock import Clock
from odopass.domain.catalogue import CATALOGUE
from odopass.registry.deliveries.ledger import Delivery
from odopass.registry.deliveries.left_out import write_rows
from odopass.registry.judging.worker import Worker
from odopass.registry.store.database import Database, Pool

HEADER: Final = ("line", "outcome", "issues", "guid", "why")

#: What a line is said to be that never became a request.
REJECTED: Final = "REJECTED"

#: Longer than a lease: whatever another worker had claimed when it died has come free again.
_PATIENCE_SECONDS: Final = 60.0
_REST_SECONDS: Final = 0.2

_OPEN: Final = """
    select count(*) from request
    where delivery_id = $1 and line > $2 and not exists (
        select from observation_case c where c.guid = request.guid and c.subject = request.subject
    )
"""
_OUTCOMES: Final = """
    select request.line, coalesce(c.status, 'ONGOING') as outcome, c.findings, request.guid, null as reason
    from request
    left join observation_case c on c.guid = request.guid and c.subject = request.subject
    where delivery_id = $1
    union all
    select line, 'REJECTED', null, null, reason from rejected_line where delivery_id = $1
    order by line
"""


class Following:
    """Judges what a file brought, beside whatever workers there are, so that no more than a chunk of it ever waits.

    A garage that submits meanwhile waits behind a chunk, not behind a nation's year of readings.

    Args:
        pool: the database.
        clock: tells when something was settled.
        tell: says to the person what is going on.
    """

    def __init__(self, pool: Pool, clock: Clock, tell: Callable[[str], None]) -> None:
        self._worker = Worker(pool, clock)
        self._tell = tell
        self._settled = 0  # all lines up to this one

    async def __call__(self, connection: Database, delivery: Delivery) -> None:
        """Judge until every line that was taken in has an outcome."""
        loop = asyncio.get_running_loop()
        last, since = -1, loop.time()
        while open_lines := await connection.fetchval(_OPEN, delivery.id, self._settled):
            if open_lines != last:
                last, since = open_lines, loop.time()
            if loop.time() - since > _PATIENCE_SECONDS:
                self._tell(f"{open_lines:,} readings wait to be judged and are not; see the log of the workers.")
                break
            if not await self._worker.judge_batch():
                await asyncio.sleep(_REST_SECONDS)
        self._settled = delivery.line


async def write_outcomes(address: str, delivery: Delivery, path: Path) -> Counter[str]:
    """Write what became of every line of a file; gives how many lines came to which outcome.

    Raises:
        ExplainedError: the file cannot be written; the same command writes it again.
    """
    counts: Counter[str] = Counter()

    async def rows(connection: asyncpg.Connection[Any]) -> AsyncIterator[Sequence[str]]:
        async for row in connection.cursor(_OUTCOMES, delivery.id, prefetch=1_000):
            line, outcome, findings, guid, reason = row
            counts[outcome] += 1
            codes = [each[0] for each in json.loads(findings or "[]")]
            why = reason or "; ".join(CATALOGUE[code].name for code in codes)
            yield str(line), outcome, " ".join(codes), str(guid or ""), why

    connection = await asyncpg.connect(address, timeout=10)
    try:
        async with connection.transaction(readonly=True):
            await write_rows(path, HEADER, rows(connection))
    finally:
        await connection.close()
    return counts
