"""Keeping other websites, and pages under strange names, out of the desk."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS: Final = {
    # data: Bootstrap's own arrows and ticks.
    "content-security-policy": "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
#: In bytes; what was typed before a session ended comes along with the login, escaped.
_LONGEST_FORM: Final = 100_000
_HSTS: Final = "max-age=31536000"
#: What garages may see: the page on which they activate their account, and what it looks like.
PUBLIC: Final = ("/desk/activate", "/desk/static/")
#: Names of this machine, under which a desk is always reached from this machine itself.
OWN_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Protection:
    """Refuses changes that another website's page asks for, and requests under a strange host name.

    Args:
        app: the application.
        hosts: the names and addresses under which it may be called, without ports.
        public_host: the name of the registry's public pages, under which garages reach `PUBLIC` only.
        secure: whether browsers reach it over HTTPS.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], *, public_host: str, secure: bool) -> None:
        self._app = app
        self._hosts = hosts
        self._public_host = public_host
        self._headers = _HEADERS | ({"strict-transport-security": _HSTS} if secure else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = host_name(headers.get("host", ""))
        public = host == self._public_host and scope["path"].startswith(PUBLIC)
        if host not in self._hosts and not public:
            refusal = "The desk is not reached under this address. Use the one that the registry gave you."
            await PlainTextResponse(refusal, 421)(scope, receive, send)
            return
        if scope["method"] not in _SAFE and not _from_here(headers):
            refusal = "Nothing was changed: this form was not sent from the desk's own pages. Open it again."
            await PlainTextResponse(refusal, 403)(scope, receive, send)
            return
        if scope["method"] not in _SAFE and not _short(headers):
            await PlainTextResponse("Nothing was changed: this is longer than any form of the desk.", 413)(
                scope, receive, send
            )
            return
        static = "/static/" in scope["path"]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    answered[name] = value
                answered["cache-control"] = "max-age=3600" if static else "no-store"
            await send(message)

        await self._app(scope, receive, with_headers)


def _short(headers: Headers) -> bool:
    """Whether a body is no longer than forms are; one that does not tell its length may be of any."""
    length = headers.get("content-length", "")
    return length.isascii() and length.isdecimal() and len(length) < 10 and int(length) <= _LONGEST_FORM  # noqa: PLR2004


def host_name(host: str) -> str:
    """The name or address in a Host header or a URL's network location, without its port, in lower case."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _from_here(headers: Headers) -> bool:
    origin = headers.get("origin")
    if origin is not None:
        try:
            return urlsplit(origin).netloc.lower() == headers.get("host", "").lower()
        except ValueError:
            return False
    return headers.get("sec-fetch-site") == "same-origin"
