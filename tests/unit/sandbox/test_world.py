from __future__ import annotations

import re
from collections import Counter
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odopass.domain import limits
from odopass.domain.history import History, Reading
from odopass.domain.observation import Observation, ObservationType
from odopass.domain.rules import judge
from odopass.domain.vehicle import Vehicle
from odopass.registry.accounts.passwords import require_strength
from odopass.registry.accounts.secret import Secret
from odopass.sandbox.known import KnownVehicle, PastReading, World
from odopass.sandbox.ready_file import shown_plate
from odopass.sandbox.world import garages, make_world
from odopass.wire.kbo import enterprise_problem, establishment_problem

FIRST_DAY = date(2026, 3, 5)
first_days = st.dates(date(2024, 1, 1), date(2045, 12, 31))


def ordinary(world: World) -> list[KnownVehicle]:
    return [vehicle for vehicle in world.vehicles if vehicle.purpose.startswith("ordinary")]


def found(vehicle: KnownVehicle, observation: Observation, today: date) -> list[str]:
    """The issue types of an observation that arrives today."""
    row = vehicle.row
    history = History.of(
        Reading(reading.day, arrival, reading.km, reading.starts_segment)
        for arrival, reading in enumerate(vehicle.readings)
    )
    known = Vehicle(1, row.category, row.max_mass_kg, row.first_use)
    return [each.code for each in judge(observation, vehicle=known, history=history, same_garage=(), today=today)]


def service(day: date, km: int) -> Observation:
    return Observation(day, km, ObservationType.REPAIR_MAINTENANCE_SERVICE)


@pytest.mark.requirement("K1")
def test_the_same_day_and_seed_give_the_same_world_and_another_seed_another_one() -> None:
    assert make_world(FIRST_DAY, 3) == make_world(FIRST_DAY, 3)
    assert make_world(FIRST_DAY, 3) != make_world(FIRST_DAY, 4)
    purposes = [[vehicle.purpose for vehicle in make_world(FIRST_DAY, seed).vehicles] for seed in (3, 4)]
    assert purposes[0] == purposes[1]


@pytest.mark.requirement("K1")
@settings(max_examples=40, deadline=None)
@given(first_day=first_days, seed=st.integers(0, 1_000))
def test_whatever_the_day_and_seed_ordinary_vehicles_are_ordinary(first_day: date, seed: int) -> None:
    world = make_world(first_day, seed)
    assert len(world.vehicles) >= 80
    assert len(ordinary(world)) >= 60
    for vehicle in ordinary(world):
        last = vehicle.readings[-1]
        assert len(vehicle.readings) >= 3
        assert 10 <= (first_day - last.day).days <= 200
        assert 60_000 <= last.km <= 250_000
        assert re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", vehicle.row.vin)
        assert "TEST" in vehicle.row.vin
        assert re.fullmatch(r"[12]-T[A-Z]{2}-\d{3}", shown_plate(vehicle.plates[0].plate))


@pytest.mark.requirement("K1")
@settings(max_examples=15, deadline=None)
@given(first_day=first_days, seed=st.integers(0, 1_000))
def test_whatever_the_day_and_seed_ordinary_vehicles_get_the_outcomes_one_expects(first_day: date, seed: int) -> None:
    for vehicle in ordinary(make_world(first_day, seed)):
        last = vehicle.readings[-1]
        for plausible in (0, 1, 5_000):
            assert found(vehicle, service(first_day, last.km + plausible), first_day) == []
        assert "001" in found(vehicle, service(first_day, last.km - 1), first_day)
        assert found(vehicle, service(first_day, last.km + 500_000), first_day) == ["209"]


@pytest.mark.requirement("K1")
@settings(max_examples=15, deadline=None)
@given(first_day=first_days, seed=st.integers(0, 1_000))
def test_whatever_the_day_and_seed_every_history_is_one_the_registry_would_have_taken(
    first_day: date, seed: int
) -> None:
    for vehicle in make_world(first_day, seed).vehicles:
        for earlier, later in pairwise(vehicle.readings):
            assert earlier.day <= later.day
            if not later.starts_segment:
                assert 0 <= later.km - earlier.km <= limits.longest_distance((later.day - earlier.day).days)
        for reading in vehicle.readings:
            assert reading.day <= first_day
            assert vehicle.row.first_use is not None
            assert reading.day >= vehicle.row.first_use


@settings(max_examples=15, deadline=None)
@given(first_day=first_days, seed=st.integers(0, 1_000))
def test_no_two_vehicles_bear_one_vin_with_one_unifier_or_one_plate_on_one_day(first_day: date, seed: int) -> None:
    world = make_world(first_day, seed)
    identities = Counter((vehicle.row.vin, vehicle.row.unifier) for vehicle in world.vehicles)
    assert set(identities.values()) == {1}
    for day in (first_day, first_day - timedelta(days=300)):
        borne = Counter(
            plate.plate
            for vehicle in world.vehicles
            for plate in vehicle.plates
            if plate.since <= day and (plate.until is None or plate.until >= day)
        )
        assert set(borne.values()) == {1}


@pytest.mark.requirement("K1", "W6")
def test_garages_have_numbers_that_pass_the_checks_and_passwords_an_account_may_have() -> None:
    for garage in garages():
        assert enterprise_problem(garage.enterprise) is None
        assert establishment_problem(garage.establishment) is None
        known = (garage.username, garage.establishment, garage.enterprise, garage.name)
        require_strength(Secret(garage.password), known=known)


def test_a_replaced_odometer_and_a_confirmed_break_start_anew() -> None:
    starts = [
        vehicle.purpose for vehicle in make_world(FIRST_DAY).vehicles if any(r.starts_segment for r in vehicle.readings)
    ]
    assert len(starts) == 2
    replaced = next(v for v in make_world(FIRST_DAY).vehicles if v.purpose.startswith("replaced odometer"))
    new = next(reading for reading in replaced.readings if reading.starts_segment)
    assert new == PastReading(new.day, 0, ObservationType.ODOMETER_REPLACED, starts_segment=True)


@pytest.mark.parametrize(
    ("plate", "shown"), [("1TAA001", "1-TAA-001"), ("OTST501", "O-TST-501"), ("TESTAUTO", "TESTAUTO"), ("AB", "AB")]
)
def test_plates_are_shown_as_on_the_vehicle(plate: str, shown: str) -> None:
    assert shown_plate(plate) == shown
