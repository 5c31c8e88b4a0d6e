"""What cells are read as, and which cannot be read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from odopass.registry.deliveries import values
from odopass.registry.deliveries.values import Reader

pytestmark = pytest.mark.requirement("R2")


def read(reader: Reader, *cells: str | None) -> list[Any]:
    return list(reader(pa.array(cells, pa.string())).to_pylist())


def test_days_of_both_forms_are_read_and_those_that_are_none_are_not() -> None:
    assert (
        read(values.day, "2024-02-29", "29/02/2024", "2024-02-29 00:00:00", "2024-02-29T00:00:00Z")
        == [date(2024, 2, 29)] * 4
    )
    none = ("2023-02-29", "31/04/2024", "2024-2-9", "02/29/2024", "20240229", "1799-01-01", "2024-02-29 12:00", None)
    assert read(values.day, *none) == [None] * len(none)


@given(st.dates(date(1800, 1, 1), date(2099, 12, 31)))
def test_every_day_is_read_as_it_was_written(day: date) -> None:
    assert read(values.day, day.isoformat(), f"{day:%d/%m}/{day.year:04}") == [day, day]


def test_numbers_are_whole_and_within_bounds() -> None:
    assert read(values.number(3_500), "0", "3500", "1600.0", "007") == [0, 3_500, 1_600, 7]
    assert read(values.number(3_500), "3501", "-1", "1600.5", "1e3", "99999999999", "", "1 600") == [None] * 7


def test_flags_categories_plates_and_text() -> None:
    assert read(values.flag, "true", "YES", "0", "f", "maybe") == [True, True, False, False, None]
    assert read(values.category, "M1", "m1g", "L3E", "l3e", "car", "M", "M11111") == [
        "M1", "M1G", "L3e", "L3e", None, None, None,
    ]  # fmt: skip
    assert read(values.plate, "1-abc-234", "ab 12", "é1", "-", "1234567890123") == ["1ABC234", "AB12", None, None, None]
    assert read(values.text, "CITROËN", "a\x00b", "x" * 100, "x" * 101) == ["CITROËN", None, "x" * 100, None]


@given(st.lists(st.none() | st.text(max_size=20), max_size=20))
@pytest.mark.parametrize(
    "reader", [values.day, values.number(9), values.flag, values.category, values.plate, values.text]
)
def test_no_cell_breaks_a_reader(reader: Reader, cells: list[str | None]) -> None:
    storable = [cell and cell.encode("utf-8", "replace").decode() for cell in cells]
    assert len(read(reader, *storable)) == len(cells)
