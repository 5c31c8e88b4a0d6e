"""Finding a vehicle, a request or a garage."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from odopass.registry.desk.visit import EVERYBODY, Visit, page
from odopass.registry.review.files import case_of_request
from odopass.registry.review.lookup import as_guid, find_garages, find_vehicles

_FEWEST_OF_GARAGE: Final = 3


async def show(visit: Visit) -> Response:
    """What fits the text: a request leads to its case at once; of vehicles only what they are is shown."""
    text, pool = visit.asked("text"), visit.office.pool
    guid = as_guid(text)
    if guid is not None and (visit.may("reviewer") or visit.may("auditor")):
        case = await case_of_request(pool, guid)
        if case is not None:
            return visit.go(f"/cases/{case}")
    vehicles = await find_vehicles(pool, text) if text else []
    garages, total = await find_garages(pool, text) if len(text) >= _FEWEST_OF_GARAGE else ([], 0)
    return visit.page(
        "look_up.html", text=text, guid=guid, vehicles=vehicles, garages=garages, more=max(0, total - len(garages))
    )


ROUTES: Final = [page("/look-up", show, roles=EVERYBODY)]
