"""Writing a reading into the book, to be sent or, by the garage's rules, not (G10)."""

from __future__ import annotations

from odopass.garage.book import Book
from odopass.garage.book.entries import Reading, ReadingDraft, State
from odopass.garage.checks.exclusion import excluding_rule, rule_reason


def excluding_reason(book: Book, *, operation: str, category: str, plate: str | None) -> str:
    """Why the garage's rules leave this out, as the book keeps it; "" if they do not.

    Args:
        book: with the rules.
        operation: what was done.
        category: of the vehicle.
        plate: upper case without dashes and blanks, if it is known.
    """
    rule = excluding_rule(book.exclusions.rules(), operation=operation, category=category, plate=plate)
    return "" if rule is None else rule_reason(rule)


def record(book: Book, draft: ReadingDraft, *, by: str, to_be_checked: bool = False, excluded_why: str = "") -> Reading:
    """Write a judged reading into the book: to be sent, to be looked at by a person, or left out.

    Args:
        book: of the garage.
        draft: without errors.
        by: who or what enters it.
        to_be_checked: whether it has warnings that nobody has confirmed.
        excluded_why: a reason to leave it out that is known already; the garage's rules are asked if it is "".
    """
    why = excluded_why or excluding_reason(
        book, operation=draft.operation, category=draft.category, plate=draft.vehicle.plate
    )
    if why:
        return book.decisions.enter(draft, state=State.EXCLUDED, by=by, excluded_why=why)
    return book.decisions.enter(draft, state=State.CHECK if to_be_checked else State.TO_SEND, by=by)
