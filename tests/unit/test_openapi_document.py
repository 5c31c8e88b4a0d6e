from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.unit.wire.bodies import BY_PLATE, RIGHT, requests

from odopass.domain.observation import ObservationType
from odopass.registry.api.openapi import openapi_document
from odopass.registry.settings import Environment
from odopass.wire.errors import Invalid
from odopass.wire.kbo import enterprise_number, establishment_number
from odopass.wire.observation import encode_observation, parse_observation

Json = dict[str, Any]

DOCUMENTS = {kind: openapi_document(environment=kind, version="1.2.3") for kind in Environment}
BETA = DOCUMENTS[Environment.BETA]

pytestmark = pytest.mark.requirement("W18")
both = pytest.mark.parametrize("environment", list(Environment))


def validator(schema: str, environment: Environment = Environment.BETA) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENTS[environment]["components"]},
        validate_formats=True,
    )


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method != "parameters":
                yield method, path, operation


def resolved(part: Json, document: Json = BETA) -> Json:
    for step in part["$ref"].removeprefix("#/").split("/") if "$ref" in part else ():
        document = document[step]
    return document if "$ref" in part else part


@both
def test_the_document_is_valid_openapi(environment: Environment) -> None:
    schemathesis.openapi.from_dict(DOCUMENTS[environment]).validate()


def test_a_broken_document_would_not_be_valid() -> None:
    broken = json.loads(json.dumps(BETA))
    del broken["paths"]["/observation"]["post"]["responses"]["200"]["description"]
    with pytest.raises(Exception, match="description"):
        schemathesis.openapi.from_dict(broken).validate()


@both
def test_every_reference_leads_somewhere(environment: Environment) -> None:
    def references(part: object) -> Iterator[Json]:
        if isinstance(part, dict):
            if "$ref" in part:
                yield part
            for inner in part.values():
                yield from references(inner)
        elif isinstance(part, list):
            for inner in part:
                yield from references(inner)

    document = DOCUMENTS[environment]
    found = [resolved(reference, document) for reference in references(document)]
    assert len(found) > 50
    assert all(found)


@pytest.mark.requirement("W1", "W4", "W8", "W9", "W10", "W11")
def test_the_operations_are_those_of_the_wire_below_api() -> None:
    assert BETA["servers"][0]["url"] == "/api"
    assert {(method, path): operation.get("deprecated", False) for method, path, operation in operations(BETA)} == {
        ("post", "/observation"): False,
        ("get", "/observation/{requestGuid}/status"): False,
        ("post", "/observation/{requestGuid}/correction"): False,
        ("post", "/observation/{requestGuid}/correct"): True,
        ("post", "/observation/{requestGuid}/confirm"): False,
        ("get", "/observation/{requestGuid}/status/vhr"): False,
    }


@pytest.mark.requirement("W2")
def test_every_operation_asks_for_basic_authentication() -> None:
    assert BETA["security"] == [{"basicAuth": []}]
    assert BETA["components"]["securitySchemes"]["basicAuth"]["scheme"] == "basic"
    assert not any("security" in operation for _, _, operation in operations(BETA))


@pytest.mark.requirement("W12")
def test_every_operation_tells_its_refusals_in_the_error_shape() -> None:
    errors = validator("Errors")
    for method, path, operation in operations(BETA):
        expected = {"200", "400", "401", "403", "429", "503"}
        expected |= {"404"} if "{requestGuid}" in path else set()
        expected |= {"409"} if method == "post" or path.endswith("/vhr") else set()
        assert set(operation["responses"]) == expected
        for status, reference in operation["responses"].items():
            answer = resolved(reference)
            for example in answer["content"]["application/json"]["examples"].values():
                assert errors.is_valid(example["value"]) is (status != "200")
            wanted = {"401": {"WWW-Authenticate"}, "429": {"Retry-After"}, "503": {"Retry-After"}}.get(status, set())
            assert set(answer.get("headers", {})) == wanted


@pytest.mark.requirement("W11")
def test_the_refusal_of_a_report_has_status_and_message_at_the_top_level() -> None:
    answer = BETA["paths"]["/observation/{requestGuid}/status/vhr"]["get"]["responses"]["409"]
    refusal = answer["content"]["application/json"]["examples"]["ongoing"]["value"]
    report = validator("NoReport")
    assert report.is_valid(refusal)
    for member in ("errors", "status", "message"):
        assert not report.is_valid({name: value for name, value in refusal.items() if name != member})


@both
def test_every_example_fits_its_schema(environment: Environment) -> None:
    document = DOCUMENTS[environment]
    seen = 0
    for _, _, operation in operations(document):
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for part in (*bodies, *operation["responses"].values()):
            content = resolved(part, document)["content"]["application/json"]
            schema = validator(content["schema"]["$ref"].rpartition("/")[2], environment)
            for example in content["examples"].values():
                schema.validate(example["value"])
                seen += 1
    assert seen > 40


@pytest.mark.requirement("W4", "W5")
def test_the_examples_of_observations_are_taken_by_the_reader() -> None:
    examples = BETA["paths"]["/observation"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    read = [
        parse_observation(json.dumps(example["value"]).encode(), strict_members=True) for example in examples.values()
    ]
    assert {request.type for request in read} == set(ObservationType)


@pytest.mark.requirement("W21")
def test_unknown_members_are_refused_in_beta_only() -> None:
    extended = RIGHT | {"extra": 1}
    assert not validator("Observation", Environment.BETA).is_valid(extended)
    assert validator("Observation", Environment.PRODUCTION).is_valid(extended)


@given(requests())
def test_whatever_can_be_written_fits_the_document(request: Any) -> None:
    validator_of_beta.validate(encode_observation(request))


validator_of_beta = validator("Observation")


def complaints(body: object, *, strict_members: bool) -> list[str]:
    try:
        parse_observation(json.dumps(body).encode(), strict_members=strict_members)
    except Invalid as invalid:
        return [f"{problem.field}: {problem.message}" for problem in invalid.problems]
    return []


# What no schema can say: the calendar and the check digits.
BEYOND_A_SCHEMA = ("is no day of the calendar", "(modulo 97)", "no enterprise has it")


def agrees(body: object, environment: Environment) -> None:
    """The document and the reader say the same of `body`, save what no schema can say."""
    said = complaints(body, strict_members=environment is Environment.BETA)
    if validator(schema="Observation", environment=environment).is_valid(body):
        assert not [message for message in said if not any(part in message for part in BEYOND_A_SCHEMA)]
    else:
        assert said


NEAR_MISSES: dict[str, list[object]] = {
    "vin": ["", "A", "A" * 17, "A" * 18, "A B", "A-B", "É", "a\n", "A\x00"],
    "licensePlate": ["", "abc", "1-ABC-234", "1-ABC-2345", " ", "- -", "-1", "1\n", "É", "1.2"],
    "unifier": [0, -1, 2_147_483_647, 2_147_483_648, 0.5, "1"],
    "firstUseDate": ["", "01/01/0000", "01/01/0001", "30/02/2000", "32/01/2000", "1/1/2000", "01/01/2000\n"],
    "odometerReadingDate": ["", "31/12/9999", "00/12/2000", "01/13/2000", "01/00/2000", "2000-01-01", "٠1/01/2000"],
    "odometerReading": [0, -1, 9_999_999, 10_000_000, 0.5, 1e308, "1"],
    "observationType": ["", "SALE", *ObservationType],
    "enterpriseOrganisation": ["", enterprise_number(7), establishment_number(30_000_000), "0000000000", "012345674９"],
    "enteredOrganisation": ["", enterprise_number(7), establishment_number(30_000_000), "9999999917", "212345679"],
    "extra": [1],
    "Vin": ["A"],
}
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer()),
    st.text(max_size=12),
    st.just([]),
    st.just({}),
)


@st.composite
def near_bodies(draw: st.DrawFn) -> Json:
    """A right body with up to three members left out or replaced by something near or anything."""
    body = dict(draw(st.sampled_from([RIGHT, BY_PLATE])))
    for name in draw(st.lists(st.sampled_from(sorted(NEAR_MISSES)), max_size=3, unique=True)):
        if draw(st.booleans()):
            body[name] = draw(st.sampled_from(NEAR_MISSES[name]) | ANYTHING)
        else:
            body.pop(name, None)
    return body


@pytest.mark.requirement("W4", "W12", "W21")
@both
@given(body=near_bodies())
def test_document_and_reader_agree_on_bodies_near_the_edge(environment: Environment, body: Json) -> None:
    # U+0000 is refused in members that are ignored otherwise; JSON Schema has its own view of 1e308 as an integer.
    assume("\\u0000" not in json.dumps(body))
    assume(body.get("odometerReading") != 1e308)
    agrees(body, environment)


@pytest.mark.requirement("W4", "W12")
@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in NEAR_MISSES.items() for value in values])
def test_document_and_reader_agree_on_each_edge(name: str, value: object) -> None:
    base = BY_PLATE if name == "licensePlate" else RIGHT
    agrees(base | {name: value}, Environment.BETA)


generated = schemathesis.openapi.from_dict(BETA)["/observation"]["POST"].as_strategy()


@pytest.mark.requirement("W4")
@given(case=generated)
def test_bodies_generated_from_the_document_are_read(case: Any) -> None:
    body = {name: int(value) if isinstance(value, float) else value for name, value in case.body.items()}
    body["enterpriseOrganisation"] = enterprise_number(int(body["enterpriseOrganisation"][:8]) or 1)
    body["enteredOrganisation"] = establishment_number(int(body["enteredOrganisation"][:8]))
    said = complaints(body, strict_members=True)
    assert not [message for message in said if "is no day of the calendar" not in message]
