"""The page about the test vehicles, beside the API: what to report of which, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from odopass.sandbox.known import World
from odopass.sandbox.pages.templating import file_routes, page
from odopass.sandbox.present import VehicleNow
from odopass.sandbox.ready_file import shown_plate
from odopass.sandbox.vehicle_table import Group, Line, groups
from odopass.wire.dates import format_wire_date

_PATH: Final = "/sandbox"
_FILES: Final = "/sandbox/files"


@dataclass(frozen=True, slots=True)
class _Row:
    line: Line
    vin: str
    plate: str
    last: str
    now: str


def vehicle_routes(
    world: Callable[[], World], vehicles: Sequence[VehicleNow], *, today: Callable[[], date], control: str
) -> list[BaseRoute]:
    """The routes of the page.

    Args:
        world: what the sandbox knew at its first start.
        vehicles: as they were at its last start.
        today: the day in Belgium by the sandbox's clock.
        control: the address of the control port.
    """

    async def show(_: Request) -> Response:
        known = {(each.vin, each.unifier): each for each in vehicles}
        return page(
            "vehicles.html",
            files=_FILES,
            control=control,
            ordinary=[
                _row(Line(each.purpose, "", "", None), each, today())
                for each in vehicles
                if each.purpose.startswith("ordinary")
            ],
            groups=[
                (group, [_row(line, here, today()) for line, here in _present(group, known)])
                for group in groups(world())
            ],
        )

    return [Route(_PATH, show, methods=["GET"]), *file_routes(_FILES)]


def _present(group: Group, known: dict[tuple[str, int | None], VehicleNow]) -> Iterator[tuple[Line, VehicleNow | None]]:
    """The lines of a group, each with its vehicle as it is now; a folder of an earlier version may hold fewer."""
    for line in group.lines:
        if line.vehicle is None:
            yield line, None
        elif (here := known.get((line.vehicle.row.vin, line.vehicle.row.unifier))) is not None:
            yield line, here


def _row(line: Line, vehicle: VehicleNow | None, today: date) -> _Row:
    if vehicle is None:
        return _Row(line, "", "", "", "")
    last = "" if vehicle.last is None else f"{vehicle.last.km:,} km on {format_wire_date(vehicle.last.date)}"
    plate = "" if vehicle.plate is None else shown_plate(vehicle.plate)
    return _Row(line, vehicle.vin, plate, last, _now(line, vehicle, today))


def _now(line: Line, vehicle: VehicleNow, today: date) -> str:
    """What to report today, in figures."""
    if line.vehicle is None or line.vehicle.showing is None:
        return ""
    showing = line.vehicle.showing
    km = showing.km + (0 if vehicle.last is None else vehicle.last.km)
    day = today + timedelta(days=showing.days)
    return f"{km:,} km on {format_wire_date(day)}"
