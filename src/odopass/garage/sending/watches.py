"""When to ask about what: one watch for each request whose outcome or report is still to come (G4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from odopass.garage.book import Awaited
from odopass.garage.book.entries import State
from odopass.garage.sending import schedule


@dataclass(slots=True)
class Watch:
    """When to ask about something, in seconds of the clock that only runs forward.

    Attributes:
        awaited: about what.
        since: when it began to be in its present state, as far as is known.
        due: when to ask next.
    """

    awaited: Awaited
    since: float
    due: float


class Watches:
    """What is awaited, by the number of its reading.

    Args:
        monotonic: seconds that only run forward.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._by_reading: dict[int, Watch] = {}
        self._started = False

    def look(self, awaited: Iterable[Awaited]) -> None:
        """Begin to watch what is awaited, and forget what is not any more."""
        now = self._monotonic()
        by_reading = {each.reading: each for each in awaited}
        for number in self._by_reading.keys() - by_reading.keys():
            del self._by_reading[number]
        for number, each in by_reading.items():
            watch = self._by_reading.get(number)
            if watch is None or watch.awaited.guid != each.guid:
                # What an earlier run of the program asked last is not known, so a whole pause is kept to.
                first = schedule.FIRST_QUESTION_S if self._started else schedule.QUICK_S
                self._by_reading[number] = Watch(each, now, now + first)
            elif watch.awaited.state is not each.state:
                self._by_reading[number] = Watch(each, now, now + _after(each.state, now - watch.since))
        self._started = True

    def next_due(self) -> Watch | None:
        """What is due for the longest time, or None if nothing is."""
        now = self._monotonic()
        due = [watch for watch in self if watch.due <= now]
        return min(due, key=lambda watch: watch.due, default=None)

    def __iter__(self) -> Iterator[Watch]:
        return iter(self._by_reading.values())


def _after(state: State, awaited_s: float) -> float:
    """When to ask first in a new state: the report of a processed request at once, the others in their pace."""
    return schedule.FIRST_QUESTION_S if state is State.PROCESSED else schedule.next_question(state, awaited_s)
