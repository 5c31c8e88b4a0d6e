"""A registry with a garage and a car, and an administrator who can do what the registry cannot."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
from tests.registry.population import add_vehicle
from tests.registry.running import Dms, Registry, running_registry

from odopass.registry.accounts import accounts
from odopass.registry.journal.sealing import seal_waiting
from odopass.registry.journal.seals import Seal
from odopass.registry.postgres import EmbeddedPostgres
from odopass.wire.kbo import enterprise_number, establishment_number

VIN = "WVWZZZ1JZXW000001"


@pytest_asyncio.fixture
async def registry(database_url: str) -> AsyncIterator[Registry]:
    async with running_registry(database_url) as running:
        yield running


@pytest_asyncio.fixture
async def dms(registry: Registry) -> Dms:
    """The software of a garage whose account was added as an operator does."""
    from tests.registry.population import PASSWORD, Garage

    from odopass.registry.accounts.secret import Secret

    enterprise, establishment = enterprise_number(4_000_001), establishment_number(20_000_001)
    async with registry.pool.acquire() as connection:
        added = await accounts.add(
            connection, establishment=establishment, enterprise=enterprise, name="Garage", password=Secret(PASSWORD)
        )
    return registry.dms(Garage(added.id, establishment, enterprise, establishment))


@pytest_asyncio.fixture
async def car(registry: Registry) -> int:
    return await add_vehicle(registry.pool, VIN)


@pytest_asyncio.fixture
async def administrator(request: pytest.FixtureRequest, database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who can change everything, behind the journal's back."""
    url = database_url
    if "ODOPASS_TEST_DATABASE_URL" not in os.environ:
        server: EmbeddedPostgres = request.getfixturevalue("postgres")
        url = server.admin_dsn_of(urlsplit(database_url).path.lstrip("/"))
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


async def seal(pool: asyncpg.Pool) -> Seal | None:
    """What a sealer does every few seconds."""
    async with pool.acquire() as connection:
        return await seal_waiting(connection)
