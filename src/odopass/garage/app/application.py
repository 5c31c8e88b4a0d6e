"""The application put together."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from odopass import look
from odopass.garage.app import (
    account,
    exclusions,
    feed_interface,
    feeds,
    history,
    login,
    orders,
    problems,
    readings,
    status,
    vehicle_history,
)
from odopass.garage.app.protection import Protection
from odopass.garage.app.visit import Visit
from odopass.garage.app.words import LANGUAGE_COOKIE, language_of, wording
from odopass.garage.app.workshop import Workshop

_STATIC: Final = Path(__file__).parent / "static"
#: Under which names the application of this computer is called.
OWN_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_AREAS: Final = (
    orders,
    readings,
    problems,
    history,
    vehicle_history,
    exclusions,
    account,
    feeds,
    feed_interface,
    login,
    status,
)


def application(workshop: Workshop, *, hosts: frozenset[str] = OWN_HOSTS) -> Starlette:
    """The application.

    Args:
        workshop: its parts.
        hosts: names and addresses under which it may be called.
    """
    routes: list[BaseRoute] = [
        Mount("/static/look", StaticFiles(directory=look.STATIC), name="look"),
        Mount("/static", StaticFiles(directory=_STATIC), name="static"),
    ]
    for area in _AREAS:
        routes += area.ROUTES
    made = Starlette(
        routes=routes,
        middleware=[Middleware(Protection, hosts=hosts)],
        exception_handlers={404: _missing, 405: _missing},
    )
    made.state.workshop = workshop
    return made


async def _missing(request: Request, _error: Exception) -> Response:
    if request.url.path.startswith("/feed/"):
        return feed_interface.missing(request)
    workshop: Workshop = request.app.state.workshop
    language = language_of(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
    return Visit(request, {}, workshop, wording(language), "").page("missing.html", status=404)
