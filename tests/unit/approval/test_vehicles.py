"""Which vehicles a run uses, and which one a DMS means."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.unit.approval.traffic import START, VIN, Traffic

from odopass.approval.control import Ready, SandboxError
from odopass.approval.scenarios import steps_of
from odopass.approval.traffic import read_exchange
from odopass.approval.vehicles import choose_vehicles, reported_in, vin_of_plate, what_is_asked

pytestmark = pytest.mark.requirement("K4")

READY = Ready(
    "https://127.0.0.1:1/api",
    "ca.pem",
    "http://127.0.0.1:2",
    (),
    tuple(
        {
            "vin": f"WVWTEST01AB0000{n:02}",
            "licensePlate": f"1-ABC-1{n:02}",
            "case": case,
            "lastReading": {"km": 90_000, "date": "01/02/2026"},
        }
        for n, case in enumerate(["ordinary car"] * 12 + ["truck"] * 5)
    ),
)


def test_a_run_takes_ordinary_vehicles_that_no_other_has_used() -> None:
    first = choose_vehicles(READY, set(), START)
    letters = {step.vehicle for step in steps_of() if step.vehicle}
    assert letters | {"short", "long", "zeros", "signs", "empty"} == first.keys()
    used = {first[letter]["vin"] for letter in ("a", "b")}
    assert used.isdisjoint(each["vin"] for name, each in choose_vehicles(READY, used, START).items() if name in letters)
    with pytest.raises(SandboxError, match="Start a new one"):
        choose_vehicles(READY, {*used, first["c"]["vin"]}, START)


def test_a_run_leaves_alone_what_was_reported_before_it_began() -> None:
    traffic = Traffic()
    tried, by_plate, today = READY.vehicles[0], READY.vehicles[1], dict(READY.vehicles[11])
    traffic.submit(0, vin=tried["vin"])
    spoken = replace(traffic.submit(1), body=json.dumps({"licensePlate": by_plate["licensePlate"].lower()}))
    reported = reported_in([traffic.record.exchanges[0], spoken], READY)
    assert reported == {tried["vin"], by_plate["vin"]}
    chosen = choose_vehicles(READY, reported, START)
    assert reported.isdisjoint(each["vin"] for each in chosen.values())
    # After a restart of the sandbox its traffic is forgotten, and the last reading tells.
    today["lastReading"] = {"km": 90_000, "date": "25/11/2026"}
    restarted = replace(READY, vehicles=(*READY.vehicles[:11], today))
    assert today["vin"] not in {each["vin"] for each in choose_vehicles(restarted, set(), START).values()}


def test_what_is_entered_follows_from_the_vehicle_and_the_day() -> None:
    vehicles = choose_vehicles(READY, set(), START)
    steps = {step.name: step for step in steps_of()}
    late = what_is_asked(steps["late.enter"], vehicles, "01/03/2026")
    assert (late["km"], late["date"], late["confirm"]) == (90_205, "28/02/2026", True)
    assert what_is_asked(steps["warnings.digits"], vehicles, "01/03/2026")["typed"] == "90.260 km"
    assert len(what_is_asked(steps["vin.long"], vehicles, "01/03/2026")["vin"]) == 18
    assert not what_is_asked(steps["vin.signs"], vehicles, "01/03/2026")["vin"].isalnum()


def test_a_dms_may_name_a_vehicle_by_its_plate() -> None:
    exchange = Traffic().submit(0)
    body = exchange.body.replace(f'"vin": "{VIN}"', '"licensePlate": "1abc101"')
    by_plate = replace(exchange, body=body)
    vehicles = {"a": {"vin": VIN, "plate": "1-ABC-101"}, "b": {"vin": "OTHER", "plate": ""}}
    vin = vin_of_plate(by_plate, vehicles)
    assert vin == VIN
    assert read_exchange(replace(by_plate, vin=vin).as_json()).vehicle == VIN
    assert vin_of_plate(exchange, vehicles) == ""
