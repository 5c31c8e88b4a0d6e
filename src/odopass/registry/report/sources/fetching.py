"""Fetch from a source over HTTP: bounded in time, size and number of tries, whatever the other side does."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import structlog

from odopass.registry.report.sources.question import SourceAway, SourceUnreadable

_log = structlog.get_logger(__name__)

#: The longest body that is read, in bytes. A vehicle with 400 readings takes about 30,000.
LONGEST_BODY: Final = 1_000_000

#: Answers after which asking again may help, and does no harm.
_PASSING: Final = frozenset({502, 503, 504})
_NO_ENTRY: Final = frozenset({401, 403, 429})

_CONNECT_SECONDS: Final = 10.0
_CONNECTIONS: Final = httpx.Limits(max_connections=500, max_keepalive_connections=50, keepalive_expiry=30)

#: The rest before the second try is about this long, and doubles with each.
_FIRST_REST: Final = 0.2
#: A source that wants to be left in peace for longer is not tried again for this report.
_LONGEST_REST: Final = 5.0

Sleep = Callable[[float], Awaitable[None]]


def open_client(*, ca_file: Path | None = None) -> httpx.AsyncClient:
    """The connections of one process to all its sources; use it in `async with`.

    Certificates are verified against the system's authorities. Redirects are not followed, for they would take our
    key to somebody else; cookies, proxies and passwords of the environment are not used.

    Args:
        ca_file: authorities in PEM form to trust as well.
    """
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    # They log each request with its address, and ours name the vehicle.
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return httpx.AsyncClient(
        verify=context,
        timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
        limits=_CONNECTIONS,
        follow_redirects=False,
        trust_env=False,
        # Unpacking could make a small answer endless, so none is packed.
        headers={"accept": "application/json", "accept-encoding": "identity", "user-agent": "odopass"},
    )


@dataclass(frozen=True, slots=True)
class Received:
    """What came back: the HTTP status and the body."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches for one source.

    Attributes:
        source: its name, for the log.
        client: the process's connections.
        retries: how often it may be tried again.
        chance: decides the jitter of the rests between tries.
        sleep: rests.
    """

    source: str
    client: httpx.AsyncClient
    retries: int
    chance: random.Random
    sleep: Sleep = asyncio.sleep

    async def get(
        self, address: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Received:
        """GET, tried again where that may help.

        Raises:
            SourceAway: nothing came, or only that nothing can be had at present.
            SourceUnreadable: what came is too large or packed.
        """
        return await self._fetch(self.client.build_request("GET", address, params=params, headers=headers))

    async def post_form(self, address: str, form: Mapping[str, str]) -> Received:
        """POST a form that changes nothing on the other side, so that it may be tried again like a GET.

        Raises:
            SourceAway: as for `get`.
            SourceUnreadable: as for `get`.
        """
        return await self._fetch(self.client.build_request("POST", address, data=form))

    async def _fetch(self, request: httpx.Request) -> Received:
        tried = 0
        while True:
            try:
                received, wanted_rest = await self._once(request)
            except httpx.TransportError as error:
                reason, wanted_rest = type(error).__name__, 0.0
            else:
                if received.status not in _PASSING:
                    return received
                reason = f"HTTP {received.status}"
            rest = max(_FIRST_REST * 2**tried * self.chance.uniform(0.5, 1.5), wanted_rest)
            if tried >= self.retries or rest > _LONGEST_REST:
                raise SourceAway(reason)
            tried += 1
            _log.info("source tried again", source=self.source, reason=reason, tried=tried)
            await self.sleep(rest)

    async def _once(self, request: httpx.Request) -> tuple[Received, float]:
        response = await self.client.send(request, stream=True)
        try:
            if response.headers.get("content-encoding", "identity").lower() != "identity":
                raise SourceUnreadable("packed, though we asked for it plain")
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > LONGEST_BODY:
                    raise SourceUnreadable(f"longer than {LONGEST_BODY} bytes")
        finally:
            await response.aclose()
        return Received(response.status_code, bytes(body)), _wanted_rest(response.headers)


def _wanted_rest(headers: httpx.Headers) -> float:
    """How long the source wants to be left in peace, in seconds; 0 if it does not say so in seconds."""
    wanted = headers.get("retry-after", "")
    return float(wanted[:9]) if wanted.isascii() and wanted.isdigit() else 0.0


def refused(received: Received, detail: str = "") -> SourceAway | SourceUnreadable:
    """What an answer means that is neither what was asked for nor that the vehicle is unknown."""
    reason = f"HTTP {received.status} {detail}".strip()
    if received.status in _NO_ENTRY or received.status >= 500:  # noqa: PLR2004 - the server's own failures
        return SourceAway(reason)
    return SourceUnreadable(reason)
