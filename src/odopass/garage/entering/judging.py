"""Reading the fields of a reading, and judging it against the book (G8, G9, G11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from odopass.domain.observation import ObservationType
from odopass.garage.book.entries import Reading, ReadingDraft, Vehicle, WorkOrder
from odopass.garage.book.readings import Readings
from odopass.garage.checks import (
    Finding,
    Severity,
    Typed,
    check_reading,
    typed_date,
    typed_km,
    typed_plate,
    typed_unifier,
    typed_vin,
)
from odopass.garage.checks.finding import error


@dataclass(frozen=True, slots=True)
class VehicleTyped:
    """The fields of a vehicle."""

    vehicle: Vehicle
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the fields of a reading come to.

    Attributes:
        draft: the reading, or None if day, km or type cannot be read.
        findings: what is unusual or wrong; an error keeps it out of the book.
    """

    draft: ReadingDraft | None
    findings: tuple[Finding, ...]


def typed_vehicle(texts: Mapping[str, str]) -> VehicleTyped:
    """The vehicle that the fields ``vin``, ``plate``, ``unifier`` and ``first_use`` name."""
    vin, plate = typed_vin(texts["vin"]), typed_plate(texts["plate"])
    unifier, first_use = typed_unifier(texts["unifier"]), typed_date(texts["first_use"], "first_use")
    findings = (*vin.findings, *plate.findings, *unifier.findings, *first_use.findings)
    return VehicleTyped(Vehicle(vin.value, plate.value, unifier.value, first_use.value), findings)


def judge(
    texts: Mapping[str, str],
    readings: Readings,
    today: date,
    *,
    order: WorkOrder | None = None,
    corrected: Reading | None = None,
) -> Judged:
    """Read the fields and judge what they say; call it within `Book.at_once` with the recording.

    Args:
        texts: every field as it was typed: those of the vehicle, ``reading_date``, ``km``, ``type``, ``read_by`` and
            ``for_sale``.
        readings: of the book.
        today: the day in Europe/Brussels.
        order: the work order whose vehicle it is about; else the fields name it.
        corrected: the reading that it corrects; its km are kept if none are typed.
    """
    vehicle = VehicleTyped(order.vehicle, ()) if order is not None else typed_vehicle(texts)
    km = typed_km(texts["km"])
    if corrected is not None and not texts["km"]:
        km = Typed(corrected.draft.km)
    day = typed_date(texts["reading_date"])
    findings = [*vehicle.findings, *km.findings, *day.findings]
    if day.value is None and not day.findings:
        findings.append(error("date_form", "reading_date"))
    if not texts["read_by"]:
        findings.append(error("read_by_missing", "read_by"))
    kind = _type(texts["type"])
    if kind is None:
        findings.append(error("type_missing", "type"))
    if km.value is None or day.value is None or kind is None:
        return Judged(None, tuple(findings))
    was = None if corrected is None else corrected.draft
    draft = ReadingDraft(
        vehicle=vehicle.vehicle,
        reading_date=day.value,
        km=km.value,
        type=kind,
        read_by=texts["read_by"],
        for_sale=bool(texts["for_sale"]),
        work_order=order.number if order is not None else was.work_order if was is not None else "",
        operation=order.operation if order is not None else was.operation if was is not None else "",
        category=order.category if order is not None else was.category if was is not None else "",
    )
    others = [
        each for each in readings.of_vehicle(vehicle.vehicle) if corrected is None or each.number != corrected.number
    ]
    at_entry = was is None or was.reading_date != day.value
    named = not any(each.field in {"vin", "plate"} and each.severity is Severity.ERROR for each in findings)
    found = check_reading(draft, others, today, at_entry=at_entry)
    findings += [each for each in found if named or each.code != "vehicle_missing"]
    return Judged(draft, tuple(findings))


def _type(text: str) -> ObservationType | None:
    try:
        return ObservationType(text)
    except ValueError:
        return None
