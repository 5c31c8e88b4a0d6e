from __future__ import annotations

import pytest
from tests.unit.domain.judged import codes, findings, history

from odopass.domain import finding as f
from odopass.domain.limits import typical_distance

pytestmark = pytest.mark.requirement("R4")


def test_003_a_reading_in_miles_is_recognised_beside_001() -> None:
    found = findings(56_000, history((90, 89_500)))
    assert codes(found) == [f.LOWER_THAN_EARLIER, f.MILES]
    assert found[1].values["in_km"] == 90_123  # 56,000 × 1.609344


@pytest.mark.parametrize(
    ("earlier_km", "recognised"),
    [
        (90_123, True),
        (90_124, False),  # in km it would still be lower
        (90_123 - typical_distance(90), True),
        (90_122 - typical_distance(90), False),  # in km it would be more than a vehicle usually goes
    ],
)
def test_003_only_if_the_reading_in_km_continues_the_earlier_one(earlier_km: int, recognised: bool) -> None:
    assert (f.MILES in codes(findings(56_000, history((90, earlier_km))))) is recognised


@pytest.mark.parametrize(("km", "recognised"), [(68_971, True), (76_647, True), (76_648, False), (89_995, False)])
def test_003_only_if_the_reading_is_nearer_in_miles_than_in_km(km: int, recognised: bool) -> None:
    assert (f.MILES in codes(findings(km, history((365, 100_000))))) is recognised


@pytest.mark.parametrize(("later_km", "recognised"), [(90_123, True), (90_122, False)])
def test_003_only_if_the_reading_in_km_is_not_above_the_later_one(later_km: int, recognised: bool) -> None:
    known = history((90, 89_500), (10, later_km))
    assert (f.MILES in codes(findings(56_000, known, days_ago=30))) is recognised


def test_003_never_for_a_reading_that_fits() -> None:
    assert findings(90_000, history((90, 89_500))) == []


def test_004_the_trip_counter_is_recognised_beside_001() -> None:
    assert codes(findings(412, history((90, 89_500)))) == [f.LOWER_THAN_EARLIER, f.TRIP_COUNTER]


@pytest.mark.parametrize(
    ("km", "earlier_km", "recognised"),
    [
        (1_999, 50_000, True),
        (2_000, 50_000, False),
        (1_000, 10_001, True),
        (1_000, 10_000, False),
        (0, 2_001, True),
        (0, 2_000, False),
    ],
)
def test_004_only_for_low_readings_of_a_vehicle_that_has_gone_far(km: int, earlier_km: int, recognised: bool) -> None:
    assert (f.TRIP_COUNTER in codes(findings(km, history((90, earlier_km))))) is recognised


@pytest.mark.parametrize(("km", "expected"), [(999_999, []), (1_000_000, [f.ABOVE_DISPLAY])])
def test_212_above_what_odometers_show(km: int, expected: list[str]) -> None:
    assert codes(findings(km)) == expected


def test_212_stands_beside_209() -> None:
    assert codes(findings(1_000_000, history((10, 100_000)))) == [f.EXCESSIVELY_HIGH, f.ABOVE_DISPLAY]
