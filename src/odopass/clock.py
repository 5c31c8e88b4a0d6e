"""The time of day, handed in so that tests own it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

BRUSSELS = ZoneInfo("Europe/Brussels")


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        ...


class SystemClock:
    """The machine's clock; its time zone does not matter."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        return datetime.now(UTC)


def belgian_day(moment: datetime) -> date:
    """The day that is written on calendars in Belgium at this moment (W15), whatever the host's time zone."""
    return moment.astimezone(BRUSSELS).date()
