"""Against a small OpenID Connect provider that really signs: discovery, codes, PKCE and keys over HTTP on loopback."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import secrets
import socket
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from tests.integration.desk.conftest import Browser
from tests.registry.running import Registry

from odopass.registry.employees.employees import Role
from odopass.registry.employees.openid import OpenId, OpenIdSetup

pytestmark = pytest.mark.requirement("R7")

CLIENT, SECRET = "odopass-desk", "geheim:100%"


@dataclass
class Provider:
    """Logs everybody in who comes, as the person that the test has put there."""

    address: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    person: dict[str, Any] = field(default_factory=dict)
    spoil: dict[str, Any] = field(default_factory=dict)
    signing: RSAKey | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    refuses: bool = False

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
            ]
        )

    async def discovery(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
            }
        )

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if self.refuses:
            answer = {"error": "access_denied", "state": asked["state"]}
        else:
            code = secrets.token_urlsafe(16)
            self.codes[code] = asked
            answer = {"code": code, "state": asked["state"]}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}")

    async def token(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        asked = self.codes.pop(form["code"], None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        basic = base64.b64decode(request.headers["authorization"].removeprefix("Basic ")).decode()
        right = (
            asked is not None
            and basic == "odopass-desk:geheim%3A100%25"
            and asked["code_challenge"] == challenge.decode()
            and asked["redirect_uri"] == form["redirect_uri"]
        )
        if asked is None or not right:
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        claims |= self.person | self.spoil
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.signing or self.key)
        return JSONResponse({"access_token": "x", "token_type": "Bearer", "expires_in": 300, "id_token": signed})

    async def keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        made = Provider(f"http://127.0.0.1:{listener.getsockname()[1]}")
        made.person = {"sub": "42", "name": "Carla C", "realm": {"groups": ["km-review", "canteen"]}}
        server = uvicorn.Server(uvicorn.Config(made.app(), log_level="warning", lifespan="off"))
        serving = asyncio.create_task(server.serve([listener]))
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.01)
        yield made
        server.should_exit = True
        await serving


@pytest.fixture
async def desk(registry: Registry, provider: Provider) -> Registry:
    """The registry with a desk that believes the provider."""
    registry.clock.moment = registry.clock.moment.fromtimestamp(time.time(), registry.clock.moment.tzinfo)
    setup = OpenIdSetup(
        provider.address,
        CLIENT,
        SECRET,
        "the ministry",
        "realm.groups",
        {"km-review": Role.REVIEWER, "km-admin": Role.ADMINISTRATOR},
    )
    (mounted,) = [route for route in registry.app.routes if isinstance(route, Mount) and route.path == "/desk"]
    state = cast("Starlette", mounted.app).state
    openid = OpenId(setup, registry.pool, "https://registry.test/desk/openid/callback")
    state.office = replace(state.office, openid=openid)
    return registry


async def through(browser: Browser, provider: Provider, goes_to: str = "/desk/") -> Any:
    """Log in at the provider: the browser goes there by hand, since it is on another host."""
    begun = await browser.http.get(f"/desk/openid?goes_to={goes_to}", follow_redirects=False)
    assert begun.status_code == 303
    return await back(browser, provider, begun.headers["location"])


async def back(browser: Browser, provider: Provider, address: str) -> Any:
    assert address.startswith(provider.address)
    async with httpx.AsyncClient() as there:
        answer = await there.get(address)
    returned = urlsplit(answer.headers["location"])
    return await browser.get(f"{returned.path}?{returned.query}")


async def test_an_employee_comes_in_through_the_provider_with_the_roles_of_the_claim(
    desk: Registry, browser: Browser, provider: Provider
) -> None:
    assert "Log in with the ministry" in (await browser.get("/desk/login")).text
    entered = await through(browser, provider, "/desk/dashboard")
    assert entered.url.path == "/desk/dashboard"
    assert "Carla C" in entered.text
    assert (await browser.get("/desk/staff")).status_code == 403
    row = await desk.pool.fetchrow("select name, roles, password_hash from employee")
    assert tuple(row) == ("Carla C", ["reviewer"], None)
    # The next login brings new name and roles; it is the same employee.
    provider.person |= {"name": "Carla D", "realm": {"groups": "km-admin"}}
    assert "Carla D" in (await through(browser, provider)).text
    assert [row["roles"] for row in await desk.pool.fetch("select roles from employee")] == [["administrator"]]


async def test_whoever_has_no_role_there_has_none_here_and_is_logged_out(
    desk: Registry, browser: Browser, provider: Provider
) -> None:
    await through(browser, provider)
    assert await desk.count("employee_session") == 1
    provider.person["realm"] = {"groups": ["canteen"]}
    refused = await through(browser, provider)
    assert refused.status_code == 403
    assert "You have no role at the desk." in refused.text
    assert await desk.count("employee_session") == 0


async def test_a_locked_account_stays_locked(desk: Registry, browser: Browser, provider: Provider) -> None:
    await through(browser, provider)
    await desk.pool.execute("update employee set state = 'locked'")
    assert "This account is locked." in (await through(browser, provider)).text


@pytest.mark.parametrize(
    "spoil",
    [
        {"aud": "another"},
        {"iss": "http://evil.test"},
        {"nonce": "another"},
        {"exp": 1_000_000_000},
        {"sub": None},
    ],
)
async def test_a_token_that_is_not_meant_for_us_lets_nobody_in(
    desk: Registry, browser: Browser, provider: Provider, spoil: dict[str, Any]
) -> None:
    provider.spoil = spoil
    refused = await through(browser, provider)
    assert refused.status_code == 403
    assert "did not let you in" in refused.text
    assert await desk.count("employee") == 0


async def test_a_signature_of_another_key_lets_nobody_in(desk: Registry, browser: Browser, provider: Provider) -> None:
    provider.signing = RSAKey.generate_key(2048, {"kid": "one"})
    assert (await through(browser, provider)).status_code == 403
    assert await desk.count("employee") == 0


async def test_a_login_that_was_begun_in_another_browser_is_refused(
    desk: Registry, browser: Browser, provider: Provider
) -> None:
    begun = await browser.http.get("/desk/openid", follow_redirects=False)
    browser.http.cookies.clear()
    refused = await back(browser, provider, begun.headers["location"])
    assert "was begun in another browser" in refused.text
    assert await desk.count("employee_session") == 0


async def test_a_login_works_once(desk: Registry, browser: Browser) -> None:
    begun = await browser.http.get("/desk/openid", follow_redirects=False)
    async with httpx.AsyncClient() as there:
        returned = urlsplit((await there.get(begun.headers["location"])).headers["location"])
    cookies = dict(browser.http.cookies)
    assert (await browser.get(f"{returned.path}?{returned.query}")).status_code == 200
    browser.http.cookies.update(cookies)
    assert (await browser.get(f"{returned.path}?{returned.query}")).status_code == 403
    assert await desk.count("employee_session") == 1


@pytest.mark.usefixtures("desk")
async def test_who_says_no_at_the_provider_is_not_let_in(browser: Browser, provider: Provider) -> None:
    provider.refuses = True
    assert (await through(browser, provider)).status_code == 403


async def test_a_provider_that_is_away_is_told_and_passwords_still_work(registry: Registry, browser: Browser) -> None:
    (mounted,) = [route for route in registry.app.routes if isinstance(route, Mount) and route.path == "/desk"]
    state = cast("Starlette", mounted.app).state
    setup = OpenIdSetup("http://127.0.0.1:1", CLIENT, SECRET, "the ministry", "groups", {})
    state.office = replace(state.office, openid=OpenId(setup, registry.pool, "https://registry.test/desk/x"))
    answer = await browser.get("/desk/openid")
    assert answer.status_code == 503
    assert "The login service does not answer." in answer.text
    assert 'name="password"' in answer.text
