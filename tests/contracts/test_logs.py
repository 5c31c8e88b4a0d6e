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


def test_a_refusal_is_told_with_the_garage_the_fields_and_the_request_and_without_what_was_sent(
    served: Served, http: httpx.Client
) -> None:
    invented = "a-member-called-like-a-secret"
    answer = http.post(
        "/api/observation", json=body(served, vin="SENT-VALUE-1", odometerReading=-77_123) | {invented: 1}
    )
    assert answer.status_code == 400
    guid = http.post("/api/observation", json=body(served)).json()["requestGuid"]
    settled(http, guid)
    path = f"/api/observation/{guid}/correction"
    assert http.post(path, json=body(served, odometerReading="SENT-VALUE-2")).status_code == 400
    assert http.get("/api/observation/00000000-0000-4000-8000-00000000beef/status").status_code == 404
    told = [line for line in lines(served) if line["event"] == "refused"]
    first = [line for line in told if line["fields"] == ["another member", "odometerReading", "vin"]]
    assert [(line["operation"], line["status"], line["garage"]) for line in first] == [
        ("post_observation", 400, served.garage.establishment)
    ]
    (second,) = [line for line in told if line.get("request") == guid]
    assert (second["operation"], second["fields"]) == ("post_correction", ["odometerReading"])
    (third,) = [line for line in told if str(line.get("request")).endswith("beef")]
    assert (third["status"], third["reason"]) == (404, "UnknownRequest")
    for secret in ("SENT-VALUE", "77123", invented):
        assert secret not in served.log


def test_metrics_tell_answers_by_outcome_and_what_waits(served: Served, http: httpx.Client) -> None:
    guid = http.post("/api/observation", json=body(served)).json()["requestGuid"]
    outcome = settled(http, guid)
    told = http.get("/metrics").text
    assert 'odopass_answers_total{operation="post_observation",status="200"}' in told
    assert f'odopass_requests_settled_total{{status="{outcome}"}}' in told
    for queue in ("judging", "reports"):
        assert f'odopass_queue_length{{queue="{queue}"}} 0.0' in told
        assert f'odopass_queue_oldest_seconds{{queue="{queue}"}} 0.0' in told
    assert "odopass_pool_connections_in_use " in told


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
