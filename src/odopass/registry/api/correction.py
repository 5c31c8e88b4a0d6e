"""POST /observation/{requestGuid}/correction: say it again, right (W9)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from odopass.registry import tracing
from odopass.registry.accounts.verdicts import Garage
from odopass.registry.api.answers import answer
from odopass.registry.api.observation import read_observation
from odopass.registry.api.operations import guid_of, json_body, operation, origin_of
from odopass.registry.api.service import Service
from odopass.registry.intake.requests import Submission, digest_of


@operation
async def post_correction(request: Request, service: Service, garage: Garage) -> Response:
    """Store a correction of a request in ISSUE and answer the GUID it is known by."""
    corrected = guid_of(request)
    await service.following.ensure_own(corrected, garage.account_id)
    body = await json_body(request)
    received_at = service.clock.now()
    guid = await service.following.correct(
        corrected,
        Submission(
            guid=service.new_guid(),
            request=read_observation(request, body, service, garage),
            origin=await origin_of(request, service, garage, received_at),
            body=body.decode("utf-8-sig"),
            digest=digest_of(f"correction of {corrected}", body),
        ),
    )
    tracing.note(stored=str(guid))
    service.arrived()
    return answer({"requestGuid": str(guid)})
