"""Everything that needs an answer, on one page (G6)."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from odopass.garage.app.visit import Visit, page


def show(visit: Visit) -> Response:
    """What needs an answer first, then errors; or what is under way; or what is solved."""
    readings = visit.workshop.book.readings
    which = visit.asked("which")
    match which:
        case "solved":
            found = readings.problems(solved=True)
        case "under_way":
            found = readings.under_way()
        case _:
            which, found = "open", readings.problems()
    return visit.page("problems.html", which=which, readings=found)


ROUTES: Final = [page("/problems", show, name="problems")]
