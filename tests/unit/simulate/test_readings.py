from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from itertools import groupby, pairwise
from math import sqrt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from odopass.simulate import Fleet, Truth
from odopass.simulate.labels import MISTAKE_SHARES, ROLLBACKS

COLUMNS = ["vehicle", "read_on", "distance_km", "km", "display_km", "truth", "observation_type", "rollback"]
IN_SCOPE = {"M1", "M1G", "N1", "N1G"}
BRUSSELS = ZoneInfo("Europe/Brussels")
UNTIL = date(2026, 6, 30)


@pytest.fixture(scope="module")
def rows(fleet: Fleet) -> list[dict[str, Any]]:
    return list(fleet.readings.to_pylist())


def histories(fleet: Fleet) -> Iterator[list[dict[str, Any]]]:
    """The readings of each vehicle in the order in which they were really made."""
    rows = fleet.readings.select(COLUMNS).to_pylist()
    rows.sort(key=lambda row: (row["vehicle"], row["read_on"], row["distance_km"]))
    for _, history in groupby(rows, key=lambda row: row["vehicle"]):
        yield list(history)


def band(share: float, size: int, deviations: float = 4.5) -> tuple[float, float]:
    """The bounds between which a share of ``size`` draws lies, as good as always."""
    spread = deviations * sqrt(share * (1 - share) / size)
    return share - spread, share + spread


def test_a_vehicle_has_about_twelve_readings_on_average(fleet: Fleet) -> None:
    assert 11 < fleet.readings.num_rows / fleet.vehicles.num_rows < 13


def test_every_label_occurs(rows: list[dict[str, Any]]) -> None:
    assert {row["truth"] for row in rows} == {str(truth) for truth in Truth}


def test_shares_of_mistakes_lie_in_their_bands(rows: list[dict[str, Any]]) -> None:
    counted = Counter(row["truth"] for row in rows)
    mistakes = sum(counted[kind] for kind in MISTAKE_SHARES)
    low, high = band(0.017, len(rows))
    assert low - 0.0003 < mistakes / len(rows) < high + 0.0003
    assert sum(MISTAKE_SHARES.values()) == pytest.approx(1)


def test_two_sales_in_a_thousand_follow_a_roll_back_of_70_000_to_100_000_km_on_average(fleet: Fleet) -> None:
    sales = fleet.sales.to_pylist()
    frauds = [sale for sale in sales if sale["rollback"] is not None]
    low, high = band(0.002, len(sales))
    assert low < len(frauds) / len(sales) < high
    assert {sale["rollback"] for sale in frauds} == {str(kind) for kind in ROLLBACKS}
    assert 70_000 < sum(sale["km_removed"] for sale in frauds) / len(frauds) < 100_000
    assert all(sale["rolled_back_on"] < sale["sold_on"] for sale in frauds)
    assert all((sale["channel"] == "import") == (sale["rollback"] == Truth.ROLLBACK_BEFORE_IMPORT) for sale in frauds)


def test_nothing_contradicts_roll_backs_done_cleverly(fleet: Fleet) -> None:
    frauds = [sale for sale in fleet.sales.to_pylist() if sale["rollback"] is not None]
    for sale in frauds:
        assert sale["contradicted"] == (sale["contradiction_km"] > 0)
        if sale["rollback"] != Truth.ROLLBACK:
            assert not sale["contradicted"]
    plain = [sale for sale in frauds if sale["rollback"] == Truth.ROLLBACK]
    assert sum(sale["contradicted"] for sale in plain) > 0.85 * len(plain)


def test_a_contradicted_roll_back_shows_in_the_readings_as_sent(fleet: Fleet) -> None:
    contradicted = {
        (sale["vehicle"], sale["rolled_back_on"]): sale["contradiction_km"]
        for sale in fleet.sales.to_pylist()
        if sale["contradicted"]
    }
    checked = 0
    for history in histories(fleet):
        for (vehicle, day), km in contradicted.items():
            if vehicle != history[0]["vehicle"]:
                continue
            before = [r["km"] for r in history if r["read_on"] < day and r["truth"] == "honest"]
            after = [r["km"] for r in history if r["read_on"] >= day and r["truth"] == Truth.ROLLBACK]
            assert max(before) - min(after) >= km
            checked += 1
    assert checked == len(contradicted) > 10


def test_rolled_back_readings_lack_what_was_removed(rows: list[dict[str, Any]]) -> None:
    rolled = [row for row in rows if row["truth"] in set(map(str, ROLLBACKS))]
    for row in rolled:
        assert row["rollback"] == row["truth"]
        assert row["km"] == row["display_km"]
        assert -row["error_size_km"] == pytest.approx(row["km_removed"], abs=1)
        assert row["rolled_back_on"] <= row["read_on"]
    assert all(row["rollback"] is None and row["contradicted"] is None for row in rows if row["truth"] == "honest")


def test_honest_displays_never_fall_except_at_replaced_odometers(fleet: Fleet) -> None:
    replaced = 0
    for history in histories(fleet):
        for earlier, later in pairwise(history):
            if later["observation_type"] == "ODOMETER_REPLACED":
                replaced += 1
            elif earlier["rollback"] is None and later["rollback"] is None:
                assert later["display_km"] >= earlier["display_km"]
            assert later["distance_km"] >= earlier["distance_km"]
    assert replaced > 100


def test_honest_readings_are_what_the_display_shows(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if row["truth"] == "honest":
            assert row["km"] == row["display_km"]
            assert row["error_size_km"] == 0
            assert row["reading_date"] == row["read_on"]
            assert row["odometer_of"] == row["vehicle"]


def test_cars_and_vans_keep_to_plausible_speeds(fleet: Fleet) -> None:
    category = fleet.vehicles["category"].to_pylist()
    speeds = []
    for history in histories(fleet):
        if category[history[0]["vehicle"]] not in IN_SCOPE:
            continue
        for earlier, later in pairwise(history):
            days = (later["read_on"] - earlier["read_on"]).days
            km = later["distance_km"] - earlier["distance_km"]
            assert km < 2_600 + 800 * days
            if days > 30:
                assert km < 1_000 * days
                speeds.append(km / days * 365.25)
    speeds.sort()
    # Half of all vehicles drive less than about 12,000 km a year, few more than 40,000.
    assert 9_000 < speeds[len(speeds) // 2] < 15_000
    assert 30_000 < speeds[len(speeds) * 98 // 100] < 55_000


def test_mistakes_change_what_is_sent(rows: list[dict[str, Any]]) -> None:
    by_truth: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_truth.setdefault(row["truth"], []).append(row)
    for row in by_truth[Truth.DIGITS_SWAPPED]:
        assert Counter(str(row["km"]).zfill(9)) == Counter(str(row["display_km"]).zfill(9))
    for truth in (Truth.DIGITS_SWAPPED, Truth.DIGIT_MISSING, Truth.DIGIT_DOUBLED, Truth.DIGIT_WRONG, Truth.ROUNDED):
        assert all(row["km"] != row["display_km"] for row in by_truth[truth])
        assert all(row["reading_date"] == row["read_on"] for row in by_truth[truth])
    for row in by_truth[Truth.MILES]:
        assert row["km"] * 1.609344 == pytest.approx(row["display_km"], abs=1)
    for row in by_truth[Truth.TRIP_COUNTER]:
        assert row["km"] <= 2_500
    for row in by_truth[Truth.OTHER_VEHICLE]:
        assert row["odometer_of"] != row["vehicle"]
    for row in by_truth[Truth.INVOICE_DATE]:
        assert row["read_on"] < row["reading_date"] <= row["received_at"].astimezone(BRUSSELS).date()
    for truth in (Truth.YEAR_WRONG, Truth.MONTH_WRONG):
        assert all(row["reading_date"] != row["read_on"] and row["km"] == row["display_km"] for row in by_truth[truth])


def test_a_mistyped_vin_is_nobodys(fleet: Fleet, rows: list[dict[str, Any]]) -> None:
    vins = fleet.vehicles["vin"].to_pylist()
    known = set(vins)
    mistyped = [row for row in rows if row["truth"] == Truth.VIN_MISTYPED]
    assert mistyped
    assert all(row["vin"] not in known and row["vin"].isalnum() and len(row["vin"]) <= 17 for row in mistyped)
    others = [row for row in rows if row["truth"] != Truth.VIN_MISTYPED and row["vin"] is not None]
    assert all(row["vin"] == vins[row["vehicle"]] for row in others)


def test_short_vins_that_are_shared_come_with_unifier_or_first_use(fleet: Fleet, rows: list[dict[str, Any]]) -> None:
    vehicles = fleet.vehicles.select(["unifier", "first_use"]).to_pylist()
    shared = [row for row in rows if row["vin"] and vehicles[row["vehicle"]]["unifier"] is not None]
    assert shared
    for row in shared:
        vehicle = vehicles[row["vehicle"]]
        given = (row["unifier"], row["first_use_date"])
        assert given in {(vehicle["unifier"], None), (None, vehicle["first_use"])}


def test_readings_arrive_after_they_were_made_most_of_them_on_the_day(rows: list[dict[str, Any]]) -> None:
    same_day = late = 0
    for row in rows:
        arrived = row["received_at"].astimezone(BRUSSELS).date()
        assert row["read_on"] <= arrived <= UNTIL
        same_day += arrived == row["read_on"]
        late += (arrived - row["read_on"]).days > 10
        if row["observation_type"] == "VEHICLE_HISTORY_DOCUMENT":
            assert arrived == row["read_on"] == row["reading_date"]
    assert 0.9 < same_day / len(rows) < 0.95
    assert 0.005 < late / len(rows) < 0.02
    received = [row["received_at"] for row in rows]
    assert received == sorted(received)
    assert received[-1] < datetime.combine(UNTIL, time.max, UTC)


def test_weekdays_and_seasons_are_those_of_workshops(rows: list[dict[str, Any]]) -> None:
    of_week = Counter(row["read_on"].weekday() for row in rows)
    assert of_week[6] < 0.01 * len(rows)
    assert of_week[5] < 0.08 * len(rows)
    assert all(0.15 * len(rows) < of_week[day] < 0.24 * len(rows) for day in range(5))
    of_month = Counter(row["read_on"].month for row in rows)
    quiet = (of_month[2] + of_month[7] + of_month[8] + of_month[9]) / 4
    assert 1.2 < of_month[4] / quiet < 1.8
    assert 1.2 < of_month[11] / quiet < 1.8


def test_no_garage_reads_a_vehicle_twice_a_day_except_at_replaced_odometers(rows: list[dict[str, Any]]) -> None:
    seen: dict[tuple[int, int, date], list[str]] = {}
    for row in rows:
        seen.setdefault((row["vehicle"], row["garage"], row["read_on"]), []).append(row["observation_type"])
    for types in seen.values():
        assert len(types) == 1 or sorted(types) == ["ODOMETER_REPLACED", "REPAIR_MAINTENANCE_SERVICE"]
    days = Counter((vehicle, day) for vehicle, _, day in seen)
    assert 0.0005 < sum(count > 1 for count in days.values()) / len(days) < 0.02


def test_imported_vehicles_come_with_km_driven_abroad(fleet: Fleet) -> None:
    imported = fleet.vehicles["imported"].to_pylist()
    share = sum(imported) / len(imported)
    assert 0.07 < share < 0.16
    first = [history[0] for history in histories(fleet) if imported[history[0]["vehicle"]]]
    assert sorted(row["distance_km"] for row in first)[len(first) // 2] > 40_000
    vehicles = fleet.vehicles.select(["first_use", "first_registration", "imported"]).to_pylist()
    assert all(row["first_use"] <= row["first_registration"] for row in vehicles)
    assert all(row["first_use"] < row["first_registration"] for row in vehicles if row["imported"])


def test_all_four_types_of_observation_occur(rows: list[dict[str, Any]]) -> None:
    types = Counter(row["observation_type"] for row in rows)
    assert types["REPAIR_MAINTENANCE_SERVICE"] > 0.9 * len(rows)
    assert 0.03 * len(rows) < types["VEHICLE_HISTORY_DOCUMENT"] < 0.07 * len(rows)
    assert types["ROAD_SIDE_ASSISTANCE"] > types["ODOMETER_REPLACED"] > 0
