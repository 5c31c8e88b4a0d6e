"""How a run is played, where that does not need a sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.unit.approval.test_vehicles import READY

from odopass.approval.control import Control
from odopass.approval.driver import DriverTester
from odopass.approval.record import Record
from odopass.approval.running import Run
from odopass.approval.vehicles import choose_vehicles

pytestmark = pytest.mark.requirement("K4")

#: Half a minute before midnight in Belgium.
LATE = datetime(2026, 11, 25, 22, 59, 30, tzinfo=UTC)


class Night:
    """A clock that a step of the run moves past midnight."""

    def __init__(self) -> None:
        self.moment = LATE

    def now(self) -> datetime:
        return self.moment


def test_after_midnight_the_next_scenario_has_the_new_day_and_tomorrow_is_tomorrow(tmp_path: Path) -> None:
    clock, days = Night(), {}

    def dms(step: Mapping[str, Any]) -> Mapping[str, Any]:
        if "date" in step and step["step"] != "wait":
            days[step["name"]] = step["date"]
        if step["name"] == "warnings.lower":
            clock.moment += timedelta(minutes=5)
        return {"answer": "yes"} if step["step"] == "ask" else {"idle": True}

    def quiet(asked: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"exchanges": [], "last": 0} if asked.url.path == "/traffic" else {"id": "r1"})

    control = Control("http://127.0.0.1:1", transport=httpx.MockTransport(quiet))
    record = Record(LATE.isoformat(), "2000000138", "25/11/2026", vehicles=choose_vehicles(READY, set(), LATE))
    scenarios = ("warnings", "exclusion", "history")
    Run(record, tmp_path, control, DriverTester(dms), clock, scenarios=scenarios, patience=0.01).play()
    control.close()
    assert (days["warnings.same"], days["warnings.future"]) == ("25/11/2026", "26/11/2026")
    assert (days["exclusion.enter"], days["history.enter"]) == ("26/11/2026", "26/11/2026")
