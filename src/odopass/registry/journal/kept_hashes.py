"""The hashes of leaves and kept nodes as they are stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from odopass.registry.journal.tree import HASH_BYTES, KEPT_LEVELS, Subtree
from odopass.registry.store.database import Database

_NODES: Final = """
    select node.level, node.place, node.hash
    from unnest($1::smallint[], $2::bigint[]) as wanted (level, place)
    join journal.node using (level, place)
"""
# The batch that the first leaf is in, and those that begin before the last.
_BATCHES: Final = """
    select first_leaf, leaf_hashes from journal.sealed
    where first_leaf < $2 and first_leaf >= coalesce(
        (select max(before.first_leaf) from journal.sealed before where before.first_leaf <= $1), 0
    )
    order by first_leaf
"""


async def read_kept(database: Database, wanted: Iterable[Subtree]) -> dict[Subtree, bytes]:
    """The stored hashes among those wanted; what is missing is left out."""
    nodes = set()
    leaves: dict[int, set[int]] = {}  # those below one kept node lie together, and are read together
    for subtree in wanted:
        if subtree.level:
            nodes.add(subtree)
        else:
            leaves.setdefault(subtree.place >> KEPT_LEVELS, set()).add(subtree.place)
    kept = {}
    if nodes:
        rows = await database.fetch(_NODES, [each.level for each in nodes], [each.place for each in nodes])
        kept = {Subtree(level, place): stored for level, place, stored in rows}
    for together in leaves.values():
        for first, hashes in await database.fetch(_BATCHES, min(together), max(together) + 1):
            for at in range(len(hashes) // HASH_BYTES):
                if first + at in together:
                    kept[Subtree(0, first + at)] = hashes[at * HASH_BYTES : (at + 1) * HASH_BYTES]
    return kept
