"""A car, its readings, and what the rules say about one more of them, in few words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from odopass.domain.finding import Finding
from odopass.domain.history import History, Reading
from odopass.domain.observation import Observation, ObservationType
from odopass.domain.rules import SameGarage, judge
from odopass.domain.vehicle import Vehicle

TODAY = date(2026, 9, 14)
ORDINARY = ObservationType.REPAIR_MAINTENANCE_SERVICE
ROADSIDE = ObservationType.ROAD_SIDE_ASSISTANCE
REPLACED = ObservationType.ODOMETER_REPLACED
REPORT = ObservationType.VEHICLE_HISTORY_DOCUMENT

CAR = Vehicle(1, "M1", 1_900, None)


def ago(days: int) -> date:
    return TODAY - timedelta(days)


def history(*readings: tuple[int, int] | tuple[int, int, bool]) -> History:
    """Readings as (days ago, km) or (days ago, km, starts a segment), in order of arrival."""
    return History.of(
        Reading(ago(days), number, km, bool(new and new[0])) for number, (days, km, *new) in enumerate(readings, 1)
    )


def findings(
    km: int,
    known: History | None = None,
    *,
    days_ago: int = 0,
    type_: ObservationType = ORDINARY,
    vehicle: Vehicle = CAR,
    same_garage: Sequence[SameGarage] = (),
    today: date = TODAY,
) -> list[Finding]:
    return judge(
        Observation(today - timedelta(days_ago), km, type_),
        vehicle=vehicle,
        history=History() if known is None else known,
        same_garage=same_garage,
        today=today,
    )


def codes(found: Sequence[Finding]) -> list[str]:
    return [finding.code for finding in found]
