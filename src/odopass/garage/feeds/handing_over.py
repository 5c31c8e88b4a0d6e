"""Taking a reading that another program hands over: judged like an entry by hand, each once (G8 to G11, G15)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final

from odopass.domain.observation import ObservationType
from odopass.garage.book import Book
from odopass.garage.book.entries import Reading, ReadingDraft, Source, State, Vehicle, WorkOrder
from odopass.garage.checks import CATEGORIES, OPERATIONS, Finding, Severity
from odopass.garage.checks.finding import error
from odopass.garage.entering import excluding_reason, judge, record
from odopass.garage.feeds.fields import COLUMNS, Fields, read_fields

__all__ = ["COLUMNS", "HandedOver", "Outcome", "hand_over"]

_REPLACED: Final = ObservationType.ODOMETER_REPLACED
_REPORT: Final = ObservationType.VEHICLE_HISTORY_DOCUMENT
_CHOICES: Final = frozenset({"type_missing"})


class Outcome(StrEnum):
    """What has become of a reading that was handed over."""

    TAKEN = "taken"  # in the book, and sent by itself
    CHECK = "check"  # in the book; a person has to look at its warnings before it is sent
    EXCLUDED = "excluded"  # in the book; not reported, by the garage's rules
    KNOWN = "known"  # it had been handed over before; nothing was changed
    REFUSED = "refused"  # not in the book


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What has become of a reading that was handed over.

    Attributes:
        outcome: what.
        reading: of the book; None if it was refused.
        findings: errors for REFUSED, warnings for CHECK.
    """

    outcome: Outcome
    reading: Reading | None
    findings: tuple[Finding, ...] = ()


def hand_over(
    book: Book, today: date, handed: Mapping[str, str], *, source: Source, by: str, key: str | None = None
) -> HandedOver:
    """Judge a reading and write it into the book, together with its work order if that is unknown.

    The same reading again changes nothing. Without a key it is the same if vehicle, day, km and type are, so that the
    second invoice of a job is none.

    Args:
        book: of the garage.
        today: the day in Europe/Brussels.
        handed: texts by the names of `COLUMNS`.
        source: the way it came.
        by: what the reading's story names as having entered it.
        key: under which the other program knows it.

    Raises:
        BookFault: the book cannot be read or written; nothing of the reading was.
    """
    with book.at_once():
        fields = read_fields(handed)
        judged = judge(fields.texts, book.readings, today)
        draft = judged.draft
        source_key = _content_key(source, draft) if key is None else f"{source.value}:{key}"
        known = None if source_key is None else book.readings.by_source_key(source_key)
        if known is not None:
            if key is not None and not _says(book, known, draft):
                return HandedOver(Outcome.REFUSED, known, (error("key_other", "key", number=known.number),))
            return HandedOver(Outcome.KNOWN, known)
        findings = [*fields.findings, *(each for each in judged.findings if each.code not in _CHOICES)]
        order = book.orders.one(fields.work_order) if fields.work_order else None
        if draft is not None and order is not None:
            findings += _order_findings(book, order, draft)
        errors = tuple(each for each in findings if each.severity is Severity.ERROR)
        if draft is None or errors:
            return HandedOver(Outcome.REFUSED, None, errors)
        draft = replace(draft, source=source, source_key=source_key)
        reading = _record(book, today, draft, fields, order, by=by, to_be_checked=bool(findings))
        outcome = {State.CHECK: Outcome.CHECK, State.EXCLUDED: Outcome.EXCLUDED}.get(reading.state, Outcome.TAKEN)
        return HandedOver(outcome, reading, tuple(findings) if outcome is Outcome.CHECK else ())


def _record(
    book: Book,
    today: date,
    draft: ReadingDraft,
    fields: Fields,
    order: WorkOrder | None,
    *,
    by: str,
    to_be_checked: bool,
) -> Reading:
    if not fields.work_order:
        draft = replace(draft, operation=fields.operation, category=fields.category)
        return record(book, draft, by=by, to_be_checked=to_be_checked)
    opened = order is None
    if order is None:
        order = _open_order(book, today, draft, fields)
    draft = replace(
        draft,
        work_order=order.number,
        operation=fields.operation or order.operation,
        category=fields.category or order.category,
    )
    reading = record(book, draft, by=by, to_be_checked=to_be_checked, excluded_why=order.excluded_why)
    if opened and reading.state is not State.CHECK:
        # The other program keeps the order; here nobody would ever close it.
        book.orders.close(order.number, as_soon_as_sent=True)
    return reading


def _open_order(book: Book, today: date, draft: ReadingDraft, fields: Fields) -> WorkOrder:
    operation, category = fields.operation or OPERATIONS[0], fields.category or CATEGORIES[0]
    why = excluding_reason(book, operation=operation, category=category, plate=draft.vehicle.plate)
    return book.orders.open(
        WorkOrder(fields.work_order, draft.vehicle, operation, category, opened_on=today, excluded_why=why)
    )


def _order_findings(book: Book, order: WorkOrder, draft: ReadingDraft) -> list[Finding]:
    """A work order has one vehicle and one reading: a credit note or second invoice of it sends nothing again (G11)."""
    if _differ(order.vehicle, draft.vehicle):
        return [error("order_other_vehicle", "work_order", order=order.number)]
    for other in book.readings.of_order(order.number):
        if other.state in {State.WITHDRAWN, State.ERROR}:
            continue
        # As on one day: the old odometer's last beside the new one's first, a history after the ordinary reading.
        if (draft.type is _REPLACED) is not (other.draft.type is _REPLACED):
            continue
        if draft.type is _REPORT and other.draft.type is not _REPORT and other.draft.km == draft.km:
            continue
        return [error("order_has_reading", "work_order", order=order.number, number=other.number)]
    return []


def _differ(one: Vehicle, other: Vehicle) -> bool:
    if one.vin is not None and other.vin is not None:
        return one.vin != other.vin
    return one.plate is not None and other.plate is not None and one.plate != other.plate


def _content_key(source: Source, draft: ReadingDraft | None) -> str | None:
    if draft is None:
        return None
    vehicle = draft.vehicle
    # A plate that is added to the VIN later makes no other vehicle of it.
    named = (vehicle.vin, vehicle.unifier, vehicle.first_use) if vehicle.vin else (vehicle.plate,)
    content = "|".join(str(each) for each in (*named, draft.reading_date, draft.km, draft.type.value))
    return f"{source.value}:{hashlib.sha256(content.encode()).hexdigest()[:32]}"


def _says(book: Book, known: Reading, draft: ReadingDraft | None) -> bool:
    """Whether a repetition says what was first handed over under its key; a person may have corrected that since."""
    if draft is None:
        return False
    story = book.readings.events(known.number)
    if any(each.kind == "corrected" for each in story):
        return any(each.kind in {"entered", "corrected"} and each.text == str(draft.km) for each in story)
    kept = known.draft
    return (kept.vehicle, kept.reading_date, kept.km, kept.type) == (
        draft.vehicle,
        draft.reading_date,
        draft.km,
        draft.type,
    )
