"""Answers of a registry that is not done yet with a request, though it is."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from odopass.domain.outcome import Status
from odopass.registry.accounts.verdicts import Garage
from odopass.registry.api.answers import NotNow, answer, answer_to
from odopass.registry.api.service import service_of
from odopass.registry.api.vhr import WHY_NOT
from odopass.registry.intake.following import not_an_issue
from odopass.sandbox.faults.capturing import Answer
from odopass.sandbox.faults.choosing import Asked
from odopass.sandbox.faults.lookup import answered_before
from odopass.sandbox.faults.rules import Operation
from odopass.wire.headers import IDEMPOTENCY_KEY
from odopass.wire.status import encode_status

_OK, _CONFLICT = 200, 409


class PretendingOngoing:
    """Answers as the registry does while a request is ONGOING, to those whom it would tell how the request stands.

    Args:
        registry: the application of the registry.
        asked: what is asked.
    """

    def __init__(self, registry: Starlette, asked: Asked) -> None:
        self._registry = registry
        self._asked = asked

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        operation = self._asked.operation
        if operation in (Operation.CORRECTION, Operation.CONFIRM):
            if await _is_new(self._registry, self._asked, scope, receive):
                await answer_to(not_an_issue(Status.ONGOING))(scope, receive, send)
            else:
                await self._registry(scope, receive, send)
            return
        real = await Answer.of(self._registry, scope, receive)
        if operation is Operation.STATUS and real.status == _OK:
            await _status()(scope, receive, send)
        elif operation is Operation.VHR and real.status in (_OK, _CONFLICT):
            await answer_to(NotNow(Status.ONGOING, WHY_NOT[Status.ONGOING]))(scope, receive, send)
        else:
            await real.send_on(send)


def _status() -> Response:
    return answer(encode_status(Status.ONGOING, []))


async def _is_new(registry: Starlette, asked: Asked, scope: Scope, receive: Receive) -> bool:
    """Whether somebody who may asks for something that was not answered before; what was keeps its answer."""
    request = Request(scope, receive)
    header = next((value for name, value in scope["headers"] if name == b"authorization"), None)
    address = "" if request.client is None else request.client.host
    service = service_of(registry)
    if not isinstance(await service.authenticator.authenticate(header, address), Garage):
        return False
    key = Headers(scope=scope).get(IDEMPOTENCY_KEY)
    return not await answered_before(service.pool, asked.garage, key)
