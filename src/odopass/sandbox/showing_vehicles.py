"""Test vehicles that show one thing each, for certain: every issue type, every state, and how long a state lasts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from odopass.domain import finding as f
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.sandbox.histories import CARS, row_of
from odopass.sandbox.known import KnownVehicle, PastReading, Reviewed, Showing, World
from odopass.sandbox.reviewer import Review
from odopass.sandbox.vehicle_maker import VehicleMaker

_GOLF, _POLO, _CLIO, _YARIS = CARS[0], CARS[1], CARS[5], CARS[11]
_REPLACED: Final = ObservationType.ODOMETER_REPLACED

_DAY_S: Final = 86_400

#: So far below the last reading that a confirmation is reviewed, whatever the catalogue lets garages confirm alone.
_FAR_BELOW_KM: Final = -25_000

#: What the vehicles show, from reports that are judged as any other.
ISSUES: Final = (
    Showing("issue 001", km=-1_000, status=Status.ISSUE, issues=(f.LOWER_THAN_EARLIER,), confirmed=Status.PROCESSED),
    Showing("issue 003", km=-33_800, status=Status.ISSUE, issues=(f.LOWER_THAN_EARLIER, f.MILES)),
    Showing("issue 004", km=-89_588, status=Status.ISSUE, issues=(f.LOWER_THAN_EARLIER, f.TRIP_COUNTER)),
    Showing("issue 201", days=1, status=Status.ISSUE, issues=(f.IN_THE_FUTURE,)),
    Showing("issue 209", km=500_000, status=Status.ISSUE, issues=(f.EXCESSIVELY_HIGH,)),
    Showing("issue 213", type=_REPLACED, status=Status.ISSUE, issues=(f.REPLACED_BUT_CONTINUES,)),
    Showing("error 150", twice=True, status=Status.ERROR, issues=(f.DUPLICATE,)),
)

_STATES: Final = (
    Showing("PROCESSED"),
    Showing("ISSUE", km=-1_000, status=Status.ISSUE, issues=(f.LOWER_THAN_EARLIER,)),
    Showing("ONGOING for 15 s", ongoing_seconds=15),
    Showing("ONGOING for 100 s", ongoing_seconds=100),
    Showing("ONGOING for a day", ongoing_seconds=_DAY_S),
    Showing(
        "ONGOING for 15 s, then ISSUE",
        km=-1_000,
        status=Status.ISSUE,
        issues=(f.LOWER_THAN_EARLIER,),
        ongoing_seconds=15,
    ),
    *(
        Showing(
            name,
            km=_FAR_BELOW_KM,
            status=Status.ISSUE,
            issues=(f.LOWER_THAN_EARLIER,),
            confirmed=Status.REVIEWING,
            reviewed=reviewed,
            review_seconds=seconds,
        )
        for name, reviewed, seconds in (
            ("REVIEWING until the desk decides", None, 0),
            ("REVIEWING, accepted after 20 s", Reviewed.ACCEPTED, 20),
            ("REVIEWING, rejected after 20 s", Reviewed.REJECTED, 20),
            ("REVIEWING, accepted after a day", Reviewed.ACCEPTED, _DAY_S),
            ("REVIEWING, rejected after a day", Reviewed.REJECTED, _DAY_S),
        )
    ),
)


def showing_vehicles(maker: VehicleMaker) -> Iterator[KnownVehicle]:
    """Make them. What each is for begins with "shows"."""
    for showing in ISSUES:
        yield _of(maker.vehicle(_CLIO, "", km=90_000), showing)
    yield from _with_a_history_of_their_own(maker)
    for showing in _STATES:
        yield _of(maker.vehicle(_POLO, "", km=90_000), showing)


def slow_vehicles(world: World) -> dict[str, float]:
    """The vehicles whose requests stay ONGOING, by VIN, and for how many seconds."""
    return {
        vehicle.row.vin: vehicle.showing.ongoing_seconds
        for vehicle in world.vehicles
        if vehicle.showing is not None and vehicle.showing.ongoing_seconds
    }


def reviews(world: World) -> dict[str, Review]:
    """What the sandbox's reviewer does, by VIN."""
    return {
        vehicle.row.vin: Review(vehicle.showing.reviewed, timedelta(seconds=vehicle.showing.review_seconds))
        for vehicle in world.vehicles
        if vehicle.showing is not None and vehicle.showing.reviewed is not None
    }


def _with_a_history_of_their_own(maker: VehicleMaker) -> Iterator[KnownVehicle]:
    yield _read(
        maker,
        ((400, 60_000), (60, 90_000)),
        Showing("issue 002", km=500, days=-200, status=Status.ISSUE, issues=(f.HIGHER_THAN_LATER,)),
    )
    yield _read(
        maker,
        ((400, 35_000), (20, 90_000)),
        Showing("issue 005", km=-50_000, days=-25, status=Status.ISSUE, issues=(f.TOO_LOW_FOR_LATER,)),
    )
    yield _of(
        maker.vehicle(_YARIS, "", km=None, age_days=30),
        Showing("issue 202", km=12, days=-200, status=Status.ISSUE, issues=(f.BEFORE_FIRST_USE,)),
    )
    yield _read(
        maker,
        ((900, 50_000), (500, 60_000)),
        Showing("issue 203", km=2_000, days=-400, status=Status.ISSUE, issues=(f.LONG_AGO,)),
    )
    yield _of(
        maker.vehicle(_GOLF, "", km=90_000, days_ago=300),
        Showing("issue 211", km=0, status=Status.ISSUE, issues=(f.SAME_AS_BEFORE,), confirmed=Status.PROCESSED),
    )
    yield _of(
        maker.vehicle(_GOLF, "", km=995_000, km_per_year=98_000),
        Showing("issue 212", km=5_050, status=Status.ISSUE, issues=(f.ABOVE_DISPLAY,)),
    )


def _read(maker: VehicleMaker, readings: tuple[tuple[int, int], ...], showing: Showing) -> KnownVehicle:
    """A car that was read so many days ago, each time with so many km."""
    first_use = maker.ago(readings[0][0]) - timedelta(days=1_200)
    car = maker.vehicle(_GOLF, "")
    return _of(
        replace(
            car,
            row=row_of(_GOLF, first_use, maker.number),
            plates=(maker.plate(first_use),),
            readings=tuple(PastReading(maker.ago(days), km) for days, km in readings),
        ),
        showing,
    )


def _of(vehicle: KnownVehicle, showing: Showing) -> KnownVehicle:
    return replace(vehicle, purpose=f"shows {showing.name}: {to_report(showing, vehicle)}", showing=showing)


def to_report(showing: Showing, vehicle: KnownVehicle) -> str:
    """What to report, in words."""
    parts = [_reading(showing.km, has_history=bool(vehicle.readings))]
    if showing.type is not ObservationType.REPAIR_MAINTENANCE_SERVICE:
        parts.append(f"as {showing.type}")
    if showing.days:
        parts.append("dated tomorrow" if showing.days == 1 else f"dated {-showing.days} days ago")
    if showing.twice:
        parts.append("twice")
    if showing.confirmed is not None:
        parts.append("and confirm it")
    return "report " + ", ".join(parts)


def comes_to(showing: Showing) -> str:
    """What comes of it, in words."""
    said = [" ".join([showing.status, ", ".join(showing.issues)]).strip()]
    if showing.ongoing_seconds:
        said = [f"ONGOING for {_length(showing.ongoing_seconds)}, then {said[0]}"]
    if showing.confirmed is not None:
        said.append(f"once confirmed {showing.confirmed}")
    if showing.reviewed is not None:
        after = Status.PROCESSED if showing.reviewed is Reviewed.ACCEPTED else f"{Status.ERROR} {f.REFUSED_IN_REVIEW}"
        said.append(f"and {after} {_length(showing.review_seconds)} later")
    elif showing.confirmed is Status.REVIEWING:
        said.append("until somebody decides it at the desk")
    return ", ".join(said)


def _length(seconds: int) -> str:
    return "a day" if seconds == _DAY_S else f"{seconds} s"


def _reading(km: int, *, has_history: bool) -> str:
    if not has_history:
        return f"{km:,} km"
    if km == 0:
        return "its last reading again"
    return f"its last reading {'plus' if km > 0 else 'less'} {abs(km):,} km"
