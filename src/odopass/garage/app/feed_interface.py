"""The local HTTP interface for other programs: hand readings over, ask how they stand (G15)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from odopass.garage.app.labels import STATES, finding_text
from odopass.garage.app.words import language_of, wording
from odopass.garage.app.workshop import Workshop
from odopass.garage.book import BookFault
from odopass.garage.book.entries import Reading, Source, State
from odopass.garage.checks import Finding
from odopass.garage.checks.finding import error
from odopass.garage.feeds import HandedOver, Outcome, hand_over
from odopass.garage.feeds.fields import column_of
from odopass.wording import Wording

#: The most readings, and bytes, in one request.
MOST_READINGS: Final = 500
MOST_BYTES: Final = 1_000_000
_LONGEST_KEY: Final = 200
_RETRY_S: Final = "10"
_STATUS: Final = {Outcome.KNOWN: 200, Outcome.REFUSED: 422}


async def hand_over_readings(request: Request) -> Response:
    """Take one reading, or a list of them; each has its own outcome."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return _error(413, f"One request has {MOST_BYTES} bytes at most. Send fewer readings at once.")
    return await run_in_threadpool(_with_token, request, lambda: _take(request, bytes(body)))


async def show_by_number(request: Request) -> Response:
    """How the reading with a number of the book stands."""
    workshop: Workshop = request.app.state.workshop
    number = request.path_params["number"]

    def answer() -> Response:
        return _standing(request, workshop.book.readings.one(number), f"number {number}")

    return await run_in_threadpool(_with_token, request, answer)


async def show_by_key(request: Request) -> Response:
    """How the reading stands that came with a key."""
    workshop: Workshop = request.app.state.workshop
    key = request.query_params.get("key", "")

    def answer() -> Response:
        if not key:
            return _error(400, "Name the reading: /feed/readings?key=KEY or /feed/readings/NUMBER.")
        return _standing(request, workshop.book.readings.by_source_key(f"{Source.HTTP.value}:{key}"), f"key {key}")

    return await run_in_threadpool(_with_token, request, answer)


def _with_token(request: Request, answer: Callable[[], Response]) -> Response:
    workshop: Workshop = request.app.state.workshop
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer" or not workshop.feeds.takes(token.strip()):
            refused = _error(
                401,
                "Send the header “Authorization: Bearer TOKEN”. A token is made in the workshop's application: "
                "Account, Readings from other programs.",
            )
            refused.headers["www-authenticate"] = 'Bearer realm="odopass workshop"'
            return refused
        return answer()
    except BookFault as fault:
        unsaved = _error(503, str(fault))
        unsaved.headers["retry-after"] = _RETRY_S
        return unsaved


def _take(request: Request, body: bytes) -> Response:
    try:
        content = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError) as fault:
        return _error(400, f"The body is no JSON in UTF-8: {fault}.")
    readings = content if isinstance(content, list) else [content]
    if not readings or len(readings) > MOST_READINGS or not all(isinstance(each, dict) for each in readings):
        return _error(400, f"The body is a reading, an object, or a list of 1 to {MOST_READINGS} of them.")
    say = _say(request)
    workshop: Workshop = request.app.state.workshop
    answers = []
    try:
        for each in readings:
            handed, ignored = _take_one(workshop, each)
            answers.append((handed, _answer(each, handed, ignored, say)))
    finally:
        # What was taken before a fault is sent all the same.
        workshop.sender.wake()
    if isinstance(content, list):
        return _json([answer for _, answer in answers])
    handed, answer = answers[0]
    return _json(answer, _STATUS.get(handed.outcome, 201))


def _take_one(workshop: Workshop, said: dict[str, Any]) -> tuple[HandedOver, list[str]]:
    """Take a reading, and tell which of its members mean nothing here."""
    fields: dict[str, str] = {}
    wrong: list[Finding] = []
    ignored: list[str] = []
    for name, value in said.items():
        if name == "key":
            continue
        column = column_of(name)
        if column is None:
            ignored.append(name)
        elif value is not None and not isinstance(value, str | int):
            wrong.append(error("value_form", column))
        else:
            fields[column] = "" if value is None else str(value)
    key = said.get("key")
    if not isinstance(key, str) or not 1 <= len(key) <= _LONGEST_KEY or not key.isprintable():
        wrong.append(error("key_missing", "key", most=_LONGEST_KEY))
    if wrong:
        return HandedOver(Outcome.REFUSED, None, tuple(wrong)), ignored
    handed = hand_over(workshop.book, workshop.today(), fields, source=Source.HTTP, by="HTTP", key=key)
    return handed, ignored


def _answer(said: dict[str, Any], handed: HandedOver, ignored: list[str], say: Wording) -> dict[str, Any]:
    answer: dict[str, Any] = {"key": said.get("key"), "outcome": handed.outcome.value}
    if handed.reading is not None:
        answer |= {"number": handed.reading.number, "state": handed.reading.state.value}
    answer["findings"] = [_finding(each, say) for each in handed.findings]
    if ignored:
        answer["ignored"] = ignored
    return answer


def _finding(finding: Finding, say: Wording) -> dict[str, str]:
    field = "day" if finding.field == "reading_date" else finding.field
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "field": field,
        "text": finding_text(finding, say),
    }


def _standing(request: Request, reading: Reading | None, named: str) -> Response:
    if reading is None:
        return _error(404, f"The book has no reading with {named}.")
    say = _say(request)
    draft, key = reading.draft, reading.draft.source_key
    standing: dict[str, Any] = {
        "number": reading.number,
        "key": key.partition(":")[2] if draft.source is Source.HTTP and key is not None else None,
        "state": reading.state.value,
        "text": say(STATES[reading.state.value]),
        "plate": draft.vehicle.plate,
        "vin": draft.vehicle.vin,
        "day": draft.reading_date.isoformat(),
        "km": draft.km,
        "type": draft.type.value,
        "work_order": draft.work_order,
        "request": reading.request_guid,
        "issues": [{"type": each.type, "description": dict(each.description)} for each in reading.issues],
        "refusals": list(reading.refusals),
        "report": reading.report_url or None,
        "page": str(request.url.replace(path=f"/readings/{reading.number}", query="")),
    }
    if reading.state is State.WITHDRAWN and reading.superseded_by is not None:
        standing["superseded_by"] = reading.superseded_by
    return _json(standing)


def _say(request: Request) -> Wording:
    """The language that is asked for; English, in which the interface is documented, if none is."""
    accepted = request.headers.get("accept-language", "")
    return wording(language_of(None, accepted) if accepted and accepted != "*" else "en")


def _error(status: int, message: str) -> Response:
    return _json({"error": message}, status)


def _json(content: object, status: int = 200) -> Response:
    # Half a surrogate pair, which JSON can carry and UTF-8 cannot, goes back as it came: escaped.
    text = json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")
    return Response(text, status_code=status, media_type="application/json")


def missing(request: Request) -> Response:
    """What is not there, or not with this method."""
    return _error(404, f"There is no {request.method} {request.url.path}. It is POST or GET /feed/readings.")


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number")


ROUTES: Final = [
    Route("/feed/readings", hand_over_readings, methods=["POST"]),
    Route("/feed/readings", show_by_key, methods=["GET"]),
    Route("/feed/readings/{number:int}", show_by_number, methods=["GET"]),
]
