"""Who waits for whom."""

from __future__ import annotations

import asyncio

import pytest

from odopass.registry.accounts.fair_turns import FairTurns, LineFull


class Shop:
    """A counter with turns: notes who was served in which order, and serves one when told."""

    def __init__(self, *, per_line: int = 64, in_all: int = 1_000) -> None:
        self.counts: list[int] = []
        self.turns = FairTurns(at_once=1, per_line=per_line, in_all=in_all, on_change=self.counts.append)
        self.served: list[str] = []
        self.full: list[str] = []
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._go = asyncio.Semaphore(0)

    async def queue(self, name: str, asker: str, subject: str = "") -> None:
        self.tasks[name] = asyncio.create_task(self._visit(name, asker, subject))
        await asyncio.sleep(0)

    async def serve_all(self) -> list[str]:
        for _ in self.tasks:
            self._go.release()
        await asyncio.gather(*self.tasks.values(), return_exceptions=True)
        assert self.turns.waiting == 0
        return self.served

    async def _visit(self, name: str, asker: str, subject: str) -> None:
        try:
            async with self.turns.turn(asker, subject):
                await self._go.acquire()
                self.served.append(name)
        except LineFull:
            self.full.append(name)


@pytest.mark.requirement("R8")
async def test_one_who_comes_after_a_flood_of_another_is_served_next_but_one() -> None:
    shop = Shop()
    for number in range(50):
        await shop.queue(f"flood {number}", "stranger")
    await shop.queue("garage", "garage")
    served = await shop.serve_all()
    assert served.index("garage") <= 2
    assert len(served) == 51


@pytest.mark.requirement("R8")
async def test_a_stranger_who_invents_names_has_one_share_still() -> None:
    shop = Shop()
    for number in range(50):
        await shop.queue(f"flood {number}", "stranger", subject=f"name {number}")
    await shop.queue("garage", "garage", "2123456722")
    assert (await shop.serve_all()).index("garage") <= 2


async def test_names_of_one_asker_take_turns() -> None:
    shop = Shop()
    for name in ("a1", "a2", "a3", "a4", "b1", "b2"):
        await shop.queue(name, "same address", subject=name[0])
    assert await shop.serve_all() == ["a1", "a2", "b1", "a3", "b2", "a4"]


async def test_a_line_has_an_end_and_others_are_not_concerned() -> None:
    shop = Shop(per_line=3)
    for number in range(6):
        await shop.queue(f"flood {number}", "stranger", "name")
    await shop.queue("other name", "stranger", "another")
    await shop.queue("other address", "garage", "name")
    assert shop.full == ["flood 4", "flood 5"]
    served = await shop.serve_all()
    assert sorted(served) == ["flood 0", "flood 1", "flood 2", "flood 3", "other address", "other name"]


@pytest.mark.requirement("R8")
async def test_a_newcomer_takes_the_last_place_of_the_longest_lines_when_all_is_full() -> None:
    shop = Shop(in_all=4)
    await shop.queue("being served", "first")
    for number in range(4):
        await shop.queue(f"flood {number}", "stranger", f"name {number % 2}")
    await shop.queue("more flood", "stranger", "name 3")
    await shop.queue("garage", "garage")
    assert shop.full == ["more flood"]
    served = await shop.serve_all()
    assert shop.full == ["more flood", "flood 2"]
    assert served[:3] == ["being served", "flood 0", "garage"]


async def test_when_everybody_has_one_place_a_newcomer_is_turned_away() -> None:
    shop = Shop(in_all=2)
    for name in ("served", "one", "two", "three"):
        await shop.queue(name, name)
    assert shop.full == ["three"]
    assert await shop.serve_all() == ["served", "one", "two"]


async def test_who_leaves_the_queue_leaves_no_gap() -> None:
    shop = Shop()
    for name in ("served", "leaves", "stays"):
        await shop.queue(name, name)
    shop.tasks["leaves"].cancel()
    assert await shop.serve_all() == ["served", "stays"]


async def test_a_turn_given_to_one_who_leaves_at_that_moment_is_handed_on() -> None:
    turns = FairTurns(at_once=1, per_line=5, in_all=5)
    entered = []
    leave = asyncio.Event()

    async def visit(name: str) -> None:
        async with turns.turn(name, ""):
            entered.append(name)
            if name == "first":
                await leave.wait()
        if name == "first":
            leaves.cancel()  # it has just been called, but has not run yet

    first, leaves, last = (asyncio.create_task(visit(name)) for name in ("first", "leaves", "last"))
    await asyncio.sleep(0)
    assert turns.waiting == 2
    leave.set()
    await asyncio.wait_for(asyncio.gather(first, last), 5)
    assert leaves.cancelled()
    assert entered == ["first", "last"]
    assert turns.waiting == 0


async def test_how_many_wait_is_told_at_each_change() -> None:
    shop = Shop()
    for name in ("served", "one", "two"):
        await shop.queue(name, name)
    await shop.serve_all()
    assert shop.counts == [1, 2, 1, 0]
