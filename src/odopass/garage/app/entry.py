"""The form of a reading: what was typed, and what is said about it before it is saved (G8, G9, G11)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from odopass.domain.observation import ObservationType
from odopass.garage.app.visit import READER_COOKIE, Visit
from odopass.garage.book.entries import Reading, ReadingDraft, Vehicle, WorkOrder
from odopass.garage.checks import Finding, Severity
from odopass.garage.entering import judge

_TEXTS: Final = ("plate", "vin", "unifier", "first_use", "reading_date", "km", "type", "read_by", "for_sale")


@dataclass(slots=True)
class Entry:
    """A form as it was typed and what it comes to.

    Attributes:
        texts: each field as typed, to be shown again.
        draft: the reading, or None if something cannot be read.
        errors: what keeps it from being saved.
        warnings: what has to be confirmed and is not yet; with the stamp under which it will be.
        confirmed: codes of the warnings that were.
        second: number of the reading that the vehicle has on this day already.
    """

    texts: dict[str, str]
    draft: ReadingDraft | None = None
    errors: list[Finding] = field(default_factory=list)
    warnings: list[tuple[Finding, str]] = field(default_factory=list)
    confirmed: tuple[str, ...] = ()
    second: int | None = None

    def error_of(self, name: str) -> Finding | None:
        """The error at a field."""
        return next((each for each in self.errors if each.field == name), None)

    @property
    def may_be_saved(self) -> bool:
        """Whether nothing stands against saving it."""
        return self.draft is not None and not self.errors and not self.warnings


def blank_entry(visit: Visit, order: WorkOrder | None = None) -> Entry:
    """An empty form. The day is today's; the km are never filled in beforehand (G8)."""
    texts = dict.fromkeys(_TEXTS, "")
    texts["reading_date"] = visit.workshop.today().isoformat()
    texts["type"] = ObservationType.REPAIR_MAINTENANCE_SERVICE.value
    texts["read_by"] = visit.by or visit.request.cookies.get(READER_COOKIE, "")
    if order is not None and order.operation == "roadside":
        texts["type"] = ObservationType.ROAD_SIDE_ASSISTANCE.value
    return Entry(texts)


def entry_of(reading: Reading) -> Entry:
    """The form for a correction: what was sent, but for the km, which are read and typed anew or left as they were."""
    draft = reading.draft
    return Entry(
        {
            **vehicle_texts(draft.vehicle),
            "reading_date": draft.reading_date.isoformat(),
            "km": "",
            "type": draft.type.value,
            "read_by": draft.read_by,
            "for_sale": "yes" if draft.for_sale else "",
        }
    )


def vehicle_texts(vehicle: Vehicle) -> dict[str, str]:
    """The fields of a vehicle as its forms show them."""
    return {
        "plate": vehicle.plate or "",
        "vin": vehicle.vin or "",
        "unifier": "" if vehicle.unifier is None else str(vehicle.unifier),
        "first_use": "" if vehicle.first_use is None else vehicle.first_use.isoformat(),
    }


def read_entry(visit: Visit, order: WorkOrder | None = None, corrected: Reading | None = None) -> Entry:
    """Read the form and judge it; call it within `Book.at_once` with the saving.

    Args:
        visit: with the form.
        order: the work order whose vehicle it is about; else the form names it.
        corrected: the reading that it corrects; its km are kept if none are typed.
    """
    entry = Entry({name: visit.raw_field(name) if name == "km" else visit.field(name) for name in _TEXTS})
    workshop = visit.workshop
    judged = judge(entry.texts, workshop.book.readings, workshop.today(), order=order, corrected=corrected)
    entry.draft = judged.draft
    sort_findings(entry, judged.findings, visit.fields("confirmed"))
    return entry


def sort_findings(entry: Entry, findings: Iterable[Finding], stamps: Sequence[str]) -> None:
    """Put findings where they belong: errors, warnings that are confirmed, warnings that are not.

    A confirmation counts only for what was on the screen when it was given: the same vehicle, km and day.
    """
    confirmed = []
    for each in findings:
        if each.severity is Severity.ERROR:
            entry.errors.append(each)
            if each.code == "second_that_day":
                entry.second = int(each.values["number"])
        elif (stamp := _stamp(each, entry.texts)) in stamps:
            confirmed.append(each.code)
        else:
            entry.warnings.append((each, stamp))
    entry.confirmed = tuple(confirmed)


def _stamp(finding: Finding, texts: dict[str, str]) -> str:
    content = "|".join([finding.code, *(texts[name] for name in ("vin", "plate", "km", "reading_date", "type"))])
    return f"{finding.code}:{hashlib.sha256(content.encode()).hexdigest()[:16]}"
