from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.wire.bodies import RIGHT, as_body, parsed, problems_of, requests

from odopass.wire.errors import Invalid, Problem
from odopass.wire.observation import ObservationRequest, encode_observation, parse_observation

requirement = pytest.mark.requirement

WRONG: dict[str, object] = {
    "vin": "TOO LONG AND WITH BLANKS",
    "licensePlate": "!",
    "unifier": -1,
    "firstUseDate": "1974",
    "odometerReadingDate": "31/04/2026",
    "odometerReading": "100",
    "observationType": "SALE",
    "enterpriseOrganisation": "1",
    "enteredOrganisation": 2,
    "zebra": 1,
    "Alpha": 1,
}


@requirement("W12")
def test_every_problem_of_a_body_is_told_at_once_in_the_order_of_the_fields() -> None:
    with pytest.raises(Invalid) as refused:
        parsed(WRONG)
    assert [problem.field for problem in refused.value.problems] == [
        "vin",
        "vin, licensePlate",
        "licensePlate",
        "unifier",
        "firstUseDate",
        "odometerReadingDate",
        "odometerReading",
        "observationType",
        "enterpriseOrganisation",
        "enteredOrganisation",
        "Alpha",
        "zebra",
    ]


@requirement("W12")
@pytest.mark.parametrize("seed", range(20))
def test_the_problems_do_not_depend_on_the_order_of_members(seed: int) -> None:
    shuffled = list(WRONG.items())
    random.Random(seed).shuffle(shuffled)
    assert problems_of(dict(shuffled)) == problems_of(WRONG)
    assert list(problems_of(dict(shuffled))) == list(problems_of(WRONG))


@requirement("W12")
def test_a_name_given_twice_is_told_beside_the_other_problems() -> None:
    body = as_body(RIGHT | {"odometerReading": -1})[:-1] + b', "vin": "OTHER"}'
    assert list(problems_of(body)) == ["vin", "odometerReading"]


@requirement("W12")
@pytest.mark.parametrize(
    "body",
    [
        as_body(RIGHT)[:-1],
        as_body(RIGHT)[:40],
        as_body(RIGHT).replace(b"TEST", b"\x00\x00\x00\x00"),
        as_body(RIGHT) + b"\x00",
        b"[" * 50_000,
        b" " * 10_000_000,
        b"",
    ],
    ids=["unclosed", "truncated", "NUL inside", "NUL behind", "deep", "10 MB", "empty"],
)
def test_what_is_no_json_is_one_problem_of_the_whole(body: bytes) -> None:
    assert list(problems_of(body)) == [""]


@requirement("W12")
@given(st.binary(max_size=300) | st.integers(0, 300).map(lambda cut: as_body(RIGHT)[:cut]), st.booleans())
def test_any_bytes_are_a_request_or_invalid(body: bytes, strict_members: bool) -> None:
    found: ObservationRequest | tuple[Problem, ...]
    try:
        found = parse_observation(body, strict_members=strict_members)
    except Invalid as invalid:
        found = invalid.problems
    assert found


ANY_VALUE: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.none(), max_size=2),
    st.sampled_from(sorted(str(value) for value in RIGHT.values())),
)


@requirement("W12")
@given(st.dictionaries(st.sampled_from([*WRONG, "other"]), ANY_VALUE), st.randoms())
def test_any_object_is_a_request_or_problems_that_name_members_whatever_their_order(
    members: dict[str, object], shuffle: random.Random
) -> None:
    shuffled = list(members.items())
    shuffle.shuffle(shuffled)
    answers = []
    for order in (members, dict(shuffled)):
        try:
            answers.append(parse_observation(json.dumps(order).encode("utf-8"), strict_members=True))
        except Invalid as invalid:
            named = {name for problem in invalid.problems for name in problem.fields}
            assert named <= {*WRONG, "other"}
            answers.append([(problem.field, problem.message) for problem in invalid.problems])
    if "NaN" not in json.dumps(members) and "Infinity" not in json.dumps(members):
        assert answers[0] == answers[1]


@requirement("W4")
@given(requests())
def test_what_is_written_is_read_back_the_same(request: ObservationRequest) -> None:
    assert parsed(encode_observation(request)) == request
