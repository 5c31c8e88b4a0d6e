"""What tests share: a real PostgreSQL, and a fresh database in it for each test that asks for one."""

from __future__ import annotations

import logging
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
import pytest_asyncio
import structlog

from odopass.registry.journal.guarding import guard
from odopass.registry.postgres import EmbeddedPostgres
from odopass.registry.store.migrate import migrate

# A server to test against instead of the embedded one; its user must be allowed to make databases.
GIVEN_URL = os.environ.get("ODOPASS_TEST_DATABASE_URL")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--long", action="store_true", default=False, help="play the tests of reliability in their long form"
    )


@pytest.fixture(scope="session", autouse=True)
def forgetful_loggers() -> Iterator[None]:
    """No logger remembers how it was set up: commands that run in this process set up the logs of a whole program."""
    configure = structlog.configure

    def without_memory(*arguments: Any, **named: Any) -> None:
        configure(*arguments, **(named | {"cache_logger_on_first_use": False}))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", without_memory)
        yield


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """What a test sets up about logs ends with it."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    structlog.configure(**before)
    # pytest's own handlers come and go with the phases of a test.
    root.handlers = [
        each for each in root.handlers if each in handlers or each.__class__.__module__.startswith("_pytest")
    ]
    root.setLevel(level)


@pytest.fixture(scope="session")
def long_form(request: pytest.FixtureRequest) -> bool:
    """Whether --long was given."""
    return bool(request.config.getoption("--long"))


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The embedded server, one for each process of pytest.

    Without fsync: it guards against loss of power, which no test that shares this server plays. Tests that kill
    servers start their own.
    """
    folder = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(folder, settings={"fsync": "off", "shared_buffers": "64MB"}) as server:
        yield server
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def database_address(request: pytest.FixtureRequest) -> Callable[[str | None], str]:
    """The address of a database on the test server by its name; None: where databases are made."""
    if GIVEN_URL is None:
        server: EmbeddedPostgres = request.getfixturevalue("postgres")
        return lambda name: server.admin_dsn if name is None else server.dsn(name)
    given = urlsplit(GIVEN_URL)
    return lambda name: GIVEN_URL if name is None else urlunsplit(given._replace(path=f"/{name}"))


@pytest_asyncio.fixture(scope="session")
async def administration(database_address: Callable[[str | None], str]) -> AsyncIterator[asyncpg.Connection]:
    """A connection that may make and drop databases."""
    connection = await asyncpg.connect(database_address(None))
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="session")
async def owner(administration: asyncpg.Connection) -> str:
    """The role that owns the databases of tests."""
    return "odopass" if GIVEN_URL is None else str(await administration.fetchval("select current_user"))


@pytest_asyncio.fixture
async def empty_database_url(
    administration: asyncpg.Connection, database_address: Callable[[str | None], str], owner: str
) -> AsyncIterator[str]:
    """The address of a fresh database without tables."""
    name = f"odopass_test_{uuid.uuid4().hex}"
    await administration.execute(f'create database {name} owner "{owner}"')
    yield database_address(name)
    await administration.execute(f"drop database {name} with (force)")


@pytest_asyncio.fixture(scope="session")
async def template(
    request: pytest.FixtureRequest,
    administration: asyncpg.Connection,
    database_address: Callable[[str | None], str],
    owner: str,
) -> AsyncIterator[str]:
    """The name of a database with all tables and no rows, its journal guarded, to be copied."""
    name = f"odopass_test_{uuid.uuid4().hex}"
    await administration.execute(f'create database {name} owner "{owner}"')
    await migrate(database_address(name))
    if GIVEN_URL is None:
        server: EmbeddedPostgres = request.getfixturevalue("postgres")
        await guard(server.admin_dsn_of(name), service=owner)
    yield name
    await administration.execute(f"drop database {name} with (force)")


@pytest_asyncio.fixture
async def database_url(
    administration: asyncpg.Connection, database_address: Callable[[str | None], str], template: str, owner: str
) -> AsyncIterator[str]:
    """The address of a fresh database with all tables and no rows, dropped after the test."""
    name = f"odopass_test_{uuid.uuid4().hex}"
    await administration.execute(f'create database {name} template {template} owner "{owner}"')
    yield database_address(name)
    await administration.execute(f"drop database {name} with (force)")


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to the test's own database."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=10) as connections:
        yield connections
