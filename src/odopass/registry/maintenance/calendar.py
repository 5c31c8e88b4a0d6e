"""A weekly window of maintenance, in the time that the clocks on Belgium's walls show."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Self

from odopass.clock import BRUSSELS, belgian_day

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FORM: Final = re.compile(r"([a-z]{3}) ([0-2][0-9]):([0-5][0-9])-([0-2][0-9]):([0-5][0-9])")
_MIDNIGHT: Final = 24


@dataclass(frozen=True, slots=True)
class WeeklyWindow:
    """A window within one day of the week.

    Attributes:
        weekday: 0 for Monday to 6 for Sunday.
        begins: minutes since midnight, as the clock on the wall shows them.
        ends: the same; 1440 for midnight at the end of the day.
    """

    weekday: int
    begins: int
    ends: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a window as it is written on the command line: ``thu 19:00-24:00``.

        Raises:
            ValueError: it is not written so; the message says how.
        """
        if (match := _FORM.fullmatch(text.strip().lower())) and match[1] in _DAYS:
            begins, ends = int(match[2]) * 60 + int(match[3]), int(match[4]) * 60 + int(match[5])
            if begins < ends <= _MIDNIGHT * 60:
                return cls(_DAYS.index(match[1]), begins, ends)
        raise ValueError(
            f"{text!r} is no weekly window: write the day (mon to sun), a blank, and the hours within that day in "
            "Belgian time, such as thu 19:00-24:00"
        )

    def __str__(self) -> str:
        """As `parse` takes it."""
        hours = "-".join(f"{minutes // 60:02}:{minutes % 60:02}" for minutes in (self.begins, self.ends))
        return f"{_DAYS[self.weekday]} {hours}"

    def reopens_at(self, moment: datetime) -> datetime | None:
        """When the window that is open at this moment ends, or None if none is.

        In the nights in which clocks change, what the clock on the wall shows decides: an hour that comes twice is in
        the window twice, one that is left out shortens it.
        """
        day = belgian_day(moment)
        if day.weekday() != self.weekday:
            return None
        ends = _on_the_wall(day, self.ends, last=True)
        return ends if _on_the_wall(day, self.begins, last=False) <= moment < ends else None


def _on_the_wall(day: date, minutes: int, *, last: bool) -> datetime:
    """The first or last moment at which the wall's clock shows these minutes of the day."""
    shown = datetime.combine(day, time()) + timedelta(minutes=minutes)
    return shown.replace(fold=1 if last else 0, tzinfo=BRUSSELS)
