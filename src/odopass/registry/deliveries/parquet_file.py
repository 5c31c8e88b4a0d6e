"""Parquet: each column has a type of its own, and is read as text so that the same checks hold for all files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from odopass.registry.deliveries.chunks import Lines
from odopass.registry.deliveries.columns import Column, Layout, lay_out
from odopass.registry.deliveries.csv_file import trimmed, unreadable
from odopass.registry.deliveries.encodings import digest_of_file
from odopass.registry.deliveries.refusing import FileRefused

MAGIC: Final = b"PAR1"


class ParquetFile:
    """A Parquet file that was looked through. Positions are rows.

    Args:
        path: where it is.
        sha256: of its bytes.
        layout: its columns.
        rows: of each of its groups.
    """

    def __init__(self, path: Path, sha256: bytes, layout: Layout, rows: Sequence[int]) -> None:
        self.path = path
        self.sha256 = sha256
        self.size = path.stat().st_size
        self.end = sum(rows)
        self.start = 0, 0
        self.layout = layout
        self.remarks: Sequence[str] = ["a Parquet file; its rows count as lines"]
        self._bounds = [0, *accumulate(rows)]
        self._written = path.stat().st_mtime_ns

    def lines(self, position: int, line: int, most: int) -> Lines:
        """Read up to so many rows from one on. `line` is the row before, and the same number as the position.

        Raises:
            FileRefused: the file changed or cannot be read any more.
        """
        del line
        until = min(position + most, self.end)
        try:
            if (self.path.stat().st_size, self.path.stat().st_mtime_ns) != (self.size, self._written):
                raise FileRefused(
                    f"{self.path} changed while it was read.",
                    "Something wrote to it after the import had begun.",
                    "Wait until the file is whole, then run the command again.",
                )
            table = self._rows(position, until)
        except (OSError, pa.ArrowException) as error:
            raise unreadable(self.path, error) from error
        return Lines(
            numbers=pa.array(range(position + 1, until + 1), pa.int64()),
            cells={column: trimmed(_as_text(table.column(place))) for column, place in self.layout.places.items()},
            whole=lambda place: tuple(_shown(each) for each in table.slice(place, 1).to_pylist()[0].values()),
            rejected=[],
            position=until,
            line=until,
            read=until - position,
        )

    def _rows(self, begin: int, end: int) -> pa.Table:
        """Rows of as many groups as they lie in; of a group that is large, only what is needed is kept."""
        groups = [number for number, (low, high) in enumerate(pairwise(self._bounds)) if low < end and high > begin]
        with pq.ParquetFile(self.path) as file:
            if not groups:
                return file.schema_arrow.empty_table()
            at = self._bounds[groups[0]]
            kept = []
            for batch in file.iter_batches(batch_size=65_536, row_groups=groups):
                low, high = max(begin - at, 0), min(end - at, batch.num_rows)
                if low < high:
                    kept.append(batch.slice(low, high - low))
                at += batch.num_rows
                if at >= end:
                    break
            return pa.Table.from_batches(kept, schema=kept[0].schema if kept else file.schema_arrow)


def open_parquet(
    path: Path,
    columns: Sequence[Column],
    own_names: Mapping[str, str],
    on_bytes: Callable[[int], None] = lambda _: None,
) -> ParquetFile:
    """Look a Parquet file through.

    Raises:
        FileRefused: it is cut off or damaged, or two columns are the same.
    """
    try:
        sha256 = digest_of_file(path, on_bytes)
        with pq.ParquetFile(path) as file:
            header = list(file.schema_arrow.names)
            metadata = file.metadata
            rows = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
    except (OSError, pa.ArrowException) as error:
        raise FileRefused(
            f"{path} is no whole Parquet file.",
            "It begins like one, but its table of contents, which stands at the end, cannot be read: most likely it "
            f"was cut off ({path.stat().st_size:,} bytes are there).",
            "Fetch it again, and compare its size. Nothing of it was taken in.",
        ) from error
    layout = lay_out(path, header, columns, own_names)
    return ParquetFile(path, sha256, layout, rows)


def _as_text(column: pa.ChunkedArray) -> pa.Array:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        # Whatever it is, it is no cell of ours; each row says so.
        return pa.array([None if each is None else _shown(each) for each in column.to_pylist()], pa.string())
    if pa.types.is_timestamp(column.type):
        column = pc.strftime(column.cast(pa.timestamp("s"), safe=False), format="%Y-%m-%d %H:%M:%S")
    text = column.cast(pa.string())
    return text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever a row may hold
    return "" if value is None else str(value)
