"""Entries stand with the transaction that made them; all that stand are sealed once, whoever seals."""

from __future__ import annotations

import asyncio
from hashlib import sha256

import asyncpg
import pytest
from tests.integration.journal.conftest import seal
from tests.registry.running import until

from odopass.registry.journal.appending import append
from odopass.registry.journal.entries import Entry, canonical
from odopass.registry.journal.recomputing import Recomputed, recompute
from odopass.registry.journal.sealing import Sealer, seal_waiting
from odopass.registry.journal.seals import NO_SEAL_BEFORE, Seal
from odopass.registry.metrics import JOURNAL_LAST_SEAL, JOURNAL_SEALED, JOURNAL_WAITING

pytestmark = pytest.mark.requirement("R9")


def entries(number: int, about: str = "somebody") -> list[Entry]:
    return [Entry("test.done", about, {"n": n, "ü": "“quoted”\n"}) for n in range(number)]


async def add(pool: asyncpg.Pool, number: int, about: str = "somebody") -> None:
    async with pool.acquire() as connection, connection.transaction():
        await append(connection, entries(number, about))


async def recomputed(pool: asyncpg.Pool) -> Recomputed:
    async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
        return await recompute(connection, known_seals={}, progress=lambda _: None)


async def sealed_abouts(pool: asyncpg.Pool) -> list[str]:
    rows = await pool.fetch(
        "select about from journal.entry join journal.sealed using (batch) order by first_leaf + place"
    )
    return [row["about"] for row in rows]


async def test_entries_of_a_transaction_that_is_rolled_back_are_not_there(pool: asyncpg.Pool) -> None:
    await seal(pool)  # the journal's own beginning
    async with pool.acquire() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await append(connection, entries(3))
        await transaction.rollback()
    assert await seal(pool) is None
    assert await pool.fetchval("select count(*) from journal.entry where kind = 'test.done'") == 0


async def test_what_commits_late_is_sealed_later_and_nothing_waits_for_it(pool: asyncpg.Pool) -> None:
    await seal(pool)
    async with pool.acquire() as slow, pool.acquire() as quick:
        late = slow.transaction()
        await late.start()
        await append(slow, entries(2, "late"))  # takes the lower number …
        async with quick.transaction():
            await append(quick, entries(2, "early"))  # … and commits first
        first = await seal(pool)
        assert first is not None
        assert first.tree_size == 3
        assert await seal(pool) is None
        await late.commit()
    second = await seal(pool)
    assert second is not None
    assert (second.tree_size, second.previous_hash) == (5, first.hash)
    assert await sealed_abouts(pool) == ["journal", "early", "early", "late", "late"]
    assert await recomputed(pool) == Recomputed(5, 3)


async def test_a_transaction_that_opened_before_a_seal_and_appends_after_it_is_sealed_next(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as old:
        async with old.transaction(isolation="repeatable_read"):
            await old.fetchval("select count(*) from account")  # its view of the database is from now
            await add(pool, 1, "between")
            await seal(pool)
            await append(old, entries(1, "old"))
        sealed = await seal(pool)
    assert sealed is not None
    assert await sealed_abouts(pool) == ["journal", "between", "old"]
    assert await recomputed(pool) == Recomputed(3, 2)


async def test_seals_are_chained_and_say_what_they_hash(pool: asyncpg.Pool) -> None:
    before: Seal | None = None
    for number in range(1, 4):
        await add(pool, 2)
        sealed = await seal(pool)
        assert sealed is not None
        assert sealed.number == number
        assert sealed.previous_hash == (NO_SEAL_BEFORE if before is None else before.hash)
        assert sealed.hash == sha256(sealed.text.encode()).digest()
        before = sealed


async def test_eight_sealers_at_once_seal_every_entry_once(pool: asyncpg.Pool) -> None:
    async def garage(number: int) -> None:
        for _ in range(20):
            await add(pool, 3, f"garage {number}")

    sealers = [Sealer(pool, every=0.01) for _ in range(8)]
    running = [asyncio.create_task(sealer.run()) for sealer in sealers]
    await asyncio.gather(*(garage(number) for number in range(5)))

    async def all_sealed() -> bool:
        return not await pool.fetchval("select exists (select from journal.unsealed)")

    await until(all_sealed)
    for sealer in sealers:
        sealer.stop()
    await asyncio.gather(*running)
    found = await recomputed(pool)
    assert found.entries == 1 + 5 * 20 * 3
    assert await pool.fetchval("select count(distinct leaf_hashes) from journal.sealed") == 1 + 5 * 20
    assert JOURNAL_SEALED._value.get() == found.entries
    assert JOURNAL_WAITING._value.get() == 0
    assert JOURNAL_LAST_SEAL._value.get() > 1_700_000_000


async def test_more_batches_than_one_seal_takes_are_sealed_in_several(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        for _ in range(450):
            await append(connection, entries(1))
    sizes = []
    while (sealed := await seal(pool)) is not None:
        sizes.append(sealed.tree_size)
    assert sizes == [200, 400, 451]
    assert await recomputed(pool) == Recomputed(451, 3)


async def test_many_entries_of_one_transaction_become_batches_and_subtrees_that_are_kept(pool: asyncpg.Pool) -> None:
    await add(pool, 66_000)
    sealed = await seal(pool)
    assert sealed is not None
    assert sealed.tree_size == 66_001
    kept = await pool.fetch("select level, count(*) from journal.node group by level order by level")
    assert [tuple(row) for row in kept] == [(8, 257), (16, 1)]
    await add(pool, 600)
    await seal(pool)
    assert await recomputed(pool) == Recomputed(66_601, 2)


async def test_a_sealer_that_dies_before_its_commit_leaves_everything_to_the_next(
    pool: asyncpg.Pool, database_url: str
) -> None:
    await add(pool, 4)
    dying = await asyncpg.connect(database_url)
    transaction = dying.transaction()
    await transaction.start()
    assert await seal_waiting(dying) is not None
    # It holds the lock: nobody seals meanwhile, and nobody waits.
    assert await seal(pool) is None
    dying.terminate()

    async def sealed() -> bool:
        return await seal(pool) is not None

    await until(sealed)
    assert await recomputed(pool) == Recomputed(5, 1)


def test_what_is_compared_is_written_in_one_way_whatever_the_order_of_its_members() -> None:
    assert canonical({"b": 1, "a": {"d": None, "c": "é"}}) == '{"a":{"c":"é","d":null},"b":1}'
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical({"x": float("nan")})  # type: ignore[dict-item]
