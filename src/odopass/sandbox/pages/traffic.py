"""The traffic as it happens: who asked for what, what came of it, and which rule had a hand in it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from odopass.clock import BRUSSELS
from odopass.sandbox.faults.choosing import Rules, Standing
from odopass.sandbox.faults.operations import operation_of
from odopass.sandbox.faults.rules import Kind, Operation
from odopass.sandbox.moved_clock import MovedClock
from odopass.sandbox.pages.templating import file_routes, page
from odopass.sandbox.traffic.exchange import Exchange
from odopass.sandbox.traffic.recorder import Recorder

_FILES: Final = "/files"
_SHOWN: Final = 100
_SHORT: Final = 8
_SUCCESS, _REFUSED = range(200, 300), range(400, 500)

_DOES: Final = {
    Operation.SUBMIT: "submits a reading",
    Operation.STATUS: "asks for the status",
    Operation.CORRECTION: "corrects",
    Operation.CONFIRM: "confirms",
    Operation.VHR: "asks for the report",
}


@dataclass(frozen=True, slots=True)
class Row:
    """An exchange, as people read it.

    Attributes:
        exchange: as it was recorded.
        day: of its beginning, in Belgium.
        time: of day.
        garage: its name, or its user name.
        does: what it wants.
        about: which vehicle or request.
        outcome: what came of it.
        tone: good, warn, bad or plain.
        rule: what the rule that was applied does; "" if none was.
    """

    exchange: Exchange
    day: str
    time: str
    garage: str
    does: str
    about: str
    outcome: str
    tone: str
    rule: str


class TrafficPages:
    """The pages of the control port.

    Args:
        clock: of the sandbox.
        rules: by which it misbehaves.
        recorder: of its traffic.
        api: the base address of the API.
        names: what garages are called, by user name.
    """

    def __init__(
        self, clock: MovedClock, rules: Rules, recorder: Recorder, *, api: str, names: Mapping[str, str]
    ) -> None:
        self._clock = clock
        self._rules = rules
        self._recorder = recorder
        self._api = api
        self._names = names

    def routes(self) -> list[BaseRoute]:
        """Where they are."""
        return [
            Route("/", self.traffic, methods=["GET"]),
            Route("/live", self.live, methods=["GET"]),
            Route("/exchanges/{number:int}", self.exchange, methods=["GET"]),
            *file_routes(_FILES),
        ]

    async def traffic(self, _: Request) -> Response:
        """The page."""
        return page("traffic.html", files=_FILES, **self._values())

    async def live(self, request: Request) -> Response:
        """The part of the page that renews itself; 204 if it is as the browser has it."""
        values = self._values()
        if request.query_params.get("seen") == values["stamp"]:
            return Response(status_code=204)
        return page("live.html", files=_FILES, **values)

    async def exchange(self, request: Request) -> Response:
        """One exchange with all that was said."""
        number = request.path_params["number"]
        found = self._recorder.find(number)
        if found is None:
            return page("missing.html", files=_FILES, status=404, number=number)
        return page(
            "exchange.html",
            files=_FILES,
            row=self._row(found),
            body=_indented(found.body),
            answer=_indented(found.answer),
            milliseconds=round((found.ended - found.began).total_seconds() * 1_000),
        )

    def _values(self) -> dict[str, Any]:
        rows = [self._row(each) for each in self._recorder.newest(_SHOWN)]
        standing = self._rules.standing()
        ahead = round(self._clock.ahead.total_seconds())
        last = rows[0].exchange.number if rows else 0
        return {
            "rows": rows,
            "shown": _SHOWN,
            "standing": [(each, described(each)) for each in standing],
            "seed": self._rules.seed,
            "api": self._api,
            "vehicles": f"{self._api.removesuffix('/api')}/sandbox",
            "moved": _moved(ahead),
            "now": _local(self._clock.now()),
            "stamp": f"{last}-{len(rows)}-{ahead}-{'.'.join(f'{each.name}:{each.applied}' for each in standing)}",
        }

    def _row(self, exchange: Exchange) -> Row:
        found = operation_of(exchange.method, exchange.path)
        if exchange.method == "TLS":
            does, about = "connects", ""
        elif found is None:
            does, about = exchange.method, exchange.path
        else:
            does, about = _DOES[found[0]], _about(exchange) if found[1] is None else str(found[1])[:_SHORT]
        day, time = _local(exchange.began)
        outcome, tone = _outcome(exchange)
        fault = exchange.fault
        return Row(
            exchange=exchange,
            day=day,
            time=time,
            garage=self._names.get(exchange.garage, exchange.garage),
            does=does,
            about=about,
            outcome=outcome,
            tone=tone,
            rule="" if fault is None else Kind(fault.kind).means,
        )


def described(standing: Standing) -> str:
    """When a rule is applied, in a few words."""
    rule = standing.rule
    parts = [f"{rule.seconds:g} s"] if rule.seconds is not None else []
    if rule.retry_after is not None:
        parts.append(f"Retry-After {rule.retry_after}")
    if rule.operation is not Operation.ANY:
        parts.append(f"when a garage {_DOES[rule.operation]}")
    parts += [f"only {each}" for each in (rule.garage, rule.vin) if each is not None]
    if rule.next is not None:
        parts.append(f"the next {rule.next}")
    elif rule.every is not None:
        parts.append(f"one in {rule.every}")
    elif rule.probability < 1:
        parts.append(f"{rule.probability:.0%} by chance")
    return ", ".join(parts)


def _about(exchange: Exchange) -> str:
    said = _members(exchange.body)
    name = said.get("vin") or said.get("licensePlate") or ""
    km = said.get("odometerReading")
    return f"{name}, {km:,} km" if isinstance(km, int) else str(name)


def _outcome(exchange: Exchange) -> tuple[str, str]:
    """What came of an exchange, and its tone."""
    if exchange.status is None:
        return "no answer", "bad"
    told = _members(exchange.answer)
    if exchange.status in _SUCCESS:
        if isinstance(guid := told.get("requestGuid"), str):
            return f"{exchange.status}: {guid[:_SHORT]}", "good"
        if isinstance(status := told.get("status"), str):
            issues = [str(each.get("type", "")) for each in told.get("issues") or () if isinstance(each, dict)]
            tone = {"PROCESSED": "good", "ERROR": "bad", "ISSUE": "warn"}.get(status, "plain")
            return " ".join([f"{exchange.status}: {status}", *issues]), tone
        return str(exchange.status), "plain"
    return f"{exchange.status}: {_said(told.get('errors'))}", "warn" if exchange.status in _REFUSED else "bad"


def _said(errors: object) -> str:
    """What a refusal says, in its own words."""
    if not isinstance(errors, Sequence) or not errors or not isinstance(errors[0], dict):
        return "refused"
    first = str(errors[0].get("message", "refused"))
    return first if len(errors) == 1 else f"{first} (and {len(errors) - 1} more)"


def _members(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _indented(text: str) -> str:
    """JSON with a line for each member; anything else as it is."""
    members = _members(text)
    return json.dumps(members, indent=2, ensure_ascii=False) if members else text


def _local(moment: datetime) -> tuple[str, str]:
    there = moment.astimezone(BRUSSELS)
    return f"{there:%d/%m/%Y}", f"{there:%H:%M:%S}.{there.microsecond // 1_000:03}"


def _moved(ahead: int) -> str:
    if not ahead:
        return ""
    days, rest = divmod(abs(ahead), 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    units = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    length = " ".join(f"{number} {unit}" for number, unit in units if number)
    return f"{length} {'ahead of' if ahead > 0 else 'behind'} the system"
