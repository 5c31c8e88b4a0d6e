"""Recompute the whole tree and the chain of seals, and name the first entry that is not as it was sealed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final, NamedTuple

from asyncpg import Record

from odopass.registry.journal.entries import leaf_text
from odopass.registry.journal.faults import Altered, Wrong
from odopass.registry.journal.seals import Seal
from odopass.registry.journal.tree import HASH_BYTES, Growing, Subtree, leaf_hash
from odopass.registry.store.database import Database

_BATCHES_AT_ONCE: Final = 20

_SEALS: Final = """
    select number, tree_size, root_hash, sealed_at, previous_hash, hash from journal.seal order by number
"""
_SEALED: Final = "select batch, seal, first_leaf, leaf_hashes from journal.sealed order by first_leaf"
_ENTRIES: Final = """
    select batch, place, at, kind, about, content, public, salt from journal.entry
    where batch = any($1::bigint[])
    order by batch, place
"""
_NODES: Final = """
    select level, place, hash from journal.node
    where (level, place) in (select * from unnest($1::smallint[], $2::bigint[]))
"""
_NUMBER_OF_NODES: Final = "select count(*) from journal.node"
_STRAY: Final = """
    select batch, place, kind, about from journal.entry
    where not exists (select from journal.sealed where sealed.batch = entry.batch)
        and not exists (select from journal.unsealed where unsealed.batch = entry.batch)
    order by batch, place
    limit 1
"""
_EMPTY: Final = """
    select batch from journal.unsealed
    where not exists (select from journal.entry where entry.batch = unsealed.batch)
    order by batch
    limit 1
"""


class Recomputed(NamedTuple):
    """What was found in order: so many entries under so many seals."""

    entries: int
    seals: int


class _Batch(NamedTuple):
    number: int
    seal: int
    first_leaf: int
    hashes: list[bytes]
    entries: dict[int, Record]


async def recompute(
    database: Database, *, known_seals: Mapping[int, bytes], progress: Callable[[int], None]
) -> Recomputed:
    """Recompute everything that was sealed.

    Args:
        database: in a transaction that sees one state (repeatable read).
        known_seals: hashes of seals, by number, as they were noted elsewhere.
        progress: is told how many entries were recomputed.

    Raises:
        Altered: at the first thing that is not as it was sealed.
    """
    tree = Growing()
    seals = aiter(database.cursor(_SEALS, prefetch=1_000))
    previous: Seal | None = None
    seal = await _next(seals)
    async for batch in _batches(database):
        if seal is None or batch.seal != seal.number:
            raise Altered(
                Wrong.REMOVED if seal is None or batch.seal > seal.number else Wrong.CHANGED,
                f"Batch {batch.number} belongs to seal {batch.seal}, "
                + ("which is not there." if seal is None else f"where one of seal {seal.number} was expected."),
                tree.size,
            )
        nodes = _add(tree, batch)
        await _check_nodes(database, nodes, batch)
        progress(tree.size)
        if tree.size >= seal.tree_size:
            _check_seal(seal, previous, tree, known_seals)
            previous, seal = seal, await _next(seals)
    if seal is not None:
        raise Altered(
            Wrong.REMOVED,
            f"Seal {seal.number} covers {seal.tree_size} entries; those from entry {tree.size} on are not there.",
            tree.size,
        )
    await _check_the_rest(database, tree.size, previous, known_seals)
    return Recomputed(tree.size, 0 if previous is None else previous.number)


async def _next(seals: AsyncIterator[Record]) -> Seal | None:
    row = await anext(seals, None)
    return None if row is None else Seal(*row)


async def _batches(database: Database) -> AsyncIterator[_Batch]:
    portion: list[Record] = []
    async for row in database.cursor(_SEALED, prefetch=_BATCHES_AT_ONCE):
        portion.append(row)
        if len(portion) == _BATCHES_AT_ONCE:
            async for batch in _with_entries(database, portion):
                yield batch
            portion = []
    async for batch in _with_entries(database, portion):
        yield batch


async def _with_entries(database: Database, rows: list[Record]) -> AsyncIterator[_Batch]:
    entries: dict[int, dict[int, Record]] = {row["batch"]: {} for row in rows}
    for entry in await database.fetch(_ENTRIES, list(entries)) if rows else ():
        entries[entry["batch"]][entry["place"]] = entry
    for row in rows:
        stored = row["leaf_hashes"]
        hashes = [stored[at : at + HASH_BYTES] for at in range(0, len(stored), HASH_BYTES)]
        yield _Batch(row["batch"], row["seal"], row["first_leaf"], hashes, entries[row["batch"]])


def _add(tree: Growing, batch: _Batch) -> list[tuple[Subtree, bytes]]:
    if batch.first_leaf != tree.size:
        raise Altered(
            Wrong.REMOVED if batch.first_leaf > tree.size else Wrong.CHANGED,
            f"Batch {batch.number} begins at entry {batch.first_leaf}, where entry {tree.size} was expected.",
            min(tree.size, batch.first_leaf),
        )
    nodes: list[tuple[Subtree, bytes]] = []
    for place, sealed in enumerate(batch.hashes):
        number = batch.first_leaf + place
        entry = batch.entries.pop(place, None)
        if entry is None:
            raise Altered(
                Wrong.REMOVED,
                f"Entry {number} (batch {batch.number}, place {place}) is sealed and not there any more.",
                number,
            )
        leaf = leaf_hash(_text(entry).encode())
        if leaf != sealed:
            raise Altered(
                Wrong.CHANGED, f"Entry {number}, {_told(entry)}, does not have the hash it was sealed with.", number
            )
        nodes += tree.add(leaf)
    if batch.entries:
        place, entry = min(batch.entries.items())
        raise Altered(
            Wrong.ADDED,
            f"An entry after entry {tree.size - 1}, {_told(entry)} (batch {batch.number}, place {place}), "
            "was added after the batch had been sealed.",
        )
    return nodes


async def _check_nodes(database: Database, nodes: list[tuple[Subtree, bytes]], batch: _Batch) -> None:
    if not nodes:
        return
    rows = await database.fetch(_NODES, [node.level for node, _ in nodes], [node.place for node, _ in nodes])
    stored = {Subtree(row["level"], row["place"]): row["hash"] for row in rows}
    for node, computed in nodes:
        if stored.get(node) != computed:
            first = node.place << node.level
            raise Altered(
                Wrong.REMOVED if node not in stored else Wrong.CHANGED,
                f"The kept hash of entries {first} to {first + (1 << node.level) - 1} is not theirs: one of them was "
                "changed together with its own hash, or the kept hash was.",
                batch.first_leaf,
            )


def _check_seal(seal: Seal, previous: Seal | None, tree: Growing, known_seals: Mapping[int, bytes]) -> None:
    before = 0 if previous is None else previous.tree_size
    if tree.size != seal.tree_size:
        raise Altered(Wrong.CHANGED, f"Seal {seal.number} ends in the middle of a batch.", before)
    expected = Seal.on(previous, tree_size=seal.tree_size, root_hash=tree.root(), sealed_at=seal.sealed_at)
    if seal.root_hash != expected.root_hash:
        raise Altered(
            Wrong.CHANGED,
            f"The root of seal {seal.number} does not follow from its entries {before} to {seal.tree_size - 1}: one of "
            "them was changed together with its hash, or the root was.",
            before,
        )
    if (seal.number, seal.previous_hash, seal.hash) != (expected.number, expected.previous_hash, expected.hash):
        raise Altered(
            Wrong.CHANGED, f"Seal {seal.number} does not follow on the seal before; it was written anew.", before
        )
    if known_seals.get(seal.number, seal.hash) != seal.hash:
        raise Altered(
            Wrong.CHANGED,
            f"Seal {seal.number} is another one than was noted elsewhere: the journal was written anew, from entry "
            f"{seal.tree_size - 1} or an earlier one on.",
            before,
        )


async def _check_the_rest(database: Database, size: int, last: Seal | None, known_seals: Mapping[int, bytes]) -> None:
    for number in sorted(known_seals):
        if last is None or number > last.number:
            raise Altered(Wrong.REMOVED, f"Seal {number} was noted elsewhere and is not there.", size)
    if (stray := await database.fetchrow(_STRAY)) is not None:
        raise Altered(
            Wrong.ADDED,
            f"The entry {_told(stray)} (batch {stray['batch']}, place {stray['place']}) is under no seal, and does not "
            "wait for one: it was added by hand, or kept from being sealed.",
        )
    if (batch := await database.fetchval(_EMPTY)) is not None:
        raise Altered(Wrong.REMOVED, f"Batch {batch} waits to be sealed, and its entries are not there.")
    kept = sum(size >> level for level in range(8, 64, 8))
    if (stored := await database.fetchval(_NUMBER_OF_NODES)) != kept:
        raise Altered(Wrong.ADDED, f"{stored} hashes of subtrees are kept where {kept} were expected.")


def _text(entry: Record) -> str:
    return leaf_text(**{name: entry[name] for name in ("at", "kind", "about", "content", "public", "salt")})


def _told(entry: Record) -> str:
    return f"{entry['kind']} about {entry['about']}"
