from __future__ import annotations

from datetime import date

import pytest

from odopass.domain.identification import Candidate, Identification, identify_by_plate, identify_by_vin

pytestmark = pytest.mark.requirement("R3")

LONG = "WVWZZZ1KZ6W000001"
SHORT = "1234567"
EARLY, LATE = date(1967, 3, 1), date(1971, 8, 20)
FOUND, UNKNOWN, AMBIGUOUS = Identification.IDENTIFIED, Identification.VIN_UNKNOWN, Identification.VIN_AMBIGUOUS
FIRST, SECOND = Candidate(11, 1, EARLY), Candidate(12, 2, LATE)


def by_vin(
    vin: str, *candidates: Candidate, unifier: int | None = None, first_use: date | None = None
) -> tuple[Identification, int | None]:
    return identify_by_vin(vin, candidates, unifier=unifier, first_use=first_use)


@pytest.mark.parametrize("vin", [LONG, SHORT])
def test_a_vin_that_nobody_bears_is_unknown_with_or_without_a_second_statement(vin: str) -> None:
    assert by_vin(vin) == (UNKNOWN, None)
    assert by_vin(vin, unifier=1, first_use=EARLY) == (UNKNOWN, None)


@pytest.mark.parametrize("vin", [LONG, SHORT])
def test_a_vin_that_one_vehicle_bears_names_it(vin: str) -> None:
    assert by_vin(vin, FIRST) == (FOUND, 11)


@pytest.mark.parametrize("vin", [LONG, SHORT])
def test_a_vin_that_two_vehicles_bear_is_ambiguous(vin: str) -> None:
    assert by_vin(vin, FIRST, SECOND) == (AMBIGUOUS, None)


@pytest.mark.parametrize("vin", [LONG, SHORT])
def test_a_unifier_singles_out_one_of_two(vin: str) -> None:
    assert by_vin(vin, FIRST, SECOND, unifier=1) == (FOUND, 11)
    assert by_vin(vin, FIRST, SECOND, unifier=2) == (FOUND, 12)


@pytest.mark.parametrize("vin", [LONG, SHORT])
def test_a_first_use_singles_out_one_of_two(vin: str) -> None:
    assert by_vin(vin, FIRST, SECOND, first_use=LATE) == (FOUND, 12)


def test_two_vehicles_of_one_first_use_stay_ambiguous_until_a_unifier_is_given() -> None:
    twin = Candidate(13, 3, EARLY)
    assert by_vin(SHORT, FIRST, twin, first_use=EARLY) == (AMBIGUOUS, None)
    assert by_vin(SHORT, FIRST, twin, first_use=EARLY, unifier=3) == (FOUND, 13)


def test_a_wrong_unifier_or_first_use_makes_a_short_vin_unknown_even_if_one_vehicle_bears_it() -> None:
    assert by_vin(SHORT, FIRST, unifier=9) == (UNKNOWN, None)
    assert by_vin(SHORT, FIRST, first_use=LATE) == (UNKNOWN, None)
    assert by_vin(SHORT, FIRST, unifier=1, first_use=LATE) == (UNKNOWN, None)
    assert by_vin(SHORT, FIRST, SECOND, unifier=1, first_use=LATE) == (UNKNOWN, None)


def test_a_wrong_unifier_does_no_harm_to_a_full_vin_that_one_vehicle_bears() -> None:
    assert by_vin(LONG, FIRST, unifier=9, first_use=LATE) == (FOUND, 11)


def test_sixteen_characters_are_a_short_vin() -> None:
    assert by_vin(LONG[:16], FIRST, unifier=9) == (UNKNOWN, None)


def test_a_first_use_that_the_registry_does_not_know_contradicts_nothing() -> None:
    undated = Candidate(14, 4, None)
    assert by_vin(SHORT, undated, first_use=EARLY) == (FOUND, 14)
    assert by_vin(SHORT, undated, FIRST, unifier=4, first_use=EARLY) == (FOUND, 14)


def test_a_first_use_that_the_registry_does_not_know_singles_out_nothing() -> None:
    undated = Candidate(14, 4, None)
    assert by_vin(SHORT, undated, SECOND, first_use=EARLY) == (AMBIGUOUS, None)
    assert by_vin(SHORT, undated, FIRST, first_use=EARLY) == (FOUND, 11)


def test_a_unifier_that_the_registry_does_not_know_is_a_wrong_one() -> None:
    assert by_vin(SHORT, Candidate(15, None, EARLY), unifier=1) == (UNKNOWN, None)


def test_a_unifier_of_zero_is_a_unifier() -> None:
    assert by_vin(SHORT, Candidate(16, 0, EARLY), SECOND, unifier=0) == (FOUND, 16)


def test_a_plate_names_the_vehicle_that_bore_it() -> None:
    assert identify_by_plate([FIRST]) == (FOUND, 11)


def test_a_plate_that_no_vehicle_or_two_vehicles_bore_names_none() -> None:
    assert identify_by_plate([]) == (Identification.PLATE_UNKNOWN, None)
    assert identify_by_plate([FIRST, SECOND]) == (Identification.PLATE_UNKNOWN, None)


def test_a_plate_given_twice_to_one_vehicle_names_it() -> None:
    assert identify_by_plate([FIRST, FIRST]) == (FOUND, 11)
