"""GET /observation/{requestGuid}/status/vhr: the vehicle history report (W11)."""

from __future__ import annotations

from base64 import b64encode
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response

from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.registry.accounts.verdicts import Garage
from odopass.registry.api.answers import NotNow, answer
from odopass.registry.api.operations import operation
from odopass.registry.api.service import Service
from odopass.registry.api.status import own_case
from odopass.registry.report.wording import DEFAULT_LANGUAGE, LOCALES
from odopass.wire.errors import Invalid, Problem

_log = structlog.get_logger(__name__)

#: Why there is no report of a case in this state, for the garage's software.
WHY_NOT: Final = {
    Status.ONGOING: "The observation is still being validated. Ask again in 10 seconds.",
    Status.ISSUE: "The observation has an issue. Correct or confirm it; then the report is made.",
    Status.REVIEWING: "An employee of the registry is looking at the observation. Ask again later.",
    Status.ERROR: "The observation was refused, so there is no report. The status tells why.",
    Status.PROCESSED: "The observation was processed without a report. Ask the registry's helpdesk.",
}


@operation
async def get_vhr(request: Request, service: Service, garage: Garage) -> Response:
    """The signed document in the language that was asked for, and the address of its public page."""
    state = await own_case(request, service, garage)
    language = request.query_params.get("language", DEFAULT_LANGUAGE)
    if language.lower() not in LOCALES:
        raise Invalid([Problem(("language",), "The language is one of nl, fr, de, en.")])
    standing = state.observation_type or await service.cases.first_type(state)
    if standing is not ObservationType.VEHICLE_HISTORY_DOCUMENT:
        raise NotNow(
            state.status,
            f"There is no report for a request of type {standing}. Submit one of type VEHICLE_HISTORY_DOCUMENT.",
        )
    document = None
    if state.status is Status.PROCESSED:
        document = await service.reports.document(state.case_guid, language.lower())
    if document is None:
        raise NotNow(state.status, WHY_NOT[state.status])
    _log.info("report handed out", request=str(state.case_guid), garage=garage.establishment, language=language.lower())
    return answer({"file": b64encode(document.pdf).decode(), "publicUrl": document.public_url})
