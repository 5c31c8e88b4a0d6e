"""Keeping other websites, and other machines, out of the garage's pages."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from odopass.garage.app.words import LANGUAGE_COOKIE, language_of, wording
from odopass.wording import Wording

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FEED: Final = "/feed/"
_HEADERS: Final = {
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


class Protection:
    """Refuses changes that another website's page asks for, and requests under a strange host name.

    A browser says with every form where it was sent from (Origin, Sec-Fetch-Site); what does not say so, or says
    another place, changes nothing. A name that somebody else made lead to this machine (DNS rebinding) is not answered
    to.

    Args:
        app: the application.
        hosts: the names and addresses under which it may be called, without ports.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if _host_name(headers.get("host", "")) not in self._hosts:
            say = _wording_for(headers)
            refusal = say("This address is not one of the application's. Open it as http://127.0.0.1 with its port.")
            await PlainTextResponse(refusal, 421)(scope, receive, send)
            return
        if scope["method"] not in _SAFE and not scope["path"].startswith(_FEED) and not _from_here(headers):
            say = _wording_for(headers)
            refusal = say("Nothing was changed: this form was not sent from this application's pages. Open it again.")
            await PlainTextResponse(refusal, 403)(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    answered[name] = value
                answered["cache-control"] = "max-age=3600" if static else "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)


def _wording_for(headers: Headers) -> Wording:
    chosen = cookie_parser(headers.get("cookie", "")).get(LANGUAGE_COOKIE)
    return wording(language_of(chosen, headers.get("accept-language", "")))


def _host_name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _from_here(headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
    return headers.get("sec-fetch-site") == "same-origin"
