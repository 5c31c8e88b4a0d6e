"""The queue, and the page of one case with its decision."""

from __future__ import annotations

from collections import defaultdict
from math import ceil
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from starlette.responses import Response

from odopass.domain.identification import Identification
from odopass.domain.outcome import Status
from odopass.registry.desk.history import history_view
from odopass.registry.desk.visit import BASE, REVIEWERS, Visit, page
from odopass.registry.employees.employees import Role
from odopass.registry.review import claims, quality
from odopass.registry.review.deciding import (
    AlreadyDecided,
    CannotCount,
    ClaimedByOther,
    NobodyToAsk,
    NoVehicle,
    UnknownCase,
    decide_case,
)
from odopass.registry.review.files import CaseFile, case_of_request, read_case, read_vehicle
from odopass.registry.review.lookup import as_guid, find_vehicles
from odopass.registry.review.queue import ON_A_PAGE, Filters, codes_waiting, next_case, waiting_cases
from odopass.registry.review.reasons import OF_DECISIONS
from odopass.registry.review.trail import Decision, log_access
from odopass.registry.review.turns import Busy

_READERS: Final = frozenset({Role.REVIEWER, Role.AUDITOR})
_KINDS: Final = ("accept", "reject", "send_back")
_NOTICES: Final = {"accept": "accepted", "reject": "rejected", "send_back": "sent_back"}
_FEWEST_WORDS: Final = 3
_MOST_PAGES: Final = 10_000


def filters_of(visit: Visit) -> Filters:
    """What the address asks for."""
    days = visit.asked("days")
    return Filters(
        garage=visit.asked("garage"),
        issue=visit.asked("issue"),
        days=int(days) if days.isascii() and days.isdecimal() and len(days) < 5 else 0,  # noqa: PLR2004
        text=visit.asked("text"),
    )


def query_of(filters: Filters, **more: object) -> str:
    """Filters as they stand in an address."""
    given = {"garage": filters.garage, "issue": filters.issue, "days": filters.days or "", "text": filters.text, **more}
    return urlencode({name: value for name, value in given.items() if value != ""})


async def show_queue(visit: Visit) -> Response:
    """The cases that wait."""
    filters, asked = filters_of(visit), visit.asked("number")
    number = min(max(1, int(asked)), _MOST_PAGES) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1  # noqa: PLR2004
    pool, now = visit.office.pool, visit.office.clock.now()
    cases, total = await waiting_cases(pool, filters, page=number, now=now)
    return visit.page(
        "queue.html",
        cases=cases,
        total=total,
        filters=filters,
        number=number,
        last=max(1, ceil(total / ON_A_PAGE)),
        query=lambda page_number: query_of(filters, number=page_number),
        kept_filters=query_of(filters),
        codes=await codes_waiting(pool),
        now=now,
    )


async def show_case(visit: Visit) -> Response:
    """One case."""
    guid = as_guid(visit.part("guid"))
    file = None if guid is None else await read_case(visit.office.pool, guid)
    if file is None:
        first = None if guid is None else await case_of_request(visit.office.pool, guid)
        if first is not None and first != guid:
            return visit.go(f"/cases/{first}")
        return visit.page("no_case.html", status=404, waits=first is not None)
    return await _case(visit, file, "", take=False)


async def take_over(visit: Visit) -> Response:
    """Take a case from a colleague who has it open."""
    guid = UUID(visit.part("guid"))
    await claims.look_at(visit.office.pool, guid, visit.employee.id, now=visit.office.clock.now(), take=True)
    return visit.go(f"/cases/{guid}?{query_of(filters_of(visit))}")


async def renew(visit: Visit) -> Response:
    """Keep a case while its page is open: asked for by the page itself, if scripts run."""
    await claims.look_at(visit.office.pool, UUID(visit.part("guid")), visit.employee.id, now=visit.office.clock.now())
    return Response(status_code=204)


async def leave(visit: Visit) -> Response:
    """Leave a case to the others, and go on with the next."""
    guid, pool = UUID(visit.part("guid")), visit.office.pool
    file = await read_case(pool, guid)
    await claims.leave(pool, guid, visit.employee.id)
    return visit.go("/") if file is None else await _next(visit, file, "")


async def decide(visit: Visit) -> Response:
    """Decide a case, and open the next."""
    guid, head = UUID(visit.part("guid")), as_guid(visit.field("head"))
    file = await read_case(visit.office.pool, guid)
    if file is None or head is None:
        return visit.page("no_case.html", status=404, waits=False)
    kind, reason, words = visit.field("kind"), visit.field("reason"), visit.field("words")
    if problem := _missing(visit, kind, reason, words):
        return await _case(visit, file, problem, take=False, status=422)
    vehicle_id, problem = await _named_vehicle(visit, file, kind)
    if problem:
        return await _case(visit, file, problem, take=False, status=422)
    decision = Decision(kind, visit.employee.id, reason, words)
    refusal = await _decided(visit, file, decision, head, vehicle_id)
    return refusal or await _next(visit, file, _NOTICES[kind])


async def _decided(
    visit: Visit, file: CaseFile, decision: Decision, head: UUID, vehicle_id: int | None
) -> Response | None:
    """Decide; the answer if that cannot be done."""
    guid = file.guid
    try:
        await decide_case(
            visit.office.pool,
            guid,
            decision,
            head=head,
            now=visit.office.clock.now(),
            vehicle_id=vehicle_id,
            marked=visit.field("unmarked") != "yes",
        )
    except UnknownCase:
        return visit.page("no_case.html", status=404, waits=False)
    except AlreadyDecided as decided:
        return visit.page("decided.html", status=409, file=file, decided=decided, filters=query_of(filters_of(visit)))
    except ClaimedByOther as claimed:
        problem = visit.say("{name} is looking at this case. Nothing was changed.", name=claimed.name)
        return await _case(visit, file, problem, take=False, status=409)
    except NoVehicle:
        problem = visit.say("Nobody knows which vehicle this is about: name the vehicle, or reject it.")
        return await _case(visit, file, problem, take=False, status=422)
    except NobodyToAsk:
        problem = visit.say("This reading came in a file: nobody can correct it. Accept or reject it.")
        return await _case(visit, file, problem, take=False, status=422)
    except CannotCount as cannot:
        codes = ", ".join(finding.code for finding in cannot.findings)
        problem = visit.say("It cannot be accepted, whoever says so: issue {codes}. Reject it.", codes=codes)
        return await _case(visit, file, problem, take=False, status=422)
    except Busy:
        problem = visit.say("The vehicle is being judged at this moment. Send it again in a few seconds.")
        return await _case(visit, file, problem, take=False, status=503)
    return None


def _missing(visit: Visit, kind: str, reason: str, words: str) -> str:
    if kind not in _KINDS:
        return visit.say("Choose a decision: accept, reject or send back.")
    if reason not in OF_DECISIONS[kind]:
        return visit.say("Choose a reason that goes with the decision.")
    if len(words) < _FEWEST_WORDS:
        return visit.say("Write in a few words why, so that colleagues understand it later.")
    return ""


async def _named_vehicle(visit: Visit, file: CaseFile, kind: str) -> tuple[int | None, str]:
    """The vehicle that the employee names for a case about none, and what is wrong with it."""
    text = visit.field("vehicle")
    if kind != "accept" or file.row["vehicle_id"] is not None or not text:
        return None, ""
    found = await find_vehicles(visit.office.pool, text)
    wanted = visit.field("unifier")
    found = [row for row in found if not wanted or str(row["unifier"] or "") == wanted]
    if len(found) != 1:
        return None, visit.say("{number} vehicles have this VIN or plate: one is needed.", number=len(found))
    return found[0]["id"], ""


async def _next(visit: Visit, file: CaseFile, notice: str) -> Response:
    filters = filters_of(visit)
    following = await next_case(
        visit.office.pool,
        filters,
        visit.employee.id,
        after=(file.row["settled_at"], file.guid),
        now=visit.office.clock.now(),
    )
    query = query_of(filters)
    if following is None:
        return visit.go(f"/?{query}" if query else "/", notice or "queue_done")
    return visit.go(f"/cases/{following}" + (f"?{query}" if query else ""), notice)


async def _case(visit: Visit, file: CaseFile, problem: str, *, take: bool, status: int = 200) -> Response:
    pool, now, employee = visit.office.pool, visit.office.clock.now(), visit.employee
    waits = file.status is Status.REVIEWING
    look = None
    if waits and Role.REVIEWER in employee.roles:
        look = await claims.look_at(pool, file.guid, employee.id, now=now, take=take)
    vehicle = None
    if file.row["vehicle_id"] is not None:
        vehicle = await read_vehicle(pool, file.row["vehicle_id"])
    if vehicle is not None and visit.request.method == "GET":
        async with pool.acquire() as connection:
            await log_access(connection, employee.id, vehicle.row["id"], case_guid=file.guid, reason="case", now=now)
    doubted = None if file.status is Status.PROCESSED else (file.row["reading_date"], file.row["km"])
    await quality.count_days(pool, now, most=2)
    typed = dict(visit.form) if visit.request.method == "POST" else await visit.kept()
    return visit.page(
        "case.html",
        status=status,
        file=file,
        vehicle=vehicle,
        history=None if vehicle is None else history_view(vehicle, visit.say.language, doubted),
        quality=await quality.of_garage(pool, file.row["garage_id"], now),
        look=look,
        problem=problem,
        typed=defaultdict(str, typed),
        reasons=OF_DECISIONS,
        identified=file.row["identification"] == Identification.IDENTIFIED,
        filters=query_of(filters_of(visit)),
        base=BASE,
    )


ROUTES: Final = [
    page("/", show_queue, roles=_READERS),
    page("/cases/{guid}", show_case, roles=_READERS),
    page("/cases/{guid:uuid}/take", take_over, "POST", roles=REVIEWERS),
    page("/cases/{guid:uuid}/renew", renew, "POST", roles=REVIEWERS),
    page("/cases/{guid:uuid}/leave", leave, "POST", roles=REVIEWERS),
    page("/cases/{guid:uuid}/decide", decide, "POST", roles=REVIEWERS),
]
