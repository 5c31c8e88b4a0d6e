"""What machines ask a running process: is it alive, can it work, how is it doing (R13)."""

from __future__ import annotations

from contextlib import suppress

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from odopass.registry.api.answers import DATABASE_AWAY
from odopass.registry.api.queues import read_queues
from odopass.registry.api.service import service_of
from odopass.registry.journal.guarding import powers_over_journal
from odopass.registry.metrics import shared_folder


async def get_health(_: Request) -> Response:
    """The process runs."""
    return PlainTextResponse("ok")


async def get_ready(request: Request) -> Response:
    """The process can take requests in: the database answers.

    Says how much waits to be judged, and for how long, and whether the journal is safe from the registry's own role.
    """
    try:
        pool = service_of(request.app).pool
        queues = await read_queues(pool)
        guarded = not await powers_over_journal(pool)
    except DATABASE_AWAY as error:
        reason = f"the database does not answer: {str(error) or type(error).__name__}"
        return JSONResponse({"ready": False, "reason": reason}, 503)
    return JSONResponse(
        {
            "ready": True,
            "vehiclesWaiting": queues.vehicles,
            "oldestWaitsSeconds": round(queues.oldest_vehicle_s, 3),
            "reportsWaiting": queues.reports,
            "oldestReportWaitsSeconds": round(queues.oldest_report_s, 3),
            "journalGuarded": guarded,
        }
    )


async def get_metrics(request: Request) -> Response:
    """The counters of all processes that share this address, for Prometheus, and what waits in the database.

    While the database is away, what waits is left out.
    """
    registry = REGISTRY
    if shared_folder() is not None:
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    told = generate_latest(registry)
    with suppress(*DATABASE_AWAY):
        told += generate_latest(await read_queues(service_of(request.app).pool))
    return Response(told, media_type=CONTENT_TYPE_LATEST)
