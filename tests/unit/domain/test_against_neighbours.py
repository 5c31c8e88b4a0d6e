from __future__ import annotations

import pytest
from tests.unit.domain.judged import ORDINARY, REPORT, ROADSIDE, ago, codes, findings, history

from odopass.domain import finding as f
from odopass.domain.limits import LONGEST_DISTANCE, STANDSTILL_DAYS, longest_distance
from odopass.domain.observation import ObservationType
from odopass.domain.vehicle import Vehicle

pytestmark = pytest.mark.requirement("R4", "R5")

SPANS = [days for days, _ in LONGEST_DISTANCE[1:]]


def test_an_honest_reading_has_no_findings() -> None:
    assert findings(91_000, history((200, 80_000), (90, 86_000))) == []


def test_a_first_reading_has_no_findings() -> None:
    assert findings(91_000) == []


@pytest.mark.parametrize("type_", [ORDINARY, ROADSIDE, REPORT])
@pytest.mark.parametrize(("km", "expected"), [(85_999, [f.LOWER_THAN_EARLIER]), (86_000, []), (86_001, [])])
def test_001_lower_than_the_earlier_reading_by_a_single_km(
    km: int, expected: list[str], type_: ObservationType
) -> None:
    assert codes(findings(km, history((90, 86_000)), type_=type_)) == expected


def test_001_tells_both_readings_both_dates_and_how_far_off_it_is() -> None:
    (found,) = findings(85_000, history((90, 86_000)))
    assert found.values == {
        "km": 85_000,
        "date": "2026-09-14",
        "earlier_km": 86_000,
        "earlier_date": "2026-06-16",
        "days": 90,
        "deviation_km": 1_000,
    }


def test_001_is_about_the_neighbour_in_date_and_not_about_the_highest_reading_ever() -> None:
    after_a_break = history((300, 150_000), (200, 80_000, True), (100, 85_000))
    assert findings(86_000, after_a_break) == []
    assert codes(findings(84_000, after_a_break)) == [f.LOWER_THAN_EARLIER]


def test_001_on_the_very_day_the_order_of_arrival_is_the_order_of_reading() -> None:
    assert codes(findings(86_009, history((9, 86_000), (0, 86_010)))) == [f.LOWER_THAN_EARLIER]
    assert findings(86_010, history((9, 86_000), (0, 86_010))) == []


@pytest.mark.parametrize("days", SPANS)
def test_209_further_than_any_vehicle_goes_in_the_time(days: int) -> None:
    known = history((days, 10_000))
    limit = longest_distance(days)
    assert findings(10_000 + limit, known) == []
    (found,) = findings(10_001 + limit, known)
    assert found.code == f.EXCESSIVELY_HIGH
    assert (found.values["deviation_km"], found.values["limit_km"]) == (1, limit)


def test_209_within_one_day() -> None:
    assert findings(11_500, history((0, 10_000))) == []
    assert codes(findings(11_501, history((0, 10_000)))) == [f.EXCESSIVELY_HIGH]


@pytest.mark.parametrize("days", [0, 30, 3_000])
def test_209_a_first_reading_is_measured_from_the_first_use(days: int) -> None:
    new = Vehicle(1, "M1", 1_900, ago(days))
    assert findings(longest_distance(days), vehicle=new) == []
    (found,) = findings(longest_distance(days) + 1, vehicle=new)
    assert found.code == f.EXCESSIVELY_HIGH
    assert (found.values["earlier_km"], found.values["earlier_date"]) == (0, ago(days).isoformat())


def test_209_with_an_earlier_reading_the_first_use_no_longer_counts() -> None:
    imported = Vehicle(1, "M1", 1_900, ago(30))
    assert findings(301_000, history((20, 300_000)), vehicle=imported) == []


def test_002_a_late_reading_higher_than_the_one_after_it() -> None:
    known = history((90, 86_000), (10, 91_000))
    assert findings(91_000, known, days_ago=20) == []
    (found,) = findings(91_001, known, days_ago=20)
    assert found.code == f.HIGHER_THAN_LATER
    assert found.values == {
        "km": 91_001,
        "date": ago(20).isoformat(),
        "later_km": 91_000,
        "later_date": ago(10).isoformat(),
        "days": 10,
        "deviation_km": 1,
    }


@pytest.mark.parametrize("days", SPANS[:-1])
def test_005_a_late_reading_from_which_no_vehicle_gets_to_the_one_after_it(days: int) -> None:
    known = history((0, 200_000))
    limit = longest_distance(days)
    late = [f.LONG_AGO] if days > 365 else []
    assert codes(findings(200_000 - limit, known, days_ago=days)) == late
    found = findings(199_999 - limit, known, days_ago=days)
    assert codes(found) == [f.TOO_LOW_FOR_LATER, *late]
    assert (found[0].values["deviation_km"], found[0].values["limit_km"]) == (1, limit)


def test_a_late_reading_is_judged_against_both_neighbours() -> None:
    known = history((30, 80_000), (10, 81_000))
    assert findings(80_500, known, days_ago=20) == []
    assert codes(findings(190_000, known, days_ago=20)) == [f.EXCESSIVELY_HIGH, f.HIGHER_THAN_LATER]
    assert codes(findings(19_000, known, days_ago=20)) == [f.LOWER_THAN_EARLIER, f.TOO_LOW_FOR_LATER]


def test_a_late_reading_is_not_lower_for_a_reading_that_was_read_after_it() -> None:
    assert findings(80_500, history((5, 81_000)), days_ago=20) == []


def test_late_on_a_day_with_another_reading_either_may_be_first_but_not_by_more_than_a_days_driving() -> None:
    known = history((40, 70_000), (20, 80_000), (0, 90_000))
    assert findings(78_500, known, days_ago=20) == []
    assert findings(81_500, known, days_ago=20) == []
    assert codes(findings(78_499, known, days_ago=20)) == [f.LOWER_THAN_EARLIER]
    assert codes(findings(81_501, known, days_ago=20)) == [f.EXCESSIVELY_HIGH]


def test_late_on_a_day_with_several_readings_the_nearest_one_counts() -> None:
    known = history((20, 80_000), (20, 81_200), (20, 82_400))
    assert findings(83_900, known, days_ago=20) == []
    assert findings(78_500, known, days_ago=20) == []


@pytest.mark.requirement("W10")
def test_late_on_a_day_with_another_reading_one_type_of_issue_is_told_once() -> None:
    known = history((40, 70_000), (20, 80_000))
    assert codes(findings(60_000, known, days_ago=20)) == [f.LOWER_THAN_EARLIER]
    assert codes(findings(190_000, known, days_ago=20)) == [f.EXCESSIVELY_HIGH]


def test_the_highest_of_a_days_readings_is_the_earlier_neighbour_of_the_next_day() -> None:
    known = history((1, 80_010), (1, 80_000))
    assert codes(findings(80_005, known)) == [f.LOWER_THAN_EARLIER]


@pytest.mark.parametrize(("days", "expected"), [(STANDSTILL_DAYS, []), (STANDSTILL_DAYS + 1, [f.SAME_AS_BEFORE])])
def test_211_the_same_reading_after_a_long_time(days: int, expected: list[str]) -> None:
    assert codes(findings(86_000, history((days, 86_000)))) == expected
    assert findings(86_001, history((days, 86_000))) == []


def test_after_a_confirmed_break_the_new_baseline_counts_and_the_old_no_longer() -> None:
    known = history((90, 186_000), (30, 86_000, True))
    assert findings(86_500, known) == []
    assert codes(findings(186_500, known)) == [f.EXCESSIVELY_HIGH]
    assert findings(186_100, known, days_ago=60) == []
