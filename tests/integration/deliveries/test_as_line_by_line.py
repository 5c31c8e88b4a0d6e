"""Whatever a file says, in whatever chunks it is taken in: the outcome is that of its lines taken one by one."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odopass.clock import SystemClock
from odopass.registry.deliveries.taking_in import Importing, take_in
from odopass.registry.vehicles.extracts import open_extract, plate_problems
from odopass.registry.vehicles.merging import Merging

FIRST = date(2020, 1, 1)
Line = tuple[str, int | None, str, str | None, int, int | None]

#: Few vehicles, plates and days, so that lines meet.
LINES = st.lists(
    st.tuples(
        st.sampled_from(["OLD1", "OLD2"]),
        st.sampled_from([None, 1, 2]),
        st.sampled_from(["", "SKODA", "SEAT"]),
        st.sampled_from([None, "1ABC234", "1ABC235"]),
        st.integers(0, 6),
        st.none() | st.integers(0, 3),
    ),
    max_size=25,
)
Vehicles = dict[tuple[str, int | None], str]
Spans = dict[tuple[str, date, tuple[str, int | None]], date | None]


def one_by_one(lines: list[Line]) -> tuple[Vehicles, Spans]:
    """What a simple import would do."""
    vehicles: Vehicles = {}
    spans: Spans = {}
    for vin, unifier, make, plate, since, lasts in lines:
        vehicles[vin, unifier] = make
        if plate is None:
            continue
        begin = FIRST + timedelta(days=since)
        spans[plate, begin, (vin, unifier)] = None if lasts is None else begin + timedelta(days=lasts)
        for (other, start, bearer), end in spans.items():
            later = [each for same, each, _ in spans if same == plate and each > start]
            if other == plate and later:
                closed = min(later) - timedelta(days=1)
                spans[other, start, bearer] = closed if end is None else min(end, closed)
    return vehicles, spans


def as_csv(lines: list[Line]) -> str:
    rows = ["vin,unifier,make,category,first_use,plate,plate_from,plate_until"]
    for vin, unifier, make, plate, since, lasts in lines:
        begin = FIRST + timedelta(days=since)
        span = ["", "", ""]
        if plate is not None:
            span = [plate, begin.isoformat(), "" if lasts is None else (begin + timedelta(days=lasts)).isoformat()]
        rows.append(",".join([vin, "" if unifier is None else str(unifier), make, "M1", "1970-01-01", *span]))
    return "".join(f"{row}\n" for row in rows)


async def imported(url: str, path: Path, at_once: int) -> tuple[Vehicles, Spans]:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("truncate vehicle, plate, delivery, rejected_line, vehicle_change restart identity")
        file = open_extract(path, {})
        importing = Importing(url, SystemClock(), lines_at_once=at_once)
        delivery, _ = await take_in(importing, file, "vehicles", Merging(file, importing.clock), further=plate_problems)
        assert delivery.counts["rejected"] == 0
        vehicles = await connection.fetch("select id, vin, unifier, coalesce(make, '') from vehicle")
        names = {row[0]: (row[1], row[2]) for row in vehicles}
        spans = await connection.fetch("select plate, valid_from, vehicle_id, valid_until from plate")
        return {(row[1], row[2]): row[3] for row in vehicles}, {
            (row[0], row[1], names[row[2]]): row[3] for row in spans
        }
    finally:
        await connection.close()


@pytest.mark.requirement("R2")
async def test_a_file_in_chunks_comes_to_what_its_lines_come_to_one_by_one(database_url: str, tmp_path: Path) -> None:
    @given(LINES, st.integers(1, 26))
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def each(lines: list[Line], at_once: int) -> None:
        path = tmp_path / "extract.csv"
        path.write_text(as_csv(lines))
        assert asyncio.run(imported(database_url, path, at_once)) == one_by_one(lines)

    await asyncio.to_thread(each)
