"""Work orders: the first page, opening one, reading its odometer, closing it (G2)."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from odopass.garage.app.entry import Entry, blank_entry, vehicle_texts
from odopass.garage.app.exclusions import reason_of
from odopass.garage.app.labels import BLOCKERS
from odopass.garage.app.order_addresses import number_in, order_address
from odopass.garage.app.visit import Visit, page
from odopass.garage.book import OrderBlocked, OrderExists
from odopass.garage.book.entries import State, WorkOrder
from odopass.garage.checks import CATEGORIES, OPERATIONS, Finding, Severity
from odopass.garage.checks.finding import error
from odopass.garage.entering import excluding_reason, typed_vehicle

_LONGEST_NUMBER: Final = 40
_FIELDS: Final = ("number", "plate", "vin", "unifier", "first_use", "operation", "category")


def first_page(visit: Visit) -> Response:
    """Open work orders, and the readings that were entered last."""
    book = visit.workshop.book
    search, closed = visit.asked("search"), bool(visit.asked("closed"))
    orders = book.orders.find(search=search, open_only=not closed)
    rows = []
    for order in orders:
        readings = book.readings.of_order(order.number)
        rows.append((order, readings[0] if readings else None, book.orders.blocked(order, readings)))
    latest = book.readings.find(search=search, limit=10)
    return visit.page("orders.html", rows=rows, latest=latest, search=search, closed=closed)


def new_order(visit: Visit) -> Response:
    """The form of a new work order."""
    texts = dict.fromkeys(_FIELDS, "") | {"operation": OPERATIONS[0], "category": CATEGORIES[0]}
    return visit.page("order_form.html", entry=Entry(texts), order=None)


def open_order(visit: Visit) -> Response:
    """Open a work order; the garage's rules say whether something is to be reported (G10)."""
    entry, order = _read(visit, visit.field("number"))
    number_findings = _number_findings(order.number)
    entry.errors[:0] = number_findings
    if entry.errors or entry.warnings:
        return visit.page("order_form.html", status=422, entry=entry, order=None)
    try:
        visit.workshop.book.orders.open(order)
    except OrderExists:
        entry.errors.append(error("order_exists", "number"))
        return visit.page("order_form.html", status=422, entry=entry, order=None)
    return visit.go(order_address(order.number), "excluded" if order.excluded_why else "order_opened")


def show_order(visit: Visit) -> Response:
    """A work order with its readings, and the form of a reading as long as it has none."""
    order = _order(visit)
    return visit.page("order.html", **order_values(visit, order, blank_entry(visit, order)))


def order_values(visit: Visit, order: WorkOrder, entry: Entry) -> dict[str, Any]:
    """What the page of an order shows."""
    book = visit.workshop.book
    readings = book.readings.of_order(order.number)
    live = [each for each in readings if each.state not in {State.WITHDRAWN, State.ERROR}]
    earlier = [each for each in book.readings.of_vehicle(order.vehicle) if each.draft.work_order != order.number]
    blocked = book.orders.blocked(order, readings)
    return {
        "order": order,
        "entry": entry,
        "readings": readings,
        "needs_reading": not live and not order.excluded_why and order.closed_at is None,
        "earlier": earlier[-5:][::-1],
        "blocked": blocked,
        "blocked_text": "" if blocked is None else _blocked_text(visit, blocked),
    }


def edit_order(visit: Visit) -> Response:
    """The form to change an order's vehicle or work."""
    order = _order(visit)
    texts = {
        "number": order.number,
        **vehicle_texts(order.vehicle),
        "operation": order.operation,
        "category": order.category,
    }
    return visit.page("order_form.html", entry=Entry(texts), order=order)


def save_order(visit: Visit) -> Response:
    """Change an order's vehicle or work; readings that were entered for it keep theirs."""
    order = _order(visit)
    entry, changed = _read(visit, order.number)
    if entry.errors or entry.warnings:
        return visit.page("order_form.html", status=422, entry=entry, order=order)
    orders = visit.workshop.book.orders
    orders.change(changed)
    if changed.excluded_why and not order.excluded_why:
        orders.exclude(order.number, changed.excluded_why, by=visit.by)
    elif order.excluded_why.startswith("rule:") and not changed.excluded_why:
        orders.include(order.number)
    return visit.go(order_address(order.number), "order_saved")


def close_order(visit: Visit) -> Response:
    """Close an order, unless its reading is neither sent nor excluded (G2)."""
    order = _order(visit)
    try:
        closed = visit.workshop.book.orders.close(order.number, as_soon_as_sent=bool(visit.field("as_soon_as_sent")))
    except OrderBlocked:
        values = order_values(visit, order, blank_entry(visit, order))
        return visit.page("order.html", status=409, tried_to_close=True, **values)
    if closed.closed_at is None:
        return visit.go(order_address(order.number), "order_closing")
    return visit.go("/", "order_closed")


def exclude_order(visit: Visit) -> Response:
    """Say that nothing is to be reported for an order, and why."""
    order = _order(visit)
    visit.workshop.book.orders.exclude(order.number, reason_of(visit), by=visit.by)
    return visit.go(order_address(order.number), "not_reported")


def include_order(visit: Visit) -> Response:
    """Undo that."""
    order = _order(visit)
    visit.workshop.book.orders.include(order.number)
    return visit.go(order_address(order.number), "reported_again")


def _order(visit: Visit) -> WorkOrder:
    number = number_in(visit.path("order"))
    order = visit.workshop.book.orders.one(number)
    if order is None:
        raise KeyError(number)
    return order


def _read(visit: Visit, number: str) -> tuple[Entry, WorkOrder]:
    entry = Entry({name: visit.field(name) for name in _FIELDS})
    typed = typed_vehicle(entry.texts)
    errors = [each for each in typed.findings if each.severity is Severity.ERROR]
    if typed.vehicle.vin is None and typed.vehicle.plate is None and not errors:
        errors.append(error("vehicle_missing", "plate"))
    entry.errors = errors
    confirmed = visit.fields("confirmed")
    entry.warnings = [
        (each, stamp)
        for each in typed.findings
        if each.severity is Severity.WARNING
        if (stamp := f"{each.code}:{typed.vehicle.vin}") not in confirmed
    ]
    operation = entry.texts["operation"] if entry.texts["operation"] in OPERATIONS else "other"
    category = entry.texts["category"] if entry.texts["category"] in CATEGORIES else "other"
    why = excluding_reason(visit.workshop.book, operation=operation, category=category, plate=typed.vehicle.plate)
    order = WorkOrder(
        number=number,
        vehicle=typed.vehicle,
        operation=operation,
        category=category,
        opened_on=visit.workshop.today(),
        excluded_why=why,
    )
    return entry, order


def _number_findings(number: str) -> list[Finding]:
    if not number:
        return [error("order_number_missing", "number")]
    if len(number) > _LONGEST_NUMBER or not number.isprintable():
        return [error("order_number_long", "number", most=_LONGEST_NUMBER)]
    return []


def _blocked_text(visit: Visit, blocked: OrderBlocked) -> str:
    number = "" if blocked.reading is None else blocked.reading.number
    return visit.say(BLOCKERS[blocked.blocker.value], number=number)


ROUTES: Final = [
    page("/", first_page),
    page("/orders/new", new_order),
    page("/orders/new", open_order, "POST"),
    page("/orders/{order}", show_order),
    page("/orders/{order}/edit", edit_order),
    page("/orders/{order}/edit", save_order, "POST"),
    page("/orders/{order}/close", close_order, "POST"),
    page("/orders/{order}/exclude", exclude_order, "POST"),
    page("/orders/{order}/include", include_order, "POST"),
]
