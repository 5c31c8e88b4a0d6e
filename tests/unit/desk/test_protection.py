from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from odopass.registry.desk.protection import OWN_HOSTS, Protection, host_name

pytestmark = pytest.mark.requirement("R7")


async def answer(request: Request) -> Response:
    return PlainTextResponse(f"{len(await request.body())}")


def client(host: str) -> httpx.AsyncClient:
    """The desk under a name of its own, whose registry has a public name."""
    app = Starlette(
        routes=[Route("/desk/{rest:path}", answer, methods=["GET", "POST"])],
        middleware=[Middleware(Protection, hosts=OWN_HOSTS | {"desk.test"}, public_host="registry.test", secure=True)],
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"https://{host}")


@pytest.mark.parametrize("host", ["desk.test", "desk.test:8443", "DESK.test", "127.0.0.1:9", "localhost", "[::1]:8"])
async def test_the_desk_answers_under_its_names(host: str) -> None:
    async with client(host) as http:
        assert (await http.get("/desk/")).status_code == 200


async def test_under_the_public_name_there_is_only_what_garages_need() -> None:
    async with client("registry.test") as http:
        for path, status in (("activate", 200), ("static/desk.css", 200), ("", 421), ("login", 421), ("log", 421)):
            assert (await http.get(f"/desk/{path}")).status_code == status


@pytest.mark.parametrize("host", ["evil.test", "desk.test.evil.test", "registry.test.evil.test", ""])
async def test_under_any_other_name_there_is_nothing(host: str) -> None:
    async with client("desk.test") as http:
        assert (await http.get("/desk/activate", headers={"Host": host})).status_code == 421


async def test_a_form_has_to_come_from_the_desk_and_be_as_long_as_forms_are() -> None:
    async with client("desk.test") as http:
        own = {"Origin": "https://desk.test"}
        assert (await http.post("/desk/", content=b"x" * 100_000, headers=own)).text == "100000"
        assert (await http.post("/desk/", content=b"x" * 100_001, headers=own)).status_code == 413

        async def parts() -> AsyncIterator[bytes]:
            yield b"x"

        assert (await http.post("/desk/", content=parts(), headers=own)).status_code == 413
        for origin in ("https://evil.test", "null", "https://desk.test.evil.test", "https://[", "http://desk.test:1"):
            assert (await http.post("/desk/", content=b"", headers={"Origin": origin})).status_code == 403


def test_a_host_that_is_none_has_no_name() -> None:
    assert (host_name("["), host_name(""), host_name("A.test:1")) == ("", "", "a.test")
