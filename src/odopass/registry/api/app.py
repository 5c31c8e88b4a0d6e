"""The web application: the operations of the wire, their documentation, and what machines ask."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

import odopass
from odopass.registry.api.answers import DATABASE_AWAY, http_error
from odopass.registry.api.confirm import post_confirm
from odopass.registry.api.correction import post_correction
from odopass.registry.api.documentation import documentation_routes
from odopass.registry.api.health import get_health, get_metrics, get_ready
from odopass.registry.api.landing import landing_routes
from odopass.registry.api.observation import post_observation
from odopass.registry.api.service import Service
from odopass.registry.api.status import get_status
from odopass.registry.api.vhr import get_vhr
from odopass.registry.report.pages import report_routes
from odopass.registry.settings import Settings
from odopass.wire import paths


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
            yield

    app = Starlette(
        routes=_routes(settings),
        exception_handlers={HTTPException: http_error, Exception: http_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    return app


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
