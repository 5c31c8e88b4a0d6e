from __future__ import annotations

import pytest
from tests.unit.domain.judged import ORDINARY, TODAY, codes, findings, history

from odopass.domain import finding as f
from odopass.domain.rules import SameGarage
from odopass.domain.vehicle import Vehicle

pytestmark = pytest.mark.requirement("W14")


@pytest.mark.parametrize("category", ["M1", "N1", "M1G", "N1G", "m1", "n1g", "", None])
@pytest.mark.parametrize("mass", [900, 3_500, None])
def test_cars_and_vans_up_to_and_with_3500_kg_are_in_scope(category: str | None, mass: int | None) -> None:
    assert Vehicle(1, category, mass, None).in_scope


@pytest.mark.parametrize(
    "category", ["M2", "M3", "M2G", "N2", "N3", "N3G", "L1e", "L3e", "L7e", "O1", "O2", "O4", "T1"]
)
def test_buses_trucks_motorcycles_and_trailers_are_not_whatever_they_weigh(category: str) -> None:
    assert not Vehicle(1, category, 400, None).in_scope


@pytest.mark.parametrize("category", ["M1", "N1", "M1G", None])
def test_one_kilogram_too_many_is_out_of_scope(category: str | None) -> None:
    assert not Vehicle(1, category, 3_501, None).in_scope


def test_a_vehicle_out_of_scope_gives_104_alone_whatever_else_is_wrong() -> None:
    found = findings(
        9_000_000,
        history((10, 100_000)),
        days_ago=-3,
        vehicle=Vehicle(1, "N3", 18_000, None),
        same_garage=[SameGarage(TODAY, 1, ORDINARY)],
    )
    assert codes(found) == [f.OUT_OF_SCOPE]


def test_a_vehicle_in_scope_is_judged() -> None:
    assert codes(findings(100, vehicle=Vehicle(1, "N1", 3_500, None))) == []
