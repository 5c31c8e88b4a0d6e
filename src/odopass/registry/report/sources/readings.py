"""Readings as sources tell them: which can be right, and what they are in km."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import Final

from babel import Locale

from odopass.domain.limits import KM_PER_MILE
from odopass.registry.report.sources.members import Members
from odopass.registry.report.sources.question import ForeignReading

#: Above this, in km or miles, no display shows a distance.
HIGHEST: Final = 9_999_999

#: Nobody kept readings before; 1 January 1970, 1900 and the like are what programs write for "not known".
EARLIEST_READING: Final = date(1970, 1, 2)


class Unit(StrEnum):
    """What an odometer counts."""

    KM = "km"
    MILES = "mi"


#: ISO 3166 codes of countries; CLDR's own codes for groups of countries and for tests are none.
COUNTRIES: Final = frozenset(
    code
    for code in Locale.parse("en").territories
    if isinstance(code, str)
    and len(code) == 2  # noqa: PLR2004
    and code.isalpha()
    and code not in {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
)
_UNITS: Final = frozenset(unit.value for unit in Unit)


class Collected:
    """The readings of one answer, each once."""

    def __init__(self, source_name: str) -> None:
        self._source_name = source_name
        self._found: dict[tuple[date, int, str | None], ForeignReading] = {}

    def add(self, told: Members, day: date, value: int, unit: Unit, *, country: str | None) -> None:
        """Take a reading in, unless it is there already or is above what displays show."""
        km = value if unit is Unit.KM else round(value * KM_PER_MILE)
        if km > HIGHEST:
            told.odd("value", "too high")
            return
        key = day, km, country
        if key in self._found:
            told.odd("value", "told twice")
            return
        in_miles = value if unit is Unit.MILES else None
        self._found[key] = ForeignReading(day, km, country, in_miles, self._source_name)

    def all(self) -> tuple[ForeignReading, ...]:
        """All of them, in the order in which they were told."""
        return tuple(self._found.values())


def read_readings(
    entries: Iterator[Members] | None, *, source_name: str, today: date, country: str | None
) -> tuple[ForeignReading, ...]:
    """Read entries of `date`, `value`, `unit` and `country`.

    Args:
        entries: of the list of readings; None if the source told none.
        source_name: the source's key in the configuration.
        today: the day in Europe/Brussels; nothing can have been read later.
        country: where all of them were read; None if each says it itself.
    """
    collected = Collected(source_name)
    for told in entries or ():
        # One oddity for each reading that is left out, however much of it is wrong.
        value = told.whole("value", highest=HIGHEST)
        if value is None:
            told.missing("value")
            continue
        day = told.day("date", since=EARLIEST_READING, until=today)
        if day is None:
            told.missing("date")
            continue
        unit = told.code("unit", _UNITS)
        if unit is None:
            told.missing("unit")
            continue
        collected.add(told, day, value, Unit(unit), country=country or told.code("country", COUNTRIES))
    return collected.all()
