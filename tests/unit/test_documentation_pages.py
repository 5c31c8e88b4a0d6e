from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from odopass.registry.api.documentation import documentation_routes
from odopass.registry.api.openapi import openapi_document
from odopass.registry.settings import Environment

pytestmark = pytest.mark.requirement("W18")

PARTS = ["/api/swagger/swagger-ui.css", "/api/swagger/swagger-ui-bundle.js", "/api/swagger/start.js"]


@pytest_asyncio.fixture
async def anybody() -> AsyncIterator[httpx.AsyncClient]:
    """A client without credentials."""
    app = Starlette(routes=documentation_routes(environment=Environment.BETA, version="1.2.3"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://registry") as client:
        yield client


async def test_the_document_is_served_as_it_is_built(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.get("/api/openapi.json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == json.loads(json.dumps(openapi_document(environment=Environment.BETA, version="1.2.3")))


async def test_the_page_needs_nothing_but_what_the_registry_serves(anybody: httpx.AsyncClient) -> None:
    page = await anybody.get("/api/swagger-ui.html")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "//" not in page.text.replace("<!doctype", "")
    needed = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert {f"/api/{address}" for address in needed} >= {*PARTS, "/api/openapi.json"}
    for address in needed:
        if not address.startswith("data:"):
            assert (await anybody.get(f"/api/{address}")).status_code == 200
    start = (await anybody.get("/api/swagger/start.js")).text
    assert 'url: "openapi.json"' in start
    assert "validatorUrl: null" in start


async def test_the_page_may_contact_the_registry_only(anybody: httpx.AsyncClient) -> None:
    policy = (await anybody.get("/api/swagger-ui.html")).headers["content-security-policy"]
    assert policy.startswith(
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "connect-src 'self'"
    )
    assert "http" not in policy
    assert "*" not in policy


@pytest.mark.parametrize("address", [*PARTS, "/api/swagger-ui.html", "/api/openapi.json"])
async def test_a_browser_that_has_it_is_not_sent_it_again(anybody: httpx.AsyncClient, address: str) -> None:
    first = await anybody.get(address)
    assert first.content
    assert first.headers["x-content-type-options"] == "nosniff"
    assert first.headers["cache-control"] == ("public, max-age=86400" if address in PARTS else "no-cache")
    for known in (first.headers["etag"], f"W/{first.headers['etag']}", f'"other", {first.headers["etag"]}'):
        again = await anybody.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert (await anybody.get(address, headers={"If-None-Match": '"other"'})).status_code == 200


@pytest.mark.requirement("W12")
@pytest.mark.parametrize("file", ["nothing.js", "page.html", "README.md", "LICENSE", "swagger-ui.css%00"])
async def test_any_other_file_is_not_found_in_the_error_shape(anybody: httpx.AsyncClient, file: str) -> None:
    answer = await anybody.get(f"/api/swagger/{file}")
    assert answer.status_code == 404
    assert answer.json()["errors"][0]["field"] == ""
