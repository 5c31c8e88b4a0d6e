"""Turns at something scarce, shared fairly between those who ask.

Who floods the queue waits in his own line. There is one line per asker and subject (for logins: network and account
name); askers are served in rotation, and so are the subjects of one asker. An asker who invents ten thousand subjects
still gets one asker's share.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager


class LineFull(Exception):  # noqa: N818 - it names the state of things
    """So many are waiting that another one would wait too long; nothing was queued."""


_Line = deque[asyncio.Future[None]]


class FairTurns:
    """A semaphore that serves its waiters in rotation.

    Args:
        at_once: how many may have their turn at the same time.
        per_line: how many may wait in one line.
        in_all: how many may wait altogether. When that is reached, an asker with nobody in the queue takes the place
            of the last one in the longest asker's lines: many lines of one flood do not shut others out.
        on_change: is told how many wait, whenever that changes.
    """

    def __init__(
        self, *, at_once: int, per_line: int, in_all: int, on_change: Callable[[int], object] = lambda _: None
    ) -> None:
        self._free = at_once
        self._per_line = per_line
        self._in_all = in_all
        self._on_change = on_change
        self._waiting = 0
        self._askers: OrderedDict[str, OrderedDict[str, _Line]] = OrderedDict()
        self._sizes: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """How many wait at this moment."""
        return self._waiting

    def line_is_full(self, asker: str, subject: str) -> bool:
        """Whether `turn` would raise at once because this very line is full."""
        lines = self._askers.get(asker)
        return lines is not None and len(lines.get(subject, ())) >= self._per_line

    @asynccontextmanager
    async def turn(self, asker: str, subject: str) -> AsyncIterator[None]:
        """Wait for a turn and keep it for the length of the block.

        Raises:
            LineFull: the line or the whole queue has no place.
        """
        await self._wait(asker, subject)
        try:
            yield
        finally:
            self._free += 1
            self._call_next()

    async def _wait(self, asker: str, subject: str) -> None:
        if self._free and not self._waiting:
            self._free -= 1
            return
        if self.line_is_full(asker, subject):
            raise LineFull
        if self._waiting >= self._in_all:
            self._make_room_for(asker)
        called: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._askers.setdefault(asker, OrderedDict()).setdefault(subject, deque()).append(called)
        self._count(asker, +1)
        try:
            await called
        except asyncio.CancelledError:
            if called.done() and not called.cancelled() and called.exception() is None:
                self._free += 1  # it was our turn already: hand it on
                self._call_next()
            elif self._is_queued(asker, subject, called):
                self._remove(asker, subject, called)
            raise

    def _call_next(self) -> None:
        while self._free and self._waiting:
            asker, lines = next(iter(self._askers.items()))
            subject, line = next(iter(lines.items()))
            called = line[0]
            lines.move_to_end(subject)
            self._askers.move_to_end(asker)
            self._remove(asker, subject, called)
            if not called.done():
                self._free -= 1
                called.set_result(None)

    def _make_room_for(self, newcomer: str) -> None:
        longest = max(self._sizes, key=self._sizes.__getitem__) if newcomer not in self._sizes else newcomer
        if longest == newcomer or self._sizes[longest] < 2:  # noqa: PLR2004 - nobody has two: all are equal
            raise LineFull
        subject, line = max(self._askers[longest].items(), key=lambda item: len(item[1]))
        last = line[-1]
        self._remove(longest, subject, last)
        if not last.done():
            last.set_exception(LineFull())

    def _is_queued(self, asker: str, subject: str, called: asyncio.Future[None]) -> bool:
        lines = self._askers.get(asker)
        return lines is not None and called in lines.get(subject, ())

    def _remove(self, asker: str, subject: str, called: asyncio.Future[None]) -> None:
        lines = self._askers[asker]
        line = lines[subject]
        line.remove(called)
        if not line:
            del lines[subject]
        if not lines:
            del self._askers[asker]
        self._count(asker, -1)

    def _count(self, asker: str, change: int) -> None:
        self._waiting += change
        self._on_change(self._waiting)
        size = self._sizes.get(asker, 0) + change
        if size:
            self._sizes[asker] = size
        else:
            del self._sizes[asker]
