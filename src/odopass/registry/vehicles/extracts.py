"""What an authority's extract may tell of vehicles and their plates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from odopass.registry.deliveries import values
from odopass.registry.deliveries.chunks import DeliveredFile, Problems
from odopass.registry.deliveries.columns import Column, need
from odopass.registry.deliveries.opening import open_file

_DAY: Final = "a day such as 2026-03-05 or 05/03/2026, from 1800 on"
_TEXT: Final = "text of 1 to 100 printable characters"


def _whole(highest: int) -> str:
    return f"a whole number from 0 to {highest:,}"


def _text(name: str, *other_names: str) -> Column:
    return Column(name, values.text, _TEXT, other_names)


def _number(name: str, highest: int, *other_names: str) -> Column:
    return Column(name, values.number(highest), _whole(highest), other_names)


def _day(name: str, *other_names: str) -> Column:
    return Column(name, values.day, _DAY, other_names)


#: What names the vehicle. A unifier is part of the name: without one and with one are two vehicles.
IDENTITY: Final = (
    Column("vin", values.matching("^[0-9A-Z]{1,17}$"), "a VIN of 1 to 17 letters and digits", filled=True),
    _number("unifier", 2_147_483_647),
)

#: Master data, under the names of the table `vehicle`. What a file has no column for is left as it is.
MASTER: Final = (
    _text("make"),
    _text("model"),
    Column("category", values.category, "an EU category such as M1", ("vehicle_category",)),
    _number("max_mass_kg", 200_000, "max_mass"),
    _day("first_use", "first_use_date"),
    _day("first_registration", "first_registration_date"),
    _text("fuel"),
    Column("electric_motor", values.flag, "yes or no (true, false, 1, 0)"),
    _number("electric_range_km", 10_000, "electric_range"),
    _text("euro_standard", "euro"),
    _number("co2_nedc_g_km", 10_000, "co2_nedc"),
    _number("co2_wltp_g_km", 10_000, "co2_wltp"),
)

#: A plate that the vehicle bears or has borne.
BORNE: Final = (
    Column("plate", values.plate, "a plate of 1 to 12 letters and digits", ("license_plate",)),
    _day("plate_from", "valid_from"),
    _day("plate_until", "valid_until"),
)

COLUMNS: Final = (*IDENTITY, *MASTER, *BORNE)
MASTER_NAMES: Final = tuple(column.name for column in MASTER)

#: Columns without which nothing can be judged; a file that has master data must have them.
_NEEDED: Final = ("vin", "category", "first_use")


def open_extract(
    path: Path, own_names: Mapping[str, str], on_bytes: Callable[[int], None] = lambda _: None
) -> DeliveredFile:
    """Look through a file of vehicles, of plates, or of both.

    Raises:
        FileRefused: it cannot be used, or columns are missing.
    """
    file = open_file(path, COLUMNS, own_names, on_bytes)
    names = file.layout.names
    if names & set(MASTER_NAMES) or "plate" not in names:
        need(path, file.layout, _NEEDED)
    if "plate" in names:
        need(path, file.layout, ("vin", "plate_from"))
    return file


def plate_problems(table: pa.Table, problems: Problems) -> None:
    """A plate needs the day from which it was borne, and no span ends before it begins."""
    if "plate" not in table.column_names:
        return
    plate, since = table.column("plate"), table.column("plate_from")
    problems.add(
        pc.and_(pc.is_valid(plate), pc.is_null(since)), lambda _: "plate_from is empty, though there is a plate"
    )
    if "plate_until" in table.column_names:
        ends_early = pc.fill_null(pc.less(table.column("plate_until"), since), fill_value=False)
        problems.add(ends_early, lambda _: "plate_until is before plate_from")
