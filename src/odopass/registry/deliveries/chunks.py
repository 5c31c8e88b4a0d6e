"""A stretch of a file's lines: what could be read, and which lines were left out and why."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from odopass.registry.deliveries.columns import Column, Layout
from odopass.wire.echo import shown


@dataclass(frozen=True, slots=True)
class Rejected:
    """A line that is left out.

    Attributes:
        line: its number in the file, from 1; in Parquet the row's.
        reason: what is wrong with it, for whoever corrects it.
        cells: what it holds.
    """

    line: int
    reason: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines as they stand in the file.

    Attributes:
        numbers: of the lines that have all columns, as int64.
        cells: their cells by column, as text without blanks around it; null if empty.
        whole: gives all cells of one of them, by its place among these.
        rejected: lines whose columns could not be told apart.
        position: where the next ones begin.
        line: the last line's number.
        read: how many lines these are, the rejected ones included and blank ones not.
    """

    numbers: pa.Array
    cells: dict[Column, pa.Array]
    whole: Callable[[int], tuple[str, ...]]
    rejected: list[Rejected]
    position: int
    line: int
    read: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines that were checked.

    Attributes:
        table: a column `line` and the columns of values of all good lines.
        rejected: the others.
        lines: both, as they stand in the file.
    """

    table: pa.Table
    rejected: list[Rejected]
    lines: Lines

    @property
    def position(self) -> int:
        """Where the next chunk begins."""
        return self.lines.position

    @property
    def line(self) -> int:
        """The last line's number."""
        return self.lines.line

    @property
    def read(self) -> int:
        """How many lines it has."""
        return self.lines.read

    def leave_out(self, numbers: Collection[int], reason: str) -> None:
        """Reject good lines after all, for what only the database could tell."""
        places = pc.indices_nonzero(pc.is_in(self.lines.numbers, pa.array(sorted(numbers), pa.int64())))
        for place in places.to_pylist():
            number = self.lines.numbers[place].as_py()
            self.rejected.append(Rejected(number, reason, self.lines.whole(place)))
        self.rejected.sort(key=lambda each: each.line)


class DeliveredFile(Protocol):
    """A file that was looked through and can be read from any position.

    Attributes:
        path: where it is.
        sha256: of all of it.
        size: its bytes.
        end: the position behind its last line.
        start: the position and number of the line before the first one with data.
        layout: its columns.
        remarks: what the person should know about how it is read.
    """

    path: Path
    sha256: bytes
    size: int
    end: int
    start: tuple[int, int]
    layout: Layout
    remarks: Sequence[str]

    def lines(self, position: int, line: int, most: int) -> Lines:
        """Read up to so many lines from a position on.

        Raises:
            FileRefused: the file changed or cannot be read any more.
        """
        ...


@dataclass(slots=True)
class Problems:
    """What is wrong with lines, gathered column by column."""

    by_place: dict[int, list[str]] = field(default_factory=dict)

    def add(self, wrong: pa.Array, tell: Callable[[int], str]) -> None:
        """Note a problem of all lines that are wrong; `tell` says what it is, by the line's place."""
        if not pc.any(wrong).as_py():
            return
        for place in pc.indices_nonzero(wrong).to_pylist():
            self.by_place.setdefault(place, []).append(tell(place))


#: Checks that need more than one column.
Further = Callable[[pa.Table, Problems], None]


def checked(lines: Lines, further: Further = lambda _table, _problems: None) -> Chunk:
    """Read the cells of lines; whoever has a wrong one is rejected with all that is wrong with it."""
    problems = Problems()
    values: dict[str, pa.Array] = {"line": lines.numbers}
    for column, cells in lines.cells.items():
        read = values[column.name] = column.read(cells)
        wrong = pc.and_(pc.is_valid(cells), pc.is_null(read))
        problems.add(wrong, partial(_wrong, column, cells))
        if column.filled:
            problems.add(pc.is_null(cells), partial(_empty, column))
    table = pa.table(values)
    further(table, problems)
    rejected = list(lines.rejected)
    if problems.by_place:
        numbers = lines.numbers
        rejected += [
            Rejected(numbers[place].as_py(), "; ".join(told), lines.whole(place))
            for place, told in problems.by_place.items()
        ]
        rejected.sort(key=lambda each: each.line)
        bad = pa.array(sorted(problems.by_place), pa.int64())
        places = pa.array(range(table.num_rows), pa.int64())
        table = table.filter(pc.invert(pc.is_in(places, bad)))
    return Chunk(table, rejected, lines)


def _wrong(column: Column, cells: pa.Array, place: int) -> str:
    return f"{column.name}: {shown(cells[place].as_py())} is not {column.expected}"


def _empty(column: Column, _: int) -> str:
    return f"{column.name} is empty"
