"""What the rules found: a code of the catalogue and the values its text speaks of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# The three codes that the Belgian registry is known to use; all others are ours.
LOWER_THAN_EARLIER: Final = "001"
DUPLICATE: Final = "150"
EXCESSIVELY_HIGH: Final = "209"

HIGHER_THAN_LATER: Final = "002"
MILES: Final = "003"
TRIP_COUNTER: Final = "004"
TOO_LOW_FOR_LATER: Final = "005"

VIN_UNKNOWN: Final = "101"
VIN_AMBIGUOUS: Final = "102"
PLATE_UNKNOWN: Final = "103"
OUT_OF_SCOPE: Final = "104"

IN_THE_FUTURE: Final = "201"
BEFORE_FIRST_USE: Final = "202"
LONG_AGO: Final = "203"
SAME_AS_BEFORE: Final = "211"
ABOVE_DISPLAY: Final = "212"
REPLACED_BUT_CONTINUES: Final = "213"

REFUSED_IN_REVIEW: Final = "301"
WITHDRAWN: Final = "302"

#: The findings of an observation whose vehicle was not found.
UNIDENTIFIED: Final = frozenset({VIN_UNKNOWN, VIN_AMBIGUOUS, PLATE_UNKNOWN})

#: A value of a finding: km and days as integers, dates as ISO text, names as text. All of it survives JSON.
Value = int | str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not fit.

    Attributes:
        code: the issue type in the catalogue.
        values: what the text speaks of, as far as it does. `km`, `date` are the observation's; `earlier_km`,
            `earlier_date`, `later_km`, `later_date` the neighbour's; `deviation_km` how far the reading is off;
            `limit_km`, `limit_kg` what would have been believed; `days` the time between; `in_km` the reading taken
            for miles; `identifier` the VIN or plate; `first_use` the vehicle's; `today` the day of arrival.
    """

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def as_json(self) -> list[Any]:
        """The finding as it is stored: ``[code, values]``."""
        return [self.code, dict(self.values)]

    @classmethod
    def from_json(cls, stored: list[Any]) -> Finding:
        """The finding as it was stored."""
        code, values = stored
        return cls(code, values)
