"""A clock that can be moved: the one that everything in a sandbox reads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from odopass.clock import Clock

#: Where dates are still dates in every time zone and certificates, documents and databases can write them.
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2099, 12, 31, tzinfo=UTC)


class OutOfRange(ValueError):  # noqa: N818 - it names the state of things
    """The clock cannot be moved there."""


class MovedClock:
    """Goes as another clock does, so much ahead of it or behind it as it was moved.

    It may be read and moved from any thread.

    Args:
        system: the clock that it follows.
    """

    def __init__(self, system: Clock) -> None:
        self._system = system
        self._ahead = timedelta(0)

    def now(self) -> datetime:
        """The present moment, in UTC, as this clock has it."""
        return self._system.now() + self._ahead

    def system_now(self) -> datetime:
        """The present moment, in UTC, as the system has it."""
        return self._system.now()

    @property
    def ahead(self) -> timedelta:
        """By how much it is ahead of the system's clock; below zero if it is behind."""
        return self._ahead

    def advance(self, by: timedelta) -> None:
        """Move it ahead, or back by a negative duration.

        Raises:
            OutOfRange: it would leave the years 2000 to 2099.
        """
        self._move(self._ahead + by)

    def set(self, moment: datetime) -> None:
        """Let it say that it is this moment now.

        Args:
            moment: with a time zone.

        Raises:
            OutOfRange: it is outside of the years 2000 to 2099.
        """
        self._move(moment.astimezone(UTC) - self._system.now())

    def reset(self) -> None:
        """Let it say what the system's clock says."""
        self._ahead = timedelta(0)

    def _move(self, ahead: timedelta) -> None:
        try:
            then = self._system.now() + ahead
        except OverflowError:
            raise OutOfRange from None
        if not EARLIEST <= then <= LATEST:
            raise OutOfRange
        self._ahead = ahead
