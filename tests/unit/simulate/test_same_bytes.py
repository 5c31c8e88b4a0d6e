from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from odopass.simulate.commands import app
from odopass.simulate.days import day_number, easter, hours_ahead_of_utc, is_holiday
from odopass.simulate.fleet import CHUNK, FleetPlan, simulate_fleet
from odopass.simulate.playlist import count_readings, readings_of
from odopass.simulate.tables import SCHEMAS
from odopass.simulate.writing import Format, write_fleet

UNTIL = date(2025, 3, 31)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    for folder, seed in (("one", 3), ("two", 3), ("three", 4)):
        write_fleet(FleetPlan(seed, 800, UNTIL), tmp_path / folder, Format.BOTH)
    one, two, three = (contents(tmp_path / name) for name in ("one", "two", "three"))
    assert one == two
    assert len(one) == 2 * len(SCHEMAS) + 1
    assert all(one[name] != three[name] for name in one)


def test_csv_says_what_parquet_says(tmp_path: Path) -> None:
    write_fleet(FleetPlan(5, 1_500, UNTIL), tmp_path, Format.BOTH)
    for name, schema in SCHEMAS.items():
        options = pacsv.ConvertOptions(
            column_types=schema,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["true"],
            false_values=["false"],
        )
        from_csv = pacsv.read_csv(tmp_path / f"{name}.csv", convert_options=options)
        from_parquet = pq.read_table(tmp_path / f"{name}.parquet")
        assert (
            from_csv.cast(pa.schema([field.with_nullable(True) for field in schema])).to_pylist()
            == from_parquet.to_pylist()
        )


def test_files_hold_what_the_fleet_in_memory_holds_over_several_chunks(tmp_path: Path) -> None:
    vehicles = CHUNK + 300
    written = write_fleet(FleetPlan(1, vehicles, UNTIL), tmp_path, Format.PARQUET)
    fleet = simulate_fleet(1, vehicles, UNTIL)
    for name in ("vehicles", "plates", "garages", "sales"):
        assert pq.read_table(tmp_path / f"{name}.parquet").equals(getattr(fleet, name))
    assert pq.read_table(tmp_path / "readings.parquet").sort_by("reading").equals(fleet.readings.sort_by("reading"))
    assert written.rows["readings"] == fleet.readings.num_rows == sum(written.truths.values())
    assert json.loads((tmp_path / "fleet.json").read_text())["rows"] == written.rows
    # Played in the order of arrival over all chunks.
    played = [(each.vehicle, each.km) for each in readings_of(tmp_path, limit=5_000)]
    in_memory = fleet.readings.slice(0, 5_000)
    assert played == list(zip(in_memory["vehicle"].to_pylist(), in_memory["km"].to_pylist(), strict=True))


def test_only_readings_since_a_day_are_played(tmp_path: Path) -> None:
    write_fleet(FleetPlan(1, 200, UNTIL), tmp_path, Format.PARQUET)
    since = date(2024, 9, 1)
    found = list(readings_of(tmp_path, since))
    assert min(each.reading_date for each in found) >= since
    assert len(found) == count_readings(tmp_path, since) < count_readings(tmp_path)
    assert count_readings(tmp_path, limit=10) == len(list(readings_of(tmp_path, limit=10))) == 10


@pytest.mark.parametrize("vehicles", [1, 2, 25])
def test_tiny_fleets_are_possible(vehicles: int) -> None:
    for seed in range(5):
        assert simulate_fleet(seed, vehicles, UNTIL).vehicles.num_rows == vehicles


@pytest.mark.parametrize(
    ("seed", "vehicles", "until", "complaint"),
    [
        (-1, 10, UNTIL, "seed must be 0 or more"),
        (1, 0, UNTIL, "number of vehicles must be between 1 and"),
        (1, 10, date(2007, 1, 1), "last day must be between 2009-01-01"),
    ],
)
def test_impossible_fleets_are_refused_with_the_reason(seed: int, vehicles: int, until: date, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        simulate_fleet(seed, vehicles, until)


def test_the_command_writes_a_fleet_once_and_says_what_it_holds(tmp_path: Path) -> None:
    arguments = ["write", "--vehicles", "50", "--until", "2025-03-31", "--out", str(tmp_path / "fleet"), "--json"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert told["rows"]["vehicles"] == 50
    assert (tmp_path / "fleet" / "readings.parquet").is_file()
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 1
    assert "holds a fleet already" in again.stderr
    wrong = CliRunner().invoke(app, ["write", "--vehicles", "0", "--until", "2025-03-31", "--out", str(tmp_path / "x")])
    assert wrong.exit_code == 2
    assert "Traceback" not in wrong.output


def test_a_fleet_that_cannot_be_written_leaves_nothing_half_done(tmp_path: Path) -> None:
    def stop(done: int) -> None:
        raise OSError(28, f"No space left on device after {done}")

    with pytest.raises(OSError, match="No space left"):
        write_fleet(FleetPlan(1, 50, UNTIL), tmp_path / "fleet", Format.BOTH, stop)
    assert list((tmp_path / "fleet").iterdir()) == []


def test_the_calendar_knows_easter_and_summer_time() -> None:
    assert [easter(year) for year in (2008, 2016, 2024, 2025)] == [
        date(2008, 3, 23),
        date(2016, 3, 27),
        date(2024, 3, 31),
        date(2025, 4, 20),
    ]
    days = [date(2024, 3, 30), date(2024, 3, 31), date(2024, 10, 26), date(2024, 10, 27)]
    numbers = pa.array([day_number(day) for day in days], pa.int64()).to_numpy()
    assert hours_ahead_of_utc(numbers).tolist() == [1, 2, 2, 1]
    assert is_holiday(numbers).tolist() == [False, False, False, False]
    holidays = [date(2024, 4, 1), date(2024, 5, 9), date(2024, 5, 20), date(2024, 7, 21)]
    assert is_holiday(pa.array([day_number(day) for day in holidays], pa.int64()).to_numpy()).all()
