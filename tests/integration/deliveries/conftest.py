from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Callable

import asyncpg
import pytest_asyncio


@pytest_asyncio.fixture
async def empty_copy(
    administration: asyncpg.Connection, database_address: Callable[[str | None], str], template: str, owner: str
) -> AsyncIterator[str]:
    """The address of a second fresh database with all tables, to compare with."""
    name = f"odopass_test_{uuid.uuid4().hex}"
    await administration.execute(f'create database {name} template {template} owner "{owner}"')
    yield database_address(name)
    await administration.execute(f"drop database {name} with (force)")
