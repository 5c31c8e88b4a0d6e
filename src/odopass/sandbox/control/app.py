"""The control port's operations."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from odopass.sandbox.control.answers import body_of, explaining, number_in, refused, told
from odopass.sandbox.control.clock import move_clock, tell_clock
from odopass.sandbox.control.protection import Protection
from odopass.sandbox.faults.choosing import MOST_RULES, Rules, TooManyRules
from odopass.sandbox.faults.told import read_rule, tell_rule
from odopass.sandbox.moved_clock import MovedClock
from odopass.sandbox.pages.traffic import TrafficPages
from odopass.sandbox.traffic.recorder import Recorder
from odopass.wire.errors import Problem

#: How long a question for traffic may wait; whoever waits longer asks again.
LONGEST_WAIT_S: Final = 60


@dataclass(frozen=True, slots=True)
class Controlled:
    """What the control port is about.

    Attributes:
        clock: of the sandbox.
        rules: by which it misbehaves.
        recorder: of its traffic.
        api: the base address of the API.
        names: what garages are called, by user name.
    """

    clock: MovedClock
    rules: Rules
    recorder: Recorder
    api: str
    names: Mapping[str, str]


def control_app(controlled: Controlled, stopping: asyncio.Event) -> ASGIApp:
    """The control port as an ASGI app; it waits for nothing beyond `stopping`."""
    operations = _Operations(controlled, stopping)
    pages = TrafficPages(
        controlled.clock, controlled.rules, controlled.recorder, api=controlled.api, names=controlled.names
    )
    return Protection(
        Starlette(
            routes=[
                Route("/faults", explaining(operations.faults), methods=["GET"]),
                Route("/faults", explaining(operations.add_fault), methods=["POST"]),
                Route("/faults", explaining(operations.clear_faults), methods=["DELETE"]),
                Route("/faults/{rule}", explaining(operations.remove_fault), methods=["DELETE"]),
                Route("/clock", explaining(operations.clock), methods=["GET"]),
                Route("/clock", explaining(operations.move_clock), methods=["POST"]),
                Route("/traffic", explaining(operations.traffic), methods=["GET"]),
                Route("/traffic", explaining(operations.clear_traffic), methods=["DELETE"]),
                *pages.routes(),
            ],
            exception_handlers={HTTPException: _http_error},
        )
    )


class _Operations:
    def __init__(self, controlled: Controlled, stopping: asyncio.Event) -> None:
        self._clock = controlled.clock
        self._rules = controlled.rules
        self._recorder = controlled.recorder
        self._stopping = stopping

    async def faults(self, _: Request) -> Response:
        """All rules, in the order in which they are looked at."""
        return told({"seed": self._rules.seed, "faults": [tell_rule(each) for each in self._rules.standing()]})

    async def add_fault(self, request: Request) -> Response:
        """Let a rule stand from now on."""
        try:
            # In another thread: certificates may have to be made for it.
            standing = await asyncio.to_thread(self._rules.add, read_rule(await body_of(request)))
        except TooManyRules:
            return refused(409, Problem((), f"There are {MOST_RULES} rules already. Remove some."))
        except OSError as error:
            return refused(
                500, Problem((), f"The certificates for it cannot be written: {error.strerror}. No rule was added.")
            )
        return told(tell_rule(standing), 201)

    async def clear_faults(self, _: Request) -> Response:
        """Take all rules away."""
        self._rules.clear()
        return Response(status_code=204)

    async def remove_fault(self, request: Request) -> Response:
        """Take one rule away."""
        name = request.path_params["rule"]
        if self._rules.remove(name):
            return Response(status_code=204)
        return refused(404, Problem(("rule",), f"There is no rule {name}. GET /faults lists those there are."))

    async def clock(self, _: Request) -> Response:
        """What the clock says."""
        return told(tell_clock(self._clock))

    async def move_clock(self, request: Request) -> Response:
        """Move the clock."""
        move_clock(self._clock, await body_of(request))
        return told(tell_clock(self._clock))

    async def traffic(self, request: Request) -> Response:
        """The exchanges after one, waiting for the next if there is none yet."""
        after = int(number_in(request, "after", most=2**53, whole=True))
        wait = number_in(request, "wait", most=LONGEST_WAIT_S, whole=False)
        if wait:
            await self._recorder.wait_after(after, wait, self._stopping)
        exchanges, last = self._recorder.after(after)
        return told({"exchanges": [each.as_json() for each in exchanges], "last": last})

    async def clear_traffic(self, _: Request) -> Response:
        """Forget all exchanges; their numbers go on."""
        self._recorder.clear()
        return Response(status_code=204)


async def _http_error(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    messages = {404: "There is nothing at this address.", 405: "This address does not take this method."}
    return refused(status, Problem((), messages.get(status, str(error))))
