"""How far each file has been taken in, and which lines of it were left out.

The position moves in the transaction that takes the lines in, and only from where it was read. So a process that was
killed is followed by one that goes on exactly there, and of two that read the same file one stops.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Literal

from odopass.registry.deliveries.chunks import Chunk, DeliveredFile, Rejected
from odopass.registry.deliveries.refusing import ImportStopped
from odopass.registry.journal.appending import append
from odopass.registry.journal.entries import JSON, Entry
from odopass.registry.store.database import Database, fetch_one

Kind = Literal["vehicles", "readings"]

#: What is counted of every delivery: its lines, and those left out.
LINES: Final = "lines"
REJECTED: Final = "rejected"

_BEGIN = """
    insert into delivery (
        kind, account_id, sha256, reading_as, name, bytes, position, line, begun_at, changed_at
    )
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
    on conflict (kind, account_id, sha256, reading_as) do nothing
"""
_FIND = """
    select id, kind, sha256, position, line, counts, begun_at, done_at
    from delivery
    where kind = $1 and account_id = $2 and sha256 = $3 and reading_as = $4
"""
_ADVANCE = """
    update delivery
    set position = $3, line = $4, counts = $5, changed_at = $6::timestamptz,
        done_at = case when $7::boolean then $6::timestamptz end
    where id = $1 and position = $2
"""
_REJECT = """
    insert into rejected_line (delivery_id, line, reason, cells)
    select $1, line, reason, array(select json_array_elements_text(cells::json))
    from unnest($2::bigint[], $3::text[], $4::text[]) as rejected (line, reason, cells)
"""
_ANEW = "update delivery set position = $2, line = $3, counts = '{}', done_at = null, begun_at = $4 where id = $1"
_REJECTED = "select line, reason, cells from rejected_line where delivery_id = $1 order by line"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A file as far as it has been taken in.

    Attributes:
        sha256: of the file.
        position: where to go on.
        line: the last line that was taken in.
        counts: what became of the lines so far.
        done_at: when the last one was taken in; None while there are more.
    """

    id: int
    kind: Kind
    sha256: bytes
    position: int
    line: int
    counts: Counter[str]
    begun_at: datetime
    done_at: datetime | None


async def begin(connection: Database, file: DeliveredFile, kind: Kind, account_id: int, *, now: datetime) -> Delivery:
    """The row of this file, new or from an earlier run."""
    key = kind, account_id, file.sha256, file.layout.as_text()
    await connection.execute(_BEGIN, *key, file.path.name, file.size, *file.start, now)
    row = await fetch_one(connection, _FIND, *key)
    return Delivery(
        id=row["id"],
        kind=row["kind"],
        sha256=row["sha256"],
        position=row["position"],
        line=row["line"],
        counts=Counter(json.loads(row["counts"])),
        begun_at=row["begun_at"],
        done_at=row["done_at"],
    )


async def begin_anew(connection: Database, delivery: Delivery, file: DeliveredFile, *, now: datetime) -> None:
    """Let a file that is done be taken in once more, inside the caller's transaction."""
    await connection.execute("delete from rejected_line where delivery_id = $1", delivery.id)
    await connection.execute(_ANEW, delivery.id, *file.start, now)


async def advance(
    connection: Database, delivery: Delivery, chunk: Chunk, counts: Mapping[str, int], *, end: int, now: datetime
) -> Delivery:
    """Note that a chunk was taken in, in the transaction that does so.

    Args:
        connection: in that transaction.
        delivery: as it stood before.
        chunk: what was taken in; its rejected lines are kept.
        counts: what became of its lines.
        end: the position behind the file's last line.
        now: the moment, in UTC.

    Raises:
        ImportStopped: another process has taken lines of this file in meanwhile.
    """
    total = Counter(delivery.counts)
    total.update(counts)  # unlike a sum, this keeps what is zero
    done = chunk.position >= end
    status = await connection.execute(
        _ADVANCE, delivery.id, delivery.position, chunk.position, chunk.line, json.dumps(total), now, done
    )
    if status != "UPDATE 1":
        raise ImportStopped(
            "Another process takes the same file in.",
            f"It has gone on from line {delivery.line:,} meanwhile. Nothing was taken in twice.",
            "Let the other one finish, or end it and run this command again.",
        )
    await keep_rejected(connection, delivery, chunk.rejected)
    await append(connection, [_entry(delivery, chunk, counts)])
    return replace(delivery, position=chunk.position, line=chunk.line, counts=total, done_at=now if done else None)


def _entry(delivery: Delivery, chunk: Chunk, counts: Mapping[str, int]) -> Entry:
    """What the journal says of a chunk: which lines of which file were taken in, and what became of them."""
    content: dict[str, JSON] = {
        "delivery": delivery.id,
        "after_line": delivery.line,
        "up_to_line": chunk.line,
        "counts": dict(counts),
    }
    return Entry(f"{delivery.kind}.delivered", delivery.sha256.hex(), content)


async def keep_rejected(connection: Database, delivery: Delivery, rejected: list[Rejected]) -> None:
    """Keep lines that were left out, in the transaction that counts them."""
    if rejected:
        rows = [(each.line, each.reason, json.dumps([_storable(cell) for cell in each.cells])) for each in rejected]
        await connection.execute(_REJECT, delivery.id, *zip(*rows, strict=True))


async def rejected_lines(connection: Database, delivery: Delivery) -> AsyncIterator[Rejected]:
    """The lines of a file that were left out, in order; inside a transaction."""
    async for row in connection.cursor(_REJECTED, delivery.id, prefetch=1_000):
        yield Rejected(row["line"], row["reason"], tuple(row["cells"]))


def _storable(cell: str) -> str:
    """The cell without what no database can keep."""
    return cell.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
