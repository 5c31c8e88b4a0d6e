"""What the control port's operations share: bodies, numbers in the query, answers and refusals."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from odopass.wire.errors import Invalid, Problem, error_body

_MOST_BODY_BYTES: Final = 64 * 1024

Endpoint = Callable[[Request], Awaitable[Response]]


def told(content: dict[str, Any], status: int = 200) -> Response:
    """An answer in JSON."""
    return JSONResponse(content, status, {"cache-control": "no-store"})


def refused(status: int, *problems: Problem) -> Response:
    """A refusal, in the shape in which the registry refuses."""
    return Response(error_body(problems), status, {"cache-control": "no-store"}, "application/json")


def explaining(serve: Endpoint) -> Endpoint:
    """An operation whose invalid input becomes a 400 that says everything that is wrong."""

    @wraps(serve)
    async def endpoint(request: Request) -> Response:
        try:
            return await serve(request)
        except Invalid as invalid:
            return refused(400, *invalid.problems)

    return endpoint


async def body_of(request: Request) -> bytes:
    """The body.

    Raises:
        Invalid: it is too large.
    """
    chunks: list[bytes] = []
    length = 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > _MOST_BODY_BYTES:
            raise Invalid([Problem((), f"The body has more than {_MOST_BODY_BYTES} bytes.")])
        chunks.append(chunk)
    return b"".join(chunks)


def number_in(request: Request, name: str, *, most: float, whole: bool) -> float:
    """A number of the query, 0 if it is not there.

    Args:
        request: whose query.
        name: of the parameter.
        most: the highest that is taken.
        whole: whether it must have no fraction.

    Raises:
        Invalid: it is no such number.
    """
    text = request.query_params.get(name, "0")
    wanted = f"Give {'a whole number' if whole else 'a number'} from 0 to {most:.0f}."
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        raise Invalid([Problem((name,), wanted)]) from None
    if not 0 <= number <= most:
        raise Invalid([Problem((name,), wanted)])
    return number
