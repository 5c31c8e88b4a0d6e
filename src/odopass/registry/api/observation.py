"""POST /observation: take in a new observation (W4 to W7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from starlette.requests import Request
from starlette.responses import Response

from odopass.clock import belgian_day
from odopass.registry import tracing
from odopass.registry.accounts.verdicts import Garage
from odopass.registry.api.answers import answer
from odopass.registry.api.operations import json_body, operation, origin_of
from odopass.registry.api.service import Service
from odopass.registry.intake.requests import Submission, digest_of
from odopass.wire.errors import Invalid, Problem
from odopass.wire.headers import idempotency_key
from odopass.wire.observation import Fields, ObservationRequest, parse_observation, report_date_problem


@operation
async def post_observation(request: Request, service: Service, garage: Garage) -> Response:
    """Store an observation and answer the GUID it is known by."""
    body = await json_body(request)
    received_at = service.clock.now()
    day = belgian_day(received_at)
    digest = digest_of("observation", body)
    try:
        observation = read_observation(request, body, service, garage, lambda fields: report_date_problem(fields, day))
    except Invalid:
        # What was taken in before midnight, and is sent again because its answer was lost, keeps its answer.
        key = None if _header_problem(request) else idempotency_key(request.headers.raw)
        earlier = await service.submitting.answered(garage.account_id, key, digest)
        if earlier is None:
            raise
        return answer({"requestGuid": str(earlier)})
    origin = await origin_of(request, service, garage, received_at)
    guid = await service.submitting.submit(
        Submission(service.new_guid(), origin, observation, body.decode("utf-8-sig"), digest)
    )
    tracing.note(stored=str(guid))
    service.arrived()
    return answer({"requestGuid": str(guid)})


def read_observation(
    request: Request,
    body: bytes,
    service: Service,
    garage: Garage,
    also: Callable[[Fields], Problem | None] = lambda _: None,
) -> ObservationRequest:
    """What an observation or a correction says, if this garage may say it (W6).

    Raises:
        Invalid: with every problem of the body, the organisations and the headers (W12).
    """

    def further(fields: Fields) -> Iterator[Problem]:
        for problem in (_header_problem(request), _organisation_problem(fields, garage), also(fields)):
            if problem is not None:
                yield problem

    return parse_observation(body, strict_members=service.settings.strict_members, further=further)


def _header_problem(request: Request) -> Problem | None:
    try:
        idempotency_key(request.headers.raw)
    except Invalid as invalid:
        return invalid.problems[0]
    return None


def _organisation_problem(fields: Fields, garage: Garage) -> Problem | None:
    establishment, enterprise = fields.get("enteredOrganisation"), fields.get("enterpriseOrganisation")
    if establishment not in (None, garage.establishment):
        return Problem(
            ("enteredOrganisation",),
            f"Your account is that of establishment {garage.establishment}; submit for that one only.",
        )
    if enterprise not in (None, garage.enterprise):
        return Problem(
            ("enterpriseOrganisation", "enteredOrganisation"),
            f"Establishment {garage.establishment} belongs to enterprise {garage.enterprise}.",
        )
    return None
