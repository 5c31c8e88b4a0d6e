from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from tests.contracts.conftest import Served
from tests.registry.population import PASSWORD, basic

from odopass.clock import belgian_day
from odopass.wire.dates import format_wire_date

pytestmark = pytest.mark.requirement("R13")

WRONG = "wrong-password-of-a-garage"


@pytest.fixture
def http(served: Served) -> Any:
    with httpx.Client(
        base_url=served.address, headers={"Authorization": served.garage.authorization}, timeout=30
    ) as client:
        yield client


def body(served: Served, **members: object) -> dict[str, object]:
    return {
        "vin": "NOBODYKNOWSTHIS02",
        "odometerReadingDate": format_wire_date(belgian_day(datetime.now(UTC))),
        "odometerReading": 1,
        "observationType": "REPAIR_MAINTENANCE_SERVICE",
        "enterpriseOrganisation": served.garage.enterprise,
        "enteredOrganisation": served.garage.establishment,
    } | members


def lines(served: Served) -> list[dict[str, Any]]:
    """Every line of the log, each of which must be a JSON object."""
    return [json.loads(line) for line in served.log.splitlines()]


def settled(http: httpx.Client, guid: str) -> str:
    while (status := http.get(f"/api/observation/{guid}/status").json()["status"]) == "ONGOING":
        time.sleep(0.01)
    return str(status)


def test_the_way_of_a_request_can_be_followed_in_the_log_by_its_guid(served: Served, http: httpx.Client) -> None:
    first = http.post("/api/observation", json=body(served)).json()["requestGuid"]
    assert settled(http, first) == "ISSUE"
    second = http.post(f"/api/observation/{first}/correction", json=body(served)).json()["requestGuid"]
    assert settled(http, second) == "ISSUE"
    third = http.post(f"/api/observation/{second}/confirm").json()["requestGuid"]
    assert settled(http, third) == "REVIEWING"
    for guid, taken_in in ((first, "stored"), (second, "correction"), (third, "confirmation")):
        about = [line for line in lines(served) if guid in json.dumps(line)]
        assert {taken_in, "settled"} <= {line["event"] for line in about}
        assert all({"timestamp", "level", "event"} <= line.keys() for line in about)


def test_neither_password_nor_header_of_authentication_is_in_any_line(served: Served, http: httpx.Client) -> None:
    name = served.garage.username
    for value in (basic(name, WRONG), basic(WRONG, WRONG), f"Basic {WRONG}", f"{WRONG} x", basic(f"{WRONG}:x", WRONG)):
        assert http.get("/api/observation/x/status", headers={"Authorization": value}).status_code == 401
    secret = body(served, password=PASSWORD, vin=WRONG)
    assert http.post("/api/observation", json=secret).status_code == 400
    for text in (PASSWORD, WRONG, served.garage.authorization.split()[1], basic(name, WRONG).split()[1], "$argon2"):
        assert text not in served.log
    assert any(line["event"] == "login_refused" for line in lines(served))


def test_while_the_database_is_away_garages_get_503_and_the_log_names_their_requests(
    served: Served, http: httpx.Client
) -> None:
    guid = http.post("/api/observation", json=body(served)).json()["requestGuid"]
    served.deployment.kill_postgres()
    try:
        # The server's other processes may finish a statement before they notice that the first one is gone.
        end = time.monotonic() + 30
        while http.get(f"/api/observation/{guid}/status").status_code == 200:
            assert time.monotonic() < end
        for _ in range(3):
            answer = http.get(f"/api/observation/{guid}/status")
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
            assert answer.json()["errors"]
        assert http.get("/ready").status_code == 503
    finally:
        served.deployment.restart_postgres()
    end = time.monotonic() + 30
    while http.get("/ready").status_code != 200:
        assert time.monotonic() < end
    assert settled(http, guid) == "ISSUE"
    away = [line for line in lines(served) if line["event"] == "database away" and line.get("request") == guid]
    assert len(away) >= 3
    assert served.faults == []
