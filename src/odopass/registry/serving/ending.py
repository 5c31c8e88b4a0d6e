"""How a program is told to end: SIGTERM, or Ctrl-C on its terminal. Both mean the same."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Final, Self

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_LOOK_SECONDS: Final = 0.05


class EndSignals:
    """Within the with statement SIGTERM raises KeyboardInterrupt, as SIGINT does, so that everything is closed.

    Where an interruption would do harm, or something else listens to the signals, `deferred` only counts them.

    Attributes:
        received: how many have come, our own among them.
    """

    def __init__(self) -> None:
        self.received = 0
        self._own = 0
        self._deferred = 0
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Count signals instead of being interrupted by them."""
        self._deferred += 1
        try:
            yield
        finally:
            self._deferred -= 1

    @property
    def told(self) -> bool:
        """Whether somebody has told this process to end."""
        return self.received > self._own

    def nudge(self) -> None:
        """Stop what listens to the signals now, as if somebody had told us to, but without that counting as told.

        It is SIGINT because equal signals that come together are one: a SIGTERM of somebody else is never lost in it.
        """
        self._own += 1
        os.kill(os.getpid(), signal.SIGINT)

    def check(self) -> None:
        """Stop here if somebody told us to while signals were only counted.

        Raises:
            KeyboardInterrupt: somebody did.
        """
        if self.told:
            raise KeyboardInterrupt

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.received += 1
        if not self._deferred:
            raise KeyboardInterrupt


async def until_told(ending: EndSignals, work: Coroutine[Any, Any, None]) -> None:
    """Do some work on an event loop while signals are deferred; cancel it if somebody tells this process to end.

    An interruption raised in the middle of an event loop is lost if a callback was running, or leaves a connection that
    is never closed; so the work is cancelled instead. Afterwards `EndSignals.check` says whether it was.
    """
    task = asyncio.create_task(work)
    while not task.done() and not ending.told:
        await asyncio.wait({task}, timeout=_LOOK_SECONDS)
    if not task.done():
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        return
    await task
