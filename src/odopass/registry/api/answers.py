"""The answers of the wire, and the one place where what went wrong becomes an answer (W12)."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import asyncpg
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from odopass.registry.accounts.verdicts import Locked, Refused, TooManyAttempts
from odopass.registry.intake.requests import Conflict, UnknownRequest
from odopass.wire.errors import Invalid, Problem, error_body

_log = structlog.get_logger(__name__)

JSON: Final = "application/json"

_encode = json.JSONEncoder(ensure_ascii=False).encode

#: What says that the database is away, full or being exchanged: the request may succeed later.
DATABASE_AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that died in the middle of something
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.IdleInTransactionSessionTimeoutError,  # this process was frozen in the middle of a transaction
    asyncpg.TransactionRollbackError,
    asyncpg.InvalidCachedStatementError,  # a migration was applied just now
    OSError,
    TimeoutError,
)

_RETRY_AFTER_SECONDS: Final = 10

Endpoint = Callable[[Request], Awaitable[Response]]


def answer(body: dict[str, object], status: int = 200) -> Response:
    """An answer in JSON. It is never kept by anybody on the way."""
    return Response(_encode(body), status, {"cache-control": "no-store"}, JSON)


def refusal(http_status: int, problems: Sequence[Problem], *, headers: dict[str, str] | None = None) -> Response:
    """An answer in the error shape."""
    return Response(error_body(problems), http_status, {"cache-control": "no-store"} | (headers or {}), JSON)


class NotNow(Exception):  # noqa: N818 - an answer, not a fault
    """A report that does not stand (409), with the case's state for clients that look for it at the top level."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


def _not_now(error: NotNow) -> Response:
    body = error_body([Problem(("requestGuid",), str(error))], status=error.status, message=str(error))
    return Response(body, 409, {"cache-control": "no-store"}, JSON)


def login_refused(verdict: Refused | Locked | TooManyAttempts) -> Response:
    """What is answered to somebody who is not let in (W2)."""
    match verdict:
        case Refused():
            problem = "No or wrong credentials. Send HTTP Basic authentication with the establishment number."
            headers = {"www-authenticate": 'Basic realm="odopass", charset="UTF-8"'}
            return refusal(401, [Problem((), problem)], headers=headers)
        case Locked():
            return refusal(403, [Problem((), "This account is locked. Ask the registry's helpdesk.")])
        case TooManyAttempts():
            problem = f"Too many attempts to log in. Try again in {verdict.retry_after} s."
            return refusal(429, [Problem((), problem)], headers={"retry-after": str(verdict.retry_after)})


def too_many_requests(seconds: int, *, rate: float, burst: int) -> Response:
    """What is answered to a garage that makes more requests than its limit allows.

    Args:
        seconds: until there is room for one.
        rate: requests a second that the garage may make.
        burst: how many at once.
    """
    problem = (
        f"Too many requests: your limit is {rate:g} a second, and {burst} at once. Keep the request and send it "
        f"again in {seconds} s."
    )
    return refusal(429, [Problem((), problem)], headers={"retry-after": str(seconds)})


def maintenance(seconds: int) -> Response:
    """What is answered to every operation during maintenance (W20).

    Args:
        seconds: until it ends.
    """
    problem = f"The registry is under maintenance. Keep the request and send it again in {seconds} s."
    return refusal(503, [Problem((), problem)], headers={"retry-after": str(seconds)})


def ending() -> Response:
    """What is answered to a request that cannot be served to its end because the process ends."""
    problem = "The registry is being restarted. Send the same request again later."
    return refusal(503, [Problem((), problem)], headers={"retry-after": str(_RETRY_AFTER_SECONDS)})


def _away(error: Exception) -> Response:
    _log.error("database away", error=str(error) or type(error).__name__)
    return refusal(
        503,
        [Problem((), "The registry cannot store or look up anything just now. Send the same request again later.")],
        headers={"retry-after": str(_RETRY_AFTER_SECONDS)},
    )


def _of_http(error: HTTPException) -> Response:
    messages = {404: "There is nothing at this address.", 405: "This address does not take this method."}
    return refusal(
        error.status_code,
        [Problem((), messages.get(error.status_code, error.detail))],
        headers=dict(error.headers or {}),
    )


def _fault(error: Exception) -> Response:
    _log.error("fault", exc_info=error)
    return refusal(
        500, [Problem((), "The registry made a mistake; it has been noted. Send the same request again later.")]
    )


# The first row whose type fits decides.
_ANSWERS: Final[Sequence[tuple[type[Exception] | tuple[type[Exception], ...], Callable[[Any], Response]]]] = (
    (Invalid, lambda error: refusal(400, error.problems)),
    (UnknownRequest, lambda _: refusal(404, [Problem(("requestGuid",), "You have sent no request with this GUID.")])),
    (Conflict, lambda error: refusal(409, [Problem((error.field,), str(error))])),
    (NotNow, _not_now),
    (HTTPException, _of_http),
    (ClientDisconnect, lambda _: refusal(400, [Problem((), "The connection ended before the body did.")])),
    (DATABASE_AWAY, _away),
    (Exception, _fault),
)


def answer_to(error: Exception) -> Response:
    """What is answered when a request ends in this error: always the error shape, never a stack trace."""
    return next(make(error) for kind, make in _ANSWERS if isinstance(error, kind))


async def http_error(_: Request, error: Exception) -> Response:
    """For Starlette: what is answered where no operation is."""
    return answer_to(error)
