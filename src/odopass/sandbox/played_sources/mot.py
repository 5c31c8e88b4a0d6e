"""A player of the United Kingdom's MOT history API, built from its documentation, for tests of the adapter.

https://documentation.history.mot.api.gov.uk tells of the token endpoint, the two headers, the paths, the members of an
answer and the error codes. What a test plays beyond that (a revoked token, a fault) is set on the player.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from odopass.sandbox.played_sources.serving import served

CLIENT_ID: Final = "played-client"
CLIENT_SECRET: Final = "played-secret"  # noqa: S105 - it opens nothing
API_KEY: Final = "played-key"

_BAD, _UNAUTHORISED, _FORBIDDEN, _UNKNOWN = 400, 401, 403, 404


@dataclass(slots=True)
class MotPlayer:
    """The API's state.

    Attributes:
        vehicles: answers by VIN, as documented.
        token_seconds: how long a token lives, as it says.
        tokens: those issued and good, with the moment at which each expires.
        issued: how many were issued.
        asked: how often a vehicle was asked for.
        fault: answers in place of the API if it gives anything.
        now: the clock that tokens expire by, in seconds.
    """

    vehicles: Mapping[str, Mapping[str, Any]]
    token_seconds: int = 3_600
    tokens: dict[str, float] = field(default_factory=dict)
    issued: int = 0
    asked: int = 0
    fault: Callable[[Request], Response | None] = lambda _: None
    now: Callable[[], float] = time.monotonic

    def revoke(self) -> None:
        """Let no token be good any more, though none has expired."""
        self.tokens.clear()

    def app(self) -> Starlette:
        """As an ASGI app."""
        return Starlette(
            routes=[
                Route("/tenant/oauth2/v2.0/token", self._token, methods=["POST"]),
                Route("/v1/trade/vehicles/vin/{vin}", self._vehicle),
            ]
        )

    async def _token(self, request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode()))
        right = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "scope": "https://tapi.dvsa.gov.uk/.default",
        }
        if form != right:
            return JSONResponse({"error": "invalid_client"}, status_code=_UNAUTHORISED)
        token = token_urlsafe(900)  # as long as those of the real issuer
        self.issued += 1
        self.tokens[token] = self.now() + self.token_seconds
        return JSONResponse(
            {
                "token_type": "Bearer",
                "expires_in": self.token_seconds,
                "ext_expires_in": self.token_seconds,
                "access_token": token,
            }
        )

    async def _vehicle(self, request: Request) -> Response:
        self.asked += 1
        fault = self.fault(request)
        if fault is not None:
            return fault
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            return problem(_FORBIDDEN, "MOTH-FB-04", "Access token is missing from the request")
        if token not in self.tokens:
            return problem(_UNAUTHORISED, "MOTH-UA-01", "Authorisation failed")
        if self.tokens[token] <= self.now():
            return problem(_FORBIDDEN, "MOTH-FB-02", "Access token has expired")
        if request.headers.get("x-api-key") != API_KEY:
            return problem(_FORBIDDEN, "MOTH-FB-03", "API key is not recognised")
        vin = request.path_params["vin"]
        if not vin.isalnum():
            return problem(_BAD, "MOTH-IV-04", "The vehicle identification number is invalid")
        vehicle = self.vehicles.get(vin)
        return problem(_UNKNOWN, "MOTH-NF-01", "Vehicle not found") if vehicle is None else JSONResponse(vehicle)


def problem(status: int, code: str, message: str) -> Response:
    """An error in the API's shape."""
    return JSONResponse(
        {"requestId": token_urlsafe(12), "errorCode": code, "errorMessage": message}, status_code=status
    )


@asynccontextmanager
async def played_mot_history(player: MotPlayer) -> AsyncIterator[dict[str, Any]]:
    """Play the API while this is open; what a source's table in the configuration says about it."""
    async with served(player.app(), asyncio.Event()) as base:
        yield {
            "adapter": "mot_history",
            "address": base,
            "key": API_KEY,
            "options": {"token_address": f"{base}/tenant/oauth2/v2.0/token", "client_id": CLIENT_ID},
            "secrets": {"client_secret": CLIENT_SECRET},
        }
