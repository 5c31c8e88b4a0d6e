from __future__ import annotations

import pytest
from tests.unit.domain.judged import ORDINARY, REPLACED, REPORT, ROADSIDE, codes, findings, history

from odopass.domain import finding as f
from odopass.domain.limits import typical_distance
from odopass.domain.observation import ObservationType

pytestmark = pytest.mark.requirement("R6")


@pytest.mark.parametrize("km", [0, 5, 40_000, 89_999])
def test_a_low_reading_of_a_new_odometer_is_no_issue(km: int) -> None:
    assert findings(km, history((90, 90_000)), type_=REPLACED) == []


def test_a_new_odometer_of_a_vehicle_without_history_is_no_issue() -> None:
    assert findings(0, type_=REPLACED) == []


@pytest.mark.requirement("R4")
@pytest.mark.parametrize(
    ("km", "expected"),
    [
        (89_999, []),
        (90_000, [f.REPLACED_BUT_CONTINUES]),
        (90_000 + typical_distance(90), [f.REPLACED_BUT_CONTINUES]),
        (90_001 + typical_distance(90), []),
    ],
)
def test_213_replaced_though_the_reading_continues_the_old_odometer(km: int, expected: list[str]) -> None:
    assert codes(findings(km, history((90, 90_000)), type_=REPLACED)) == expected


@pytest.mark.requirement("R4")
def test_213_also_continues_a_reading_of_the_same_day() -> None:
    assert codes(findings(90_400, history((90, 80_000), (0, 90_390)), type_=REPLACED)) == [f.REPLACED_BUT_CONTINUES]


def test_later_readings_are_compared_with_the_new_odometer() -> None:
    known = history((90, 90_000), (30, 10, True))
    assert findings(800, known) == []
    assert codes(findings(9, known)) == [f.LOWER_THAN_EARLIER]
    assert codes(findings(90_500, known)) == [f.EXCESSIVELY_HIGH]


@pytest.mark.parametrize("type_", [ORDINARY, ROADSIDE, REPORT])
@pytest.mark.parametrize("today", [True, False], ids=["on the day", "late"])
@pytest.mark.parametrize("km", [90_000, 90_400, 10, 60])
def test_on_the_day_of_replacement_readings_may_fit_either_odometer(
    km: int, today: bool, type_: ObservationType
) -> None:
    days_ago = 0 if today else 30
    known = history((days_ago + 90, 90_000), (days_ago, 10, True))
    assert findings(km, known, days_ago=days_ago, type_=type_) == []


@pytest.mark.parametrize(
    ("km", "expected"),
    [
        (9, [f.LOWER_THAN_EARLIER]),  # 1 km too low for the new one
        (80_000, [f.LOWER_THAN_EARLIER]),  # 10,000 km too low for the old one
        (2_000, [f.EXCESSIVELY_HIGH]),  # 490 km too high for the new one
        (150_000, [f.EXCESSIVELY_HIGH]),
    ],
)
def test_on_the_day_of_replacement_what_fits_neither_is_told_of_the_nearer_one(km: int, expected: list[str]) -> None:
    assert codes(findings(km, history((90, 90_000), (0, 10, True)))) == expected


@pytest.mark.requirement("R5")
def test_an_old_odometers_reading_sent_after_the_replacement_bothers_no_later_reading() -> None:
    known = history((90, 90_000), (30, 10, True), (30, 90_400))
    assert findings(800, known) == []
    assert codes(findings(90_500, known)) == [f.EXCESSIVELY_HIGH]


@pytest.mark.requirement("R5")
def test_a_late_reading_of_before_the_replacement_is_compared_with_the_old_odometer_only() -> None:
    known = history((90, 90_000), (30, 10, True), (5, 700))
    assert findings(91_000, known, days_ago=60) == []
    assert codes(findings(89_000, known, days_ago=60)) == [f.LOWER_THAN_EARLIER]


@pytest.mark.requirement("R5")
def test_a_replacement_reported_late_must_fit_the_readings_after_it() -> None:
    known = history((90, 90_000), (10, 92_000))
    assert codes(findings(10, known, days_ago=20, type_=REPLACED)) == [f.TOO_LOW_FOR_LATER]
    assert codes(findings(93_000, known, days_ago=20, type_=REPLACED)) == [
        f.HIGHER_THAN_LATER,
        f.REPLACED_BUT_CONTINUES,
    ]
    assert findings(10, history((90, 90_000), (10, 500, True)), days_ago=20, type_=REPLACED) == []


def test_a_second_replacement_is_measured_against_the_first() -> None:
    known = history((90, 90_000), (30, 10, True))
    assert codes(findings(800, known, type_=REPLACED)) == [f.REPLACED_BUT_CONTINUES]
    assert findings(0, known, type_=REPLACED) == []
