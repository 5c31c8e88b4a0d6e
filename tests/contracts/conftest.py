"""A registry that listens on a real socket, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import asyncpg
import httpx
import pytest
from tests.registry.population import Garage, add_garage, add_vehicle
from tests.reliability.deployment import Deployment, deployment

from odopass.registry.store.migrate import migrate

VIN = "CONTRACT000000001"


@dataclass(frozen=True)
class Served:
    """A running registry, and a garage it knows."""

    deployment: Deployment
    garage: Garage

    @property
    def address(self) -> str:
        return self.deployment.address

    @property
    def log(self) -> str:
        return self.deployment.log.read_text()

    @property
    def faults(self) -> list[dict[str, object]]:
        """Lines about a fault of the program: ours, or one that the server found in us."""
        lines = [json.loads(line) for line in self.log.splitlines()]
        return [
            line
            for line in lines
            if line["event"] == "fault" or (line.get("logger") == "uvicorn.error" and line["level"] == "error")
        ]


async def _populate(database_url: str) -> Garage:
    await migrate(database_url)
    connection = await asyncpg.connect(database_url)
    try:
        await add_vehicle(connection, VIN, first_use=None)
        return await add_garage(connection, 1)
    finally:
        await connection.close()


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    with deployment() as made:
        garage = asyncio.run(_populate(made.database_url))
        made.start("registry", "both")
        end = time.monotonic() + 30
        with httpx.Client(base_url=made.address, timeout=30) as http:
            while http.get("/ready").status_code != 200:
                assert time.monotonic() < end
        yield Served(made, garage)
