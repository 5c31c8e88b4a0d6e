"""What becomes of a reading that came in a file, where nobody can be asked."""

from __future__ import annotations

import pytest
from tests.unit.domain.judged import ORDINARY, REPLACED

from odopass.domain import finding as f
from odopass.domain.catalogue import CATALOGUE, Severity
from odopass.domain.finding import Finding
from odopass.domain.history import SourceKind
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Outcome, Status, outcome_of, outcome_of_delivered

pytestmark = pytest.mark.requirement("R2", "R4")

SOURCES = [SourceKind.INSPECTION, SourceKind.CONNECTED]


def delivered(source: SourceKind, *findings: Finding, type_: ObservationType = ORDINARY) -> Outcome:
    return outcome_of_delivered(findings, observation_type=type_, source=source)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("type_", [ORDINARY, REPLACED])
def test_without_findings_it_is_as_a_garage_s(source: SourceKind, type_: ObservationType) -> None:
    assert delivered(source, type_=type_) == outcome_of([], observation_type=type_)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("code", list(CATALOGUE))
def test_it_never_waits_for_its_source(source: SourceKind, code: str) -> None:
    for deviation in (1, 1_000_000):
        assert delivered(source, Finding(code, {"deviation_km": deviation})).status is not Status.ISSUE


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("code", [f.LOWER_THAN_EARLIER, f.HIGHER_THAN_LATER, f.SAME_AS_BEFORE, f.EXCESSIVELY_HIGH])
def test_what_a_garage_may_confirm_by_itself_counts_with_its_findings_but_is_no_baseline_and_not_confirmed(
    source: SourceKind, code: str
) -> None:
    small = Finding(code, {"deviation_km": 1})
    assert delivered(source, small) == Outcome(Status.PROCESSED, (small,))


@pytest.mark.parametrize("code", [f.LOWER_THAN_EARLIER, f.IN_THE_FUTURE, f.BEFORE_FIRST_USE, f.ABOVE_DISPLAY])
def test_what_an_employee_must_judge_is_reviewed_if_a_person_read_it_and_refused_if_a_car_did(code: str) -> None:
    great = Finding(code, {"deviation_km": 50_000})
    assert delivered(SourceKind.INSPECTION, great) == Outcome(Status.REVIEWING, (great,))
    assert delivered(SourceKind.CONNECTED, great) == Outcome(Status.ERROR, (great,))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("code", sorted(f.UNIDENTIFIED))
def test_a_vehicle_that_is_not_found_is_refused(source: SourceKind, code: str) -> None:
    assert delivered(source, Finding(code)) == Outcome(Status.ERROR, (Finding(code),))


@pytest.mark.parametrize("source", SOURCES)
def test_errors_refuse_as_they_do_for_garages(source: SourceKind) -> None:
    errors = [Finding(code) for code, type_ in CATALOGUE.items() if type_.severity is Severity.ERROR]
    for error in errors:
        assert delivered(source, Finding(f.SAME_AS_BEFORE), error) == Outcome(Status.ERROR, (error,))


@pytest.mark.parametrize("source", SOURCES)
def test_a_date_long_ago_is_nothing_to_tell(source: SourceKind) -> None:
    assert delivered(source, Finding(f.LONG_AGO)) == Outcome(Status.PROCESSED)
    same = Finding(f.SAME_AS_BEFORE)
    assert delivered(source, Finding(f.LONG_AGO), same) == Outcome(Status.PROCESSED, (same,))


@pytest.mark.parametrize("source", SOURCES)
def test_a_replaced_odometer_that_is_kept_starts_anew(source: SourceKind) -> None:
    continues = Finding(f.REPLACED_BUT_CONTINUES)
    assert delivered(source, continues, type_=REPLACED) == Outcome(Status.PROCESSED, (continues,), starts_segment=True)
