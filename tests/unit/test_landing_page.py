from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import httpx
import pytest
from starlette.applications import Starlette

from odopass.registry.api.landing import LANGUAGES, landing_routes, preferred
from odopass.registry.settings import Environment
from odopass.wire import paths


async def get(
    path: str = "/", environment: Environment = Environment.BETA, **headers: str
) -> tuple[str, dict[str, str]]:
    transport = httpx.ASGITransport(Starlette(routes=landing_routes(environment=environment)))
    async with httpx.AsyncClient(transport=transport, base_url="https://registry.test") as client:
        answer = await client.get(path, headers=headers)
    assert answer.status_code == 200
    return answer.text, dict(answer.headers)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.targets += [value or "" for name, value in attrs if tag == "a" and name == "href"]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "nl"),
        ("fr", "fr"),
        ("de-BE,fr;q=0.5", "de"),
        ("fr;q=0.5, en;q=0.8", "en"),
        ("es, pt;q=0.9, FR-ch;q=0.1", "fr"),
        ("fr;q=0", "nl"),
        ("en;q=much, de", "de"),
        ("*", "nl"),
        (",;,=;q", "nl"),
    ],
)
async def test_the_page_speaks_the_language_the_browser_likes_best(header: str, expected: str) -> None:
    assert preferred(header) == expected
    assert f'<html lang="{expected}">' in (await get(**{"Accept-Language": header}))[0]


@pytest.mark.parametrize("code", [code for code, _ in LANGUAGES])
async def test_a_language_that_is_asked_for_in_the_address_wins(code: str) -> None:
    text, headers = await get(f"/?lang={code}", **{"Accept-Language": "nl"})
    assert f'<html lang="{code}">' in text
    assert headers["content-language"] == code


@pytest.mark.requirement("W18")
@pytest.mark.parametrize("code", [code for code, _ in LANGUAGES])
async def test_every_language_leads_to_the_documentation_and_to_the_other_languages(code: str) -> None:
    links = _Links()
    links.feed((await get(f"/?lang={code}"))[0])
    others = {f"/?lang={other}" for other, _ in LANGUAGES if other != code}
    assert set(links.targets) == others | {paths.SWAGGER_PAGE, paths.OPENAPI}


async def test_nothing_runs_or_is_loaded_but_the_one_style_whose_digest_the_policy_names() -> None:
    text, headers = await get()
    policy = headers["content-security-policy"]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'")
    links = _Links()
    links.feed(text)
    assert not links.tags & {"script", "iframe", "object", "form"}
    assert " style=" not in text


@pytest.mark.requirement("W1")
async def test_a_test_environment_says_that_it_is_one() -> None:
    assert "Test environment" in (await get("/?lang=en"))[0]
    assert "Test environment" not in (await get("/?lang=en", Environment.PRODUCTION))[0]
