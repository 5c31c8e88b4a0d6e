"""Keeping other websites away from the tester's page."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OWN_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_SAFE: Final = frozenset({"GET", "HEAD"})
_PAGES: Final = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
#: A report brings its own style sheet, and nothing else.
_REPORTS: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'"


class Protection:
    """Answers under the machine's own names only, and takes changes from its own pages only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name(host) not in _OWN_NAMES:
            refusal = PlainTextResponse("Open this page as http://127.0.0.1 with its port.", 421)
            await refusal(scope, receive, send)
            return
        if scope["method"] not in _SAFE and not _from_here(headers, host):
            await PlainTextResponse("Nothing was done: another website asked for it.", 403)(scope, receive, send)
            return
        policy = _REPORTS if scope["path"].startswith("/report/") else _PAGES
        static = scope["path"].startswith("/static/")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                answered["content-security-policy"] = policy
                answered["x-content-type-options"] = "nosniff"
                answered["referrer-policy"] = "same-origin"
                answered["cache-control"] = "max-age=3600" if static else "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _from_here(headers: Headers, host: str) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc.lower() == host.lower()
    return headers.get("sec-fetch-site") == "same-origin"
