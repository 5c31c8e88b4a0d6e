"""What employees did, for auditors: decisions, looks at histories, accounts."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from odopass.registry.desk.tables import csv_answer
from odopass.registry.desk.visit import Visit, page
from odopass.registry.employees.employees import Role

_AUDITORS: Final = frozenset({Role.AUDITOR})
_ON_A_PAGE: Final = 100
_EXPORTED: Final = 100_000
_QUERIES: Final = {
    "decisions": """
        select d.decided_at as at, e.username, e.name, d.kind as what, d.case_guid, v.vin as about, d.reason, d.words
        from review_decision d join employee e on e.id = d.employee_id left join vehicle v on v.id = d.vehicle_id
        order by d.decided_at desc, d.id desc
    """,
    "looks": """
        select h.looked_at as at, e.username, e.name, 'look' as what, h.case_guid, v.vin as about, h.reason, '' as words
        from history_access h join employee e on e.id = h.employee_id join vehicle v on v.id = h.vehicle_id
        order by h.looked_at desc, h.id desc
    """,
    "accounts": """
        select l.done_at as at, e.username, e.name, l.what, null::uuid as case_guid, l.about, '' as reason, '' as words
        from administration_log l join employee e on e.id = l.employee_id
        order by l.done_at desc, l.id desc
    """,
}
_HEADINGS: Final = ("at", "username", "name", "what", "case_guid", "about", "reason", "words")


async def show(visit: Visit) -> Response:
    """One of the three logs, newest first."""
    which = visit.asked("which") if visit.asked("which") in _QUERIES else "decisions"
    asked = visit.asked("number")
    number = max(1, int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 6 else 1  # noqa: PLR2004
    rows = await visit.office.pool.fetch(
        f"{_QUERIES[which]} limit $1 offset $2", _ON_A_PAGE + 1, (number - 1) * _ON_A_PAGE
    )
    return visit.page(
        "log.html",
        which=which,
        rows=rows[:_ON_A_PAGE],
        number=number,
        last=number + 1 if len(rows) > _ON_A_PAGE else number,
        query=lambda wanted: f"which={which}&number={wanted}",
    )


async def export(visit: Visit) -> Response:
    """One of them as CSV."""
    which = visit.part("which")
    if which not in _QUERIES:
        return visit.page("missing.html", status=404)
    rows = await visit.office.pool.fetch(f"{_QUERIES[which]} limit $1", _EXPORTED)
    return csv_answer(which, _HEADINGS, ([row[heading] for heading in _HEADINGS] for row in rows))


ROUTES: Final = [
    page("/log", show, roles=_AUDITORS),
    page("/log/{which}.csv", export, roles=_AUDITORS),
]
