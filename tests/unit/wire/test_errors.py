from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odopass.wire.errors import Invalid, Problem, error_body

pytestmark = pytest.mark.requirement("W12")


def test_each_problem_is_one_entry_and_several_fields_are_joined() -> None:
    body = error_body([Problem(("vin", "licensePlate"), "Give one."), Problem(("unifier",), "Wrong.")])
    assert json.loads(body) == {
        "errors": [
            {"field": "vin, licensePlate", "message": "Give one."},
            {"field": "unifier", "message": "Wrong."},
        ]
    }


def test_a_problem_of_the_whole_request_has_an_empty_field() -> None:
    assert json.loads(error_body([Problem((), "No.")])) == {"errors": [{"field": "", "message": "No."}]}


@pytest.mark.requirement("W11")
def test_status_and_message_stand_at_the_top_level_when_given() -> None:
    assert json.loads(error_body([Problem((), "Not yet.")], status="ONGOING", message="Not yet.")) == {
        "errors": [{"field": "", "message": "Not yet."}],
        "status": "ONGOING",
        "message": "Not yet.",
    }


@given(st.text(st.characters()), st.text(st.characters()))
def test_whatever_a_problem_quotes_the_answer_is_json_in_utf_8(field: str, message: str) -> None:
    (entry,) = json.loads(error_body([Problem((field,), message)]).decode("utf-8"))["errors"]
    assert entry.keys() == {"field", "message"}


def test_a_refusal_reads_well_in_a_log() -> None:
    assert str(Invalid([Problem(("vin",), "Too long."), Problem((), "No.")])) == "vin: Too long.; : No."
