"""How a program is told to end: SIGTERM, or Ctrl-C on its terminal. Both mean the same."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any, Final, Self

SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class EndSignals:
    """Within the with statement SIGTERM raises KeyboardInterrupt, as SIGINT does, so that everything is closed.

    Where an interruption would do harm, or something else listens to the signals, `deferred` only counts them.
    """

    def __init__(self) -> None:
        self.received = 0
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

    def check(self) -> None:
        """Stop here if a signal came while they were only counted.

        Raises:
            KeyboardInterrupt: one did.
        """
        if self.received:
            raise KeyboardInterrupt

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        self.received += 1
        if not self._deferred:
            raise KeyboardInterrupt
