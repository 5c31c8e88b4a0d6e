from __future__ import annotations

from itertools import combinations

import pytest
from tests.unit.domain.judged import ORDINARY, REPLACED

from odopass.domain import finding as f
from odopass.domain.catalogue import CATALOGUE, Confirmed, Severity, strictest
from odopass.domain.finding import Finding
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Outcome, Status, accepted, outcome_of

pytestmark = pytest.mark.requirement("W10")

ISSUES = [type_.code for type_ in CATALOGUE.values() if type_.severity is Severity.ISSUE]
ERRORS = [type_.code for type_ in CATALOGUE.values() if type_.severity is Severity.ERROR]


def found(code: str, deviation_km: int | None = None) -> Finding:
    return Finding(code, {} if deviation_km is None else {"deviation_km": deviation_km})


def confirmed(*findings: Finding, type_: ObservationType = ORDINARY) -> Outcome:
    return outcome_of(findings, observation_type=type_, confirmed=True)


@pytest.mark.requirement("R6")
@pytest.mark.parametrize("is_confirmed", [True, False])
@pytest.mark.parametrize("type_", list(ObservationType))
def test_without_findings_it_is_processed_and_a_replaced_odometer_starts_anew(
    type_: ObservationType, is_confirmed: bool
) -> None:
    outcome = outcome_of([], observation_type=type_, confirmed=is_confirmed)
    assert outcome == Outcome(Status.PROCESSED, starts_segment=type_ is REPLACED)


@pytest.mark.parametrize("code", ISSUES)
def test_an_issue_that_nobody_confirmed_waits_for_the_garage(code: str) -> None:
    outcome = outcome_of([found(code)], observation_type=ORDINARY)
    assert outcome == Outcome(Status.ISSUE, (found(code),))


@pytest.mark.requirement("W13", "W14")
@pytest.mark.parametrize("code", ERRORS)
@pytest.mark.parametrize("is_confirmed", [True, False])
def test_an_error_refuses_whatever_else_was_found_and_confirmed(code: str, is_confirmed: bool) -> None:
    findings = [found(f.LOWER_THAN_EARLIER, 5), found(code)]
    outcome = outcome_of(findings, observation_type=ORDINARY, confirmed=is_confirmed)
    assert outcome == Outcome(Status.ERROR, (found(code),))


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        (f.LOWER_THAN_EARLIER, 1_000),
        (f.HIGHER_THAN_LATER, 1_000),
        (f.TOO_LOW_FOR_LATER, 20_000),
        (f.EXCESSIVELY_HIGH, 20_000),
    ],
)
def test_a_confirmed_small_deviation_is_marked_and_a_greater_one_is_reviewed(code: str, limit: int) -> None:
    small = confirmed(found(code, limit))
    assert (small.status, small.remarks, small.findings) == (Status.PROCESSED, (code,), ())
    great = confirmed(found(code, limit + 1))
    assert (great.status, great.remarks, great.findings) == (Status.REVIEWING, (), (found(code, limit + 1),))


@pytest.mark.parametrize(
    "code", [f.VIN_UNKNOWN, f.VIN_AMBIGUOUS, f.PLATE_UNKNOWN, f.IN_THE_FUTURE, f.BEFORE_FIRST_USE, f.ABOVE_DISPLAY]
)
def test_a_confirmation_of_what_cannot_be_is_reviewed(code: str) -> None:
    assert confirmed(found(code)) == Outcome(Status.REVIEWING, (found(code),))


@pytest.mark.parametrize("code", [f.SAME_AS_BEFORE, f.REPLACED_BUT_CONTINUES])
def test_a_confirmation_of_what_may_well_be_is_taken_without_a_mark(code: str) -> None:
    assert confirmed(found(code)) == Outcome(Status.PROCESSED)


@pytest.mark.parametrize("code", [f.LONG_AGO, f.MILES, f.TRIP_COUNTER])
def test_a_confirmation_of_what_is_doubtful_is_marked(code: str) -> None:
    outcome = confirmed(found(code))
    assert (outcome.status, outcome.remarks) == (Status.PROCESSED, (code,))


def test_with_several_issues_the_strictest_outcome_counts() -> None:
    assert confirmed(found(f.LONG_AGO), found(f.IN_THE_FUTURE)).status is Status.REVIEWING
    assert confirmed(found(f.LOWER_THAN_EARLIER, 30_000), found(f.MILES)).status is Status.REVIEWING
    assert confirmed(found(f.LOWER_THAN_EARLIER, 30), found(f.LONG_AGO)).remarks == ("001", "203")


@pytest.mark.parametrize(("mild", "strict"), list(combinations(Confirmed, 2)))
def test_the_strictest_is_the_strictest_in_either_order(mild: Confirmed, strict: Confirmed) -> None:
    assert strictest([mild, strict]) is strict
    assert strictest([strict, mild]) is strict


def test_reports_do_not_tell_what_is_taken_without_a_mark() -> None:
    assert confirmed(found(f.LONG_AGO), found(f.SAME_AS_BEFORE)).remarks == (f.LONG_AGO,)
    assert accepted([found(f.SAME_AS_BEFORE), found(f.ABOVE_DISPLAY)], observation_type=ORDINARY).remarks == ("212",)


def test_an_employee_may_accept_without_a_mark() -> None:
    outcome = accepted([found(f.LOWER_THAN_EARLIER, 90_000)], observation_type=ORDINARY, marked=False)
    assert outcome == Outcome(Status.PROCESSED, starts_segment=True)


@pytest.mark.requirement("R5")
@pytest.mark.parametrize(
    ("code", "anew"),
    [
        (f.LOWER_THAN_EARLIER, True),
        (f.EXCESSIVELY_HIGH, True),
        (f.HIGHER_THAN_LATER, False),
        (f.TOO_LOW_FOR_LATER, False),
        (f.SAME_AS_BEFORE, False),
        (f.LONG_AGO, False),
    ],
)
def test_a_confirmed_break_with_the_earlier_reading_is_the_new_baseline(code: str, anew: bool) -> None:
    assert confirmed(found(code, 1)).starts_segment is anew


@pytest.mark.requirement("R6")
def test_a_replaced_odometer_starts_anew_when_it_is_confirmed_too() -> None:
    assert confirmed(found(f.REPLACED_BUT_CONTINUES), type_=REPLACED) == Outcome(Status.PROCESSED, starts_segment=True)
