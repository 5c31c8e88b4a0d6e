"""A registry with a desk, employees of every role, and a case that waits for them."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from functools import cache
from uuid import UUID

import asyncpg
import httpx
import pytest_asyncio
from tests.registry.population import Garage, add_garage, add_reading, add_vehicle
from tests.registry.running import Dms, Registry, running_registry

from odopass.registry.accounts.passwords import make_hash
from odopass.registry.accounts.secret import Secret

VIN = "WVWZZZ1JZXW000001"
PASSWORD = "een goed Wachtwoord 27"


@cache
def password_hash() -> str:
    return make_hash(Secret(PASSWORD))


async def add_employee(pool: asyncpg.Pool, username: str, *roles: str) -> int:
    return int(
        await pool.fetchval(
            "insert into employee (username, name, roles, password_hash) values ($1, $2, $3, $4) returning id",
            username,
            username.capitalize(),
            list(roles),
            password_hash(),
        )
    )


class Browser:
    """A browser without scripts: it follows redirects, keeps cookies, and sends forms as the page gives them."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http = http

    async def get(self, path: str) -> httpx.Response:
        return await self.http.get(path)

    async def post(self, path: str, fields: dict[str, str]) -> httpx.Response:
        return await self.http.post(path, data=fields, headers={"Origin": "https://registry.test"})

    async def log_in(self, username: str, password: str = PASSWORD, code: str = "") -> httpx.Response:
        return await self.post("/desk/login", {"username": username, "password": password, "code": code})

    async def send(self, page: str, action: str, **fields: str) -> httpx.Response:
        """Open a page, and send the form with this action with these fields."""
        shown = await self.get(page)
        return await self.post(action, self.hidden(shown, action) | fields)

    @staticmethod
    def hidden(shown: httpx.Response, action: str) -> dict[str, str]:
        """The hidden fields of the form with this action, which must be on the page."""
        opening = rf'<form method="post"[^>]*action="{re.escape(html.escape(action))}"[^>]*>'
        form = re.search(rf"{opening}(.*?)</form>", shown.text, re.DOTALL)
        assert form is not None, f"no form {action} on {shown.url}: {shown.text[:2000]}"
        inputs = re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)"', form[1])
        return {name: html.unescape(value) for name, value in inputs}


@pytest_asyncio.fixture
async def registry(database_url: str) -> AsyncIterator[Registry]:
    async with running_registry(database_url) as running:
        yield running


@asynccontextmanager
async def browsing(registry: Registry, *, client: str = "192.0.2.7") -> AsyncIterator[Browser]:
    transport = httpx.ASGITransport(registry.app, client=(client, 1))
    async with httpx.AsyncClient(
        transport=transport, base_url="https://registry.test", follow_redirects=True, headers={"Accept-Language": "en"}
    ) as http:
        yield Browser(http)


@pytest_asyncio.fixture
async def browser(registry: Registry) -> AsyncIterator[Browser]:
    async with browsing(registry) as opened:
        yield opened


@pytest_asyncio.fixture
async def reviewer(registry: Registry, browser: Browser) -> Browser:
    """The browser of a reviewer who is logged in."""
    await add_employee(registry.pool, "anna", "reviewer")
    answer = await browser.log_in("anna")
    assert answer.status_code == 200
    return browser


@pytest_asyncio.fixture
async def garage(registry: Registry) -> Garage:
    return await add_garage(registry.pool, 1)


@pytest_asyncio.fixture
async def dms(registry: Registry, garage: Garage) -> Dms:
    return registry.dms(garage)


@pytest_asyncio.fixture
async def car(registry: Registry) -> int:
    vehicle = await add_vehicle(registry.pool, VIN)
    await add_reading(registry.pool, vehicle, date(2025, 3, 1), 80_000)
    await add_reading(registry.pool, vehicle, date(2025, 12, 1), 95_000)
    return vehicle


async def confirmed(dms: Dms, **members: object) -> UUID:
    """An observation that the garage has confirmed and an employee must decide; the GUID of its case."""
    guid = await dms.submit(**({"vin": VIN, "km": 50_000} | members))
    await dms.outcome(guid)
    outcome = await dms.outcome(await dms.confirm(guid))
    assert outcome.status == "REVIEWING"
    return guid


@pytest_asyncio.fixture
async def case(dms: Dms, car: int) -> UUID:
    assert car
    return await confirmed(dms)
