"""POST /observation/{requestGuid}/confirm: it is right as it was sent (W10)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from odopass.registry import tracing
from odopass.registry.accounts.verdicts import Garage
from odopass.registry.api.answers import answer
from odopass.registry.api.operations import guid_of, ignored_body, operation, origin_of
from odopass.registry.api.service import Service
from odopass.registry.intake.requests import digest_of


@operation
async def post_confirm(request: Request, service: Service, garage: Garage) -> Response:
    """Store a confirmation of a request in ISSUE and answer the GUID it is known by."""
    confirmed = guid_of(request)
    await ignored_body(request)
    await service.following.ensure_own(confirmed, garage.account_id)
    origin = await origin_of(request, service, garage, service.clock.now())
    guid = await service.following.confirm(
        confirmed, service.new_guid(), origin, digest_of(f"confirmation of {confirmed}", b"")
    )
    tracing.note(stored=str(guid))
    service.arrived()
    return answer({"requestGuid": str(guid)})
