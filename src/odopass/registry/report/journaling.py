"""What the journal says of reports and of readings from abroad (R9)."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from asyncpg import Record

from odopass.registry.journal.entries import JSON, Entry, digest
from odopass.registry.journal.readings import reading_json, shown
from odopass.registry.report.content import ReportContent

PUBLISHED = "report.published"
JOINED = "reading.joined"


def published(case_guid: UUID, vehicle_id: int, content: ReportContent, stored: str) -> Entry:
    """A report stands, in this version.

    Args:
        case_guid: the case that asked for it.
        vehicle_id: the registry's number for the vehicle.
        content: what it says.
        stored: the same as JSON.
    """
    said: dict[str, JSON] = {
        "case": str(case_guid),
        "vehicle": vehicle_id,
        "number": content.number,
        "sha256": digest(stored),
    }
    public: dict[str, JSON] = {"vin": content.vehicle.vin, "report": content.number, "day": content.day.isoformat()}
    return Entry(PUBLISHED, str(case_guid), said, public)


def joined(vin: str, vehicle_id: int, readings: Iterable[Record]) -> list[Entry]:
    """Readings from abroad joined a vehicle's history.

    Args:
        vin: the vehicle's.
        vehicle_id: the registry's number for it.
        readings: their rows.
    """
    return [
        Entry(
            JOINED,
            vin,
            {
                "reading": (
                    reading := reading_json(
                        vehicle=vehicle_id,
                        date=row["reading_date"],
                        km=row["km"],
                        source=row["source"],
                        observation_type=row["observation_type"],
                        account=None,
                        starts_segment=row["starts_segment"],
                        remarks=(),
                        country=row["country"],
                        in_miles=row["in_miles"],
                    )
                )
            },
            shown(vin, reading),
        )
        for row in readings
    ]
