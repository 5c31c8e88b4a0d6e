"""CSV: a line is a record, whatever its quotes say, so that one bad line spoils no other."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from odopass.registry.deliveries.chunks import Lines, Rejected
from odopass.registry.deliveries.columns import Column, Layout, lay_out
from odopass.registry.deliveries.csv_block import split_at_once
from odopass.registry.deliveries.encodings import SHOWN, UTF_8, Looked, look_through
from odopass.registry.deliveries.refusing import FileRefused
from odopass.wire.echo import printable

_SEPARATORS: Final = (",", ";", "\t")
_SEPARATOR_NAMES: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}


class CsvFile:
    """A CSV file that was looked through. Positions are bytes.

    Args:
        path: where it is.
        looked: what reading it once told.
        separator: between cells.
        layout: its columns.
        header_bytes: of its first line.
    """

    def __init__(self, path: Path, looked: Looked, separator: str, layout: Layout, header_bytes: int) -> None:
        self.path = path
        self.sha256 = looked.sha256
        self.size = self.end = looked.size
        self.start = header_bytes, 1
        self.layout = layout
        remarks = [f"read as {SHOWN[looked.encoding]}, separated by {_SEPARATOR_NAMES[separator]}"]
        if not looked.ends_with_line_end:
            remarks.append("its last line has no line end; if the file was cut off, the last value may be cut off, too")
        self.remarks: Sequence[str] = remarks
        self._encoding = looked.encoding
        self._separator = separator
        self._state = _state(path)

    def lines(self, position: int, line: int, most: int) -> Lines:
        """Read up to so many lines from a byte on; `line` is the number of the line before.

        Raises:
            FileRefused: the file changed or cannot be read any more.
        """
        try:
            if _state(self.path) != self._state:
                raise _changed(self.path)
            with self.path.open("rb") as file:
                file.seek(position)
                raw = list(islice(file, most))
        except OSError as error:
            raise unreadable(self.path, error) from error
        table = self._at_once(raw)
        if table is None:
            records, rejected, read = self._records(raw, line)
            columns: list[Any] = [pa.array(cells, pa.string()) for cells in zip(*records.values(), strict=True)]
            columns = columns or [pa.array([], pa.string()) for _ in self.layout.header]
            numbers = pa.array(records, pa.int64())
        else:
            columns, rejected, read = [column.combine_chunks() for column in table.columns], [], len(raw)
            numbers = pa.array(range(line + 1, line + 1 + read), pa.int64())
        return Lines(
            numbers=numbers,
            cells={column: trimmed(columns[place]) for column, place in self.layout.places.items()},
            whole=lambda place: tuple(column[place].as_py() for column in columns),
            rejected=rejected,
            position=position + sum(map(len, raw)),
            line=line + len(raw),
            read=read,
        )

    def _at_once(self, raw: Sequence[bytes]) -> pa.Table | None:
        block = b"".join(raw)
        if self._encoding != UTF_8:
            try:
                block = block.decode(self._encoding).encode()
            except UnicodeDecodeError:
                return None
        return split_at_once(block, lines=len(raw), separator=self._separator, header=self.layout.header)

    def _records(self, raw: Sequence[bytes], line: int) -> tuple[dict[int, list[str]], list[Rejected], int]:
        """The cells of each line by its number; the lines that have other cells than the header; how many there are."""
        rejected: list[Rejected] = []
        records: dict[int, list[str]] = {}
        read = 0
        width, header = len(self.layout.header), list(self.layout.header)
        for number, cells in enumerate(self._cells(raw), line + 1):
            cut_off = number == line + len(raw) and not raw[-1].endswith(b"\n")
            hint = "; the file may be cut off here" if cut_off else ""
            if not isinstance(cells, list):
                read += 1
                rejected.append(Rejected(number, cells.reason + hint, cells.cells))
            elif not any(cells):
                continue  # a blank line tells nothing
            else:
                read += 1
                if len(cells) != width:
                    rejected.append(Rejected(number, f"{len(cells)} cells instead of {width}{hint}", tuple(cells)))
                elif cells == header:
                    rejected.append(Rejected(number, "the header once more", tuple(cells)))
                else:
                    records[number] = cells
        return records, rejected, read

    def _cells(self, raw: Sequence[bytes]) -> Iterator[list[str] | _Broken]:
        """Each line's cells. All lines are split together if every line is a record, else each by itself."""
        try:
            text = b"".join(raw).decode(self._encoding)
            lines = text.split("\n")
            if lines[-1] == "":
                lines.pop()
            records = list(csv.reader(lines, delimiter=self._separator, strict=True))
            if len(records) == len(raw):
                yield from records
                return
        except (UnicodeDecodeError, csv.Error):
            pass
        for line in raw:
            yield self._alone(line)

    def _alone(self, line: bytes) -> list[str] | _Broken:
        try:
            text = line.decode(self._encoding)
        except UnicodeDecodeError as error:
            text = line.decode(self._encoding, "replace").rstrip("\r\n")
            wrong = line[error.start : error.start + 1].hex()
            return _Broken(f"the byte {wrong} is no {SHOWN[self._encoding]}", tuple(text.split(self._separator)))
        try:
            # The record is all there is: a quote that is not closed cannot swallow the lines after it.
            records = list(csv.reader([text.rstrip("\r\n")], delimiter=self._separator, strict=True))
        except csv.Error:
            return _Broken("a quotation mark is not closed, or stands inside a cell", (text.rstrip("\r\n"),))
        return records[0] if records else []


class _Broken:
    """A line whose cells cannot be told apart."""

    def __init__(self, reason: str, cells: tuple[str, ...]) -> None:
        self.reason = reason
        self.cells = cells


def open_csv(
    path: Path,
    columns: Sequence[Column],
    own_names: Mapping[str, str],
    on_bytes: Callable[[int], None] = lambda _: None,
) -> CsvFile:
    """Look a CSV file through.

    Raises:
        FileRefused: it is none, has no header, or two columns are the same.
    """
    try:
        looked = look_through(path, on_bytes)
        with path.open("rb") as file:
            first = file.readline()
    except OSError as error:
        raise unreadable(path, error) from error
    try:
        text = first[looked.mark :].decode(looked.encoding).rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise FileRefused(
            f"{path} is no CSV file.",
            f"Its first line is not in {SHOWN[UTF_8]} and not in Windows-1252 ({error.reason}).",
            "Save it as CSV in UTF-8.",
        ) from error
    if not text.strip():
        raise FileRefused(
            f"{path} is empty." if looked.size <= looked.mark else f"{path} has no header.",
            "The first line must name the columns.",
            "Ask for the file again.",
        )
    by_separator = {separator: _header(text, separator) for separator in _SEPARATORS}
    separator = max(_SEPARATORS, key=lambda each: _known(by_separator[each], columns, own_names))
    layout = lay_out(path, by_separator[separator], columns, own_names)
    return CsvFile(path, looked, separator, layout, len(first))


def trimmed(cells: pa.Array) -> pa.Array:
    """Cells without blanks around them; null if nothing is left."""
    bare = pc.utf8_trim_whitespace(cells)
    return pc.if_else(pc.equal(bare, ""), pa.scalar(None, pa.string()), bare)


def unreadable(path: Path, error: Exception) -> FileRefused:
    """Say that a file cannot be read."""
    why = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return FileRefused(
        f"{path} cannot be read.",
        f"{printable(why, 200)}.",
        "Check that the file is there and whole, and that this user may read it; then run the command again. "
        "It goes on where it stopped.",
    )


def _header(text: str, separator: str) -> list[str]:
    try:
        records = list(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error:
        return [text]
    return [name.strip() for name in records[0]]


def _known(header: Sequence[str], columns: Sequence[Column], own_names: Mapping[str, str]) -> tuple[int, int]:
    """How many columns mean something, and how many there are, if they are separated so."""
    known = 0
    for name in header:
        try:
            known += bool(lay_out(Path(), [name], columns, {}).places) or name in own_names
        except FileRefused:
            continue
    return known, len(header)


def _state(path: Path) -> tuple[int, int]:
    stat = os.stat(path)  # noqa: PTH116 - a path that may be one of many kinds; os gives both figures at once
    return stat.st_size, stat.st_mtime_ns


def _changed(path: Path) -> FileRefused:
    return FileRefused(
        f"{path} changed while it was read.",
        "Something wrote to it after the import had begun.",
        "Wait until the file is whole, then run the command again: lines that were taken in already change nothing.",
    )
