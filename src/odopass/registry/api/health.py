"""What machines ask a running process: is it alive, can it work, how is it doing (R13)."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from odopass.registry.api.answers import DATABASE_AWAY
from odopass.registry.api.service import service_of
from odopass.registry.journal.guarding import powers_over_journal
from odopass.registry.metrics import shared_folder
from odopass.registry.store.database import fetch_one

_BACKLOG = "select count(*), coalesce(extract(epoch from clock_timestamp() - min(since)), 0)::float8 from waiting"


async def get_health(_: Request) -> Response:
    """The process runs."""
    return PlainTextResponse("ok")


async def get_ready(request: Request) -> Response:
    """The process can take requests in: the database answers.

    Says how much waits to be judged, and for how long, and whether the journal is safe from the registry's own role.
    """
    try:
        pool = service_of(request.app).pool
        vehicles, seconds = await fetch_one(pool, _BACKLOG)
        guarded = not await powers_over_journal(pool)
    except DATABASE_AWAY as error:
        reason = f"the database does not answer: {str(error) or type(error).__name__}"
        return JSONResponse({"ready": False, "reason": reason}, 503)
    return JSONResponse(
        {
            "ready": True,
            "vehiclesWaiting": vehicles,
            "oldestWaitsSeconds": round(seconds, 3),
            "journalGuarded": guarded,
        }
    )


async def get_metrics(_: Request) -> Response:
    """The counters of all processes that share this address, for Prometheus."""
    registry = REGISTRY
    if shared_folder() is not None:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)
