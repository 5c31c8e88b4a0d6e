"""Wrong passwords slow down whoever sends them, and nobody else.

What is slowed is the answer to a wrong attempt, after it was found wrong. A right one is never slowed, however many
wrong ones came before it from the same address (R8).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

from odopass.registry.accounts.bounded import Bounded

#: Wrong answers of one account name from one network that cost nothing, within the period (seconds).
FREE = 10
PERIOD_S = 600.0
#: The first delayed answer waits this long (seconds), each further one twice as long, up to the longest.
FIRST_DELAY_S = 0.25
LONGEST_DELAY_S = 5.0

_COUNTED = FREE + 6  # beyond it the delay is the longest
_SOURCES = 10_000
_DELAYED_OF_ONE = 64
_DELAYED_OF_ALL = 1_000


class Slowing:
    """Counts wrong answers per network and account name, and knows how long the next one is held back."""

    def __init__(self) -> None:
        self._wrong: Bounded[tuple[str, str], deque[float]] = Bounded(_SOURCES)
        self._held: Counter[str] = Counter()
        self._held_in_all = 0

    def count(self, network: str, username: str, now: float) -> int:
        """Note a wrong answer; tells how many there were in the period, this one included (counted up to 16)."""
        key = (network, username)
        times = self._wrong.get(key)
        if times is None:
            times = deque(maxlen=_COUNTED)
        while times and times[0] <= now - PERIOD_S:
            times.popleft()
        times.append(now)
        self._wrong.put(key, times)
        return len(times)

    @staticmethod
    def delay(wrong: int) -> float:
        """How long (seconds) the answer is held back after that many wrong ones in the period."""
        if wrong <= FREE:
            return 0.0
        return min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** (wrong - FREE - 1))

    @contextmanager
    def held(self, network: str) -> Iterator[bool]:
        """Hold one answer back for the length of the block; False if too many are held, so that this one must go."""
        if self._held[network] >= _DELAYED_OF_ONE or self._held_in_all >= _DELAYED_OF_ALL:
            yield False
            return
        self._held[network] += 1
        self._held_in_all += 1
        try:
            yield True
        finally:
            self._held_in_all -= 1
            self._held[network] -= 1
            if not self._held[network]:
                del self._held[network]
