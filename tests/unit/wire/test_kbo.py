from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odopass.wire.kbo import (
    enterprise_number,
    enterprise_problem,
    establishment_number,
    establishment_problem,
)

pytestmark = pytest.mark.requirement("W6")

# The number that python-stdnum's own documentation uses as a right one.
RIGHT = "0428759497"


def test_a_right_enterprise_number_has_no_problem() -> None:
    assert enterprise_problem(RIGHT) is None


@given(st.integers(1, 19_999_999))
def test_an_enterprise_number_made_from_eight_digits_is_right_and_none_of_an_establishment(first8: int) -> None:
    number = enterprise_number(first8)
    assert number.startswith(f"{first8:08}")
    assert enterprise_problem(number) is None
    assert establishment_problem(number) is not None


@given(st.integers(20_000_000, 89_999_999))
def test_an_establishment_number_made_from_eight_digits_is_right_and_none_of_an_enterprise(first8: int) -> None:
    number = establishment_number(first8)
    assert number.startswith(f"{first8:08}")
    assert establishment_problem(number) is None
    assert enterprise_problem(number) is not None


@given(st.integers(20_000_000, 89_999_999), st.integers(0, 9), st.integers(1, 9))
def test_one_mistyped_digit_never_passes(first8: int, place: int, by: int) -> None:
    right = establishment_number(first8)
    wrong = right[:place] + str((int(right[place]) + by) % 10) + right[place + 1 :]
    problem = establishment_problem(wrong)
    assert problem is not None
    assert f'"{wrong}" is not an establishment number' in problem


@pytest.mark.parametrize("number", [0, -1, 20_000_000])
def test_no_enterprise_number_is_made_from_digits_that_none_begins_with(number: int) -> None:
    with pytest.raises(ValueError, match="no enterprise number begins"):
        enterprise_number(number)


@pytest.mark.parametrize("number", [0, 19_999_999, 90_000_000])
def test_no_establishment_number_is_made_from_digits_that_none_begins_with(number: int) -> None:
    with pytest.raises(ValueError, match="no establishment number begins"):
        establishment_number(number)


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("0428759498", "modulo 97"),
        ("2428759497", "begins with 0 or 1"),
        ("0000000000", "no enterprise has it"),
        ("428759497", "exactly 10 digits, leading zeros included, such as 0428759497"),
        ("BE0428759497", "such as 0428759497"),
        ("0428.759.497", "such as 0428759497"),
        ("BE 0428.759.497", "such as 0428759497"),
        ("04287594970", "exactly 10 digits"),
        (" 428759497", "exactly 10 digits"),
        ("٠٤٢٨٧٥٩٤٩٧", "exactly 10 digits"),
        ("04287594９7", "exactly 10 digits"),
        ("", "exactly 10 digits"),
        ("\x00" * 10, "exactly 10 digits"),
        ("\ud800" * 10, "exactly 10 digits"),
        ("9" * 60_000, "exactly 10 digits"),
    ],
)
def test_a_wrong_enterprise_number_is_refused_with_the_reason(number: str, why: str) -> None:
    problem = enterprise_problem(number)
    assert problem is not None
    assert why in problem
    assert problem.isprintable()
    assert len(problem) < 200


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("2123456792", "modulo 97"),
        ("9999999917", "begins with 2 to 8"),
        (RIGHT, "begins with 2 to 8"),
        ("2.123.456.791", "such as 2123456791"),
        ("212345679", "exactly 10 digits"),
    ],
)
def test_a_wrong_establishment_number_is_refused_with_the_reason(number: str, why: str) -> None:
    problem = establishment_problem(number)
    assert problem is not None
    assert why in problem
