"""Who reads the odometers of an account goes into its readings, over the wire too."""

from __future__ import annotations

import pytest
from tests.integration.flow.conftest import VIN
from tests.registry.running import ROADSIDE, Dms, Registry


@pytest.mark.requirement("R1", "R2")
@pytest.mark.parametrize("source", ["inspection", "connected"])
async def test_a_reading_that_such_an_account_posts_keeps_its_kind_and_its_issues_are_asked_about(
    registry: Registry, dms: Dms, car: int, source: str
) -> None:
    await registry.pool.execute("update account set source = $2 where id = $1", dms.garage.account_id, source)
    assert (await dms.submitted(vin=VIN, km=50_000)).status == "ISSUE"
    assert (await dms.submitted(vin=VIN, km=96_000, day="01/03/2026", kind=ROADSIDE)).status == "PROCESSED"
    kinds = await registry.pool.fetch(
        "select source from reading where vehicle_id = $1 and account_id = $2", car, dms.garage.account_id
    )
    assert [row["source"] for row in kinds] == [source]
