"""Vehicle history reports: asking for one after a reading, seeing, copying and printing it (G13)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from odopass.domain.observation import ObservationType
from odopass.garage.app.visit import Visit, page
from odopass.garage.book.entries import COUNTS_AS_SENT, Reading, State

_REPORT: Final = ObservationType.VEHICLE_HISTORY_DOCUMENT
#: A reading that the registry asks about is answered first: a second one of the day could not be corrected any more.
_TAKEN: Final = frozenset({State.PROCESSED, State.ALREADY_THERE})


def may_be_asked_for(visit: Visit, reading: Reading) -> bool:
    """Whether a history may be asked for after this reading: it is taken, of today, by VIN, first for its km."""
    draft = reading.draft
    if (
        draft.type is _REPORT
        or draft.vehicle.vin is None
        or reading.state not in _TAKEN
        or draft.reading_date != visit.workshop.today()
    ):
        return False
    return not any(
        each.draft.type is _REPORT and each.draft.km == draft.km and each.state in COUNTS_AS_SENT
        for each in visit.workshop.book.readings.of_vehicle(draft.vehicle)
    )


def list_histories(visit: Visit) -> Response:
    """Every request for a report, the newest first; and the readings after which one may be asked for."""
    readings = visit.workshop.book.readings.find(limit=500)
    asked = [each for each in readings if each.draft.type is _REPORT]
    possible = [each for each in readings if each.draft.for_sale and may_be_asked_for(visit, each)]
    return visit.page("histories.html", asked=asked, possible=possible)


def ask(visit: Visit) -> Response:
    """Ask for the vehicle history after a reading."""
    book = visit.workshop.book
    with book.at_once():
        reading = book.readings.one(visit.number())
        if reading is None:
            raise KeyError(visit.number())
        if not may_be_asked_for(visit, reading):
            return visit.go(f"/readings/{reading.number}", "moved_on")
        draft = replace(reading.draft, type=_REPORT, for_sale=True, source_key=None)
        history = book.decisions.enter(draft, by=visit.by)
    visit.workshop.sender.wake()
    return visit.go(f"/vehicle-history/{history.number}", "history_asked")


def show(visit: Visit) -> Response:
    """A report, or how far it is."""
    return visit.page("history_report.html", **_values(visit))


def progress(visit: Visit) -> Response:
    """The part of the page that changes by itself."""
    return visit.part("history_progress.html", **_values(visit))


def document(visit: Visit) -> Response:
    """The PDF, to be opened and printed."""
    report = visit.workshop.book.readings.report(visit.number())
    if report is None:
        raise KeyError(visit.number())
    name = f"vehicle-history-{visit.number()}.pdf"
    return Response(
        report.pdf, media_type="application/pdf", headers={"content-disposition": f'inline; filename="{name}"'}
    )


def _values(visit: Visit) -> dict[str, Any]:
    reading = visit.workshop.book.readings.one(visit.number())
    if reading is None or reading.draft.type is not _REPORT:
        raise KeyError(visit.number())
    moving = not reading.has_report and reading.state in {
        State.TO_SEND,
        State.ONGOING,
        State.REVIEWING,
        State.PROCESSED,
    }
    return {"reading": reading, "moving": moving}


ROUTES: Final = [
    page("/vehicle-history", list_histories),
    page("/readings/{number:int}/vehicle-history", ask, "POST"),
    page("/vehicle-history/{number:int}", show),
    page("/vehicle-history/{number:int}/progress", progress),
    page("/vehicle-history/{number:int}/report.pdf", document),
]
