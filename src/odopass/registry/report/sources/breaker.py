"""A circuit breaker: a source that is away is left in peace for a while, and reports do not wait for it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import Final

from odopass.registry.report.sources.question import SourceAway

#: The rest is lengthened or shortened by up to this part of it, so that processes do not all knock at once.
_JITTER: Final = 0.2


class BreakerState(StrEnum):
    """Whether a source is asked."""

    CLOSED = "closed"  # it is
    OPEN = "open"  # it is not, for a while
    PROBING = "probing"  # one asks, the others do not


class BreakerOpen(SourceAway):
    """It was not asked, since it failed again and again just before."""


class Breaker:
    """Counts failures in a row, and after some of them lets nobody through for a while, then one at a time.

    What began in an earlier state has no say any more: a slow failure from before the breaker opened does not undo
    what a later probe found.

    Args:
        failures: how many in a row open it; 0: it never opens.
        rest_seconds: how long it stays open, about.
        now: a clock that only goes forward, in seconds.
        chance: decides the jitter.
    """

    def __init__(self, *, failures: int, rest_seconds: float, now: Callable[[], float], chance: random.Random) -> None:
        self._allowed = failures
        self._rest_seconds = rest_seconds
        self._now = now
        self._chance = chance
        self._in_a_row = 0
        self._open_until: float | None = None
        self._probing = False
        self._era = 0

    @property
    def state(self) -> BreakerState:
        """Its present state."""
        if self._probing:
            return BreakerState.PROBING
        return BreakerState.CLOSED if self._open_until is None else BreakerState.OPEN

    @contextmanager
    def passage(self) -> Iterator[None]:
        """Ask the source within this; `SourceAway` counts as a failure, any other end but being cancelled as success.

        Raises:
            BreakerOpen: the source is left in peace.
        """
        era = self._enter()
        try:
            yield
        except SourceAway:
            self._failed(era)
            raise
        except Exception:
            self._succeeded(era)  # it answered, be it nonsense
            raise
        except BaseException:
            self._given_up(era)
            raise
        else:
            self._succeeded(era)

    def _enter(self) -> int:
        if self._open_until is None:
            return self._era
        if self._probing or self._now() < self._open_until:
            raise BreakerOpen("it failed again and again just before")
        self._probing = True
        self._era += 1
        return self._era

    def _failed(self, era: int) -> None:
        if era != self._era:
            return
        self._in_a_row += 1
        if self._probing or 0 < self._allowed <= self._in_a_row:
            self._probing = False
            self._open_until = self._now() + self._rest_seconds * self._chance.uniform(1 - _JITTER, 1 + _JITTER)
            self._era += 1

    def _succeeded(self, era: int) -> None:
        if era != self._era:
            return
        self._in_a_row = 0
        if self._probing:
            self._probing = False
            self._open_until = None
            self._era += 1

    def _given_up(self, era: int) -> None:
        """Nothing was learnt; if it was a probe, the next one may try."""
        if era == self._era and self._probing:
            self._probing = False
            self._era += 1
