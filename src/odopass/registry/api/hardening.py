"""Headers that every page and document carries, whatever it says of itself."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

#: Set where the answer has none of its own.
_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # for browsers that do not know the policy's frame-ancestors
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
#: Two years of never again without TLS; only said over TLS, as browsers demand.
_OVER_TLS: Final = {"Strict-Transport-Security": "max-age=63072000"}


def hardened(scope: Scope, send: Send) -> Send:
    """What sends an answer with these headers."""
    if scope["type"] != "http":
        return send
    headers = _ALWAYS | _OVER_TLS if scope["scheme"] == "https" else _ALWAYS

    async def send_hardened(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = MutableHeaders(scope=message)
            for name, value in headers.items():
                there.setdefault(name, value)
        await send(message)

    return send_hardened
