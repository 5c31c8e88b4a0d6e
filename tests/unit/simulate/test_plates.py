from __future__ import annotations

import re
from collections import defaultdict
from datetime import date
from itertools import pairwise

from odopass.simulate import Fleet

FORMS = (
    r"[A-Z]{3}-[0-9]{3}",  # until 2008
    r"[0-9]{3}-[A-Z]{3}",  # until 2010
    r"[1-9OTMQ]-[A-Z]{3}-[0-9]{3}",  # European
    r"[A-Z]{4}[0-9]{1,4}",  # personalised
)
FOREVER = date(9999, 12, 31)


def test_plates_have_the_form_of_their_time(fleet: Fleet) -> None:
    seen = set()
    first_day: dict[str, date] = {}
    for row in fleet.plates.to_pylist():
        first_day[row["plate"]] = min(row["valid_from"], first_day.get(row["plate"], FOREVER))
    for plate, day in first_day.items():
        form = next(form for form in FORMS if re.fullmatch(form, plate))
        seen.add(form)
        assert len(plate) <= 9
        if form is FORMS[0]:
            assert day < date(2008, 6, 2)
        if form is FORMS[2]:
            assert day >= date(2010, 11, 16)
    assert seen == set(FORMS)


def test_no_plate_is_borne_by_two_vehicles_on_one_day(fleet: Fleet) -> None:
    spells = defaultdict(list)
    for row in fleet.plates.to_pylist():
        assert row["valid_until"] is None or row["valid_until"] >= row["valid_from"]
        spells[row["plate"]].append((row["valid_from"], row["valid_until"] or FOREVER, row["vehicle"]))
    for plate, borne in spells.items():
        for (_, until, _), (since, _, _) in pairwise(sorted(borne)):
            assert until < since, plate


def test_no_vehicle_bears_two_plates_on_one_day(fleet: Fleet) -> None:
    spells = defaultdict(list)
    for row in fleet.plates.to_pylist():
        spells[row["vehicle"]].append((row["valid_from"], row["valid_until"] or FOREVER))
    for vehicle, borne in spells.items():
        for (_, until), (since, _) in pairwise(sorted(borne)):
            assert until < since, vehicle


def test_owners_take_their_plates_along_to_other_vehicles(fleet: Fleet) -> None:
    vehicles = defaultdict(set)
    for row in fleet.plates.to_pylist():
        vehicles[row["plate"]].add(row["vehicle"])
    moved = sum(len(each) > 1 for each in vehicles.values())
    assert 0.1 < moved / len(vehicles) < 0.6


def test_a_plate_sent_is_the_one_borne_on_the_day_of_the_reading(fleet: Fleet) -> None:
    borne = defaultdict(list)
    for row in fleet.plates.to_pylist():
        borne[row["vehicle"]].append((row["plate"], row["valid_from"], row["valid_until"] or FOREVER))
    rows = fleet.readings.select(["vehicle", "license_plate", "vin", "read_on", "observation_type"]).to_pylist()
    assert all((row["vin"] is None) != (row["license_plate"] is None) for row in rows)
    by_plate = [row for row in rows if row["license_plate"]]
    assert 0.1 < len(by_plate) / len(rows) < 0.2
    assert not any(row["observation_type"] == "VEHICLE_HISTORY_DOCUMENT" for row in by_plate)
    for row in by_plate:
        plates = {plate for plate, since, until in borne[row["vehicle"]] if since <= row["read_on"] <= until}
        assert row["license_plate"] in plates
