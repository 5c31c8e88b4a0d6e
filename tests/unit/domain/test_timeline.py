from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odopass.domain.history import History, Reading, SourceKind
from odopass.domain.timeline import Recorded, Remark, RemarkKind, Timeline, timeline

pytestmark = pytest.mark.requirement("R11")

START = dt.date(2020, 1, 1)


def reading(day: int, km: int, arrival: int = 0, *, starts: bool = False) -> Reading:
    return Reading(START + dt.timedelta(days=day), arrival or day, km, starts)


def of(*readings: tuple[int, int]) -> Timeline:
    """Of readings as (day, km)."""
    return timeline(Recorded(reading(day, km, arrival)) for arrival, (day, km) in enumerate(readings, 1))


def kinds(line: Timeline) -> list[RemarkKind | None]:
    return [entry.remarks[0].kind if entry.remarks else None for entry in line.entries]


def test_nothing_known_is_an_empty_timeline() -> None:
    assert timeline([]) == Timeline((), 0, 0)


def test_readings_are_put_in_order_with_the_distance_between_them() -> None:
    line = of((700, 30_000), (0, 10_000), (365, 21_000))
    assert [(entry.km, entry.distance_km) for entry in line.entries] == [
        (10_000, None),
        (21_000, 11_000),
        (30_000, 9_000),
    ]
    assert not line.contradicted
    assert (line.total_km, line.odometers) == (30_000, 1)


def test_a_rollback_is_told_once_beside_the_reading_it_contradicts() -> None:
    line = of((0, 150_000), (300, 80_000), (600, 90_000), (900, 100_000))
    assert line.contradicted
    assert [entry.remarks for entry in line.entries] == [(), (Remark(RemarkKind.LOWER, START, 150_000),), (), ()]
    assert line.entries[1].distance_km == -70_000


def test_a_jump_is_told() -> None:
    line = of((0, 10_000), (30, 400_000))
    assert kinds(line) == [None, RemarkKind.TOO_FAR]


@pytest.mark.parametrize("typo", [1_100_000, 900_000])
def test_a_typing_error_in_the_middle_is_told_of_the_wrong_reading_only(typo: int) -> None:
    line = of((0, 100_000), (100, typo), (200, 110_000), (300, 115_000))
    assert kinds(line) == [None, RemarkKind.OUT_OF_PLACE, None, None]
    assert [entry.distance_km for entry in line.entries] == [None, typo - 100_000, 10_000, 5_000]
    assert line.total_km == 115_000


def test_two_typing_errors_with_a_good_reading_between_are_both_told() -> None:
    line = of((0, 100_000), (100, 900_000), (200, 110_000), (300, 905_000), (400, 120_000))
    assert kinds(line) == [None, RemarkKind.OUT_OF_PLACE, None, RemarkKind.OUT_OF_PLACE, None]
    assert line.total_km == 120_000


def test_the_last_reading_is_never_out_of_place_for_nobody_knows_what_follows() -> None:
    assert kinds(of((0, 100_000), (100, 900_000))) == [None, RemarkKind.TOO_FAR]
    assert kinds(of((0, 100_000), (100, 9_000))) == [None, RemarkKind.LOWER]


def test_a_replaced_odometer_begins_anew_without_remark_or_distance() -> None:
    line = timeline(
        [
            Recorded(reading(0, 90_000)),
            Recorded(reading(100, 12, starts=True), replaced=True),
            Recorded(reading(400, 15_012)),
        ]
    )
    assert kinds(line) == [None, None, None]
    assert [entry.distance_km for entry in line.entries] == [None, None, 15_000]
    assert (line.total_km, line.odometers) == (105_000, 2)


def test_a_reading_beside_a_replaced_odometer_is_not_called_out_of_place() -> None:
    line = timeline(
        [
            Recorded(reading(0, 90_000)),
            Recorded(reading(50, 9_000)),
            Recorded(reading(100, 12, starts=True), replaced=True),
        ]
    )
    assert kinds(line) == [None, RemarkKind.LOWER, None]


def test_a_confirmed_break_keeps_its_remark_and_is_the_new_baseline() -> None:
    line = timeline(
        [
            Recorded(reading(0, 150_000)),
            Recorded(reading(100, 80_000, starts=True), confirmed=True),
            Recorded(reading(400, 90_000)),
        ]
    )
    assert kinds(line) == [None, RemarkKind.LOWER, None]
    assert line.entries[1].recorded.confirmed
    assert (line.total_km, line.odometers) == (160_000, 1)


def test_what_is_told_of_a_reading_stays_with_it() -> None:
    abroad = Recorded(Reading(START, 1, 16_093, source=SourceKind.FOREIGN), country="GB", in_miles=10_000)
    line = timeline([Recorded(reading(300, 20_000)), abroad])
    assert line.entries[0].recorded is abroad
    assert line.entries[0].source is SourceKind.FOREIGN
    assert not line.contradicted


def test_readings_of_one_day_are_in_the_order_of_their_km() -> None:
    line = timeline([Recorded(reading(5, 1_200, 1)), Recorded(reading(5, 1_000, 2)), Recorded(reading(5, 1_100, 3))])
    assert [entry.km for entry in line.entries] == [1_000, 1_100, 1_200]
    assert not line.contradicted


def test_a_day_is_not_long_enough_for_any_distance() -> None:
    assert kinds(of((5, 1_000), (5, 9_000))) == [None, RemarkKind.TOO_FAR]


def test_the_same_reading_object_twice_is_one_reading() -> None:
    once = reading(1, 5)
    assert len(timeline([Recorded(once), Recorded(once)]).entries) == 1


READINGS = st.lists(
    st.tuples(st.integers(0, 4_000), st.integers(0, 999_999), st.sampled_from(["", "", "", "replaced", "confirmed"])),
    max_size=25,
)


def recorded(drawn: list[tuple[int, int, str]]) -> list[Recorded]:
    return [
        Recorded(
            reading(day, km, arrival, starts=bool(kind)), replaced=kind == "replaced", confirmed=kind == "confirmed"
        )
        for arrival, (day, km, kind) in enumerate(drawn, 1)
    ]


@given(READINGS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_on_the_list_changes_nothing(drawn: list[tuple[int, int, str]], random: object) -> None:
    given_so = recorded(drawn)
    other = list(given_so)
    random.shuffle(other)  # type: ignore[attr-defined]
    assert timeline(given_so) == timeline(other)


@given(READINGS)
def test_every_reading_is_shown_once_and_in_order(drawn: list[tuple[int, int, str]]) -> None:
    line = timeline(recorded(drawn))
    days = [entry.date for entry in line.entries]
    assert days == sorted(days)
    assert sorted((entry.date, entry.km) for entry in line.entries) == sorted(
        (each.reading.date, each.reading.km) for each in recorded(drawn)
    )
    for entry in line.entries:
        assert (entry.distance_km is None) == (entry is line.entries[0] or entry.recorded.replaced)
        assert len(entry.remarks) <= 1


@given(READINGS)
def test_the_total_is_what_the_readings_in_place_add_up_to(drawn: list[tuple[int, int, str]]) -> None:
    line = timeline(recorded(drawn))
    kept = [entry for entry in line.entries if not entry.out_of_place]
    assert line.total_km == History.of(entry.recorded.reading for entry in kept).total_km()
    if kept:
        rises = [entry.distance_km or 0 for entry in kept if not entry.recorded.reading.starts_segment]
        assert line.total_km == kept[0].km + sum(max(0, rise) for rise in rises)
        assert line.total_km >= max(
            (entry.km for entry in kept if not any(e.recorded.reading.starts_segment for e in kept)), default=0
        )


@given(READINGS)
def test_what_is_lower_than_before_is_never_passed_in_silence(drawn: list[tuple[int, int, str]]) -> None:
    for entry in timeline(recorded(drawn)).entries:
        if entry.distance_km is not None and entry.distance_km < 0:
            assert entry.remarks
