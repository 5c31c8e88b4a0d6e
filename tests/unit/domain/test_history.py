from __future__ import annotations

from itertools import permutations

import pytest
from tests.unit.domain.judged import TODAY, ago, history

from odopass.domain import limits
from odopass.domain.history import History, Place, Reading

pytestmark = pytest.mark.requirement("R5")


def kms(known: History) -> list[int]:
    return [reading.km for reading in known.as_read()]


def km_of(reading: Reading | None) -> int | None:
    return None if reading is None else reading.km


def neighbours(places: list[Place]) -> list[tuple[int | None, int | None]]:
    return [(km_of(place.earlier), km_of(place.later)) for place in places]


def test_without_readings_a_reading_has_no_neighbours() -> None:
    assert History().places(TODAY, read_last=True) == [Place(None, None)]
    assert History().on(TODAY) == []


def test_a_reading_stands_between_its_neighbours_in_date_whatever_arrived_first() -> None:
    readings = [Reading(ago(30), 3, 300), Reading(ago(20), 1, 400), Reading(ago(10), 2, 500)]
    for order in permutations(readings):
        known = History.of(order)
        assert neighbours(known.places(ago(15), read_last=False)) == [(400, 500)]
        assert neighbours(known.places(ago(40), read_last=False)) == [(None, 300)]
        assert neighbours(known.places(ago(5), read_last=False)) == [(500, None)]


def test_adding_readings_one_by_one_gives_the_same_history() -> None:
    readings = [Reading(ago(30), 3, 300), Reading(ago(20), 1, 400), Reading(ago(20), 4, 390), Reading(ago(10), 2, 500)]
    for order in permutations(readings):
        grown = History()
        for reading in order:
            grown.add(reading)
        assert list(grown) == list(History.of(readings))
        assert len(grown) == 4


def test_a_reading_known_to_be_the_last_of_its_day_follows_the_days_highest() -> None:
    known = history((10, 100), (0, 130), (0, 120))
    assert neighbours(known.places(TODAY, read_last=True)) == [(130, None)]


def test_for_a_reading_of_unknown_order_the_days_others_are_no_neighbours() -> None:
    known = history((10, 100), (5, 120), (0, 130))
    assert neighbours(known.places(ago(5), read_last=False)) == [(100, 130)]


def test_readings_of_one_day_were_read_in_the_order_of_their_km() -> None:
    known = history((9, 50), (5, 120), (5, 110), (5, 115))
    assert [reading.km for reading in known.on(ago(5))] == [110, 115, 120]
    assert neighbours(known.places(ago(4), read_last=False)) == [(120, None)]
    assert neighbours(known.places(ago(6), read_last=False)) == [(50, 110)]


@pytest.mark.requirement("R6")
def test_a_replaced_odometer_ends_the_series_before_it() -> None:
    known = history((30, 90_000), (20, 3, True), (10, 500))
    assert neighbours(known.places(ago(25), read_last=False)) == [(90_000, None)]
    assert neighbours(known.places(ago(15), read_last=False)) == [(3, 500)]


@pytest.mark.requirement("R6")
def test_on_the_day_of_a_replaced_odometer_a_reading_has_two_places() -> None:
    known = history((30, 90_000), (20, 3, True), (10, 500))
    for read_last in (True, False):
        assert neighbours(known.places(ago(20), read_last=read_last)) == [(90_000, None), (3, 500)]


@pytest.mark.requirement("R6")
def test_a_day_of_two_new_starts_has_three_places() -> None:
    known = history((30, 90_000), (20, 3, True), (20, 50_000, True), (10, 50_500))
    assert neighbours(known.places(ago(20), read_last=False)) == [(90_000, None), (3, None), (50_000, 50_500)]


@pytest.mark.requirement("R6")
def test_an_old_odometers_reading_sent_after_the_replacement_stands_before_it() -> None:
    known = history((30, 90_000), (0, 3, True), (0, 90_400))
    assert kms(known) == [90_000, 90_400, 3]
    assert neighbours(known.places(ago(-5), read_last=False)) == [(3, None)]
    assert neighbours(known.places(ago(5), read_last=False)) == [(90_000, 90_400)]


@pytest.mark.requirement("R6")
def test_a_new_odometers_reading_of_the_same_day_stands_after_it() -> None:
    known = history((30, 90_000), (0, 3, True), (0, 90_400), (0, 40))
    assert kms(known) == [90_000, 90_400, 3, 40]
    assert neighbours(known.places(ago(-5), read_last=False)) == [(40, None)]


@pytest.mark.requirement("R6")
@pytest.mark.parametrize(("beyond", "after"), [(0, True), (1, False)])
def test_what_a_new_odometer_can_show_on_its_first_day_is_bounded(beyond: int, after: bool) -> None:
    reading = 100 + limits.WITHIN_A_DAY_KM + beyond
    known = history((0, 100, True), (0, reading))
    assert kms(known) == ([100, reading] if after else [reading, 100])


@pytest.mark.requirement("R6")
def test_a_reading_that_came_before_a_confirmed_break_is_not_of_the_new_series_however_near() -> None:
    known = history((3, 100_000), (1, 100_020), (1, 100_010, True))
    assert kms(known) == [100_000, 100_020, 100_010]
    assert neighbours(known.places(TODAY, read_last=True)) == [(100_010, None)]


@pytest.mark.requirement("R6")
def test_the_distance_over_all_odometers_adds_up() -> None:
    assert History().total_km() == 0
    assert history((30, 1_000), (20, 5_000), (10, 9_000)).total_km() == 9_000
    assert history((30, 90_000), (20, 3, True), (20, 90_500), (10, 803)).total_km() == 91_300
    assert history((30, 90_000), (20, 95_000, True), (10, 95_100)).total_km() == 90_100


@pytest.mark.requirement("R6")
def test_a_confirmed_step_back_takes_nothing_off_the_distance() -> None:
    assert history((30, 90_000), (20, 80_000, True), (10, 81_000)).total_km() == 91_000
    assert history((30, 90_000), (20, 89_000), (10, 91_000)).total_km() == 92_000
