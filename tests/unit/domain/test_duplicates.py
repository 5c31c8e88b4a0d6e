from __future__ import annotations

import pytest
from tests.unit.domain.judged import ORDINARY, REPLACED, REPORT, ROADSIDE, TODAY, ago, codes, findings, history

from odopass.domain import finding as f
from odopass.domain.observation import Observation, ObservationType
from odopass.domain.rules import SameGarage, is_duplicate

pytestmark = pytest.mark.requirement("W13")

KM = 50_000


def said(type_: ObservationType, km: int = KM, days_ago: int = 0) -> SameGarage:
    return SameGarage(ago(days_ago), km, type_)


def again(type_: ObservationType, *before: SameGarage, km: int = KM) -> bool:
    return is_duplicate(Observation(TODAY, km, type_), before)


def test_the_first_observation_is_no_duplicate() -> None:
    assert not any(again(type_) for type_ in ObservationType)


@pytest.mark.parametrize("type_", list(ObservationType))
@pytest.mark.parametrize("days_ago", [1, -1])
def test_another_day_is_no_duplicate(type_: ObservationType, days_ago: int) -> None:
    assert not again(type_, said(type_, days_ago=days_ago))


@pytest.mark.parametrize("km", [KM, KM + 7])
@pytest.mark.parametrize("second", [ORDINARY, ROADSIDE])
@pytest.mark.parametrize("first", [ORDINARY, ROADSIDE, REPORT])
def test_150_a_second_ordinary_observation_of_the_day_whatever_its_km(
    first: ObservationType, second: ObservationType, km: int
) -> None:
    assert again(second, said(first), km=km)


@pytest.mark.requirement("R6")
@pytest.mark.parametrize("other", [ORDINARY, ROADSIDE, REPORT])
def test_the_day_of_a_replaced_odometer_may_carry_one_ordinary_reading_in_either_order(other: ObservationType) -> None:
    assert not again(other, said(REPLACED, km=0))
    assert not again(REPLACED, said(other), km=0)


@pytest.mark.requirement("R6")
def test_150_the_day_of_a_replaced_odometer_carries_neither_a_second_ordinary_one_nor_a_second_replacement() -> None:
    assert again(ORDINARY, said(REPLACED, km=0), said(ORDINARY))
    assert again(REPLACED, said(REPLACED, km=0), km=0)
    assert again(REPLACED, said(REPLACED, km=0), said(ORDINARY), km=3)


@pytest.mark.requirement("W15")
@pytest.mark.parametrize("first", [ORDINARY, ROADSIDE])
def test_a_report_may_be_asked_for_on_the_day_of_an_observation_with_the_same_reading(first: ObservationType) -> None:
    assert not again(REPORT, said(first))
    assert again(REPORT, said(first), km=KM + 1)
    assert again(REPORT, said(first), km=KM - 1)


@pytest.mark.requirement("W15")
@pytest.mark.parametrize("km", [KM, KM + 1])
def test_150_a_second_report_on_the_same_day(km: int) -> None:
    assert again(REPORT, said(REPORT), km=km)
    assert again(REPORT, said(ORDINARY), said(REPORT), km=km)


@pytest.mark.requirement("W15", "R6")
def test_a_report_on_the_day_of_a_replacement_may_show_the_old_reading_or_the_new_one() -> None:
    day = (said(ORDINARY, km=KM), said(REPLACED, km=3))
    assert not again(REPORT, *day, km=KM)
    assert not again(REPORT, *day, km=3)
    assert again(REPORT, *day, km=4)


def test_150_stands_alone_and_tells_the_reading_that_is_refused() -> None:
    found = findings(9_000_000, history((10, 60_000)), same_garage=[said(ORDINARY)])
    assert codes(found) == [f.DUPLICATE]
    assert found[0].values == {"km": 9_000_000, "date": "2026-09-14"}


def test_150_is_about_one_day_and_the_rules_about_the_rest() -> None:
    known = history((10, 60_000))
    assert codes(findings(59_000, known, same_garage=[said(ORDINARY, days_ago=10)])) == [f.LOWER_THAN_EARLIER]
