"""The test vehicles as a table, for the sandbox's page and for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from odopass.sandbox.known import FromOutside, KnownVehicle, World
from odopass.sandbox.showing_vehicles import comes_to, to_report

#: What no vehicle has, for what needs one that nobody knows.
UNKNOWN_VIN: Final = "TESTUNKNOWN000001"
UNKNOWN_PLATE: Final = "TEST-NONE"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table.

    Attributes:
        purpose: what the vehicle is for, as in the ready file.
        report: what to report; "" if that does not matter.
        outcome: what comes of it; "" if the purpose says so.
        vehicle: the vehicle; None for one that nobody knows.
    """

    purpose: str
    report: str
    outcome: str
    vehicle: KnownVehicle | None


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that belong together, with a heading and what to know about them."""

    heading: str
    about: str
    lines: tuple[Line, ...]


def groups(world: World) -> list[Group]:
    """The whole table: every vehicle is in it once, and ordinary ones are one line."""
    special = [vehicle for vehicle in world.vehicles if not vehicle.purpose.startswith("ordinary")]
    showing = list(_showing(special))
    issues = [line for line in showing if line.purpose.startswith(("issue", "error"))]
    rest = [vehicle for vehicle in special if vehicle.showing is None]
    asked = [vehicle for vehicle in rest if vehicle.outside != FromOutside()]
    others = [vehicle for vehicle in rest if vehicle.outside == FromOutside()]
    return [
        Group(
            "Issue types",
            "Each shows its issue for certain, the first time it is reported as is said here.",
            tuple(sorted((*issues, *_unknown()), key=lambda line: line.purpose.split()[-1])),
        ),
        Group(
            "States, and how long they last",
            "Seconds are those of the sandbox's clock: move it instead of waiting.",
            tuple(line for line in showing if line not in issues),
        ),
        Group(
            "Outside sources of the vehicle history report",
            "Ask for a report of today (VEHICLE_HISTORY_DOCUMENT) with a reading above the last one.",
            tuple(Line(vehicle.purpose, "", "", vehicle) for vehicle in asked),
        ),
        Group("Other peculiarities", "", tuple(Line(vehicle.purpose, "", "", vehicle) for vehicle in others)),
    ]


def _showing(vehicles: Iterable[KnownVehicle]) -> Iterator[Line]:
    for vehicle in vehicles:
        showing = vehicle.showing
        if showing is not None:
            yield Line(showing.name, to_report(showing, vehicle), comes_to(showing), vehicle)


def _unknown() -> Iterator[Line]:
    yield Line("issue 101", f"report any reading with VIN {UNKNOWN_VIN}", "ISSUE 101", None)
    yield Line("issue 103", f"report any reading with plate {UNKNOWN_PLATE}", "ISSUE 103", None)
