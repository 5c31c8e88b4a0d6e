"""A registry on the test's own database, with two garages of one enterprise, a third one, and an ordinary car."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest_asyncio
from tests.registry.population import Garage, add_garage, add_plate, add_reading, add_vehicle
from tests.registry.running import Dms, Registry, running_registry

from odopass.registry.settings import Environment

VIN = "WVWZZZ1JZXW000001"


@pytest_asyncio.fixture
async def registry(database_url: str) -> AsyncIterator[Registry]:
    async with running_registry(database_url) as running:
        yield running


@pytest_asyncio.fixture
async def production(database_url: str) -> AsyncIterator[Registry]:
    async with running_registry(database_url, environment=Environment.PRODUCTION) as running:
        yield running


@pytest_asyncio.fixture
async def garage(registry: Registry) -> Garage:
    return await add_garage(registry.pool, 1, enterprise=1)


@pytest_asyncio.fixture
async def dms(registry: Registry, garage: Garage) -> Dms:
    return registry.dms(garage)


@pytest_asyncio.fixture
async def sister(registry: Registry) -> Dms:
    """Another establishment of the same enterprise."""
    return registry.dms(await add_garage(registry.pool, 2, enterprise=1))


@pytest_asyncio.fixture
async def stranger(registry: Registry) -> Dms:
    """A garage of another enterprise."""
    return registry.dms(await add_garage(registry.pool, 3))


@pytest_asyncio.fixture
async def car(registry: Registry) -> int:
    """A car with two readings of inspections: 80,000 km a year ago, 95,000 km three months ago; plate 1ABC234."""
    vehicle = await add_vehicle(registry.pool, VIN)
    await add_plate(registry.pool, "1ABC234", vehicle)
    await add_reading(registry.pool, vehicle, date(2025, 3, 1), 80_000)
    await add_reading(registry.pool, vehicle, date(2025, 12, 1), 95_000)
    return vehicle
