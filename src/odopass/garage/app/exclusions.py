"""What is not reported: by rule and one by one, to be seen and undone (G10)."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from odopass.garage.app.labels import CATEGORIES, OPERATIONS, REASONS
from odopass.garage.app.visit import Visit, page
from odopass.garage.book.entries import State

_LONGEST_REASON: Final = 200


def reason_of(visit: Visit) -> str:
    """The reason that a form gives for leaving something out: one of the list, and words."""
    key = visit.field("why") if visit.field("why") in REASONS else "other"
    words = visit.field("words")[:_LONGEST_REASON]
    return f"{key}: {words}" if words else key


def show(visit: Visit) -> Response:
    """The rules, and everything that is left out."""
    book = visit.workshop.book
    active = {(rule.kind, rule.value) for rule in book.exclusions.rules() if rule.active}
    return visit.page(
        "exclusions.html",
        active=active,
        operations=tuple(OPERATIONS),
        categories=tuple(CATEGORIES),
        orders=[each for each in book.orders.excluded() if each.closed_at is None],
        readings=book.readings.find(states={State.EXCLUDED}, limit=300),
    )


def save(visit: Visit) -> Response:
    """Keep the rules; what is left out already stays so."""
    book, wanted = visit.workshop.book, set(visit.fields("rule"))
    with book.at_once():
        for value in OPERATIONS:
            book.exclusions.set("operation", value, active=f"operation:{value}" in wanted)
        for value in CATEGORIES:
            book.exclusions.set("category", value, active=f"category:{value}" in wanted)
        book.exclusions.set("plate", "", active="plate:" in wanted)
    return visit.go("/exclusions", "rules")


ROUTES: Final = [page("/exclusions", show), page("/exclusions", save, "POST", name="save_exclusions")]
