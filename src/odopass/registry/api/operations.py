"""What all operations share: who asks, which request is meant, what the body says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import wraps
from typing import Final
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response
from structlog.contextvars import bound_contextvars

from odopass.registry import tracing
from odopass.registry.accounts.verdicts import Garage, Verdict
from odopass.registry.api.answers import Endpoint, answer_to, ending, login_refused, too_many_requests
from odopass.registry.api.service import Service, service_of
from odopass.registry.intake.requests import Origin, UnknownRequest
from odopass.registry.metrics import ANSWERS
from odopass.registry.store.pool import bound_waiting, unbound_waiting
from odopass.wire.errors import Invalid, Problem
from odopass.wire.headers import client_software, idempotency_key
from odopass.wire.json_body import MAX_BODY_BYTES, body_too_large
from odopass.wire.observation import NAMES

#: A body that is too large is read to its end, up to this many bytes, so that the client gets to read the refusal.
_MOST_DISCARDED_BYTES: Final = 64 * 1024 * 1024

#: The fields that a line of log names. Members that clients made up may be called anything.
_TOLD: Final = NAMES | {"Content-Type", "Idempotency-Key", "language", "requestGuid"}
_SERVER_FAULT: Final = 500

_log = structlog.get_logger(__name__)

Operation = Callable[[Request, Service, Garage], Awaitable[Response]]


def operation(serve: Operation) -> Endpoint:
    """An operation of the wire: it asks for credentials first (W2), and whatever goes wrong becomes an answer (W12)."""

    @wraps(serve)
    async def endpoint(request: Request) -> Response:
        bounded = bound_waiting()
        try:
            with tracing.span("request", operation=serve.__name__):
                if tracing.on():
                    tracing.note(method=request.method, **_named(request))
                try:
                    response = await _served(serve, request)
                except Exception as error:  # noqa: BLE001 - mapped in one place
                    with bound_contextvars(**_named(request)):
                        response = answer_to(error)
                        _tell_refusal(serve.__name__, request, response, error)
                except asyncio.CancelledError:
                    # Nothing cancels a request but the end of this process, when its time of grace is over.
                    response = ending()
                tracing.note(http_status=response.status_code)
            ANSWERS.labels(serve.__name__, response.status_code).inc()
        finally:
            unbound_waiting(bounded)
        return response

    return endpoint


def _tell_refusal(operation: str, request: Request, response: Response, error: Exception) -> None:
    """For the helpdesk: what a garage was refused and why, in terms of fields. What it sent is not told."""
    if response.status_code >= _SERVER_FAULT:
        return  # told where it arose
    garage: Garage | None = request.scope.get("odopass.garage")
    problems = error.problems if isinstance(error, Invalid) else ()
    fields = {name if name in _TOLD else "another member" for problem in problems for name in problem.fields}
    _log.info(
        "refused",
        operation=operation,
        status=response.status_code,
        garage=None if garage is None else garage.establishment,
        fields=sorted(fields),
        reason=type(error).__name__,
    )


def _named(request: Request) -> dict[str, str]:
    """What a line of log about this request says of it: its GUID, if there is one in the path (R13)."""
    try:
        return {"request": str(guid_of(request))}
    except (KeyError, UnknownRequest):
        return {}


async def _served(serve: Operation, request: Request) -> Response:
    service = service_of(request.app)
    garage = await _login(request, service)
    if not isinstance(garage, Garage):
        return login_refused(garage)
    request.scope["odopass.garage"] = garage
    if seconds := service.limits.take(garage):
        limit = service.limits.limit_of(garage.account_id)
        return too_many_requests(seconds, rate=limit.rate, burst=limit.burst)
    return await serve(request, service, garage)


async def _login(request: Request, service: Service) -> Verdict:
    header = next((value for name, value in request.scope["headers"] if name == b"authorization"), None)
    if header is not None and (garage := service.authenticator.remembered(header)) is not None:
        return garage
    address = request.client.host if request.client is not None else ""
    return await service.authenticator.authenticate(header, address)


def guid_of(request: Request) -> UUID:
    """The GUID in the path. What is no GUID is one that nobody has sent.

    Raises:
        UnknownRequest: it is no GUID.
    """
    try:
        return UUID(request.path_params["requestGuid"])
    except ValueError:
        raise UnknownRequest from None


async def json_body(request: Request) -> bytes:
    """The body of a request that must have one.

    Raises:
        Invalid: it is not said to be JSON, or is too large.
    """
    problem = _media_type_problem(request.headers.get("content-type", ""))
    body = await _read(request)
    if problem is not None:
        raise Invalid([problem])
    return body


async def ignored_body(request: Request) -> None:
    """Read whatever body was sent, and forget it."""
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read > _MOST_DISCARDED_BYTES:
            return


async def _read(request: Request) -> bytes:
    chunks = []
    read = 0
    async for chunk in request.stream():
        read += len(chunk)
        if read <= MAX_BODY_BYTES:
            chunks.append(chunk)
        elif read > _MOST_DISCARDED_BYTES:
            break
    if read > MAX_BODY_BYTES:
        raise Invalid([body_too_large()])
    return b"".join(chunks)


def _media_type_problem(content_type: str) -> Problem | None:
    if content_type == "application/json":
        return None
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [part.partition("=")[2].strip('" ') for part in parameters if part.startswith("charset")]
    if media_type == "application/json" and all(charset in {"utf-8", "utf8"} for charset in charsets):
        return None
    return Problem(("Content-Type",), "Send the body as application/json in UTF-8.")


async def origin_of(request: Request, service: Service, garage: Garage, received_at: datetime) -> Origin:
    """Where a request comes from: the garage, its software, its own name for the request (W21)."""
    headers = request.headers.raw
    return Origin(
        account_id=garage.account_id,
        software_id=await service.software.number(client_software(headers)),
        received_at=received_at,
        idempotency_key=idempotency_key(headers),
    )
