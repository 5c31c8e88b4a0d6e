"""Calls that arrive together are served together.

While one group is served, later calls queue; when it is done, all that queued form the next group. Nobody waits for a
timer, a lone call is served at once, and under load the cost of a commit or a round trip is shared. Who cannot be
served soon, since the group before takes too long, is told so and waits no longer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import Context
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


#: How long (seconds) a call may queue: what is served is waited for to its end, since it may have been done.
PATIENCE_S: Final = 1.5


class Overdue(TimeoutError):  # noqa: N818 - it names the state of things
    """The calls before this one take too long; it was not begun."""


class Group(Generic[Item, Result]):
    """Turns single calls into calls for many.

    Args:
        serve: serves many items at once, in order, with one result each. If it raises, all of its items get the error.
        largest: how many items may share one call.
        side_by_side: how many calls may be under way at once.
        split_on: errors after which the items are served one by one, since one bad item must not spoil the others.
    """

    def __init__(
        self,
        serve: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        largest: int,
        side_by_side: int = 1,
        split_on: tuple[type[Exception], ...] = (),
    ) -> None:
        self._serve = serve
        self._largest = largest
        self._free = side_by_side
        self._split_on = split_on
        self._queue: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._running: set[asyncio.Task[None]] = set()
        self._stalled = 0

    async def __call__(self, item: Item) -> Result:
        """Serve one item, together with whatever else is waiting.

        If the caller is cancelled, the item is served all the same.

        Raises:
            Overdue: it was not begun within `PATIENCE_S`, and never will be.
        """
        if self._all_stalled():
            raise _overdue()
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._queue.append((item, future))
        if self._free:
            self._free -= 1
            task = asyncio.create_task(self._run(), context=Context())  # it outlives the caller
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        return await future

    def _all_stalled(self) -> bool:
        return not self._free and self._stalled == len(self._running)

    async def drain(self) -> None:
        """Wait until nothing is queued or under way."""
        while self._running:
            await asyncio.wait(self._running)

    async def _run(self) -> None:
        try:
            while self._queue:
                batch = [self._queue.popleft() for _ in range(min(self._largest, len(self._queue)))]
                with self._watched():
                    await self._serve_batch(batch)
        finally:
            self._free += 1

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """If what is done here takes too long, those who queue are turned away, and newcomers until it has ended."""
        stalled = False

        def turn_away() -> None:
            nonlocal stalled
            stalled = True
            self._stalled += 1
            if self._all_stalled():
                waiting, self._queue = self._queue, deque()
                _fail(waiting, _overdue())

        timer = asyncio.get_running_loop().call_later(PATIENCE_S, turn_away)
        try:
            yield
        finally:
            timer.cancel()
            self._stalled -= stalled

    async def _serve_batch(self, batch: list[tuple[Item, asyncio.Future[Result]]]) -> None:
        try:
            results = await self._serve([item for item, _ in batch])
        except self._split_on as error:
            if len(batch) == 1:
                _fail(batch, error)
                return
            for single in batch:
                await self._serve_batch([single])
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the callers
            _fail(batch, error)
        else:
            for (_, future), result in zip(batch, results, strict=True):
                if not future.done():
                    future.set_result(result)


def _overdue() -> Overdue:
    return Overdue(f"what was asked before takes longer than {PATIENCE_S:g} s")


def _fail(batch: Iterable[tuple[Item, asyncio.Future[Result]]], error: Exception) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
