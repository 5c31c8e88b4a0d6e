from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.contracts.conftest import VIN, Served
from tests.reliability.verdict import tell

from odopass.clock import belgian_day
from odopass.wire.dates import format_wire_date

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    ("POST", "/observation"),
    ("GET", "/observation/{requestGuid}/status"),
    ("GET", "/observation/{requestGuid}/status/vhr"),
    ("POST", "/observation/{requestGuid}/correction"),
    ("POST", "/observation/{requestGuid}/correct"),
    ("POST", "/observation/{requestGuid}/confirm"),
]


@pytest.fixture(scope="session")
def document(served: Served) -> Any:
    return requests.get(f"{served.address}/api/openapi.json", timeout=30).json()


@pytest.fixture(scope="session")
def known_guid(served: Served) -> str:
    """A request of the garage, which has an issue."""
    body = {
        "vin": "NOBODYKNOWSTHIS01",
        "odometerReadingDate": format_wire_date(belgian_day(datetime.now(UTC))),
        "odometerReading": 1,
        "observationType": "REPAIR_MAINTENANCE_SERVICE",
        "enterpriseOrganisation": served.garage.enterprise,
        "enteredOrganisation": served.garage.establishment,
    }
    headers = {"Authorization": served.garage.authorization}
    answer = requests.post(f"{served.address}/api/observation", json=body, headers=headers, timeout=30)
    return str(answer.json()["requestGuid"])


def made_to_fit(case: Case, served: Served, known_guid: str, choices: list[bool]) -> None:
    """Let some generated requests get further than their check digits would let them."""
    own_numbers, own_vehicle, own_guid = choices
    if isinstance(case.body, dict):
        if own_numbers:
            case.body["enterpriseOrganisation"] = served.garage.enterprise
            case.body["enteredOrganisation"] = served.garage.establishment
        if own_vehicle and "vin" in case.body:
            case.body["vin"] = VIN
    if own_guid and case.path_parameters:
        case.path_parameters["requestGuid"] = known_guid


@pytest.mark.requirement("W18")
def test_the_document_has_the_operations_that_are_tried_and_no_others(document: Any) -> None:
    documented = {
        (verb.upper(), path) for path, item in document["paths"].items() for verb in item if verb != "parameters"
    }
    assert documented == set(OPERATIONS)


@pytest.mark.requirement("W12", "W18")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
@pytest.mark.parametrize("operation", OPERATIONS, ids=" ".join)
def test_no_generated_request_is_answered_by_a_fault_or_by_anything_outside_the_document(
    served: Served,
    document: Any,
    known_guid: str,
    operation: tuple[str, str],
    mode: GenerationMode,
    *,
    long_form: bool,
) -> None:
    method, path = operation
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document)))
    schema.config.update(base_url=f"{served.address}/api")
    counted: Counter[int] = Counter()
    session = requests.Session()
    session.headers["Authorization"] = served.garage.authorization

    @settings(max_examples=850 if long_form else 60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        case=schema[path][method].as_strategy(generation_mode=mode),
        choices=st.lists(st.booleans(), min_size=3, max_size=3),
    )
    def ask(case: Case, choices: list[bool]) -> None:
        made_to_fit(case, served, known_guid, choices)
        response = case.call(session=session, timeout=30)
        counted[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    try:
        ask()
    finally:
        session.close()
    tell(
        promise=9,
        seed=None,
        attempted=counted.total(),
        acknowledged=counted[200],
        lost=0,
        unexpected=sum(number for status, number in counted.items() if status >= 500),
        duplicated=0,
        recovered=0,
        operation=" ".join(operation),
        mode=str(mode),
        answers=counted,
    )
    assert counted.total() > 0
