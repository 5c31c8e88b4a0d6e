"""How the words of the book are written in its tables, and read back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final

from odopass.domain.observation import ObservationType
from odopass.garage.book.entries import (
    Event,
    ExclusionRule,
    Reading,
    ReadingDraft,
    Source,
    State,
    Step,
    StepKind,
    Vehicle,
    WorkOrder,
)
from odopass.wire.status import Description, IssueItem

#: A reading's columns, with whether its report is there.
READING: Final = (
    "reading.*, EXISTS (SELECT 1 FROM report WHERE report.reading = reading.number) AS has_report FROM reading"
)


def moment_text(moment: datetime) -> str:
    """A moment as the tables keep it: UTC, so that texts sort like moments."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def moment(text: str | None) -> datetime | None:
    """A moment from the tables, UTC."""
    return None if text is None else datetime.fromisoformat(text)


def day_text(day: date | None) -> str | None:
    """A day as the tables keep it."""
    return None if day is None else day.isoformat()


def day(text: str | None) -> date | None:
    """A day from the tables."""
    return None if text is None else date.fromisoformat(text)


def issues_text(issues: Iterable[IssueItem]) -> str:
    """Issues as the tables keep them."""
    return json.dumps(
        [{"type": issue.type, "description": dict(issue.description)} for issue in issues], ensure_ascii=False
    )


def draft_columns(draft: ReadingDraft) -> dict[str, Any]:
    """The columns of a draft; its source and the key of it are not among them, for they never change."""
    return {
        "vin": draft.vehicle.vin,
        "plate": draft.vehicle.plate,
        "unifier": draft.vehicle.unifier,
        "first_use": day_text(draft.vehicle.first_use),
        "reading_date": draft.reading_date.isoformat(),
        "km": draft.km,
        "type": draft.type.value,
        "read_by": draft.read_by,
        "for_sale": int(draft.for_sale),
        "work_order": draft.work_order,
        "operation": draft.operation,
        "category": draft.category,
        "confirmed_warnings": json.dumps(draft.confirmed_warnings),
    }


def read_reading(row: sqlite3.Row) -> Reading:
    """A reading of the table."""
    draft = ReadingDraft(
        vehicle=read_vehicle(row),
        reading_date=date.fromisoformat(row["reading_date"]),
        km=row["km"],
        type=ObservationType(row["type"]),
        read_by=row["read_by"],
        for_sale=bool(row["for_sale"]),
        work_order=row["work_order"],
        operation=row["operation"],
        category=row["category"],
        confirmed_warnings=tuple(json.loads(row["confirmed_warnings"])),
        source=Source(row["source"]),
        source_key=row["source_key"],
    )
    return Reading(
        number=row["number"],
        draft=draft,
        state=State(row["state"]),
        entered_at=datetime.fromisoformat(row["entered_at"]),
        changed_at=datetime.fromisoformat(row["changed_at"]),
        request_guid=row["request_guid"],
        told=row["told"],
        told_at=moment(row["told_at"]),
        issues=tuple(_issue(each) for each in json.loads(row["issues"])),
        refusals=tuple(json.loads(row["refusals"])),
        excluded_why=row["excluded_why"],
        superseded_by=row["superseded_by"],
        has_report=bool(row["has_report"]),
        report_url=row["report_url"],
        closed_by_person=bool(row["closed_by_person"]),
        confirmed=bool(row["confirmed"]),
    )


def read_vehicle(row: sqlite3.Row) -> Vehicle:
    """The vehicle of a row that has its columns."""
    return Vehicle(row["vin"], row["plate"], row["unifier"], day(row["first_use"]))


def read_event(row: sqlite3.Row) -> Event:
    """A line of a reading's story."""
    return Event(datetime.fromisoformat(row["at"]), row["kind"], row["request_guid"], row["text"], row["by"])


def read_order(row: sqlite3.Row) -> WorkOrder:
    """A work order."""
    return WorkOrder(
        number=row["number"],
        vehicle=read_vehicle(row),
        operation=row["operation"],
        category=row["category"],
        opened_on=date.fromisoformat(row["opened_on"]),
        closed_at=moment(row["closed_at"]),
        excluded_why=row["excluded_why"],
        closing=bool(row["closing"]),
    )


def read_rule(row: sqlite3.Row) -> ExclusionRule:
    """A rule of exclusion."""
    return ExclusionRule(row["id"], row["kind"], row["value"], bool(row["active"]))


def read_step(row: sqlite3.Row) -> Step:
    """A step."""
    return Step(
        id=row["id"],
        reading=row["reading"],
        kind=StepKind(row["kind"]),
        key=row["key"],
        about_guid=row["about_guid"],
        body=row["body"],
        attempts=row["attempts"],
    )


def _issue(stored: dict[str, Any]) -> IssueItem:
    texts = stored["description"]
    return IssueItem(stored["type"], Description(nl=texts["nl"], fr=texts["fr"], de=texts["de"]))
