"""`odopass registry import-vehicles` on a real database: what is taken in, what is left out, and what is kept."""

from __future__ import annotations

import csv
import hashlib
import json
from datetime import date
from operator import itemgetter
from pathlib import Path

import asyncpg
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from tests.integration.deliveries.files import HEADER, import_vehicles, line, vin, write

from odopass.registry.vehicles.loading import VehicleRow
from odopass.simulate.fleet import FleetPlan
from odopass.simulate.writing import Format, write_fleet

pytestmark = pytest.mark.requirement("R2")


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    write_fleet(FleetPlan(3, 1_200, date(2025, 3, 31)), folder, Format.BOTH)
    return folder


async def borne(pool: asyncpg.Pool) -> list[tuple[str, str, date, date | None]]:
    rows = await pool.fetch(
        "select plate, vin, valid_from, valid_until from plate join vehicle on vehicle.id = vehicle_id "
        "order by plate, valid_from, vin"
    )
    return [tuple(row) for row in rows]


async def versions(pool: asyncpg.Pool) -> dict[str, set[tuple[int, str]]]:
    """Which version of which row there is: a row that was written anew has another one."""
    return {
        "vehicle": {tuple(row) for row in await pool.fetch("select id, xmin::text || ctid::text from vehicle")},
        "plate": {tuple(row) for row in await pool.fetch("select vehicle_id, xmin::text || ctid::text from plate")},
    }


@pytest.mark.parametrize("ending", ["csv", "parquet"])
async def test_a_simulated_fleet_is_taken_in_as_it_is(
    database_url: str, pool: asyncpg.Pool, fleet: Path, ending: str
) -> None:
    ended = await import_vehicles(
        database_url, fleet / f"vehicles.{ending}", fleet / f"plates.{ending}", "--lines-at-once", "500"
    )
    assert ended.code == 0, ended.said
    assert [each["state"] for each in ended.told] == ["done", "done"]
    rows = await pool.fetch(f"select {', '.join(VehicleRow._fields)} from vehicle order by vin, unifier")
    vehicles = pq.read_table(fleet / "vehicles.parquet").select(list(VehicleRow._fields)).to_pylist()
    expected = sorted(vehicles, key=lambda each: (each["vin"], -1 if each["unifier"] is None else each["unifier"]))
    assert [dict(row) for row in rows] == expected
    plates = pq.read_table(fleet / "plates.parquet").to_pylist()
    told = [(each["plate"].replace("-", ""), each["vin"], each["valid_from"], each["valid_until"]) for each in plates]
    assert await borne(pool) == sorted(told, key=itemgetter(0, 2, 1))


async def test_the_same_file_twice_changes_nothing_and_nor_does_the_other_kind_of_file(
    database_url: str, pool: asyncpg.Pool, fleet: Path
) -> None:
    files = fleet / "vehicles.csv", fleet / "plates.csv"
    await import_vehicles(database_url, *files)
    before = await versions(pool)
    ended = await import_vehicles(database_url, *files)
    assert [each["state"] for each in ended.told] == ["done before", "done before"]
    ended = await import_vehicles(database_url, fleet / "vehicles.parquet", fleet / "plates.parquet")
    assert ended.counts["vehiclesUnchanged"] == ended.counts["lines"] == 1_200
    ended = await import_vehicles(database_url, *files, "--again")
    assert ended.counts["vehiclesUnchanged"] == 1_200
    assert await versions(pool) == before
    assert await pool.fetchval("select count(*) from vehicle_change") == 0


async def test_a_change_is_kept_with_what_was_there_before_and_when(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    await import_vehicles(database_url, write(tmp_path / "march.csv", [line(1), line(2)]))
    april = write(tmp_path / "april.csv", [line(1), line(2, make="SEAT")])
    ended = await import_vehicles(database_url, april)
    assert (ended.counts["vehiclesChanged"], ended.counts["vehiclesUnchanged"]) == (1, 1)
    (row,) = await pool.fetch(
        "select vin, before, name, vehicle_change.changed_at between begun_at and delivery.changed_at as dated "
        "from vehicle_change join vehicle on vehicle.id = vehicle_id join delivery on delivery.id = delivery_id"
    )
    assert (row["vin"], json.loads(row["before"]), row["name"]) == (vin(2), {"make": "SKODA"}, "april.csv")
    assert row["dated"]
    assert await pool.fetchval("select make from vehicle where vin = $1", vin(2)) == "SEAT"


async def test_what_a_file_has_no_column_for_stays_and_an_empty_cell_empties(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    await import_vehicles(database_url, write(tmp_path / "all.csv", [line(1)]))
    few = write(
        tmp_path / "few.csv", [f"{vin(1)},M1,2015-03-02,"], header="vin;category;first_use;model".replace(";", ",")
    )
    await import_vehicles(database_url, few)
    row = await pool.fetchrow("select make, model, max_mass_kg from vehicle")
    assert tuple(row) == ("SKODA", None, 1600)


async def test_a_plate_that_moves_closes_the_span_of_its_former_bearer(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    first = [line(1, plate="1-ABC-234", since="2016-01-01"), line(2)]
    await import_vehicles(database_url, write(tmp_path / "first.csv", first))
    moved = [line(1), line(2, plate="1abc234", since="05/03/2020")]
    await import_vehicles(database_url, write(tmp_path / "moved.csv", moved))
    spans = [
        ("1ABC234", vin(1), date(2016, 1, 1), date(2020, 3, 4)),
        ("1ABC234", vin(2), date(2020, 3, 5), None),
    ]
    assert await borne(pool) == spans
    # An extract that still says that the first one bears it does not bring it back.
    await import_vehicles(database_url, tmp_path / "first.csv", "--again")
    assert await borne(pool) == spans
    # A span that becomes known late ends where the next one begins, and one that is said to end earlier does.
    late = [
        line(3, plate="1ABC234", since="2010-01-01"),
        line(1, plate="1ABC234", since="2016-01-01", until="2018-01-01"),
    ]
    await import_vehicles(database_url, write(tmp_path / "late.csv", late))
    assert [(each[1], each[3]) for each in await borne(pool)] == [
        (vin(3), date(2015, 12, 31)), (vin(1), date(2018, 1, 1)), (vin(2), None),
    ]  # fmt: skip


async def test_bad_lines_are_left_out_with_number_and_reason_and_can_be_corrected(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    lines = [
        line(1),
        f"{vin(2)},,SKODA,Fabia,M1,1600,2015-02-30,,,",
        "NOT A VIN,x,SKODA,Fabia,car,heavy,yesterday,,,",
        "",
        ",,SKODA,Fabia,M1,1600,2015-03-01,,,",
        f"{vin(5)},,SKODA,Fabia,M1,1600,2015-03-01,1ABC234,,",
        f"{vin(6)},,SKODA,Fabia,M1,1600,2015-03-01,1ABC234,2020-01-02,2020-01-01",
        f"{vin(7)},,SKODA",
        HEADER,
        line(9),
    ]
    path = write(tmp_path / "extract.csv", lines)
    ended = await import_vehicles(database_url, path)
    assert (ended.code, ended.counts["lines"], ended.counts["rejected"]) == (4, 9, 7)
    header, *rows = csv.reader(ended.rejects)
    assert header == ["line", "reason", *HEADER.split(",")]
    assert {int(row[0]): row[1] for row in rows} == {
        3: 'first_use: "2015-02-30" is not a day such as 2026-03-05 or 05/03/2026, from 1800 on',
        4: 'vin: "NOT A VIN" is not a VIN of 1 to 17 letters and digits; '
        'unifier: "x" is not a whole number from 0 to 2,147,483,647; '
        'category: "car" is not an EU category such as M1; '
        'max_mass_kg: "heavy" is not a whole number from 0 to 200,000; '
        'first_use: "yesterday" is not a day such as 2026-03-05 or 05/03/2026, from 1800 on',
        6: "vin is empty",
        7: "plate_from is empty, though there is a plate",
        8: "plate_until is before plate_from",
        9: "3 cells instead of 10",
        10: "the header once more",
    }
    assert await pool.fetchval("select array_agg(vin order by vin) from vehicle") == [vin(1), vin(9)]
    corrected = [each.replace("2015-02-30,", "2015-02-28,") for each in ended.rejects[1:2]]
    ended = await import_vehicles(database_url, write(tmp_path / "corrected.csv", corrected, header=ended.rejects[0]))
    assert ended.counts["vehiclesAdded"] == 1
    assert await pool.fetchval("select first_use from vehicle where vin = $1", vin(2)) == date(2015, 2, 28)


async def test_a_tenth_of_bad_lines_costs_no_good_one(database_url: str, pool: asyncpg.Pool, tmp_path: Path) -> None:
    lines = [line(number) if number % 10 else f'{vin(number)},,"SKODA,Fabia,M1' for number in range(1, 2_001)]
    ended = await import_vehicles(
        database_url,
        write(tmp_path / "extract.csv", lines),
        "--lines-at-once",
        "300",
        "--rejects",
        tmp_path / "bad.csv",
    )
    assert (ended.counts["lines"], ended.counts["rejected"], ended.counts["vehiclesAdded"]) == (2_000, 200, 1_800)
    assert [int(row[0]) for row in list(csv.reader(ended.rejects))[1:]] == list(range(11, 2_002, 10))
    assert await pool.fetchval("select count(*) from vehicle") == 1_800


async def test_a_file_of_which_no_line_is_good_is_refused_and_not_rejected_line_by_line(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    plates = [f"{vin(number)},1ABC{number},2015-01-01" for number in range(100, 300)]
    ended = await import_vehicles(database_url, write(tmp_path / "plates.csv", plates, header="vin,plate,valid_from"))
    assert ended.code == 5
    assert "of line 2: no vehicle has this VIN and unifier; take in the file of vehicles first" in ended.said
    assert await pool.fetchval("select count(*) from rejected_line") == 0
    await import_vehicles(database_url, write(tmp_path / "vehicles.csv", [line(n) for n in range(100, 300)]))
    assert (await import_vehicles(database_url, tmp_path / "plates.csv")).counts["platesWritten"] == 200


@pytest.mark.parametrize(("encoding", "separator"), [("utf-8", ","), ("utf-8-sig", ";"), ("cp1252", "\t")])
async def test_encoding_and_separator_are_recognised(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path, encoding: str, separator: str
) -> None:
    lines = [line(1, make="CITROËN"), line(2, make='"ŠKODA"')]
    path = write(
        tmp_path / "extract.txt",
        [each.replace(",", separator) for each in lines],
        header=HEADER.replace(",", separator),
        encoding=encoding,
    )
    ended = await import_vehicles(database_url, path)
    assert ended.code == 0, ended.said
    assert await pool.fetchval("select array_agg(make order by vin) from vehicle") == ["CITROËN", "ŠKODA"]


async def test_one_damaged_line_does_not_make_a_file_another_encoding(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    path = write(tmp_path / "extract.csv", [line(1, make="CITROËN"), line(2, make="HÜ?"), line(3, make="ŠKODA")])
    path.write_bytes(path.read_bytes().replace("HÜ?".encode(), b"H\xdc"))
    ended = await import_vehicles(database_url, path)
    assert ended.counts["rejected"] == 1
    assert "the byte dc is no UTF-8" in ended.rejects[1]
    assert await pool.fetchval("select array_agg(make order by vin) from vehicle") == ["CITROËN", "ŠKODA"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "is empty"),
        (b"\n\n", "has no header"),
        (b"vin,make,first_use\nA,B,2015-01-01\n", "lacks the column category"),
        (b"name,street\nA,B\n", "lacks the columns vin, category, first_use"),
        (b"vin,plate\nA,B\n", "lacks the column plate_from"),
        (b"vin,VIN,category,first_use\nA,A,M1,2015-01-01\n", "has the column vin twice"),
        ("vin,category\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04rest", "Excel"),
        (b"x" * 1_100_000, "longer than"),
        (b"PAR1 and then nothing more", "no whole Parquet file"),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused_with_what_to_do(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path, content: bytes, told: str
) -> None:
    good, bad = write(tmp_path / "good.csv", [line(1)]), tmp_path / "bad.csv"
    bad.write_bytes(content)
    ended = await import_vehicles(database_url, good, bad)
    assert ended.code == 5
    assert told in ended.said
    assert "What to do:" in ended.said
    # Nothing of the files before it was taken in either.
    assert await pool.fetchval("select count(*) from vehicle") == 0


async def test_the_file_s_own_names_of_columns_can_be_told(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "extract.csv", [f"{vin(1)},x,M1,2015-03-01"], header="Fahrgestellnummer,VIN,Category,Erstzulassung"
    )
    told = "--column", "fahrgestellnummer=vin", "--column", "Erstzulassung=first_use"
    ended = await import_vehicles(database_url, path, *told)
    assert ended.code == 0, ended.said
    assert await pool.fetchval("select vin from vehicle") == vin(1)
    assert (await import_vehicles(database_url, path, "--column", "Nummer=vin")).code == 5
    assert (await import_vehicles(database_url, path, "--column", "VIN=number")).code == 5


async def test_a_csv_file_that_was_cut_off_gives_its_whole_lines_and_says_so(database_url: str, tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.csv", [line(number) for number in range(1, 101)])
    cut = tmp_path / "cut.csv"
    cut.write_bytes(whole.read_bytes()[:-30])
    ended = await import_vehicles(database_url, cut)
    assert (ended.code, ended.counts["vehiclesAdded"], ended.counts["rejected"]) == (4, 99, 1)
    assert "may be cut off here" in ended.rejects[1]
    assert any("no line end" in remark for remark in ended.told[0]["remarks"])
    ended = await import_vehicles(database_url, whole)
    assert (ended.code, ended.counts["vehiclesAdded"], ended.counts["vehiclesUnchanged"]) == (0, 1, 99)


async def test_a_parquet_file_that_was_cut_off_is_refused_whole(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path, fleet: Path
) -> None:
    cut = tmp_path / "cut.parquet"
    cut.write_bytes((fleet / "vehicles.parquet").read_bytes()[:-100])
    ended = await import_vehicles(database_url, cut)
    assert ended.code == 5
    assert "Nothing of it was taken in" in ended.said
    assert await pool.fetchval("select count(*) from vehicle") == 0


async def test_parquet_columns_of_other_types_are_read_by_what_they_say(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    table = pa.table(
        {
            "vin": pa.array([vin(1), vin(2)]).dictionary_encode(),
            "category": pa.array(["M1", "N1"], pa.large_string()),
            "first_use": pa.array([date(2015, 3, 1), None]).cast(pa.timestamp("ms")),
            "max_mass_kg": pa.array([1600.0, 1600.5]),
            "electric_motor": pa.array([True, None]),
            "make": pa.array([["SKODA"], None], pa.list_(pa.string())),
        }
    )
    pq.write_table(table, tmp_path / "other.parquet")
    ended = await import_vehicles(database_url, tmp_path / "other.parquet")
    assert (ended.counts["vehiclesAdded"], ended.counts["rejected"]) == (1, 1)
    row = await pool.fetchrow("select vin, first_use, max_mass_kg, electric_motor from vehicle")
    assert tuple(row) == (vin(1), date(2015, 3, 1), 1600, True)


async def test_lines_about_plates_of_unknown_vehicles_are_left_out(database_url: str, tmp_path: Path) -> None:
    await import_vehicles(database_url, write(tmp_path / "vehicles.csv", [line(1)]))
    plates = [f"{vin(1)},1ABC234,2015-01-01", f"{vin(2)},1ABC235,2015-01-01"]
    ended = await import_vehicles(database_url, write(tmp_path / "plates.csv", plates, header="vin,plate,valid_from"))
    assert (ended.code, ended.counts["platesWritten"], ended.counts["rejected"]) == (4, 1, 1)
    reason = "no vehicle has this VIN and unifier; take in the file of vehicles first"
    assert ended.rejects[1] == f"3,{reason},{vin(2)},1ABC235,2015-01-01"


@pytest.mark.requirement("R9")
async def test_the_journal_has_one_entry_for_each_chunk(database_url: str, pool: asyncpg.Pool, tmp_path: Path) -> None:
    path = write(tmp_path / "extract.csv", [line(number) for number in range(1, 8)])
    await import_vehicles(database_url, path, "--lines-at-once", "3")
    await import_vehicles(database_url, path, "--lines-at-once", "3")
    rows = await pool.fetch("select about, content from journal.entry where kind = 'vehicles.delivered' order by batch")
    assert [row["about"] for row in rows] == [hashlib.sha256(path.read_bytes()).hexdigest()] * 3
    contents = [json.loads(row["content"]) for row in rows]
    assert [(each["after_line"], each["up_to_line"], each["counts"]["vehiclesAdded"]) for each in contents] == [
        (1, 4, 3), (4, 7, 3), (7, 8, 1),
    ]  # fmt: skip


async def test_a_request_that_was_told_the_vin_is_unknown_stays_as_it_is(
    database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    await pool.execute(
        "insert into observation_case (guid, subject, account_id, observation_type, reading_date, km, status, head, "
        "standing, settled_at) select g, -1, 1, 'REPAIR_MAINTENANCE_SERVICE', '2026-01-01', 1, 'ISSUE', g, g, now() "
        "from gen_random_uuid() as g"
    )
    before = await pool.fetch("select xmin::text, * from observation_case")
    await import_vehicles(database_url, write(tmp_path / "vehicles.csv", [line(1)]))
    assert await pool.fetch("select xmin::text, * from observation_case") == before


def test_the_csv_of_the_simulated_fleet_says_whose_plate_it_is(fleet: Path) -> None:
    plates = pacsv.read_csv(fleet / "plates.csv").to_pylist()
    vehicles = {each["vehicle"]: each["vin"] for each in pacsv.read_csv(fleet / "vehicles.csv").to_pylist()}
    assert {each["vehicle"]: each["vin"] for each in plates}.items() <= vehicles.items()
