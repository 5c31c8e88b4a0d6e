"""Take files of readings in, judge them, and tell the outcome of every line (R2, R5)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from odopass.registry.deliveries.chunks import DeliveredFile
from odopass.registry.deliveries.ledger import LINES, Delivery
from odopass.registry.deliveries.taking_in import Importing, take_in
from odopass.registry.intake.delivered import Delivering, Source, find_source, unnamed_vehicles
from odopass.registry.judging.delivered import REJECTED, Following, write_outcomes
from odopass.registry.store.database import Pool


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of a file of readings.

    Attributes:
        file: the file.
        delivery: how it stands.
        before: whether it had been taken in by an earlier run.
        seconds: what this run took for it.
        outcomes: where the outcome of each line was written.
        by_outcome: how many lines came to which.
    """

    file: DeliveredFile
    delivery: Delivery
    before: bool
    seconds: float
    outcomes: Path
    by_outcome: Counter[str]

    def as_json(self) -> dict[str, Any]:
        """The same for a script to read."""
        return {
            "file": str(self.file.path),
            "sha256": self.file.sha256.hex(),
            "state": "done before" if self.before else "done",
            "counts": {
                "lines": self.delivery.counts[LINES],
                "rejected": self.by_outcome[REJECTED],
                **{name: count for name, count in sorted(self.by_outcome.items()) if name != REJECTED},
            },
            "columnsNotUsed": list(self.file.layout.left),
            "remarks": list(self.file.remarks),
            "outcomes": str(self.outcomes),
            "seconds": round(self.seconds, 3),
        }


async def source_of(address: str, key: str) -> Source:
    """The account that delivers.

    Raises:
        ExplainedError: nobody delivers under that name.
    """
    connection = await asyncpg.connect(address, timeout=10)
    try:
        return await find_source(connection, key)
    finally:
        await connection.close()


async def import_readings(
    importing: Importing, file: DeliveredFile, source: Source, *, outcomes: Path | None = None
) -> Judged:
    """Take one file in, judge its lines, and write what became of each.

    Args:
        importing: how.
        file: that was looked through.
        source: who delivered it.
        outcomes: where to write the outcome of each line; None: beside the file.

    Raises:
        ExplainedError: something stands in the way; what was taken in stays.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    async with _pool(importing.address) as pool:
        delivery, before = await take_in(
            importing,
            file,
            "readings",
            Delivering(source, importing.clock),
            account_id=source.account_id,
            further=unnamed_vehicles,
            after=Following(pool, importing.clock, importing.tell),
        )
    seconds = loop.time() - begun
    path = outcomes or file.path.with_name(f"{file.path.name}.outcomes.csv")
    return Judged(file, delivery, before, seconds, path, await write_outcomes(importing.address, delivery, path))


@asynccontextmanager
async def _pool(address: str) -> AsyncIterator[Pool]:
    # None is opened beforehand, so that a database that is away for a moment is met where it is waited for.
    async with asyncpg.create_pool(address, min_size=0, max_size=2, timeout=10, command_timeout=60) as pool:
        yield pool
