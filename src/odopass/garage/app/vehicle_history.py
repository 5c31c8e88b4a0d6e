"""Vehicle history reports: asking for one after a reading, seeing, copying and printing it (G13)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from starlette.responses import Response

from odopass.domain.observation import ObservationType
from odopass.garage.app.entry import Entry, entry_of, sort_findings
from odopass.garage.app.visit import Visit, page
from odopass.garage.book.entries import COUNTS_AS_SENT, Reading, State
from odopass.garage.checks import Severity, check_reading
from odopass.garage.entering import typed_vehicle

_REPORT: Final = ObservationType.VEHICLE_HISTORY_DOCUMENT
#: A reading that the registry asks about is answered first: a second one of the day could not be corrected any more.
_TAKEN: Final = frozenset({State.PROCESSED, State.ALREADY_THERE})


def may_be_asked_for(visit: Visit, reading: Reading) -> bool:
    """Whether a history may be asked for after this reading: it is taken, of today, and the first for its km."""
    draft = reading.draft
    if draft.type is _REPORT or reading.state not in _TAKEN or draft.reading_date != visit.workshop.today():
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


def vin_form(visit: Visit) -> Response:
    """The VIN, which a vehicle history is asked for by, of a vehicle that was entered by its plate."""
    reading = _reading(visit)
    if not may_be_asked_for(visit, reading):
        return visit.go(f"/readings/{reading.number}", "moved_on")
    return visit.page("history_vin.html", reading=reading, entry=entry_of(reading))


def ask(visit: Visit) -> Response:
    """Ask for the vehicle history after a reading."""
    book = visit.workshop.book
    with book.at_once():
        reading = _reading(visit)
        if not may_be_asked_for(visit, reading):
            return visit.go(f"/readings/{reading.number}", "moved_on")
        draft = replace(reading.draft, type=_REPORT, for_sale=True, source_key=None)
        if draft.vehicle.vin is None:
            entry = _with_vin(visit, reading)
            if entry.draft is None or not entry.may_be_saved:
                return visit.page("history_vin.html", status=422, reading=reading, entry=entry)
            draft = replace(entry.draft, confirmed_warnings=entry.confirmed)
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


def _reading(visit: Visit) -> Reading:
    reading = visit.workshop.book.readings.one(visit.number())
    if reading is None:
        raise KeyError(visit.number())
    return reading


def _with_vin(visit: Visit, reading: Reading) -> Entry:
    """The request for a history of a reading by plate, with the VIN that was typed, and what is said about it."""
    entry = entry_of(reading)
    entry.texts |= {name: visit.field(name) for name in ("vin", "unifier", "first_use")}
    typed = typed_vehicle(entry.texts)
    draft = replace(reading.draft, vehicle=typed.vehicle, type=_REPORT, for_sale=True, source_key=None)
    found = list(typed.findings)
    # What is wrong with the VIN is said once, and not also that there is none.
    if not any(each.severity is Severity.ERROR for each in found):
        found += check_reading(draft, visit.workshop.book.readings.of_vehicle(draft.vehicle), visit.workshop.today())
    entry.draft = draft
    sort_findings(entry, found, visit.fields("confirmed"))
    return entry


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
    page("/readings/{number:int}/vehicle-history", vin_form),
    page("/readings/{number:int}/vehicle-history", ask, "POST"),
    page("/vehicle-history/{number:int}", show),
    page("/vehicle-history/{number:int}/progress", progress),
    page("/vehicle-history/{number:int}/report.pdf", document),
]
