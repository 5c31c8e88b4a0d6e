"""Our own client against each of a sandbox's faults: nothing is lost, and nothing is there twice."""

from __future__ import annotations

import json
import socket
import ssl
import warnings
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.controlling import Control
from tests.acceptance.running_sandbox import Sandbox, start_sandbox, wait_for_outcome, wait_until
from tests.acceptance.test_sandbox import observation

from odopass.domain.outcome import Status
from odopass.garage.client import Endpoint, Maintenance, NotNow, RegistryClient, Unreachable, new_key
from odopass.sandbox.faults.choosing import Asked, Rules
from odopass.sandbox.faults.mild import MILD
from odopass.sandbox.faults.operations import operation_of
from odopass.sandbox.faults.rules import Kind, Operation
from odopass.wire.basic_auth import Credentials
from odopass.wire.observation import ObservationRequest, parse_observation

Vehicle = dict[str, Any]
Take = Callable[[], Vehicle]

#: Faults of one exchange that a client gets over by itself, with what else their rules say.
PASSING: dict[str, dict[str, Any]] = {
    "delay": {"seconds": 0.3},
    "unavailable": {},
    "failing": {},
    "throttled": {"retryAfter": 1},
    "cut-before": {},
    "cut-after": {},
    "half-answer": {},
    "html": {},
    "broken-json": {},
}
STORED = {"delay", "cut-after", "half-answer", "broken-json"}


def request_of(sandbox: Sandbox, vehicle: Vehicle, more_km: int = 250, **changes: object) -> ObservationRequest:
    body = observation(sandbox, vehicle, vehicle["lastReading"]["km"] + more_km, **changes)
    return parse_observation(json.dumps(body).encode(), strict_members=True)


def our_client(sandbox: Sandbox, **options: Any) -> RegistryClient:
    garage = sandbox.garages[0]
    endpoint = Endpoint(
        sandbox.api, Credentials(garage["username"], garage["password"]), ca_file=Path(sandbox.ready["ca"])
    )
    return RegistryClient(endpoint, **options)


def outcome(client: RegistryClient, guid: str) -> Status:
    wait_until(lambda: client.status(guid).status != Status.ONGOING)
    return Status(client.status(guid).status)


def guids_told(exchanges: list[dict[str, Any]]) -> set[str]:
    """All GUIDs that a registry has given out, as whole answers say."""
    return {
        json.loads(each["answer"])["requestGuid"]
        for each in exchanges
        if each["method"] == "POST" and each["status"] == 200 and each["answer"].endswith("}")
    }


@pytest.mark.requirement("K3", "G5")
@pytest.mark.parametrize("kind", PASSING)
def test_what_goes_wrong_once_is_got_over_and_the_reading_is_there_once(
    bad_sandbox: Sandbox, control: Control, take_bad_vehicle: Take, kind: str
) -> None:
    before = control.last()
    rule = control.add(kind, operation="submit", next=1, **PASSING[kind])
    with our_client(bad_sandbox) as client:
        guid = client.submit(request_of(bad_sandbox, take_bad_vehicle()), key=new_key())
        # A second one stored would be an ERROR 150, since the client has the last one's GUID.
        assert outcome(client, guid) is Status.PROCESSED
    assert control.applied(rule) == 1
    exchanges = control.after(before)
    assert [each["fault"] for each in exchanges if each["fault"]] == [{"rule": rule, "kind": kind}]
    assert guids_told(exchanges) == {guid}


@pytest.mark.requirement("K3")
@pytest.mark.parametrize("kind", PASSING)
def test_each_fault_says_truly_whether_the_request_was_stored(
    bad_sandbox: Sandbox, control: Control, take_bad_vehicle: Take, kind: str
) -> None:
    vehicle = take_bad_vehicle()
    rule = control.add(kind, operation="submit", next=1, **PASSING[kind])
    with bad_sandbox.client() as plain:
        body = observation(bad_sandbox, vehicle, vehicle["lastReading"]["km"] + 250)
        try:
            plain.post("/observation", json=body)
        except httpx.TransportError:
            assert kind in {"cut-before", "cut-after", "half-answer"}
        assert control.applied(rule) == 1
        again = plain.post("/observation", json=body).json()["requestGuid"]
        status = wait_for_outcome(plain, again)
    assert status["status"] == ("ERROR" if kind in STORED else "PROCESSED")


@pytest.mark.requirement("K3")
@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        *(("status", kind) for kind in ("cut-after", "half-answer", "html", "unavailable", "broken-json")),
        # If nothing was stored, all are as submissions.
        *((operation, kind) for operation in ("correction", "confirm") for kind in sorted(STORED)),
    ],
)
def test_corrections_confirmations_and_questions_get_over_faults_too(
    bad_sandbox: Sandbox, control: Control, take_bad_vehicle: Take, kind: str, operation: str
) -> None:
    with our_client(bad_sandbox) as client:
        vehicle = take_bad_vehicle()
        guid = client.submit(request_of(bad_sandbox, vehicle, -100), key=new_key())
        assert outcome(client, guid) is Status.ISSUE
        rule = control.add(kind, operation=operation, next=1, **PASSING[kind])
        if operation == "correction":
            guid = client.correct(guid, request_of(bad_sandbox, vehicle), key=new_key())
        elif operation == "confirm":
            guid = client.confirm(guid, key=new_key())
        assert outcome(client, guid) is (Status.ISSUE if operation == "status" else Status.PROCESSED)
    assert control.applied(rule) == 1


@pytest.mark.requirement("K3", "W20")
def test_maintenance_lasts_until_the_clock_says_so(
    bad_sandbox: Sandbox, control: Control, take_bad_vehicle: Take
) -> None:
    control.add("maintenance", seconds=7_200)
    key, request = new_key(), request_of(bad_sandbox, take_bad_vehicle())
    with our_client(bad_sandbox) as client:
        with pytest.raises(Maintenance) as closed:
            client.submit(request, key=key)
        assert closed.value.retry_after is not None
        assert 7_000 < closed.value.retry_after <= 7_200
        control.move({"advance": "PT2H"})
        assert outcome(client, client.submit(request, key=key)) is Status.PROCESSED


@pytest.mark.requirement("K3", "W19")
@pytest.mark.parametrize("kind", ["expired-certificate", "unknown-authority", "tls-1.1"])
def test_a_bad_handshake_is_refused_and_the_reading_is_sent_when_it_is_good_again(
    bad_sandbox: Sandbox, control: Control, take_bad_vehicle: Take, kind: str
) -> None:
    key, request = new_key(), request_of(bad_sandbox, take_bad_vehicle())
    before = control.last()
    with our_client(bad_sandbox, attempts=1) as client:
        client.check_connection()  # a connection that is kept must not hide what is wrong with new ones
        rule = control.add(kind)
        wait_until(lambda: fails(client))
        with pytest.raises(Unreachable):
            client.submit(request, key=key)
        control.remove_all()
        assert outcome(client, client.submit(request, key=key)) is Status.PROCESSED
    handshakes = [each for each in control.after(before) if each["method"] == "TLS"]
    assert handshakes
    assert all(each["fault"] == {"rule": rule, "kind": kind} and each["status"] is None for each in handshakes)


def fails(client: RegistryClient) -> bool:
    try:
        client.check_connection()
    except Unreachable:
        return True
    return False


@pytest.mark.requirement("K3")
def test_who_does_not_look_at_certificates_is_caught(bad_sandbox: Sandbox, control: Control) -> None:
    before = control.last()
    rule = control.add("expired-certificate")
    careless = httpx.Client(verify=False, trust_env=False)
    with careless:
        assert careless.get(f"{bad_sandbox.ready['public']}/health").status_code == 200
    caught = [each for each in control.after(before) if each["method"] == "GET"]
    assert [(each["status"], each["fault"]) for each in caught] == [
        (200, {"rule": rule, "kind": "expired-certificate"})
    ]


@pytest.mark.requirement("K3")
def test_tls_1_1_is_really_spoken(bad_sandbox: Sandbox, control: Control) -> None:
    control.add("tls-1.1")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.load_verify_locations(bad_sandbox.ready["ca"])
    old.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    port = int(bad_sandbox.ready["public"].rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
        old.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        assert connection.version() == "TLSv1.1"


@pytest.mark.requirement("K3", "G4")
def test_a_request_stays_ongoing_for_as_long_as_asked_and_is_as_it_was_afterwards(
    bad_sandbox: Sandbox, control: Control, take_bad_vehicle: Take
) -> None:
    vehicle = take_bad_vehicle()
    control.add("ongoing", seconds=3_600, vin=vehicle["vin"])
    with our_client(bad_sandbox) as client:
        key = new_key()
        first = client.submit(request_of(bad_sandbox, vehicle, -100), key=key)
        other = client.submit(request_of(bad_sandbox, take_bad_vehicle()), key=new_key())
        assert outcome(client, other) is Status.PROCESSED
        assert client.status(first).status == Status.ONGOING
        with pytest.raises(NotNow):
            client.confirm(first, key=new_key())
        with pytest.raises(NotNow):
            client.report(first)
        control.move({"advance": "PT61M"})
        assert client.status(first).status == Status.ISSUE
        confirmed, answer = new_key(), ""
        answer = client.confirm(first, key=confirmed)
        # What was answered once keeps its answer, though the case is young again.
        assert client.confirm(first, key=confirmed) == answer
        assert client.status(answer).status == Status.ONGOING
        control.move({"advance": "PT61M"})
        assert outcome(client, answer) is Status.PROCESSED


@pytest.mark.requirement("K3", "W2")
def test_no_fault_lets_a_stranger_learn_anything(
    bad_sandbox: Sandbox, control: Control, take_bad_vehicle: Take
) -> None:
    with our_client(bad_sandbox) as client:
        guid = client.submit(request_of(bad_sandbox, take_bad_vehicle()), key=new_key())
    control.add("ongoing", seconds=3_600)
    path = f"/observation/{guid}"
    with httpx.Client(base_url=bad_sandbox.api, verify=bad_sandbox.trust()) as nobody:
        assert nobody.get(f"{path}/status").status_code == 401
        assert nobody.post(f"{path}/confirm").status_code == 401
    with bad_sandbox.client(1) as another:
        assert another.get(f"{path}/status").status_code == 404
        assert another.post(f"{path}/confirm").status_code == 404


@pytest.mark.requirement("K3")
def test_garages_vehicles_and_plates_are_singled_out(
    bad_sandbox: Sandbox, control: Control, take_bad_vehicle: Take
) -> None:
    vehicle = take_bad_vehicle()
    by_vin = control.add("failing", vin=vehicle["vin"], garage=bad_sandbox.garages[1]["username"])
    body = observation(bad_sandbox, vehicle, vehicle["lastReading"]["km"] + 200, garage=1)
    del body["vin"]
    body["licensePlate"] = vehicle["licensePlate"]
    with bad_sandbox.client(1) as client:
        assert client.post("/observation", json=body).status_code == 500
        control.client.delete(f"/faults/{by_vin}").raise_for_status()
        guid = client.post("/observation", json=body).json()["requestGuid"]
        control.add("failing", vin=vehicle["vin"], operation="status")
        assert client.get(f"/observation/{guid}/status").status_code == 500
    with our_client(bad_sandbox) as other:
        assert outcome(other, other.submit(request_of(bad_sandbox, take_bad_vehicle()), key=new_key()))


@pytest.mark.requirement("K3")
def test_a_sandbox_that_is_not_gentle_misbehaves_as_its_seed_says_and_our_client_gets_over_it(tmp_path: Path) -> None:
    seed = 20
    with start_sandbox(tmp_path / "data", "--fault-seed", str(seed), gentle=False) as sandbox:
        wait_until(lambda: f"--fault-seed {seed}" in sandbox.printed())
        with Control(sandbox.ready["control"]) as control, our_client(sandbox, attempts=6) as client:
            guids = [client.submit(request_of(sandbox, vehicle), key=new_key()) for vehicle in sandbox.ordinary()[:30]]
            control.move({"advance": "PT30S"})  # some stay ONGOING for a while
            assert {outcome(client, guid) for guid in guids} == {Status.PROCESSED}
            exchanges = control.after(0)
    submissions = [each for each in exchanges if operation_of(each["method"], each["path"]) == (Operation.SUBMIT, None)]
    happened = ["" if each["fault"] is None else each["fault"]["kind"] for each in submissions]
    rules = Rules(seed, _Now(), MILD)
    asked = Asked(Operation.SUBMIT, sandbox.garages[0]["username"])
    foretold = [str(chosen.rule.kind) if (chosen := rules.choose(asked)) else "" for _ in submissions]
    assert Counter(happened) == Counter(foretold)
    assert happened == foretold
    assert sum(1 for kind in happened if kind) >= 3
    assert Kind.MAINTENANCE not in happened


class _Now:
    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.mark.requirement("K3")
def test_a_delay_ends_when_the_sandbox_is_told_to_end(tmp_path: Path) -> None:
    with start_sandbox(tmp_path / "data") as sandbox:
        control = sandbox.ready["control"]
        httpx.post(f"{control}/faults", json={"kind": "delay", "seconds": 600}).raise_for_status()
        with (
            socket.create_connection(("127.0.0.1", int(sandbox.ready["public"].rpartition(":")[2]))) as plain,
            sandbox.trust().wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            connection.sendall(b"GET /api/observation/1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
            wait_until(lambda: httpx.get(f"{control}/faults").json()["faults"][0]["applied"] == 1)
            # What was served is answered, and not thrown away after the 20 s that requests under way get at most.
            assert sandbox.stop() == 0
            assert connection.recv(1_000).startswith(b"HTTP/1.1 401")
