"""What `odopass sandbox` promises to those who develop a garage's software against it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.acceptance.running_sandbox import READY_SECONDS, Sandbox, wait_for_outcome

from odopass.wire.dates import format_wire_date, parse_wire_date

Vehicle = dict[str, Any]


def belgian_today() -> date:
    return datetime.now(ZoneInfo("Europe/Brussels")).date()


def observation(sandbox: Sandbox, vehicle: Vehicle, km: int, garage: int = 0, **changes: object) -> dict[str, object]:
    account = sandbox.garages[garage]
    return {
        "vin": vehicle["vin"],
        "odometerReadingDate": format_wire_date(belgian_today()),
        "odometerReading": km,
        "observationType": "REPAIR_MAINTENANCE_SERVICE",
        "enterpriseOrganisation": account["enterpriseOrganisation"],
        "enteredOrganisation": account["enteredOrganisation"],
        **changes,
    }


def outcome(sandbox: Sandbox, vehicle: Vehicle, km: int, garage: int = 0, **changes: object) -> tuple[str, list[str]]:
    with sandbox.client(garage) as client:
        answer = client.post("/observation", json=observation(sandbox, vehicle, km, garage, **changes))
        assert answer.status_code == 200, answer.text
        status = wait_for_outcome(client, answer.json()["requestGuid"])
    return status["status"], [issue["type"] for issue in status["issues"]]


def case(sandbox: Sandbox, beginning: str) -> Vehicle:
    return next(vehicle for vehicle in sandbox.vehicles if vehicle["case"].startswith(beginning))


@pytest.mark.requirement("K1", "R12")
def test_it_is_ready_well_within_the_time_it_promises(sandbox: Sandbox) -> None:
    assert sandbox.seconds < READY_SECONDS / 2


@pytest.mark.requirement("K1")
def test_the_ready_file_has_the_members_it_promises_and_no_others(sandbox: Sandbox) -> None:
    assert list(sandbox.ready) == ["api", "ca", "public", "garages", "vehicles"]
    assert sandbox.api.startswith("https://127.0.0.1:")
    assert sandbox.api.endswith("/api")
    for garage in sandbox.garages:
        assert list(garage) == ["username", "password", "enterpriseOrganisation", "enteredOrganisation"]
    for vehicle in sandbox.vehicles:
        assert list(vehicle) == ["vin", "licensePlate", "unifier", "firstUseDate", "lastReading", "case"]
        assert vehicle["lastReading"] is None or list(vehicle["lastReading"]) == ["date", "km"]


@pytest.mark.requirement("K1")
def test_there_are_three_garages_or_more_and_two_of_them_are_of_one_enterprise(sandbox: Sandbox) -> None:
    enterprises = Counter(garage["enterpriseOrganisation"] for garage in sandbox.garages)
    assert len(sandbox.garages) >= 3
    assert 2 in enterprises.values()


@pytest.mark.requirement("K1")
def test_sixty_vehicles_or_more_are_ordinary(sandbox: Sandbox) -> None:
    assert len(sandbox.vehicles) >= 80
    assert len(sandbox.ordinary()) >= 60
    for vehicle in sandbox.ordinary():
        assert len(vehicle["vin"]) == 17
        assert vehicle["licensePlate"]
        assert vehicle["unifier"] is None
        last = vehicle["lastReading"]
        assert 60_000 <= last["km"] <= 250_000
        assert 10 <= (belgian_today() - parse_wire_date(last["date"])).days <= 200


@pytest.mark.requirement("K1", "W14")
@pytest.mark.parametrize("kind", ["truck", "motorcycle"])
def test_a_truck_and_a_motorcycle_are_there_to_be_refused(sandbox: Sandbox, kind: str) -> None:
    vehicle = case(sandbox, kind)
    assert outcome(sandbox, vehicle, 50_000) == ("ERROR", ["104"])


@pytest.mark.requirement("K1", "W4", "R3")
def test_two_vehicles_share_a_short_vin_and_unifier_or_first_use_singles_one_out(sandbox: Sandbox) -> None:
    shared = [vehicle for vehicle in sandbox.vehicles if vehicle["case"].startswith("short VIN shared")]
    assert len(shared) == 2
    one, other = shared
    assert one["vin"] == other["vin"]
    assert one["unifier"] != other["unifier"]
    assert one["firstUseDate"] != other["firstUseDate"]
    km = one["lastReading"]["km"] + 40
    assert outcome(sandbox, one, km) == ("ISSUE", ["102"])
    assert outcome(sandbox, one, km, unifier=one["unifier"]) == ("PROCESSED", [])
    km = other["lastReading"]["km"] + 40
    assert outcome(sandbox, other, km, firstUseDate=other["firstUseDate"]) == ("PROCESSED", [])


@pytest.mark.requirement("K1", "R6")
def test_a_replaced_odometer_goes_on_from_the_new_one(sandbox: Sandbox) -> None:
    vehicle = case(sandbox, "replaced odometer")
    assert outcome(sandbox, vehicle, vehicle["lastReading"]["km"] + 500) == ("PROCESSED", [])


@pytest.mark.requirement("K1")
def test_a_vehicle_without_history_has_no_last_reading_and_takes_one(sandbox: Sandbox) -> None:
    vehicle = case(sandbox, "without history: first used five years ago")
    assert vehicle["lastReading"] is None
    assert outcome(sandbox, vehicle, 71_000) == ("PROCESSED", [])


@pytest.mark.requirement("K1", "W8")
def test_an_ordinary_vehicle_gives_the_outcomes_one_expects(
    sandbox: Sandbox, take_vehicle: Callable[[], Vehicle]
) -> None:
    for km, expected in ((0, "PROCESSED"), (1, "PROCESSED"), (900, "PROCESSED")):
        vehicle = take_vehicle()
        assert outcome(sandbox, vehicle, vehicle["lastReading"]["km"] + km) == (expected, [])
    vehicle = take_vehicle()
    assert outcome(sandbox, vehicle, vehicle["lastReading"]["km"] - 1) == ("ISSUE", ["001"])
    vehicle = take_vehicle()
    assert outcome(sandbox, vehicle, vehicle["lastReading"]["km"] + 500_000) == ("ISSUE", ["209"])


@pytest.mark.requirement("K1", "W4")
def test_vehicles_are_found_by_their_plates_too(sandbox: Sandbox, take_vehicle: Callable[[], Vehicle]) -> None:
    vehicle = take_vehicle()
    km = vehicle["lastReading"]["km"] + 700
    assert outcome(sandbox, vehicle, km, vin=None, licensePlate=vehicle["licensePlate"]) == ("PROCESSED", [])


@pytest.mark.requirement("K1", "W2")
def test_every_garage_can_log_in_one_with_letters_beyond_ascii_and_a_colon(sandbox: Sandbox) -> None:
    passwords = "".join(garage["password"] for garage in sandbox.garages)
    assert not passwords.isascii()
    assert ":" in passwords
    for garage in range(len(sandbox.garages)):
        with sandbox.client(garage) as client:
            assert client.get("/observation/00000000-0000-4000-8000-000000000000/status").status_code == 404
