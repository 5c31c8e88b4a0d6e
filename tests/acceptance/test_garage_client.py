"""The client of garage software before the real sandbox, over TLS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.running_sandbox import Sandbox, wait_until

from odopass.clock import BRUSSELS
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.garage.client import (
    Endpoint,
    NotNow,
    RegistryClient,
    UnknownRequest,
    Unreachable,
    WrongCredentials,
    new_key,
)
from odopass.wire.basic_auth import Credentials
from odopass.wire.observation import ObservationRequest

pytestmark = pytest.mark.requirement("G1")


def endpoint(sandbox: Sandbox, password: str | None = None) -> Endpoint:
    garage = sandbox.garages[0]
    return Endpoint(
        sandbox.api, Credentials(garage["username"], password or garage["password"]), ca_file=Path(sandbox.ready["ca"])
    )


def reading(sandbox: Sandbox, vehicle: dict[str, Any], more_km: int) -> ObservationRequest:
    garage = sandbox.garages[0]
    return ObservationRequest(
        vin=vehicle["vin"],
        license_plate=None,
        unifier=None,
        first_use_date=None,
        reading_date=datetime.now(BRUSSELS).date(),
        km=vehicle["lastReading"]["km"] + more_km,
        type=ObservationType.REPAIR_MAINTENANCE_SERVICE,
        enterprise=garage["enterpriseOrganisation"],
        establishment=garage["enteredOrganisation"],
    )


def outcome(client: RegistryClient, guid: str) -> Status | None:
    wait_until(lambda: client.status(guid).known is not Status.ONGOING)
    return client.status(guid).known


@pytest.mark.requirement("G7")
def test_a_reading_is_submitted_corrected_and_another_one_confirmed(
    sandbox: Sandbox, take_vehicle: Callable[[], dict[str, Any]]
) -> None:
    with RegistryClient(endpoint(sandbox)) as client:
        client.check_connection()
        right = reading(sandbox, take_vehicle(), 500)
        key = new_key()
        guid = client.submit(replace(right, km=right.km - 900), key=key)
        assert client.submit(replace(right, km=right.km - 900), key=key) == guid
        assert outcome(client, guid) is Status.ISSUE
        assert "001" in {issue.type for issue in client.status(guid).issues}
        assert all(issue.description["fr"] for issue in client.status(guid).issues)
        corrected = client.correct(guid, right, key=new_key())
        assert corrected != guid
        assert outcome(client, corrected) is Status.PROCESSED
        with pytest.raises(NotNow):
            client.confirm(corrected, key=new_key())

        low = reading(sandbox, take_vehicle(), -40)
        guid = client.submit(low, key=new_key())
        assert outcome(client, guid) is Status.ISSUE
        assert outcome(client, client.confirm(guid, key=new_key())) in {Status.PROCESSED, Status.REVIEWING}


@pytest.mark.requirement("G13")
def test_a_vehicle_history_is_asked_for_and_fetched(
    sandbox: Sandbox, take_vehicle: Callable[[], dict[str, Any]]
) -> None:
    asked = replace(reading(sandbox, take_vehicle(), 300), type=ObservationType.VEHICLE_HISTORY_DOCUMENT)
    with RegistryClient(endpoint(sandbox)) as client:
        guid = client.submit(asked, key=new_key())
        assert outcome(client, guid) is Status.PROCESSED
        report = client.report(guid, "en")
        assert report.pdf.startswith(b"%PDF-")
        assert report.public_url.startswith(sandbox.ready["public"])


def test_wrong_passwords_strange_authorities_and_unknown_requests_are_told_apart(sandbox: Sandbox) -> None:
    with RegistryClient(endpoint(sandbox, "wrong")) as client, pytest.raises(WrongCredentials):
        client.check_connection()
    stranger = replace(endpoint(sandbox), ca_file=None)
    with RegistryClient(stranger, attempts=1) as client, pytest.raises(Unreachable, match="certificate"):
        client.check_connection()
    beside = replace(endpoint(sandbox), base_url=sandbox.ready["public"])
    with RegistryClient(beside, attempts=1) as client, pytest.raises(Unreachable, match="not that of a registry"):
        client.check_connection()
    with RegistryClient(endpoint(sandbox)) as client, pytest.raises(UnknownRequest):
        client.status(new_key())
