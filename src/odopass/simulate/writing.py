"""A fleet as files: Parquet or CSV, one file for each table, written chunk by chunk in bounded memory."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv as pacsv  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from odopass.simulate.fleet import FleetPlan
from odopass.simulate.tables import SCHEMAS

#: Says what the folder holds; written last, so a folder without it holds no whole fleet.
SUMMARY_FILE = "fleet.json"


class Format(StrEnum):
    """What kind of files to write."""

    PARQUET = "parquet"
    CSV = "csv"
    BOTH = "both"

    @property
    def endings(self) -> tuple[str, ...]:
        """The file name endings it stands for."""
        return ("parquet", "csv") if self is Format.BOTH else (self.value,)


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Attributes:
        plan: what decided the fleet.
        rows: rows of each table.
        truths: readings by truth label.
        files: the files, by name.
    """

    plan: FleetPlan
    rows: dict[str, int]
    truths: dict[str, int]
    files: list[str]

    def as_json(self) -> dict[str, Any]:
        """The same for a script to read."""
        return {
            "seed": self.plan.seed,
            "vehicles": self.plan.vehicles,
            "until": self.plan.until.isoformat(),
            "rows": self.rows,
            "truths": self.truths,
            "files": self.files,
        }


def write_fleet(
    plan: FleetPlan, folder: Path, kind: Format, on_progress: Callable[[int], None] = lambda _: None
) -> Written:
    """Simulate and write a fleet. Files appear under their names only when they are whole.

    Args:
        plan: what decides the fleet.
        folder: made if it is missing.
        kind: Parquet, CSV or both, with equal contents.
        on_progress: called with the number of vehicles done so far.

    Raises:
        FileExistsError: the folder holds a fleet already.
        OSError: the folder cannot be written to.
    """
    if (folder / SUMMARY_FILE).exists():
        raise FileExistsError(f"{folder} holds a fleet already")
    folder.mkdir(parents=True, exist_ok=True)
    rows: Counter[str] = Counter()
    truths: Counter[str] = Counter()
    names = [f"{table}.{ending}" for table in SCHEMAS for ending in kind.endings]
    try:
        with ExitStack() as open_files:
            writers = {
                name: open_files.enter_context(_writer(_partial(folder, name), SCHEMAS[name.partition(".")[0]]))
                for name in names
            }
            _write(writers, {"garages": plan.garage_table()}, rows)
            for part in plan.chunk_tables():
                _write(writers, part, rows)
                counted = part["readings"]["truth"].value_counts()
                truths.update({each["values"]: each["counts"] for each in counted.to_pylist()})
                on_progress(rows["vehicles"])
        for name in names:
            _partial(folder, name).replace(folder / name)
    finally:
        for name in names:
            _partial(folder, name).unlink(missing_ok=True)
    written = Written(plan, dict(sorted(rows.items())), dict(truths.most_common()), sorted(names))
    summary = _partial(folder, SUMMARY_FILE)
    summary.write_text(json.dumps(written.as_json(), indent=2) + os.linesep, encoding="utf-8")
    summary.replace(folder / SUMMARY_FILE)
    return written


def _partial(folder: Path, name: str) -> Path:
    return folder / f".{name}.partial"


def _writer(path: Path, schema: pa.Schema) -> pacsv.CSVWriter | pq.ParquetWriter:
    if ".csv" in path.suffixes:
        return pacsv.CSVWriter(path, schema)
    return pq.ParquetWriter(path, schema, compression="zstd")


def _write(writers: dict[str, Any], parts: dict[str, pa.Table], rows: Counter[str]) -> None:
    """Append each table to its files; in Parquet one chunk is one row group."""
    for table, part in parts.items():
        rows[table] += part.num_rows
        for name, writer in writers.items():
            if name == f"{table}.parquet":
                writer.write_table(part, row_group_size=max(part.num_rows, 1))
            elif name == f"{table}.csv":
                writer.write_table(part)


def file_sizes(folder: Path, files: Iterable[str]) -> int:
    """How many bytes the files take together."""
    return sum((folder / name).stat().st_size for name in files)
