from __future__ import annotations

from datetime import date

import pytest
from tests.integration.flow.conftest import VIN
from tests.registry.population import add_garage, add_vehicle
from tests.registry.running import Dms, Registry, fields, taken_in

pytestmark = pytest.mark.requirement("W21", "W1")

UNKNOWN = {"colour": "red", "Vin": "X", "nested": {"deep": [1, None]}}


@pytest.mark.usefixtures("car")
async def test_beta_refuses_members_that_the_wire_does_not_know_each_by_name(dms: Dms) -> None:
    answer = await dms.post("/api/observation", dms.body(vin=VIN) | UNKNOWN)
    assert (answer.status_code, sorted(fields(answer))) == (400, ["Vin", "colour", "nested"])


async def test_production_ignores_them_and_keeps_what_was_sent(production: Registry) -> None:
    await add_vehicle(production.pool, VIN, first_use=date(2020, 1, 1))
    dms = production.dms(await add_garage(production.pool, 1))
    answer = await dms.post("/api/observation", dms.body(vin=VIN) | UNKNOWN)
    guid = taken_in(answer)
    assert (await dms.outcome(guid)).status == "PROCESSED"
    stored = await production.pool.fetchval("select body from request where guid = $1", guid)
    assert stored.encode() == answer.request.content
