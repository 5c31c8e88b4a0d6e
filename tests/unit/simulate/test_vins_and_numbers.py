from __future__ import annotations

import re
from collections import Counter

import pytest
from stdnum.be import vat

from odopass.simulate import Fleet
from odopass.simulate.makes import MODELS
from odopass.simulate.vins import check_digit

# ISO 3779's transliteration and weights, written down a second time so that the code is not judged by itself.
VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", [*range(1, 9), *range(1, 6), 7, 9, *range(2, 10), *range(10)], strict=True)
)
WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def own_check_digit(vin: str) -> str:
    return "0123456789X"[sum(VALUES[each] * weight for each, weight in zip(vin, WEIGHTS, strict=True)) % 11]


@pytest.mark.parametrize("vin", ["1M8GDM9AXKP042788", "11111111111111111", "5GZCZ43D13S812715", "1HGCM82633A004352"])
def test_known_vins_have_the_check_digit_they_carry(vin: str) -> None:
    assert check_digit(vin) == vin[8] == own_check_digit(vin)


def test_a_check_digit_needs_seventeen_characters() -> None:
    with pytest.raises(ValueError, match="17 characters, not 5"):
        check_digit("12345")


def test_vins_begin_with_their_makers_identifier_and_have_no_forbidden_letter(fleet: Fleet) -> None:
    known = {(model.make, model.name): set(model.wmis) for model in MODELS}
    rows = fleet.vehicles.select(["vin", "make", "model"]).to_pylist()
    long = [row for row in rows if len(row["vin"]) == 17]
    assert len(long) > 0.97 * len(rows)
    assert all(re.fullmatch(r"[A-HJ-NPR-Z0-9]{11}[0-9]{6}", row["vin"]) for row in long)
    assert all(row["vin"][:3] in known[row["make"], row["model"]] for row in long)


def test_vins_of_america_and_china_carry_a_valid_check_digit(fleet: Fleet) -> None:
    vins = [vin for vin in fleet.vehicles["vin"].to_pylist() if len(vin) == 17 and vin[0] in "12345L"]
    assert len(vins) > 300
    assert {vin[0] for vin in vins} >= {"5", "L"}
    assert [vin for vin in vins if own_check_digit(vin) != vin[8]] == []


def test_vehicles_differ_in_vin_or_in_unifier_and_first_use(fleet: Fleet) -> None:
    rows = fleet.vehicles.select(["vin", "unifier", "first_use"]).to_pylist()
    assert len({(row["vin"], row["unifier"]) for row in rows}) == len(rows)
    shared = [vin for vin, count in Counter(row["vin"] for row in rows).items() if count > 1]
    assert shared
    for vin in shared:
        pair = [row for row in rows if row["vin"] == vin]
        assert len(vin) < 17
        assert [row["unifier"] for row in pair] == [1, 2]
        assert pair[0]["first_use"] != pair[1]["first_use"]


def test_enterprises_and_establishments_pass_their_check_and_are_nobodys(fleet: Fleet) -> None:
    rows = fleet.garages.to_pylist()
    for row in rows:
        assert vat.is_valid(row["enterprise"])
        assert vat.checksum(row["establishment"]) == 0
        assert len(row["establishment"]) == 10
        # Beyond what has been given out: real enterprises are far below 1.9 billion, establishments begin with 2.
        assert row["enterprise"].startswith("19")
        assert row["establishment"].startswith("89")
        assert row["name"].startswith("Fictitious ")
    assert len({row["establishment"] for row in rows}) == len(rows)
    assert max(Counter(row["enterprise"] for row in rows).values()) > 1
    assert {row["kind"] for row in rows} == {
        "workshop",
        "tyres",
        "inspection",
        "used-car dealer",
        "roadside assistance",
    }


def test_fuel_range_and_emissions_follow_the_year(fleet: Fleet) -> None:
    rows = fleet.vehicles.to_pylist()
    cars = [row for row in rows if row["category"] == "M1"]
    electric = [row for row in cars if row["fuel"] == "electric"]
    assert min(row["first_use"].year for row in electric) >= 2012
    assert all(row["electric_motor"] and row["electric_range_km"] >= 110 for row in electric)
    assert all(row["co2_wltp_g_km"] in (0, None) and row["euro_standard"] is None for row in electric)
    new = [row for row in cars if row["first_use"].year >= 2024]
    assert 0.2 < sum(row["fuel"] == "electric" for row in new) / len(new) < 0.42
    assert all(row["co2_nedc_g_km"] is None and row["co2_wltp_g_km"] is not None for row in new)
    of_2008 = [row for row in cars if row["first_use"].year == 2008]
    assert 0.7 < sum(row["fuel"] == "diesel" for row in of_2008) / len(of_2008) < 0.86
    assert all(row["co2_wltp_g_km"] is None for row in of_2008)


def test_the_fleet_has_vehicles_inside_and_outside_the_laws_scope(fleet: Fleet) -> None:
    categories = Counter(fleet.vehicles["category"].to_pylist())
    assert categories["M1"] > categories["N1"] > categories["L3e"] > 0
    assert {"M1G", "N1G", "N2", "N3", "M2", "M3", "O1", "O4"} <= categories.keys()
    vans = fleet.vehicles.filter([each == "N1" for each in fleet.vehicles["category"].to_pylist()])
    assert max(vans["max_mass_kg"].to_pylist()) == 3_500
