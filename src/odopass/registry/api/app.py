"""The web application: the operations of the wire, their documentation, and what machines ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import Receive, Scope, Send

import odopass
from odopass.registry.api.answers import DATABASE_AWAY, Endpoint, http_error, maintenance
from odopass.registry.api.confirm import post_confirm
from odopass.registry.api.correction import post_correction
from odopass.registry.api.documentation import documentation_routes
from odopass.registry.api.hardening import hardened
from odopass.registry.api.health import get_health, get_metrics, get_ready
from odopass.registry.api.landing import landing_routes
from odopass.registry.api.observation import post_observation
from odopass.registry.api.service import Service
from odopass.registry.api.status import get_status
from odopass.registry.api.vhr import get_vhr
from odopass.registry.desk.application import application
from odopass.registry.desk.setup import read_desk_setup
from odopass.registry.desk.visit import BASE
from odopass.registry.metrics import ANSWERS
from odopass.registry.report.pages import report_routes
from odopass.registry.settings import Settings
from odopass.wire import paths

_STATUS_BEGIN, _STATUS_END = paths.STATUS.split("{requestGuid}")


def build_app(settings: Settings, opened: Callable[[], AbstractAsyncContextManager[Service]]) -> Starlette:
    """The application; it opens the service when it starts and closes it when it ends."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with opened() as service:
            app.state.service = service
            app.router.routes.extend(
                report_routes(
                    service.reports, clock=service.clock, registry=service.reports.registry, away=DATABASE_AWAY
                )
            )
            if settings.desk:
                app.router.routes.extend(_desk(settings, service))
            yield

    app = _Application(
        routes=_routes(settings),
        exception_handlers={HTTPException: http_error, Exception: http_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


class _Application(Starlette):
    """Starlette, with a short way to the two operations that nearly every request asks for.

    Its routing and the handlers of errors around it cost more than these operations do themselves, and add nothing to
    them: an operation turns whatever goes wrong into an answer by itself.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(paths.OBSERVATION):
            service: Service = self.state.service
            if (seconds := service.maintenance.seconds_left()) is not None:
                ANSWERS.labels("maintenance", 503).inc()
                await maintenance(seconds)(scope, receive, send)
                return
        serve = _often_asked(scope) if scope["type"] == "http" else None
        if serve is None:
            await super().__call__(scope, receive, hardened(scope, send))
            return
        scope["app"] = self
        response = await serve(Request(scope, receive))
        await response(scope, receive, send)


def _often_asked(scope: Scope) -> Endpoint | None:
    path, method = scope["path"], scope["method"]
    if method == "POST":
        return post_observation if path == paths.OBSERVATION else None
    if method == "GET" and path.endswith(_STATUS_END) and path.startswith(_STATUS_BEGIN):
        guid = path[len(_STATUS_BEGIN) : -len(_STATUS_END)]
        if "/" not in guid:
            scope["path_params"] = {"requestGuid": guid}
            return get_status
    return None


def _desk(settings: Settings, service: Service) -> list[BaseRoute]:
    setup = read_desk_setup(None if settings.desk_setup is None else Path(settings.desk_setup))
    desk = application(
        service.pool,
        service.clock,
        setup,
        desk_url=settings.desk_url or settings.public_url,
        public_url=settings.public_url,
    )
    return [Route(BASE, _to_the_desk, methods=["GET"]), Mount(BASE, desk)]


async def _to_the_desk(_: Request) -> Response:
    return RedirectResponse(f"{BASE}/", 308)


def _routes(settings: Settings) -> list[BaseRoute]:
    return [
        Route(paths.STATUS, get_status, methods=["GET"]),
        Route(paths.OBSERVATION, post_observation, methods=["POST"]),
        Route(paths.CORRECTION, post_correction, methods=["POST"]),
        Route(paths.CORRECT_ALIAS, post_correction, methods=["POST"]),
        Route(paths.CONFIRM, post_confirm, methods=["POST"]),
        Route(paths.VHR, get_vhr, methods=["GET"]),
        *documentation_routes(environment=settings.environment, version=odopass.__version__),
        *landing_routes(environment=settings.environment),
        Route("/health", get_health),
        Route("/ready", get_ready),
        Route("/metrics", get_metrics),
    ]
