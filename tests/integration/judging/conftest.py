"""A registry with one garage and fifty vehicles, and pools of their own for further workers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest_asyncio
from tests.registry.population import add_garage, add_vehicle
from tests.registry.running import Dms, Registry, running_registry

FLEET = 50


def vin(number: int) -> str:
    return f"WVWZZZ1JZXW{number:06}"


@pytest_asyncio.fixture
async def registry(database_url: str) -> AsyncIterator[Registry]:
    async with running_registry(database_url) as running:
        yield running


@pytest_asyncio.fixture
async def dms(registry: Registry) -> Dms:
    return registry.dms(await add_garage(registry.pool, 1))


@pytest_asyncio.fixture
async def fleet(registry: Registry) -> list[int]:
    """Vehicles without history; the n-th has the n-th VIN."""
    return [await add_vehicle(registry.pool, vin(number), first_use=date(2010, 1, 1)) for number in range(FLEET)]
