"""How a program is told to end: SIGTERM, or Ctrl-C on its terminal. Both mean the same."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


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
