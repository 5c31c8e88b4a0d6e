"""The start page of a registry: what it is, and where its documentation stands. In four languages."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from importlib.resources import files
from typing import Final

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from odopass.registry.settings import Environment
from odopass.wire import paths

#: Each language under its own name, in the order in which they are offered. The first is the default.
LANGUAGES: Final = (("nl", "Nederlands"), ("fr", "Français"), ("de", "Deutsch"), ("en", "English"))
_CODES: Final = tuple(code for code, _ in LANGUAGES)
_DEFAULT: Final = "nl"


def landing_routes(*, environment: Environment) -> list[Route]:
    """The route of the start page."""
    texts = tomllib.loads(_file("landing.toml"))
    pages = {code: _page(code, texts[code], environment) for code in _CODES}
    headers = {
        "Content-Security-Policy": content_security_policy(),
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Vary": "Accept-Language",
        "Cache-Control": "no-cache",
    }

    async def landing(request: Request) -> Response:
        asked = request.query_params.get("lang", "")
        language = asked if asked in _CODES else preferred(request.headers.get("accept-language", ""))
        return HTMLResponse(pages[language], headers={**headers, "Content-Language": language})

    return [Route("/", landing, methods=["GET"])]


def content_security_policy() -> str:
    """The page has one style of its own, named by its digest, and nothing else: no script, no picture, no form."""
    digest = base64.b64encode(hashlib.sha256(_file("landing.css").encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def preferred(accept_language: str) -> str:
    """The language of ours that a browser likes best (RFC 9110, 12.5.4), or Dutch."""
    best, best_weight = _DEFAULT, 0.0
    for item in accept_language.split(","):
        tag, _, parameter = item.partition(";")
        code = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if code in _CODES and weight > best_weight:
            best, best_weight = code, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(value) if name.strip().lower() == "q" else 1.0
    except ValueError:
        return 0.0


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _page(language: str, text: dict[str, object], environment: Environment) -> bytes:
    pages = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = pages.from_string(_file("landing.html"))
    page = template.render(
        language=language,
        languages=LANGUAGES,
        text=text,
        beta=environment is Environment.BETA,
        # Read from our own file: the digest in the policy is of exactly these characters.
        style=Markup(_file("landing.css")),  # noqa: S704
        swagger=paths.SWAGGER_PAGE,
        openapi=paths.OPENAPI,
    )
    return page.encode()
