"""What was sent, when and with which outcome; a vehicle's readings as a chart."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from odopass.garage.app.chart import chart_of
from odopass.garage.app.visit import Visit, page
from odopass.garage.book.entries import State, Vehicle
from odopass.garage.checks import typed_plate, typed_vin

_PAGE: Final = 50


def show(visit: Visit) -> Response:
    """The readings, the newest first, or those that a plate, VIN, GUID or number leads to."""
    search = visit.asked("search")
    before = int(visit.asked("before")) if visit.asked("before").isdigit() else None
    found = visit.workshop.book.readings.find(search=search, limit=_PAGE + 1, before=before)
    more = found[_PAGE - 1].number if len(found) > _PAGE else None
    return visit.page("history.html", readings=found[:_PAGE], search=search, more=more, paged=before is not None)


def show_vehicle(visit: Visit) -> Response:
    """A vehicle's readings as a chart and a table."""
    vehicle = Vehicle(typed_vin(visit.asked("vin")).value, typed_plate(visit.asked("plate")).value)
    readings = visit.workshop.book.readings.of_vehicle(vehicle)
    drawn = [each for each in readings if each.state not in {State.WITHDRAWN, State.LAPSED}]
    return visit.page(
        "vehicle.html",
        vehicle=vehicle,
        readings=readings[::-1],
        wide=chart_of(drawn, visit.say, width=960, height=360),
        narrow=chart_of(drawn, visit.say, width=360, height=300),
    )


ROUTES: Final = [page("/history", show, name="history"), page("/history/vehicle", show_vehicle)]
