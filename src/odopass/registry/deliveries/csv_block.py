"""The short way through CSV: many lines split at once, where it cannot matter by which rules.

Line by line in Python costs ten times as much. A block is split here only if every line is surely one record, with as
many cells as the header, and no quotation mark stands where two readers of CSV could differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Final

import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]
import pyarrow.csv as pacsv  # type: ignore[import-untyped]

_LINE_ENDS: Final = (b"\n", b"\r")


def split_at_once(block: bytes, *, lines: int, separator: str, header: Sequence[str]) -> pa.Table | None:
    """The cells of a block as text, a row for each line; None if the lines must be read one by one.

    Args:
        block: whole lines in UTF-8.
        lines: how many.
        separator: between cells.
        header: the names of the columns; a line that repeats them, or is blank, is for the long way.
    """
    if not lines or _may_have_blank_lines(block) or not _quotes_are_plain(block, separator.encode()):
        return None
    names = [str(place) for place in range(len(header))]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(block),
            read_options=pacsv.ReadOptions(column_names=names, use_threads=False, block_size=len(block) + 1),
            parse_options=pacsv.ParseOptions(delimiter=separator),
            convert_options=pacsv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
        )
    except pa.ArrowInvalid:
        return None
    # A record over two lines leaves fewer rows, and nothing makes more of them.
    if table.num_rows != lines or _has_row(table, header) or _has_row(table, [""] * len(header)):
        return None
    return table


def _may_have_blank_lines(block: bytes) -> bool:
    """Whether there are blank lines, or ends of lines of a third kind, so that rows could be miscounted."""
    carriage_returns = block.count(b"\r")
    return (
        block.startswith(_LINE_ENDS)
        or b"\n\n" in block
        or (carriage_returns > 0 and (carriage_returns != block.count(b"\r\n") or b"\n\r" in block))
    )


def _quotes_are_plain(block: bytes, separator: bytes) -> bool:
    """Whether every quotation mark stands at exactly one end of a cell."""
    total = block.count(b'"')
    if not total:
        return True
    before, after = (separator, b"\n"), (separator, b"\n", b"\r")
    if any(left + b'"' + right in block for left in before for right in after):
        return False
    ends = int(block.startswith(b'"')) + int(block.endswith(b'"'))
    ends += sum(block.count(left + b'"') for left in before) + sum(block.count(b'"' + right) for right in after)
    return ends == total and not (block.startswith(b'"') and block[1:2] in {*after, b""})


def _has_row(table: pa.Table, cells: Sequence[str]) -> bool:
    """Whether some row is exactly this."""
    first = pc.equal(table.column(0), cells[0])
    if not pc.any(first).as_py():
        return False
    others = (pc.equal(table.column(place), cell) for place, cell in enumerate(cells) if place)
    return bool(pc.any(reduce(pc.and_, others, first)).as_py())
