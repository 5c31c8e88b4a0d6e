"""POST /observation: take in a new observation (W4 to W7)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from odopass.registry.accounts.verdicts import Garage
from odopass.registry.api.answers import answer
from odopass.registry.api.operations import json_body, operation, origin_of
from odopass.registry.api.service import Service
from odopass.registry.clock import belgian_day
from odopass.registry.intake.requests import Submission, digest_of
from odopass.wire.errors import Invalid, Problem
from odopass.wire.observation import ObservationRequest, check_report_date, parse_observation


@operation
async def post_observation(request: Request, service: Service, garage: Garage) -> Response:
    """Store an observation and answer the GUID it is known by."""
    body = await json_body(request)
    received_at = service.clock.now()
    observation = read_observation(body, service, garage)
    submission = Submission(
        guid=service.new_guid(),
        origin=await origin_of(request, service, garage, received_at),
        request=observation,
        body=body.decode("utf-8-sig"),
        digest=digest_of("observation", body),
    )
    report_date = check_report_date(observation, belgian_day(received_at))
    if report_date is not None:
        # What was taken in before midnight, and is sent again because its answer was lost, keeps its answer.
        earlier = await service.submitting.answered(submission)
        if earlier is None:
            raise Invalid([report_date])
        return answer({"requestGuid": str(earlier)})
    guid = await service.submitting.submit(submission)
    service.arrived()
    return answer({"requestGuid": str(guid)})


def read_observation(body: bytes, service: Service, garage: Garage) -> ObservationRequest:
    """What an observation or a correction says, if this garage may say it (W6).

    Raises:
        Invalid: with every problem.
    """
    observation = parse_observation(body, strict_members=service.settings.strict_members)
    problems = []
    if observation.establishment != garage.establishment:
        problems.append(
            Problem(
                ("enteredOrganisation",),
                f"Your account is that of establishment {garage.establishment}; submit for that one only.",
            )
        )
    elif observation.enterprise != garage.enterprise:
        problems.append(
            Problem(
                ("enterpriseOrganisation", "enteredOrganisation"),
                f"Establishment {garage.establishment} belongs to enterprise {garage.enterprise}.",
            )
        )
    if problems:
        raise Invalid(problems)
    return observation
