"""A real browser before the real pages: Debian's Chromium, one for all tests of a process."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Final

import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright
from starlette.types import ASGIApp
from tests.browser.chromium import CHROMIUM, flags, need_chromium
from tests.browser.workshop_stage import Stage, stage
from tests.pdf.cases import NAMES, TODAY, case
from tests.unit.report.shelf import Shelf, app

from odopass.garage.app.application import application
from odopass.registry.report.view import Newer

#: The report that has expired and is contradicted; all others are valid.
EXPIRED: Final = "expired"


def full_shelf() -> Shelf:
    """Every case under its name, and one that has expired."""
    shelf = Shelf()
    for name in NAMES:
        shelf.put(name, case(name))
    old = replace(case("ordinary"), valid_until=TODAY.replace(month=10))
    shelf.put(EXPIRED, old, newer=Newer(TODAY, 90_000))
    return shelf


@asynccontextmanager
async def served(shown: ASGIApp) -> AsyncIterator[str]:
    """An application on a free port of this machine; yields its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(shown, log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving


@pytest.fixture(scope="session")
def shelf() -> Shelf:
    return full_shelf()


@pytest.fixture(scope="session")
async def site(shelf: Shelf) -> AsyncIterator[str]:
    """The address of the pages."""
    async with served(app(shelf, TODAY)) as address:
        yield address


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    need_chromium()
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags())
        yield launched
        await launched.close()


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A workshop with a reading in each state, for the tests of one module."""
    folder = tmp_path_factory.mktemp("workshop")
    with stage(folder) as made:
        yield made
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
async def workshop_home(staged: Stage) -> AsyncIterator[str]:
    """The address of its application; it ends in a slash."""
    async with served(application(staged.workshop)) as address:
        yield f"{address}/"
