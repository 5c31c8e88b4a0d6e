"""How the registry is doing, as figures, plots and tables to take along."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from starlette.responses import Response

from odopass.clock import belgian_day
from odopass.registry.desk.bars import STATES, bars_of
from odopass.registry.desk.tables import csv_answer
from odopass.registry.desk.visit import EVERYBODY, Visit, page
from odopass.registry.review import quality
from odopass.registry.review.openness import open_reviews, sources

_DAYS: Final = 30
_SHOWN: Final = 20
_EXPORTED: Final = 20_000
_SUMS: Final = ("submissions", "processed", "issue", "error", "reviewing", "ongoing", "asked")


async def show(visit: Visit) -> Response:
    """The page."""
    pool, now = visit.office.pool, visit.office.clock.now()
    await quality.count_days(pool, now)
    known = {row["day"]: row for row in await quality.by_day(pool, now, days=_DAYS)}
    today = belgian_day(now)
    days = [today - timedelta(days=back) for back in range(_DAYS - 1, -1, -1)]
    counts = [{state: int(known[day][state.lower()]) if day in known else 0 for state in STATES} for day in days]
    return visit.page(
        "dashboard.html",
        days=days,
        counts=counts,
        states=STATES,
        totals={state: sum(day[state] for day in counts) for state in STATES},
        drawings=[
            bars_of(counts, name="wide", width=1040, height=300, labels=10),
            bars_of(counts, name="narrow", width=340, height=240, labels=3),
        ],
        reviews=await open_reviews(pool, now),
        sources=await sources(pool, now),
        stopped=await quality.stopped(pool, now, most=_SHOWN),
        garages=await quality.by_garage(pool, now, most=_SHOWN),
        software=await quality.by_software(pool, now, most=_SHOWN),
    )


async def export(visit: Visit) -> Response:
    """One of the tables as CSV."""
    pool, now, table = visit.office.pool, visit.office.clock.now(), visit.part("table")
    await quality.count_days(pool, now)
    headings: Sequence[str]
    if table == "days":
        rows = await quality.by_day(pool, now, days=quality.SHOWN_DAYS)
        headings = ("day", *_SUMS)
    elif table == "garages":
        rows = list(await quality.by_garage(pool, now, most=_EXPORTED, fewest=1))
        headings = ("name", "establishment", *_SUMS, "last_at")
    elif table == "software":
        rows = list(await quality.by_software(pool, now, most=_EXPORTED))
        headings = ("builder", "name", "version", "garages", *_SUMS)
    elif table == "silent":
        rows = list(await quality.stopped(pool, now, most=_EXPORTED))
        headings = ("name", "establishment", "days", "submissions", "last_at")
    else:
        return visit.page("missing.html", status=404)
    return csv_answer(table, headings, ([row[heading] for heading in headings] for row in rows))


ROUTES: Final = [
    page("/dashboard", show, roles=EVERYBODY),
    page("/dashboard/{table}.csv", export, roles=EVERYBODY),
]
