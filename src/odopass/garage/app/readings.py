"""Entering readings, and the page of each: how it stands and what to do (G2, G8 to G11)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

from starlette.responses import Response

from odopass.domain.observation import ObservationType
from odopass.garage.app.entry import Entry, blank_entry, entry_of, read_entry, sort_findings
from odopass.garage.app.exclusions import reason_of
from odopass.garage.app.orders import order_values
from odopass.garage.app.vehicle_history import may_be_asked_for
from odopass.garage.app.visit import READER_COOKIE, Visit, page
from odopass.garage.book import BookFault
from odopass.garage.book.entries import Reading, Source, State, WorkOrder
from odopass.garage.checks import Finding, Severity, check_reading, typed_vin
from odopass.garage.entering import record

_REPLACED: Final = ObservationType.ODOMETER_REPLACED
_ALL_TYPES: Final = tuple(ObservationType)
#: States of which the page asks for news by itself.
_MOVING: Final = frozenset({State.TO_SEND, State.ONGOING, State.REVIEWING})
_UNSENT: Final = frozenset({State.CHECK, State.TO_SEND, State.REFUSED, State.LAPSED})


def new_reading(visit: Visit) -> Response:
    """The form of a reading without a work order."""
    entry = blank_entry(visit)
    if again := visit.asked("again"):
        former = visit.workshop.book.readings.one(int(again)) if again.isdigit() else None
        if former is not None:
            entry = entry_of(former)
    return visit.page("reading_form.html", **_form_values(entry, order=None))


def save_reading(visit: Visit) -> Response:
    """Save a reading, which is then sent by itself; or say what is wrong or unusual."""
    book = visit.workshop.book
    order = None
    if number := visit.field("order"):
        order = book.orders.one(number)
        if order is None:
            raise KeyError(number)
    once = f"form:{visit.field('once') or uuid4()}"
    entry = Entry({})
    fault: BookFault | None = None
    try:
        with book.at_once():
            # The same form sent twice, by a double click, is the same reading.
            if (known := book.readings.by_source_key(once)) is not None:
                return visit.go(f"/readings/{known.number}")
            entry = read_entry(visit, order)
            if entry.may_be_saved and entry.draft is not None:
                visit.remember(READER_COOKIE, entry.texts["read_by"])
                return _enter(visit, entry, once)
    except BookFault as error:
        fault = error
    status = 503 if fault else 422
    values = _form_values(entry, order=order) | {"fault": fault, "once": visit.field("once") or str(uuid4())}
    if order is not None:
        return visit.page("order.html", status=status, **(order_values(visit, order, entry) | values))
    return visit.page("reading_form.html", status=status, **values)


def _enter(visit: Visit, entry: Entry, once: str) -> Response:
    book, draft = visit.workshop.book, entry.draft
    assert draft is not None  # noqa: S101 - it may be saved
    draft = replace(draft, confirmed_warnings=entry.confirmed, source_key=once)
    reading = record(book, draft, by=visit.by)
    if reading.state is State.EXCLUDED:
        return visit.go(f"/readings/{reading.number}", "excluded")
    visit.workshop.sender.wake()
    return visit.go(f"/readings/{reading.number}", "saved")


def show_reading(visit: Visit) -> Response:
    """How a reading stands, what to do, and its story."""
    return visit.page("reading.html", **_reading_values(visit, _reading(visit)))


def standing(visit: Visit) -> Response:
    """The part of the page that changes by itself."""
    return visit.part("reading_standing.html", **_reading_values(visit, _reading(visit)))


def correction_form(visit: Visit) -> Response:
    """The form that corrects a reading (G7)."""
    reading = _reading(visit)
    return visit.page("correction.html", **_correction_values(entry_of(reading), reading))


def correct(visit: Visit) -> Response:
    """Save a correction, which is then sent by itself; the book follows it."""
    book = visit.workshop.book
    with book.at_once():
        reading = _reading(visit)
        entry = read_entry(visit, corrected=reading)
        if entry.may_be_saved and entry.draft is not None and entry.draft.type in correctable_types(reading):
            draft = replace(entry.draft, confirmed_warnings=entry.confirmed)
            book.decisions.correct(reading.number, draft, by=visit.by)
            visit.workshop.sender.wake()
            return visit.go(f"/readings/{reading.number}", "corrected")
    return visit.page("correction.html", status=422, **_correction_values(entry, reading))


def correctable_types(reading: Reading) -> tuple[ObservationType, ...]:
    """What a reading's type may be corrected to: once the registry has it, to and from a replaced odometer (W9)."""
    if reading.request_guid is None:
        return _ALL_TYPES
    if reading.draft.type is _REPLACED:
        return (_REPLACED, ObservationType.REPAIR_MAINTENANCE_SERVICE)
    return (reading.draft.type, _REPLACED)


def confirmation_form(visit: Visit) -> Response:
    """Asks whether the data is right as it was sent."""
    return visit.page("confirmation.html", reading=_reading(visit))


def confirm(visit: Visit) -> Response:
    """Confirm the data as it was sent (G7)."""
    reading = visit.workshop.book.decisions.confirm(visit.number(), by=visit.by)
    visit.workshop.sender.wake()
    return visit.go(f"/readings/{reading.number}", "confirmed")


def release(visit: Visit) -> Response:
    """Send what another program handed over, its warnings confirmed one by one (G15)."""
    book = visit.workshop.book
    with book.at_once():
        reading = _reading(visit)
        checked = _checked(visit, reading, visit.fields("confirmed"))
        if checked.may_be_saved:
            book.decisions.release(reading.number, by=visit.by, confirmed_warnings=checked.confirmed)
            visit.workshop.sender.wake()
            return visit.go(f"/readings/{reading.number}", "saved")
    return visit.page("reading.html", status=422, **(_reading_values(visit, reading) | {"checked": checked}))


def exclude(visit: Visit) -> Response:
    """Keep a reading from being reported (G10)."""
    visit.workshop.book.decisions.exclude(visit.number(), reason_of(visit), by=visit.by)
    return visit.go(f"/readings/{visit.number()}", "not_reported")


def include(visit: Visit) -> Response:
    """Undo an exclusion; what another program handed over is looked at first if its warnings never were."""
    book = visit.workshop.book
    with book.at_once():
        reading = _reading(visit)
        unseen = reading.draft.source is not Source.ENTRY and not reading.draft.confirmed_warnings
        to_be_checked = unseen and not _checked(visit, reading, []).may_be_saved
        book.decisions.include(reading.number, by=visit.by, to_be_checked=to_be_checked)
    visit.workshop.sender.wake()
    return visit.go(f"/readings/{visit.number()}", "reported_again")


def withdraw(visit: Visit) -> Response:
    """Drop a reading that was never sent."""
    visit.workshop.book.decisions.withdraw(visit.number(), by=visit.by)
    return visit.go(f"/readings/{visit.number()}", "withdrawn")


def take_note(visit: Visit) -> Response:
    """File a rejected reading with the solved problems."""
    visit.workshop.book.decisions.take_note(visit.number(), by=visit.by)
    return visit.go("/problems", "noted")


def send_as_ordinary(visit: Visit) -> Response:
    """Send the reading of a lapsed vehicle history request as an ordinary one (G5)."""
    ordinary = visit.workshop.book.decisions.offer_as_ordinary(visit.number(), by=visit.by)
    visit.workshop.sender.wake()
    return visit.go(f"/readings/{ordinary.number}", "saved")


def _reading(visit: Visit) -> Reading:
    reading = visit.workshop.book.readings.one(visit.number())
    if reading is None:
        raise KeyError(visit.number())
    return reading


def _checked(visit: Visit, reading: Reading, stamps: list[str]) -> Entry:
    """What the checks say about a reading that was handed over, as it would be if it were entered by hand."""
    draft = reading.draft
    entry = entry_of(reading)
    entry.texts["km"] = str(draft.km)
    entry.draft = draft
    others = [each for each in visit.workshop.book.readings.of_vehicle(draft.vehicle) if each.number != reading.number]
    found = [
        *typed_findings(draft.vehicle.vin),
        *check_reading(draft, others, visit.workshop.today()),
    ]
    sort_findings(entry, found, stamps)
    return entry


def typed_findings(vin: str | None) -> tuple[Finding, ...]:
    """What is unusual about a VIN that is in the book."""
    return () if vin is None else tuple(each for each in typed_vin(vin).findings if each.severity is Severity.WARNING)


def _reading_values(visit: Visit, reading: Reading) -> dict[str, Any]:
    book = visit.workshop.book
    open_step = next((step for step in book.outbox.steps() if step.reading == reading.number), None)
    return {
        "reading": reading,
        "moving": reading.state in _MOVING
        or (reading.draft.type is ObservationType.VEHICLE_HISTORY_DOCUMENT and reading.state is State.PROCESSED),
        "events": book.readings.events(reading.number),
        "checked": _checked(visit, reading, []) if reading.state is State.CHECK else None,
        "unsent": reading.state in _UNSENT
        and reading.request_guid is None
        and (open_step is None or open_step.attempts == 0),
        "attempts": 0 if open_step is None else open_step.attempts,
        "history_may_be_asked_for": may_be_asked_for(visit, reading),
        "others": [each for each in book.readings.of_vehicle(reading.draft.vehicle) if each.number != reading.number][
            -5:
        ][::-1],
    }


def _form_values(entry: Entry, *, order: WorkOrder | None) -> dict[str, Any]:
    return {"entry": entry, "order": order, "types": _ALL_TYPES, "once": str(uuid4()), "fault": None, "corrected": None}


def _correction_values(entry: Entry, reading: Reading) -> dict[str, Any]:
    return {
        "entry": entry,
        "reading": reading,
        "types": correctable_types(reading),
        "corrected": reading,
        "fault": None,
    }


ROUTES: Final = [
    page("/readings/new", new_reading),
    page("/readings/new", save_reading, "POST"),
    page("/readings/{number:int}", show_reading),
    page("/readings/{number:int}/standing", standing),
    page("/readings/{number:int}/correct", correction_form),
    page("/readings/{number:int}/correct", correct, "POST"),
    page("/readings/{number:int}/confirm", confirmation_form),
    page("/readings/{number:int}/confirm", confirm, "POST"),
    page("/readings/{number:int}/release", release, "POST"),
    page("/readings/{number:int}/exclude", exclude, "POST"),
    page("/readings/{number:int}/include", include, "POST"),
    page("/readings/{number:int}/withdraw", withdraw, "POST"),
    page("/readings/{number:int}/note", take_note, "POST"),
    page("/readings/{number:int}/ordinary", send_as_ordinary, "POST"),
]
