"""Records each exchange on its way: stands outermost, so that it sees what really goes over the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from odopass.clock import Clock
from odopass.sandbox.traffic.exchange import AppliedFault, Exchange, told_headers, told_text
from odopass.sandbox.traffic.recorder import Recorder
from odopass.wire.basic_auth import parse_basic

#: Where whatever changes an exchange says which rule it followed.
FAULT: Final = "odopass.fault"

#: Pages for people, which are no traffic of garages: the sandbox's own, and the desk, whose forms carry passwords.
_PAGES_FOR_PEOPLE: Final = ("/sandbox", "/desk")

#: Documents are shortened when the answer is whole, so that their length can be told.
_HELD_BYTES: Final = 4 * 1024 * 1024


@dataclass(slots=True)
class _Part:
    """The beginning of a body, and the length of the whole."""

    held: bytearray = field(default_factory=bytearray)
    length: int = 0

    def add(self, chunk: bytes) -> None:
        self.length += len(chunk)
        self.held += chunk[: max(0, _HELD_BYTES - len(self.held))]


@dataclass(slots=True)
class _Seen:
    """What has been seen of an exchange so far."""

    began: datetime
    body: _Part = field(default_factory=_Part)
    status: int | None = None
    answer: _Part = field(default_factory=_Part)
    answer_headers: list[tuple[bytes, bytes]] = field(default_factory=list)


class Recording:
    """An ASGI application around another one.

    Args:
        app: answers.
        recorder: keeps what was seen.
        clock: the sandbox's, so that recorded times follow it when it is moved.
    """

    def __init__(self, app: ASGIApp, recorder: Recorder, clock: Clock) -> None:
        self._app = app
        self._recorder = recorder
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it be answered, and record it whatever happens."""
        if scope["type"] != "http" or scope["path"].startswith(_PAGES_FOR_PEOPLE):
            await self._app(scope, receive, send)
            return
        seen = _Seen(self._clock.now())

        async def listened() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                seen.body.add(message.get("body", b""))
            return message

        async def spoken(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                seen.answer_headers = list(message.get("headers", ()))
            elif message["type"] == "http.response.body":
                seen.answer.add(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, listened, spoken)
        finally:
            ended = self._clock.now()
            self._recorder.add(lambda number: _exchange(number, scope, seen, ended))


def _exchange(number: int, scope: Scope, seen: _Seen, ended: datetime) -> Exchange:
    raw = scope["headers"]
    headers = Headers(raw=raw)
    answer_headers = told_headers(seen.answer_headers)
    credentials = parse_basic(next((value for name, value in raw if name == b"authorization"), None))
    fault = scope.get(FAULT)
    return Exchange(
        number=number,
        began=seen.began,
        ended=ended,
        garage="" if credentials is None else credentials.username,
        method=scope["method"],
        path=scope["path"],
        query=scope["query_string"].decode("latin-1"),
        headers=told_headers(raw),
        body=told_text(bytes(seen.body.held), seen.body.length, headers.get("content-type", "")),
        status=seen.status,
        answer=told_text(bytes(seen.answer.held), seen.answer.length, answer_headers.get("content-type", "")),
        answer_headers=answer_headers,
        fault=fault if isinstance(fault, AppliedFault) else None,
    )
