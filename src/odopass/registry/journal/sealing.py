"""The sealer: every few seconds it adds what was appended to the tree, and the tree's root to the chain of seals.

It takes whatever batches it sees, in the order of their numbers. A batch whose transaction was still running is not
seen and is taken by a later seal; so nothing is waited for, and nothing is left out. The order of the journal is the
order of sealing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from odopass.registry.faultpoints import reached
from odopass.registry.journal.entries import leaf_text
from odopass.registry.journal.kept_hashes import read_kept
from odopass.registry.journal.seals import Seal, add_seal, latest_seal
from odopass.registry.journal.tree import Growing, Subtree, leaf_hash, needed_to_grow
from odopass.registry.looping import Loop
from odopass.registry.metrics import JOURNAL_LAST_SEAL, JOURNAL_SEALED, JOURNAL_WAITING
from odopass.registry.store.database import Database, Pool

_log = structlog.get_logger(__name__)

#: The most batches of one seal, which bounds what one transaction does; the rest is sealed at once afterwards.
_MOST_BATCHES: Final = 200
_ROWS_AT_ONCE: Final = 2_000
#: How much sooner than its time a seal may come: the loops of several processes are not in step.
_EARLY: Final = 0.8

# One sealer at a time; the others look again later. Held until the transaction ends, however it ends.
_ONE_SEALER: Final = "select pg_try_advisory_xact_lock(hashtext('odopass journal: sealing'), 0)"
_DUE: Final = """
    with waiting as (select count(*) as batches from (select from journal.unsealed limit $1) as few)
    select batches > 0 and (
        batches = $1
        or coalesce((select sealed_at from journal.seal order by number desc limit 1), '-infinity')
            <= clock_timestamp() - $2 * interval '1 second'
    )
    from waiting
"""
_TAKE: Final = """
    delete from journal.unsealed
    where batch in (select batch from journal.unsealed order by batch limit $1)
    returning batch
"""
_SEALED_BEFORE: Final = "select batch from journal.sealed where batch = any($1::bigint[])"
_ENTRIES: Final = """
    select batch, at, kind, about, content, public, salt from journal.entry
    where batch = any($1::bigint[])
    order by batch, place
"""
_SEALED: Final = """
    insert into journal.sealed (batch, seal, first_leaf, leaf_hashes)
    select batch, $4, first_leaf, leaf_hashes
    from unnest($1::bigint[], $2::bigint[], $3::bytea[]) as taken (batch, first_leaf, leaf_hashes)
"""
_NODES: Final = """
    insert into journal.node (level, place, hash) select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])
"""
_WAITING: Final = """
    select count(*) from (select from journal.unsealed join journal.entry using (batch) limit 1000000) as waiting
"""
_NOW: Final = "select clock_timestamp()"


class Sealer:
    """Seals the journal until it is told to stop. Any number may run; one works at a time.

    Args:
        pool: the database.
        every: seconds between two seals.
    """

    def __init__(self, pool: Pool, *, every: float = 5.0) -> None:
        self._pool = pool
        self._every = every
        self._loop = Loop(self._look, idle=every, failed="could not seal the journal")

    def stop(self) -> None:
        """End `run` after the seal under way."""
        self._loop.stop()

    async def run(self) -> None:
        """Seal until `stop`."""
        await self._loop.run()

    async def _look(self) -> int:
        """Seal if it is time; more than 0 if there is more than one seal takes."""
        if not await self._pool.fetchval(_DUE, _MOST_BATCHES, self._every * _EARLY):
            return 0
        async with self._pool.acquire() as connection:
            seal = await seal_waiting(connection)
        JOURNAL_WAITING.set(await self._pool.fetchval(_WAITING))
        if seal is None:
            return 0
        JOURNAL_LAST_SEAL.set(seal.sealed_at.timestamp())
        JOURNAL_SEALED.set(seal.tree_size)
        # Whoever keeps the log elsewhere can show later what the journal was.
        _log.info("sealed", seal=seal.number, entries=seal.tree_size, root=seal.root_hash.hex(), hash=seal.hash.hex())
        return 1  # full seals follow on one another without a rest


async def seal_waiting(connection: Database) -> Seal | None:
    """Seal up to 200 of the batches that wait, in a transaction of its own.

    Returns:
        The new seal; None if nothing waited, or somebody else is sealing.
    """
    async with connection.transaction():
        if not await connection.fetchval(_ONE_SEALER):
            return None
        batches = await _take(connection)
        if not batches:
            return None
        previous = await latest_seal(connection)
        size = 0 if previous is None else previous.tree_size
        tree = Growing(size, await read_kept(connection, needed_to_grow(size)))
        number = 1 if previous is None else previous.number + 1
        await _add(connection, tree, batches, number)
        if tree.size == size:
            _log.error("batches without entries", batches=list(batches))
            return None
        sealed_at = await connection.fetchval(_NOW)
        seal = Seal.on(previous, tree_size=tree.size, root_hash=tree.root(), sealed_at=sealed_at)
        await add_seal(connection, seal)
        reached("journal: sealed, before the commit")
    return seal


async def _take(connection: Database) -> list[int]:
    taken = sorted(row[0] for row in await connection.fetch(_TAKE, _MOST_BATCHES))
    before = {row[0] for row in await connection.fetch(_SEALED_BEFORE, taken)} if taken else set()
    if before:
        _log.error("batches that are sealed already wait again", batches=sorted(before))
    return [batch for batch in taken if batch not in before]


async def _add(connection: Database, tree: Growing, batches: Sequence[int], seal: int) -> None:
    first_leaf: dict[int, int] = {}
    hashes: dict[int, bytearray] = {}
    nodes: list[tuple[Subtree, bytes]] = []
    async for row in connection.cursor(_ENTRIES, batches, prefetch=_ROWS_AT_ONCE):
        batch, at, kind, about, content, public, salt = row
        text = leaf_text(at=at, kind=kind, about=about, content=content, public=public, salt=salt)
        leaf = leaf_hash(text.encode())
        if batch not in hashes:
            first_leaf[batch], hashes[batch] = tree.size, bytearray()
        hashes[batch] += leaf
        nodes += tree.add(leaf)
    await connection.execute(
        _SEALED, list(hashes), list(first_leaf.values()), [bytes(each) for each in hashes.values()], seal
    )
    if nodes:
        await connection.execute(
            _NODES,
            [subtree.level for subtree, _ in nodes],
            [subtree.place for subtree, _ in nodes],
            [node for _, node in nodes],
        )
