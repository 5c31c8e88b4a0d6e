"""The file of lines that were left out: to be corrected, and imported like any other."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg

from odopass.registry.deliveries.chunks import DeliveredFile
from odopass.registry.deliveries.ledger import Delivery, rejected_lines
from odopass.registry.postgres.faults import ExplainedError

_ROWS_AT_ONCE = 1_000


async def write_rejected(address: str, delivery: Delivery, file: DeliveredFile, path: Path) -> None:
    """Write the lines of a file that were left out: number, reason, and their own cells under the file's header.

    Raises:
        ExplainedError: the file cannot be written; the lines stay in the database, and a repeated import writes them.
    """
    connection = await asyncpg.connect(address, timeout=10)
    try:
        async with connection.transaction(readonly=True):
            rows = ([str(each.line), each.reason, *each.cells] async for each in rejected_lines(connection, delivery))
            await write_rows(path, ["line", "reason", *file.layout.header], rows)
    finally:
        await connection.close()


async def write_rows(path: Path, header: Sequence[str], rows: AsyncIterator[Sequence[str]]) -> None:
    """Write a CSV file that appears under its name only when it is whole.

    Raises:
        ExplainedError: it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.partial")
    try:
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            batch: list[Sequence[str]] = []
            async for row in rows:
                batch.append(row)
                if len(batch) == _ROWS_AT_ONCE:
                    writer.writerows(batch)
                    batch.clear()
            writer.writerows(batch)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise ExplainedError(
            f"{path} cannot be written.",
            f"{error.strerror or error}. What it tells is kept in the database.",
            "Make room or name another place, and run the same command again: it takes nothing in twice, and writes "
            "the file.",
        ) from error
