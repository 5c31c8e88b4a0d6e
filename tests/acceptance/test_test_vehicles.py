"""The test vehicles show what they say they show."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from tests.acceptance.controlling import Control
from tests.acceptance.running_sandbox import Sandbox, wait_for_outcome, wait_until
from tests.acceptance.test_sandbox import belgian_today, observation

from odopass.domain.outcome import Status
from odopass.sandbox.known import KnownVehicle, Reviewed, Showing
from odopass.sandbox.vehicle_table import UNKNOWN_PLATE, UNKNOWN_VIN
from odopass.sandbox.world import make_world
from odopass.wire.dates import format_wire_date

KNOWN = {
    vehicle.showing.name: (vehicle, vehicle.showing)
    for vehicle in make_world(date(2026, 9, 14)).vehicles
    if vehicle.showing is not None
}
#: By how much longer than a state lasts the clock is moved.
MARGIN_S = 5


def reported(sandbox: Sandbox, client: httpx.Client, vehicle: KnownVehicle, showing: Showing) -> str:
    """Do what the vehicle says; the GUID of the request that shows it."""
    case = next(each for each in sandbox.vehicles if each["case"] == vehicle.purpose)
    km = showing.km + (case["lastReading"]["km"] if case["lastReading"] else 0)
    day = format_wire_date(belgian_today() + timedelta(days=showing.days))
    body = observation(sandbox, case, km, odometerReadingDate=day, observationType=showing.type.value)
    for _ in range(2 if showing.twice else 1):
        answer = client.post("/observation", json=body)
        assert answer.status_code == 200, answer.text
    return str(answer.json()["requestGuid"])


def the_next_garage_gets(sandbox: Sandbox, vehicle: KnownVehicle, showing: Showing) -> tuple[str, list[str]]:
    """What comes of a reading a little above the reviewed one: whether that one counts."""
    case = next(each for each in sandbox.vehicles if each["case"] == vehicle.purpose)
    with sandbox.client(1) as client:
        body = observation(sandbox, case, case["lastReading"]["km"] + showing.km + 20, garage=1)
        status = wait_for_outcome(client, client.post("/observation", json=body).json()["requestGuid"])
    return status["status"], [issue["type"] for issue in status["issues"]]


def told(client: httpx.Client, guid: str) -> dict[str, Any]:
    return dict(client.get(f"/observation/{guid}/status").raise_for_status().json())


def shown(client: httpx.Client, guid: str, status: Status) -> list[str]:
    """Wait for a state; the issues told with it."""
    wait_until(lambda: told(client, guid)["status"] == status)
    return [issue["type"] for issue in told(client, guid)["issues"]]


@pytest.mark.requirement("K2")
@pytest.mark.parametrize("name", [name for name, (_, showing) in KNOWN.items()])
def test_what_a_vehicle_shows(bad_sandbox: Sandbox, control: Control, name: str) -> None:
    vehicle, showing = KNOWN[name]
    with bad_sandbox.client() as client:
        guid = reported(bad_sandbox, client, vehicle, showing)
        if showing.ongoing_seconds:
            control.move({"advance": f"PT{showing.ongoing_seconds - MARGIN_S}S"})
            assert told(client, guid) == {"status": "ONGOING", "issues": []}
            control.move({"advance": f"PT{2 * MARGIN_S}S"})
        assert tuple(shown(client, guid, showing.status)) == showing.issues
        if showing.confirmed is None:
            return
        guid = client.post(f"/observation/{guid}/confirm").raise_for_status().json()["requestGuid"]
        assert shown(client, guid, showing.confirmed) == []
        if showing.confirmed is not Status.REVIEWING:
            return
        control.move({"advance": f"PT{max(showing.review_seconds - MARGIN_S, 0)}S"})
        assert told(client, guid)["status"] == "REVIEWING"
        control.move({"advance": "P2D" if showing.reviewed is None else f"PT{2 * MARGIN_S}S"})
        if showing.reviewed is None:
            assert told(client, guid)["status"] == "REVIEWING"
        elif showing.reviewed is Reviewed.ACCEPTED:
            assert shown(client, guid, Status.PROCESSED) == []
            assert the_next_garage_gets(bad_sandbox, vehicle, showing) == ("PROCESSED", [])
        else:
            assert shown(client, guid, Status.ERROR) == ["301"]
            assert the_next_garage_gets(bad_sandbox, vehicle, showing) == ("ISSUE", ["001"])


@pytest.mark.requirement("K2", "R3")
@pytest.mark.parametrize(
    ("member", "name", "issue"), [("vin", UNKNOWN_VIN, "101"), ("licensePlate", UNKNOWN_PLATE, "103")]
)
def test_what_nobody_knows_is_an_issue(bad_sandbox: Sandbox, member: str, name: str, issue: str) -> None:
    body = observation(bad_sandbox, {"vin": None}, 50_000)
    del body["vin"]
    with bad_sandbox.client() as client:
        guid = client.post("/observation", json={**body, member: name}).json()["requestGuid"]
        assert shown(client, guid, Status.ISSUE) == [issue]


@pytest.mark.requirement("K2")
def test_the_page_beside_the_api_names_every_vehicle_and_what_to_report(bad_sandbox: Sandbox, control: Control) -> None:
    with httpx.Client(verify=bad_sandbox.trust(), base_url=bad_sandbox.ready["public"]) as client:
        answer = client.get("/sandbox")
        assert answer.status_code == 200
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        for vehicle in bad_sandbox.vehicles:
            assert vehicle["vin"] in answer.text
        assert bad_sandbox.ready["control"] in answer.text
        assert client.get("/sandbox/files/own/sandbox.css").status_code == 200
    assert [each for each in control.after(0, wait=0) if each["path"].startswith("/sandbox")] == []
