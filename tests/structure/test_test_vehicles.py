"""The table of test vehicles is complete, and the page about it is what the tool writes."""

from __future__ import annotations

from datetime import date

import pytest
from tools.test_vehicles_page import PAGE, page

from odopass.domain.catalogue import CATALOGUE
from odopass.domain.outcome import Status
from odopass.sandbox.vehicle_table import groups
from odopass.sandbox.world import make_world

#: What no report leads to: an employee takes a reading out of the history.
OF_EMPLOYEES = {"302"}


@pytest.mark.requirement("K2")
def test_the_page_is_what_the_tool_writes() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: python -m tools.test_vehicles_page"


@pytest.mark.requirement("K2")
def test_there_is_a_vehicle_for_every_issue_type_and_every_status() -> None:
    outcomes = [line.outcome for group in groups(make_world(date(2026, 9, 14))) for line in group.lines]
    words = {word.strip(",") for outcome in outcomes for word in outcome.split()}
    assert set(CATALOGUE) - OF_EMPLOYEES <= words
    assert {status.value for status in Status} <= words


@pytest.mark.requirement("K2")
def test_every_vehicle_that_is_not_ordinary_stands_in_the_table_once() -> None:
    world = make_world(date(2026, 9, 14))
    listed = [line.vehicle.row.vin for group in groups(world) for line in group.lines if line.vehicle is not None]
    special = [vehicle.row.vin for vehicle in world.vehicles if not vehicle.purpose.startswith("ordinary")]
    assert sorted(listed) == sorted(special)


@pytest.mark.requirement("K2")
@pytest.mark.parametrize("seed", [1, 2, 99])
def test_what_vehicles_are_for_does_not_depend_on_day_or_seed(seed: int) -> None:
    purposes = [vehicle.purpose for vehicle in make_world(date(2026, 9, 14)).vehicles]
    assert [vehicle.purpose for vehicle in make_world(date(2027, 2, 28), seed).vehicles] == purposes
