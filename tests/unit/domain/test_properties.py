from __future__ import annotations

import json
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from tests.unit.domain.judged import CAR, ORDINARY, ROADSIDE, TODAY, ago, codes, findings

from odopass.domain import finding as f
from odopass.domain.catalogue import CATALOGUE, LANGUAGES, Severity
from odopass.domain.finding import Finding
from odopass.domain.history import History, Reading
from odopass.domain.identification import Identification
from odopass.domain.limits import HIGHEST_DISPLAY_KM, STANDSTILL_DAYS, WITHIN_A_DAY_KM
from odopass.domain.observation import Observation, ObservationType
from odopass.domain.outcome import Status, outcome_of
from odopass.domain.rules import SameGarage, judge, judge_unidentified
from odopass.domain.vehicle import Vehicle

pytestmark = pytest.mark.requirement("R4", "R5")

types = st.sampled_from(ObservationType)
kms = st.integers(0, 9_999_999)
near_days = st.integers(-3, 12).map(ago)
days = near_days | st.dates()
near_kms = st.integers(0, 5_000) | st.integers(50_000, 55_000)


@st.composite
def histories(draw: st.DrawFn, when: st.SearchStrategy[date] = days, starts: bool = True) -> History:
    readings = draw(st.lists(st.tuples(when, near_kms | kms, st.booleans() if starts else st.just(False)), max_size=8))
    return History.of(Reading(day, number, km, new) for number, (day, km, new) in enumerate(readings))


@st.composite
def honest(draw: st.DrawFn) -> list[tuple[int, int]]:
    """An honest life as (days ago, km), oldest first: what drivers drive, no two readings alike."""
    day, km = draw(st.integers(1, 6_000)), draw(st.integers(0, 150_000))
    life = [(day, km)]
    for _ in range(draw(st.integers(1, 12))):
        days_on = draw(st.integers(1, 900))
        if (day := day - days_on) < 0:
            break
        km += draw(st.integers(1, 1_000 + 300 * days_on))
        life.append((day, km))
    assume(km <= HIGHEST_DISPLAY_KM)
    return life


vehicles = st.builds(
    Vehicle,
    st.just(1),
    st.sampled_from(["M1", "n1", "N3", "", None]),
    st.none() | st.integers(0, 40_000),
    st.none() | days,
)


@given(
    observation=st.builds(Observation, days, near_kms | kms, types),
    vehicle=vehicles,
    known=histories(),
    same_garage=st.lists(st.builds(SameGarage, days, kms, types), max_size=3),
    today=days,
)
def test_judging_never_fails_and_what_it_finds_can_be_stored_told_and_decided(
    observation: Observation,
    vehicle: Vehicle,
    known: History,
    same_garage: list[SameGarage],
    today: date,
) -> None:
    found = judge(observation, vehicle=vehicle, history=known, same_garage=same_garage, today=today)
    assert len(set(codes(found))) == len(found)
    assert [Finding.from_json(json.loads(json.dumps(each.as_json()))) for each in found] == found
    for each in found:
        texts = CATALOGUE[each.code].describe(each)
        assert set(texts) == set(LANGUAGES)
        assert not any("{" in text for text in texts.values())
    if any(CATALOGUE[each.code].severity is Severity.ERROR for each in found):
        assert len(found) == 1
    for confirmed in (False, True):
        outcome = outcome_of(found, observation_type=observation.type, confirmed=confirmed)
        assert (outcome.status is Status.PROCESSED) == (not outcome.findings)
        assert outcome.status is not Status.ISSUE or not confirmed


@given(st.builds(Observation, days, kms, types), st.text(max_size=17), days)
def test_judging_never_fails_without_a_vehicle(observation: Observation, identifier: str, today: date) -> None:
    for identification in set(Identification) - {Identification.IDENTIFIED}:
        for found in judge_unidentified(observation, identification, identifier, today=today):
            assert set(CATALOGUE[found.code].describe(found)) == set(LANGUAGES)


@given(honest(), st.data())
def test_an_honest_reading_has_no_findings_wherever_it_arrives_late(
    life: list[tuple[int, int]], data: st.DataObject
) -> None:
    late = data.draw(st.integers(0, len(life) - 1))
    days_ago, km = life.pop(late)
    known = History.of(
        Reading(ago(day), number, each) for number, (day, each) in enumerate(data.draw(st.permutations(life)))
    )
    assert set(codes(findings(km, known, days_ago=days_ago))) <= {f.LONG_AGO}


@given(honest(), st.integers(0, WITHIN_A_DAY_KM), st.booleans(), st.data())
def test_an_honest_second_reading_of_a_day_that_arrives_late_has_no_findings(
    life: list[tuple[int, int]], apart: int, higher: bool, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, len(life) - 1))
    days_ago, km = life[number]
    assume(days_ago > 0)
    other = km + apart if higher else km - apart
    lowest = life[number - 1][1] if number else 0
    highest = life[number + 1][1] if number + 1 < len(life) else HIGHEST_DISPLAY_KM
    assume(lowest < other < highest)
    known = History.of(Reading(ago(day), arrival, each) for arrival, (day, each) in enumerate(life))
    assert set(codes(findings(other, known, days_ago=days_ago))) <= {f.LONG_AGO}


@given(histories(near_days, starts=False), near_kms, st.integers(0, 12), st.sampled_from([ORDINARY, ROADSIDE]))
def test_lower_than_the_earlier_neighbour_always_gives_001(
    known: History, km: int, days_ago: int, type_: ObservationType
) -> None:
    before = [reading for reading in known if reading.date < ago(days_ago)]
    if days_ago == 0:
        before = [reading for reading in known if reading.date <= TODAY]
    assume(before)
    last_day = max(reading.date for reading in before)
    earlier_km = max(reading.km for reading in before if reading.date == last_day)
    lower = f.LOWER_THAN_EARLIER in codes(findings(km, known, days_ago=days_ago, type_=type_))
    if km < earlier_km:
        assert lower
    elif not known.on(ago(days_ago)):
        assert not lower


@given(histories(near_days, starts=False), near_kms, st.integers(1, 12), st.randoms())
def test_the_order_of_arrival_changes_nothing_for_a_late_reading(
    known: History, km: int, days_ago: int, shuffle: Random
) -> None:
    arrivals = list(range(len(known)))
    shuffle.shuffle(arrivals)
    otherwise = History.of(
        Reading(reading.date, arrival, reading.km) for arrival, reading in zip(arrivals, known, strict=True)
    )
    assert findings(km, known, days_ago=days_ago) == findings(km, otherwise, days_ago=days_ago)


@pytest.mark.requirement("R6")
@given(histories(near_days), st.lists(st.tuples(near_days, near_kms, st.booleans()), max_size=4))
@example(History(), [(TODAY, 5, True), (TODAY, 90_000, False)])
def test_a_history_holds_the_same_however_it_grew(known: History, more: list[tuple[date, int, bool]]) -> None:
    added = [Reading(day, 100 + number, km, new) for number, (day, km, new) in enumerate(more)]
    whole = History.of([*known, *added])
    for reading in added:
        known.add(reading)
    assert known == whole
    in_order = list(known.as_read())
    assert sorted(in_order, key=lambda each: (each.date, each.arrival)) == list(known)
    assert [each.date for each in in_order] == [each.date for each in known]
    assert known.total_km() >= 0


@given(st.integers(0, 400), st.integers(0, 400))
def test_standing_still_is_asked_about_only_after_a_long_time(days_ago: int, later: int) -> None:
    known = History.of([Reading(ago(days_ago + later), 1, 50_000)])
    found = codes(findings(50_000, known, days_ago=days_ago, vehicle=CAR))
    assert (f.SAME_AS_BEFORE in found) == (later > STANDSTILL_DAYS)


@given(days, st.integers(1, 3_650))
def test_the_day_before_and_the_day_after_are_neighbours_on_any_date(day: date, apart: int) -> None:
    assume(timedelta(apart) < day - date.min and timedelta(apart) < date.max - day)
    known = History.of([Reading(day - timedelta(apart), 1, 10), Reading(day + timedelta(apart), 2, 20)])
    (place,) = known.places(day, read_last=False)
    assert place.earlier is not None
    assert place.later is not None
    assert (place.earlier.km, place.later.km) == (10, 20)
