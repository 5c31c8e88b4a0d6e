"""A garage's software as it must be: a key set before the first try, and tried again until it is answered."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import httpx
from tests.registry.population import Garage

from odopass.wire.dates import format_wire_date

PATIENCE_SECONDS = 120


@dataclass
class Software:
    """Sends for one garage and remembers what was acknowledged.

    Attributes:
        acknowledged: the GUID of each key that was answered.
        unexpected: answers that no client should ever see, counted.
        tries: how often anything was sent.
    """

    http: httpx.AsyncClient
    garage: Garage
    acknowledged: dict[str, UUID] = field(default_factory=dict)
    unexpected: Counter[str] = field(default_factory=Counter)
    tries: int = 0

    def body(self, vin: str, day: date, km: int) -> dict[str, Any]:
        return {
            "vin": vin,
            "odometerReadingDate": format_wire_date(day),
            "odometerReading": km,
            "observationType": "REPAIR_MAINTENANCE_SERVICE",
            "enterpriseOrganisation": self.garage.enterprise,
            "enteredOrganisation": self.garage.establishment,
        }

    async def post(self, path: str, key: str, body: dict[str, Any] | None = None) -> UUID:
        """Send until it is acknowledged."""
        answer = await self._answered("POST", path, {"Idempotency-Key": key}, body)
        guid = UUID(answer["requestGuid"])
        if self.acknowledged.setdefault(key, guid) != guid:
            self.unexpected["another guid for the same key"] += 1
        return guid

    async def settled(self, guid: UUID) -> str:
        """Ask until it has an outcome."""
        while True:
            answer = await self._answered("GET", f"/api/observation/{guid}/status", {}, None)
            if answer["status"] != "ONGOING":
                return str(answer["status"])
            await asyncio.sleep(0.05)

    async def _answered(
        self, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None
    ) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                self.tries += 1
                try:
                    answer = await self.http.request(
                        method, path, json=body, headers={"Authorization": self.garage.authorization} | headers
                    )
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                    continue
                if answer.status_code == 200:
                    return dict(answer.json())
                if answer.status_code != 503 or "retry-after" not in answer.headers:
                    self.unexpected[f"{answer.status_code} {answer.text[:200]}"] += 1
                await asyncio.sleep(0.05)


def day_of(today: date, turn: int) -> tuple[date, int]:
    """The day and the reading of a vehicle's n-th visit: older ones arrive later, and all fit one another."""
    return today - timedelta(days=turn), 100_000 - 10 * turn
