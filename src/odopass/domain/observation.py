"""What a garage reports: one reading of one odometer on one day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class ObservationType(StrEnum):
    """Why the odometer was read (W5)."""

    REPAIR_MAINTENANCE_SERVICE = "REPAIR_MAINTENANCE_SERVICE"
    ODOMETER_REPLACED = "ODOMETER_REPLACED"
    VEHICLE_HISTORY_DOCUMENT = "VEHICLE_HISTORY_DOCUMENT"
    ROAD_SIDE_ASSISTANCE = "ROAD_SIDE_ASSISTANCE"


@dataclass(frozen=True, slots=True)
class Observation:
    """One reading of one odometer on one day.

    Attributes:
        reading_date: the day the odometer was read, in Europe/Brussels.
        km: what the display showed, in km.
        type: why it was read.
    """

    reading_date: date
    km: int
    type: ObservationType
