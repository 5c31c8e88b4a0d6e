from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from tests.registry.running import until

from odopass.registry import grouping
from odopass.registry.grouping import Group, Overdue


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grouping, "PATIENCE_S", 0.05)


class Server:
    """Serves groups when it is let to."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.groups: list[list[int]] = []

    async def serve(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        await self.free.wait()
        return [item * 10 for item in items]


@pytest.mark.requirement("W7")
async def test_those_behind_a_group_that_hangs_are_turned_away_and_never_served_but_the_group_is_awaited() -> None:
    server = Server()
    group: Group[int, int] = Group(server.serve, largest=10)
    first = asyncio.create_task(group(1))
    await until(_true_of(lambda: server.groups == [[1]]))
    behind = [asyncio.create_task(group(number)) for number in (2, 3)]
    assert not (await asyncio.wait(behind, timeout=20))[1]
    for each in behind:
        assert isinstance(each.exception(), Overdue)
    with pytest.raises(Overdue):
        await group(4)  # at once: nothing has moved
    assert not first.done()
    server.free.set()
    assert await first == 10
    assert await group(5) == 50
    await group.drain()
    assert server.groups == [[1], [5]]


async def test_a_group_that_hangs_turns_nobody_away_while_another_moves() -> None:
    server = Server()
    group: Group[int, int] = Group(server.serve, largest=1, side_by_side=2)
    hanging = asyncio.create_task(group(1))
    await until(_true_of(lambda: server.groups == [[1]]))
    await asyncio.sleep(0.1)  # longer than the patience: what is shown is that nothing happens
    second = asyncio.create_task(group(2))
    await until(_true_of(lambda: server.groups == [[1], [2]]))
    server.free.set()
    assert (await hanging, await second) == (10, 20)


def _true_of(condition: Callable[[], bool]) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        return condition()

    return ask
