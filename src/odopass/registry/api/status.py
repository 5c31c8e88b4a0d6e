"""GET /observation/{requestGuid}/status: what became of it (W8)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from odopass.domain.catalogue import CATALOGUE
from odopass.domain.finding import Finding
from odopass.registry.accounts.verdicts import Garage
from odopass.registry.api.answers import answer
from odopass.registry.api.operations import guid_of, operation
from odopass.registry.api.service import Service
from odopass.registry.cases import CaseState
from odopass.registry.intake.requests import UnknownRequest
from odopass.wire.status import IssueItem, encode_status


@operation
async def get_status(request: Request, service: Service, garage: Garage) -> Response:
    """The present state of the case that the request belongs to, with the issues that need the garage."""
    state = await own_case(request, service, garage)
    return answer(
        encode_status(
            state.status,
            [_item(finding) for finding in state.findings],
        )
    )


def _item(finding: Finding) -> IssueItem:
    text = CATALOGUE[finding.code].describe(finding)
    return IssueItem(finding.code, {"nl": text["nl"], "fr": text["fr"], "de": text["de"]})


async def own_case(request: Request, service: Service, garage: Garage) -> CaseState:
    """The case of the request in the path.

    Raises:
        UnknownRequest: this garage has sent no such request.
    """
    state = await service.cases.state(guid_of(request), garage.account_id)
    if state is None:
        raise UnknownRequest
    return state
