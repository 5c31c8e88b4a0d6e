"""A vehicle's history outside a case, and the correction of one of its readings."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from typing import Final

from asyncpg import Record
from starlette.responses import Response

from odopass.clock import belgian_day
from odopass.registry.desk.history import history_view
from odopass.registry.desk.labels import OCCASIONS
from odopass.registry.desk.visit import EVERYBODY, REVIEWERS, Visit, page
from odopass.registry.judging.deciding import CannotCount
from odopass.registry.review.files import read_vehicle
from odopass.registry.review.lookup import may_look
from odopass.registry.review.readings import NoSuchReading, ReadingKey, correct_reading, withdraw_reading
from odopass.registry.review.reasons import OF_DECISIONS
from odopass.registry.review.trail import Decision, log_access
from odopass.registry.review.turns import Busy

#: For so long a reason that was told holds: one looks at a vehicle more than once while working on it.
_TOLD: Final = timedelta(hours=1)
_MOST_KM: Final = 9_999_999
_FEWEST_WORDS: Final = 3
_LOOKS: Final = """
    select h.looked_at, h.reason, h.case_guid, e.name from history_access h join employee e on e.id = h.employee_id
    where h.vehicle_id = $1 order by h.looked_at desc limit 100
"""


async def show(visit: Visit) -> Response:
    """The vehicle, once it was told why."""
    number = visit.number("vehicle")
    file = await read_vehicle(visit.office.pool, number)
    if file is None:
        return visit.page("missing.html", status=404)
    if not await _may_look(visit, number):
        return visit.page("why.html", vehicle=file.row, problem="", typed=defaultdict(str, await visit.kept()))
    return visit.page(
        "vehicle.html",
        vehicle=file,
        history=history_view(file, visit.say.language),
        looks=await visit.office.pool.fetch(_LOOKS, number) if visit.may("auditor") else [],
    )


async def tell_why(visit: Visit) -> Response:
    """Write down why somebody looks at the history, and show it."""
    number, reason, words = visit.number("vehicle"), visit.field("reason"), visit.field("words")
    file = await read_vehicle(visit.office.pool, number)
    if file is None:
        return visit.page("missing.html", status=404)
    if reason not in OCCASIONS or (reason == "other" and len(words) < _FEWEST_WORDS):
        problem = visit.say("Say why you look at this history: choose a reason, or write one.")
        return visit.page("why.html", status=422, vehicle=file.row, problem=problem, typed=defaultdict(str, visit.form))
    async with visit.office.pool.acquire() as connection:
        await log_access(
            connection,
            visit.employee.id,
            number,
            case_guid=None,
            reason=f"{reason}: {words}" if words else reason,
            now=visit.office.clock.now(),
        )
    return visit.go(f"/vehicles/{number}")


async def show_reading(visit: Visit) -> Response:
    """The form to correct or withdraw a reading."""
    key, row = await _reading(visit)
    if key is None or row is None:
        return visit.page("missing.html", status=404)
    if not await _may_look(visit, key.vehicle_id):
        return visit.go(f"/vehicles/{key.vehicle_id}")
    return _form(visit, key, row, "", await visit.kept())


async def change_reading(visit: Visit) -> Response:
    """Correct or withdraw it."""
    key, row = await _reading(visit)
    if key is None or row is None:
        return visit.page("missing.html", status=404)
    kind, reason, words = visit.field("kind"), visit.field("reason"), visit.field("words")
    day, km = _day(visit.field("day")), _km(visit.field("km"))
    problem = _wrong(visit, row, kind, day, km)
    if problem:
        return _form(visit, key, row, problem, visit.form, status=422)
    decision = Decision(kind, visit.employee.id, reason, words)
    problem, status = await _changed(visit, key, decision, day, km)
    if problem:
        return _form(visit, key, row, problem, visit.form, status=status)
    return visit.go(f"/vehicles/{key.vehicle_id}", "withdrawn" if kind == "withdraw" else "corrected")


def _wrong(visit: Visit, row: Record, kind: str, day: date | None, km: int | None) -> str:
    """What is wrong with what was typed; "" if nothing is."""
    if kind not in ("correct", "withdraw") or visit.field("reason") not in OF_DECISIONS[kind]:
        return visit.say("Choose a reason that goes with the decision.")
    if len(visit.field("words")) < _FEWEST_WORDS:
        return visit.say("Write in a few words why, so that colleagues understand it later.")
    if kind == "correct" and (day is None or km is None or day > belgian_day(visit.office.clock.now())):
        return visit.say("Give the right day, not in the future, and the right km in digits.")
    if kind == "correct" and (day, km) == (row["reading_date"], row["km"]):
        return visit.say("That is what it says already.")
    return ""


async def _changed(
    visit: Visit, key: ReadingKey, decision: Decision, day: date | None, km: int | None
) -> tuple[str, int]:
    """Change it; what kept it from being changed, with the status that goes with that."""
    now = visit.office.clock.now()
    try:
        if decision.kind == "withdraw":
            await withdraw_reading(visit.office.pool, key, decision, now=now)
        elif day is not None and km is not None:
            await correct_reading(visit.office.pool, key, decision, day=day, km=km, now=now)
    except NoSuchReading:
        return visit.say("Somebody has changed this reading meanwhile. Look at the vehicle again."), 409
    except CannotCount as cannot:
        codes = ", ".join(finding.code for finding in cannot.findings)
        return visit.say("This value cannot count, whoever says so: issue {codes}.", codes=codes), 422
    except Busy:
        return visit.say("The vehicle is being judged at this moment. Send it again in a few seconds."), 503
    return "", 200


async def _may_look(visit: Visit, vehicle_id: int) -> bool:
    since = visit.office.clock.now() - _TOLD
    return await may_look(visit.office.pool, visit.employee.id, vehicle_id, since=since)


async def _reading(visit: Visit) -> tuple[ReadingKey | None, Record | None]:
    day = _day(visit.part("day"))
    if day is None:
        return None, None
    key = ReadingKey(visit.number("vehicle"), day, visit.number("arrival"))
    row = await visit.office.pool.fetchrow(
        "select * from reading where vehicle_id = $1 and reading_date = $2 and arrival = $3",
        key.vehicle_id,
        key.day,
        key.arrival,
    )
    return key, row


def _form(visit: Visit, key: ReadingKey, row: Record, problem: str, typed: object, *, status: int = 200) -> Response:
    given: dict[str, str] = defaultdict(str, typed)  # type: ignore[call-overload]
    return visit.page(
        "reading.html", status=status, key=key, row=row, problem=problem, typed=given, reasons=OF_DECISIONS
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _km(text: str) -> int | None:
    digits = "".join(text.split())
    if not digits.isascii() or not digits.isdecimal() or len(digits) > len(str(_MOST_KM)):
        return None
    return int(digits)


ROUTES: Final = [
    page("/vehicles/{vehicle:int}", show, roles=EVERYBODY),
    page("/vehicles/{vehicle:int}", tell_why, "POST", roles=EVERYBODY),
    page("/vehicles/{vehicle:int}/readings/{day}/{arrival:int}", show_reading, roles=REVIEWERS),
    page("/vehicles/{vehicle:int}/readings/{day}/{arrival:int}", change_reading, "POST", roles=REVIEWERS),
]
