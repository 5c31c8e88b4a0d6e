"""Keeping other websites away from the control port: it has no password, and a browser could be made to call it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from odopass.sandbox.control.answers import refused
from odopass.wire.errors import Problem

_OWN_NAMES: Final = frozenset({"127.0.0.1", "localhost", "::1"})


class Protection:
    """Refuses requests under a strange host name, and changes that another website's page asks for."""

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
            problem = "This address is not one of the control port's. Call it as http://127.0.0.1 with its port."
            await refused(421, Problem(("Host",), problem))(scope, receive, send)
            return
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            problem = "Nothing was done: another website's page asked for it."
            await refused(403, Problem(("Origin",), problem))(scope, receive, send)
            return

        await self._app(scope, receive, send)


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
