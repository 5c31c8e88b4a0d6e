"""What `odopass sandbox` promises to those who develop a garage's software against it."""

from __future__ import annotations

import json
import socket
import ssl
import stat
import subprocess
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
    assert list(sandbox.ready) == ["api", "ca", "public", "control", "garages", "vehicles", "desk"]
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


@pytest.mark.requirement("K1", "W19")
def test_the_connection_is_encrypted_by_a_certificate_of_its_own_authority(sandbox: Sandbox) -> None:
    port = int(sandbox.api.split(":")[2].partition("/")[0])
    found = set()
    for suite in ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"):
        trust = sandbox.trust()
        trust.maximum_version = ssl.TLSVersion.TLSv1_2
        trust.set_ciphers(suite)
        for name in ("127.0.0.1", "localhost"):
            with (
                socket.create_connection(("127.0.0.1", port), 10) as raw,
                trust.wrap_socket(raw, server_hostname=name) as encrypted,
            ):
                found.add(encrypted.cipher())
    assert len(found) == 2
    with (
        socket.create_connection(("127.0.0.1", port), 10) as raw,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context().wrap_socket(raw, server_hostname="localhost")


def test_keys_and_data_are_for_the_owner_alone(sandbox: Sandbox) -> None:
    assert stat.S_IMODE(sandbox.data.stat().st_mode) == 0o700
    for path in (sandbox.data / "tls").iterdir():
        secret = b"PRIVATE KEY" in path.read_bytes()
        assert stat.S_IMODE(path.stat().st_mode) == (0o600 if secret else 0o644)


def test_what_is_printed_is_what_one_needs_to_begin(sandbox: Sandbox) -> None:
    printed = sandbox.printed()
    assert sandbox.api in printed
    for garage in sandbox.garages:
        assert garage["username"] in printed
        assert garage["password"] in printed
    assert "curl --cacert" in printed


def test_the_printed_command_works_as_it_stands(sandbox: Sandbox) -> None:
    printed = sandbox.printed()
    command = printed[printed.index("curl --cacert") :].partition("\n\n")[0]
    # Whoever repeats a test on the same day would report the vehicle twice: this one is nobody else's.
    answer = subprocess.run(["sh", "-c", command.replace("curl ", "curl -sS ", 1)], capture_output=True, check=True)
    assert "requestGuid" in json.loads(answer.stdout)
