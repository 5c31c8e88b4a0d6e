"""Take an authority's files of vehicles and plates in (R2)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from odopass.registry.deliveries.chunks import DeliveredFile
from odopass.registry.deliveries.ledger import LINES, REJECTED, Delivery
from odopass.registry.deliveries.left_out import write_rejected
from odopass.registry.deliveries.taking_in import Importing, take_in
from odopass.registry.vehicles.extracts import plate_problems
from odopass.registry.vehicles.merging import Merging


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file.

    Attributes:
        file: the file.
        delivery: how it stands.
        before: whether it had been done by an earlier run.
        seconds: what this run took for it.
        rejects: where its bad lines were written, if it has any.
    """

    file: DeliveredFile
    delivery: Delivery
    before: bool
    seconds: float
    rejects: Path | None

    @property
    def lines(self) -> int:
        """Its lines, without header and blank ones."""
        return self.delivery.counts[LINES]

    @property
    def rejected(self) -> int:
        """Those that were left out."""
        return self.delivery.counts[REJECTED]

    def as_json(self) -> dict[str, Any]:
        """The same for a script to read."""
        return {
            "file": str(self.file.path),
            "sha256": self.file.sha256.hex(),
            "state": "done before" if self.before else "done",
            "counts": dict(self.delivery.counts),
            "columnsNotUsed": list(self.file.layout.left),
            "remarks": list(self.file.remarks),
            "rejects": None if self.rejects is None else str(self.rejects),
            "seconds": round(self.seconds, 3),
        }


async def import_vehicles(
    importing: Importing, file: DeliveredFile, *, rejects: Path | None = None, again: bool = False
) -> Imported:
    """Take one file in, and write its bad lines.

    Args:
        importing: how.
        file: that was looked through.
        rejects: where to write the lines that were left out; None: beside the file.
        again: whether a file that is done is taken in once more.

    Raises:
        ExplainedError: something stands in the way; what was taken in stays.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    merging = Merging(file, importing.clock)
    delivery, before = await take_in(importing, file, "vehicles", merging, further=plate_problems, again=again)
    seconds = loop.time() - begun
    written = None
    if delivery.counts[REJECTED]:
        written = rejects or file.path.with_name(f"{file.path.name}.rejects.csv")
        await write_rejected(importing.address, delivery, file, written)
    return Imported(file, delivery, before, seconds, written)
