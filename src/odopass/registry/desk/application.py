"""The desk put together."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount
from starlette.staticfiles import StaticFiles

from odopass import look
from odopass.clock import Clock
from odopass.registry.api.answers import DATABASE_AWAY
from odopass.registry.desk import (
    accounts,
    activation,
    cases,
    dashboard,
    log,
    login,
    look_up,
    myself,
    staff,
    vehicles,
)
from odopass.registry.desk.office import Office
from odopass.registry.desk.protection import OWN_HOSTS, Protection, host_name
from odopass.registry.desk.setup import DeskSetup
from odopass.registry.desk.visit import BASE, LANGUAGE_COOKIE, Visit
from odopass.registry.desk.words import language_of, wording
from odopass.registry.employees.login import Logins
from odopass.registry.employees.openid import OpenId
from odopass.registry.store.database import Pool

_STATIC: Final = Path(__file__).parent / "static"
_AREAS: Final = (cases, look_up, vehicles, accounts, activation, dashboard, log, login, myself, staff)


def desk_routes() -> list[BaseRoute]:
    """Every page of the desk, below `BASE`."""
    return [route for area in _AREAS for route in area.ROUTES]


def application(pool: Pool, clock: Clock, setup: DeskSetup, *, desk_url: str, public_url: str) -> Starlette:
    """The desk, to be mounted at `BASE`.

    Args:
        pool: of the registry's database.
        clock: the time of day.
        setup: how the desk is set up.
        desk_url: the address under which employees reach it, without a slash at the end and without `BASE`. It is
            reached under this name only, and by this machine's own.
        public_url: the address of the registry's public pages.
    """
    parts = urlsplit(desk_url)
    secure = parts.scheme == "https"
    openid = None if setup.openid is None else OpenId(setup.openid, pool, f"{desk_url}{BASE}/openid/callback")
    made = Starlette(
        routes=[
            Mount("/static/look", StaticFiles(directory=look.STATIC)),
            Mount("/static", StaticFiles(directory=_STATIC)),
            *desk_routes(),
        ],
        middleware=[
            Middleware(
                Protection,
                hosts=OWN_HOSTS | {host_name(parts.netloc)},
                public_host=host_name(urlsplit(public_url).netloc),
                secure=secure,
            )
        ],
        exception_handlers={404: _missing, 405: _missing, **dict.fromkeys(DATABASE_AWAY, _away)},
    )
    made.state.office = Office(pool, clock, setup, Logins(pool), openid, public_url, secure)
    return made


async def _missing(request: Request, _: Exception) -> Response:
    return _outside(request).page("missing.html", status=404)


async def _away(request: Request, _: Exception) -> Response:
    answer = _outside(request).page("away.html", status=503)
    answer.headers["retry-after"] = "10"
    return answer


def _outside(request: Request) -> Visit:
    language = language_of(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
    return Visit(request, {}, request.app.state.office, wording(language), None)
