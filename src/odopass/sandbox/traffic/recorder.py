"""Keeps the last exchanges, and wakes those who wait for the next."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Final

from odopass.sandbox.traffic.exchange import Exchange

#: How many exchanges are kept, and how much memory they may take together.
MOST_EXCHANGES: Final = 10_000
MOST_BYTES: Final = 64 * 1024 * 1024


class Recorder:
    """A ring of exchanges, the oldest leaving first. It may be used from any thread."""

    def __init__(self, most: int = MOST_EXCHANGES, most_bytes: int = MOST_BYTES) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._exchanges: deque[Exchange] = deque()
        self._bytes = 0
        self._last = 0
        self._lock = threading.Lock()
        self._waiting: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()

    def add(self, make: Callable[[int], Exchange]) -> Exchange:
        """Keep an exchange.

        Args:
            make: gives it, told its number.
        """
        with self._lock:
            self._last += 1
            exchange = make(self._last)
            self._exchanges.append(exchange)
            self._bytes += exchange.size
            while len(self._exchanges) > self._most or (self._bytes > self._most_bytes and len(self._exchanges) > 1):
                self._bytes -= self._exchanges.popleft().size
            waiting = list(self._waiting)
        for loop, event in waiting:
            loop.call_soon_threadsafe(event.set)
        return exchange

    def after(self, number: int) -> tuple[list[Exchange], int]:
        """The exchanges that came after this one and are still kept, and the number of the last one there was."""
        with self._lock:
            return [each for each in self._exchanges if each.number > number], self._last

    def newest(self, most: int) -> list[Exchange]:
        """The newest exchanges, the newest first."""
        with self._lock:
            return [self._exchanges[-at] for at in range(1, min(most, len(self._exchanges)) + 1)]

    def find(self, number: int) -> Exchange | None:
        """The exchange of this number, if it is still kept."""
        with self._lock:
            return next((each for each in self._exchanges if each.number == number), None)

    def clear(self) -> None:
        """Forget all; numbers go on."""
        with self._lock:
            self._exchanges.clear()
            self._bytes = 0

    async def wait_after(self, number: int, seconds: float, stopping: asyncio.Event) -> None:
        """Wait until there is an exchange after this one, but no longer than this.

        Args:
            number: of the last exchange that is known.
            seconds: to wait at most.
            stopping: ends the wait as well.
        """
        arrived = asyncio.Event()
        waiting = (asyncio.get_running_loop(), arrived)
        with self._lock:
            if self._last > number:
                return
            self._waiting.add(waiting)
        tasks = [asyncio.create_task(arrived.wait()), asyncio.create_task(stopping.wait())]
        try:
            await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            with self._lock:
                self._waiting.discard(waiting)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
