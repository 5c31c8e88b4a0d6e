"""What other websites and other names of this machine get: nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from odopass.garage.app.application import application
from odopass.garage.app.running import running_workshop
from odopass.garage.app.workshop import Workshop

HOME = "http://127.0.0.1:8090"
FORM = {"name": "Bench", "secret": "1234"}


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    (tmp_path / "data").mkdir()
    with running_workshop(tmp_path / "data", tmp_path / "config") as running:
        yield running


@pytest.fixture
async def client(workshop: Workshop) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(workshop))
    async with httpx.AsyncClient(transport=transport, base_url=HOME) as made:
        yield made


@pytest.mark.parametrize(
    "headers",
    [{}, {"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
    ids=["says nothing", "another website", "a sandboxed frame", "cross-site"],
)
async def test_a_form_of_another_website_changes_nothing(
    client: httpx.AsyncClient, workshop: Workshop, headers: dict[str, str]
) -> None:
    assert (await client.post("/account/workplaces", data=FORM, headers=headers)).status_code == 403
    assert workshop.workplaces.names() == []


async def test_a_form_of_its_own_pages_is_taken(client: httpx.AsyncClient, workshop: Workshop) -> None:
    assert (await client.post("/account/workplaces", data=FORM, headers={"origin": HOME})).status_code == 303
    assert workshop.workplaces.names() == ["Bench"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8090", "127.0.0.1.evil.example", "", "[::1"])
async def test_a_strange_name_that_leads_to_this_machine_is_not_answered_to(
    client: httpx.AsyncClient, host: str
) -> None:
    assert (await client.get("/", headers={"host": host})).status_code == 421


@pytest.mark.requirement("G1")
async def test_once_a_workplace_has_a_pin_every_page_asks_for_it(client: httpx.AsyncClient, workshop: Workshop) -> None:
    workshop.workplaces.set("Bench", "1234")
    for route in application(workshop).routes:
        path = getattr(route, "path", "")
        methods = getattr(route, "methods", None) or set()
        if path in {"/static", "/static/look", "/login", "/logout", "/language"}:
            continue
        address = path.replace("{number:int}", "1").replace("{order}", "1").replace("{name}", "1")
        asked = client.post if "POST" in methods else client.get
        answer = await asked(address, headers={"origin": HOME})
        if path.startswith("/feed/"):
            assert answer.status_code == 401, path
            continue
        assert (answer.status_code, answer.headers["location"]) == (303, "/login"), path
    assert (
        await client.post("/login", data={"name": "Bench", "secret": "0000"}, headers={"origin": HOME})
    ).status_code == 403
    assert (await client.post("/login", data=FORM, headers={"origin": HOME})).status_code == 303
    assert (await client.get("/")).status_code == 200


async def test_every_answer_keeps_strangers_scripts_out_and_is_not_stored(client: httpx.AsyncClient) -> None:
    for path in ("/", "/account", "/nothing-here"):
        headers = (await client.get(path)).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example", ""])
async def test_choosing_a_language_leads_to_no_other_website(client: httpx.AsyncClient, back: str) -> None:
    answer = await client.post("/language", data={"language": "fr", "back": back}, headers={"origin": HOME})
    assert answer.headers["location"] == "/"
