"""Append to the journal, in the transaction that changes the data."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from odopass.registry.journal.entries import Entry, written
from odopass.registry.store.database import Database

#: The most entries of one batch; what a proof of one of them reads stays small.
MOST_OF_A_BATCH: Final = 1_000
_SALT_BYTES: Final = 16

# The batch's row in `unsealed` becomes visible with its entries, whenever the transaction commits: whoever seals finds
# it then, in whatever order transactions end.
_APPEND: Final = """
    with appended as (insert into journal.unsealed default values returning batch)
    insert into journal.entry (batch, place, kind, about, content, public, salt)
    select appended.batch, said.n - 1, said.kind, said.about, said.content, said.public, said.salt
    from appended, unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[])
        with ordinality as said (kind, about, content, public, salt, n)
"""


async def append(connection: Database, entries: Sequence[Entry]) -> None:
    """Append entries, in this order, within the caller's transaction: they stand if and only if it commits.

    Args:
        connection: in the transaction that changes what the entries tell of.
        entries: any number, none included.
    """
    for first in range(0, len(entries), MOST_OF_A_BATCH):
        batch = entries[first : first + MOST_OF_A_BATCH]
        salts = os.urandom(_SALT_BYTES * len(batch))
        rows = [
            (each.kind, each.about, written(each.content), written(each.public), salts[at : at + _SALT_BYTES])
            for at, each in zip(range(0, len(salts), _SALT_BYTES), batch, strict=True)
        ]
        await connection.execute(_APPEND, *zip(*rows, strict=True))
