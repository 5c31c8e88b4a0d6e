"""Reading a CSV file as other programs write it: any usual encoding, separator, order and case of columns."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from odopass.garage.checks import Finding
from odopass.garage.checks.finding import error
from odopass.garage.feeds.fields import column_of

#: More than this is not read at once; a file of 100,000 readings is a tenth of it.
LARGEST: Final = 128 * 1024 * 1024
#: Columns of a rejects file, which may be corrected and dropped again.
LINE, REASON = "line", "reason"
_SEPARATORS: Final = ";,\t"
_NEEDED: Final = ("day", "km", "read_by")


class TableFault(Exception):  # noqa: N818 - it names what happened
    """The file as a whole cannot be taken.

    Attributes:
        finding: why.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.code)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file.

    Attributes:
        number: from 1, as an editor counts; where it begins.
        cells: as they stand.
        fields: by the names of `COLUMNS`.
        fault: why it cannot be read, or None.
    """

    number: int
    cells: Sequence[str]
    fields: dict[str, str]
    fault: Finding | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file whose first line is understood.

    Attributes:
        header: the columns as they are written, but for those of a rejects file.
        ignored: columns that mean nothing here.
        separator: between fields.
    """

    header: tuple[str, ...]
    ignored: tuple[str, ...]
    separator: str
    _text: str
    _first: int
    _names: tuple[str, ...]

    def lines(self) -> Iterator[Line]:
        """The lines after the first; empty ones are passed over."""
        reader = csv.reader(io.StringIO(self._text, newline=""), delimiter=self.separator, strict=True)
        kept = [place for place, name in enumerate(self._names) if name.lower() not in {LINE, REASON}]
        columns = {place: column for place, name in enumerate(self._names) if (column := column_of(name)) is not None}
        while True:
            number = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                last = reader.line_num + self._first
                yield Line(number + self._first, (), {}, error("quotation", LINE, last=last))
                continue
            if number == 1 or not any(cell.strip() for cell in cells):
                continue
            fault = None
            if len(cells) != len(self._names):
                fault = error("line_fields", LINE, found=len(cells), expected=len(self._names))
            fields = {column: cells[place] for place, column in columns.items() if place < len(cells)}
            shown = [cells[place] for place in kept if place < len(cells)] if fault is None else cells
            yield Line(number + self._first, shown, fields, fault)


def read_table(content: bytes) -> Table:
    """Understand a file by its first line.

    Raises:
        TableFault: it cannot be taken as a whole.
    """
    text = _text(content)
    first = 0
    if text[:4].lower() == "sep=":
        # Excel's way to name the separator.
        _, _, text = text.partition("\n")
        first = 1
    bare = text.lstrip("\r\n")
    if not bare.strip():
        raise TableFault(error("file_empty", LINE))
    first += len(text[: len(text) - len(bare)].splitlines())
    text = bare
    names, separator = _header(text)
    columns = [column_of(name) for name in names]
    for column in columns:
        if column is not None and columns.count(column) > 1:
            raise TableFault(error("column_twice", LINE, column=column))
    missing = [column for column in _NEEDED if column not in columns]
    if "vin" not in columns and "plate" not in columns:
        missing.append("vin / plate")
    if missing:
        raise TableFault(error("columns_missing", LINE, columns=", ".join(missing)))
    kept = tuple(name for name in names if name.lower() not in {LINE, REASON})
    ignored = tuple(name for name in kept if name and column_of(name) is None)
    return Table(kept, ignored, separator, text, first, names)


def _text(content: bytes) -> str:
    if len(content) > LARGEST:
        raise TableFault(error("file_large", LINE, megabytes=LARGEST // 1024 // 1024))
    try:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return content.decode("utf-16")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError:
            return content.decode("cp1252")
    except UnicodeDecodeError:
        raise TableFault(error("file_encoding", LINE)) from None


def _header(text: str) -> tuple[tuple[str, ...], str]:
    """The names of the columns, and the separator under which most of them are known."""
    readings = []
    for separator in _SEPARATORS:
        try:
            cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
        except csv.Error:
            continue
        names = tuple(cell.strip() for cell in cells)
        readings.append((sum(column_of(name) is not None for name in names), names, separator))
    if not readings:
        raise TableFault(error("quotation", LINE, last=1))
    _, names, separator = max(readings, key=lambda reading: reading[0])
    return names, separator
