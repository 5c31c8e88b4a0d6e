"""Applies rules to exchanges: stands between the network and the registry, and changes when and how answers come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from odopass.clock import Clock, belgian_day
from odopass.registry.api.answers import DATABASE_AWAY, maintenance, refusal
from odopass.registry.api.service import Service, service_of
from odopass.sandbox.faults.capturing import Answer, Body
from odopass.sandbox.faults.choosing import Asked, Chosen, Rules
from odopass.sandbox.faults.connections import CUT, HANDSHAKE_FAULT
from odopass.sandbox.faults.lookup import known_request, vin_in
from odopass.sandbox.faults.operations import operation_of
from odopass.sandbox.faults.pretending import PretendingOngoing
from odopass.sandbox.faults.rules import Kind
from odopass.sandbox.traffic.exchange import AppliedFault
from odopass.sandbox.traffic.recording import FAULT
from odopass.wire.basic_auth import parse_basic
from odopass.wire.errors import Problem

_log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 0.1
#: A mild delay takes at least this part of what its rule says.
_LEAST_OF_MILD: Final = 0.2

_PROXY_PAGE: Final = """<!DOCTYPE html>
<html><head><title>Please wait</title></head>
<body><h1>Please wait</h1><p>The service is being prepared. This page reloads by itself.</p></body></html>
"""


class Misbehaving:
    """An ASGI application around the registry's.

    Args:
        registry: the application of the registry, whose service is asked about vehicles.
        rules: that are applied.
        clock: of the sandbox.
        slow_vehicles: those whose requests stay ONGOING, by VIN, and for how many seconds.
        ending: whether the server has begun to end; then nothing is waited for.
    """

    def __init__(
        self,
        registry: Starlette,
        rules: Rules,
        clock: Clock,
        *,
        slow_vehicles: Mapping[str, float],
        ending: Callable[[], bool],
    ) -> None:
        self._registry = registry
        self._rules = rules
        self._clock = clock
        self._slow_vehicles = slow_vehicles
        self._ending = ending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as the registry does or otherwise."""
        found = operation_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        if HANDSHAKE_FAULT in scope:
            scope[FAULT] = scope[HANDSHAKE_FAULT]
        if found is None:
            await self._registry(scope, receive, send)
            return
        operation, guid = found
        body = Body(receive)
        if scope["method"] == "POST":
            await body.read()
        credentials = parse_basic(Headers(scope=scope).get("authorization"))
        garage = "" if credentials is None else credentials.username
        vin, received_at = await self._known(guid, garage, body.content)
        age = None if received_at is None else self._clock.now() - received_at
        asked = Asked(operation, garage, vin, guid, age)
        app: ASGIApp = self._registry
        if age is not None and age.total_seconds() < self._slow_vehicles.get(vin, 0):
            app = PretendingOngoing(self._registry, asked)
        elif (hold := self._rules.choose_hold(asked)) is not None:
            app = PretendingOngoing(self._registry, asked)
            scope[FAULT] = AppliedFault(hold.name, hold.rule.kind)
        chosen = self._rules.choose(asked)
        if chosen is None:
            await app(scope, body.receive, send)
            return
        scope[FAULT] = AppliedFault(chosen.name, chosen.rule.kind)
        if chosen.rule.kind is Kind.ONGOING:
            await PretendingOngoing(self._registry, asked)(scope, body.receive, send)
        else:
            await self._apply(chosen, app, scope, body.receive, send)

    async def _known(self, guid: UUID | None, garage: str, body: bytes) -> tuple[str, datetime | None]:
        """The vehicle that a request is about, and when the newest request of its case arrived."""
        service: Service = service_of(self._registry)
        try:
            if guid is None:
                return await vin_in(service.pool, body, belgian_day(self._clock.now())), None
            known = await known_request(service.pool, guid, garage)
        except DATABASE_AWAY as error:
            _log.warning("not known what a request is about", error=str(error) or type(error).__name__)
            return "", None
        return ("", None) if known is None else (known.vin, known.received_at)

    async def _apply(self, chosen: Chosen, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        if chosen.rule.kind is Kind.CUT_BEFORE:
            await _cut(scope, receive)
        elif (instead := _instead(chosen)) is not None:
            await instead(scope, receive, send)
        else:
            await self._spoil(chosen, await Answer.of(app, scope, receive), scope, receive, send)

    async def _spoil(self, chosen: Chosen, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request that was served be answered badly."""
        match chosen.rule.kind:
            case Kind.DELAY:
                part = _LEAST_OF_MILD + (1 - _LEAST_OF_MILD) * chosen.chance if chosen.mild else 1.0
                await self._wait((chosen.rule.seconds or 0) * part, receive)
                await answer.send_on(send)
            case Kind.BROKEN_JSON:
                await answer.send_other(answer.content[: len(answer.content) * 2 // 3], send)
            case Kind.HALF_ANSWER if answer.content:
                await answer.send_half(send)
                await _cut(scope, receive)
            case _:
                await _cut(scope, receive)

    async def _wait(self, seconds: float, receive: Receive) -> None:
        """Wait as long as somebody waits for the answer."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        gone = asyncio.ensure_future(_gone(receive))
        try:
            while not gone.done() and not self._ending() and (left := until - loop.time()) > 0:
                await asyncio.wait({gone}, timeout=min(left, _LOOK_SECONDS))
        finally:
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)


def _instead(chosen: Chosen) -> ASGIApp | None:
    """What is answered without asking the registry; None if it is asked."""
    retry_after = chosen.rule.retry_after
    headers = {} if retry_after is None else {"retry-after": str(retry_after)}
    match chosen.rule.kind:
        case Kind.UNAVAILABLE:
            return _refusal(503, "The registry cannot store or look up anything just now.", headers)
        case Kind.THROTTLED:
            return _refusal(429, "Too many requests.", headers)
        case Kind.FAILING:
            return _refusal(500, "The registry made a mistake.", {})
        case Kind.HTML:
            return HTMLResponse(_PROXY_PAGE)
        case Kind.MAINTENANCE:
            return maintenance(max(1, round(chosen.seconds_left or 0)))
        case _:
            return None


def _refusal(status: int, message: str, headers: dict[str, str]) -> Response:
    return refusal(status, [Problem((), f"{message} Send the same request again later.")], headers=headers)


async def _cut(scope: Scope, receive: Receive) -> None:
    """Close the connection: what was sent arrives, the rest never does."""
    scope[CUT]()
    await _gone(receive)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
