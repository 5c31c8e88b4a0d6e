"""Whether a document is genuine: the number as it was typed, and as little of the report as settles the question."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from typing import Final

from odopass.registry.report.numbers import LENGTH, is_number
from odopass.registry.report.pages.published import Published
from odopass.registry.report.wording import Wording

#: A number can be tried by anybody, so the answer holds no more of the VIN than it takes to compare.
_SHOWN_OF_VIN: Final = 4

#: What people put between groups of digits.
_BETWEEN: Final = frozenset("-./")


class Refusal(Exception):  # noqa: N818 - what is wrong with what was typed, not a fault
    """What was typed cannot be a document number."""

    def __init__(self, digits: int = 0, *, empty: bool = False, foreign: bool = False) -> None:
        super().__init__(digits, empty, foreign)
        self._digits = digits
        self._empty = empty
        self._foreign = foreign

    def told(self, say: Wording) -> str:
        """What is wrong, in the reader's language."""
        if self._empty:
            return say("Enter the document number.")
        if self._foreign:
            return say("A document number holds digits only.")
        if self._digits != LENGTH:
            return say("A document number has 12 digits; you entered {number}.", number=say.count(self._digits))
        return say(
            "This cannot be a document number: its last two digits do not fit the others. "
            "Compare it with the document, digit by digit."
        )


def as_number(entered: str) -> str:
    """The 12 digits of what was typed, with or without blanks between them.

    Raises:
        Refusal: it cannot be a document number.
    """
    digits = "".join(
        character
        for character in entered
        if not character.isspace() and unicodedata.category(character) != "Cf" and character not in _BETWEEN
    )
    if not digits:
        raise Refusal(empty=True)
    if not (digits.isascii() and digits.isdecimal()):
        raise Refusal(foreign=True)
    if not is_number(digits):
        raise Refusal(len(digits))
    return digits


@dataclass(frozen=True, slots=True)
class Checked:
    """What the check page tells of a genuine document.

    Attributes:
        issued: the day.
        valid_until: the last day of its validity.
        expired: that it is no longer valid, in one sentence; "" if it is.
        vehicle_name: make and model; "" if not known.
        vin_ends: the last characters of the VIN.
    """

    issued: str
    valid_until: str
    expired: str
    vehicle_name: str
    vin_ends: str

    @classmethod
    def of(cls, published: Published, today: dt.date, say: Wording) -> Checked:
        """As much of a report as may be told to whoever knows its number."""
        content = published.content
        until = say.day(content.valid_until)
        return cls(
            issued=say.day(content.day),
            valid_until=until,
            expired=(
                say("This report has expired: it was valid until {date}.", date=until)
                if today > content.valid_until
                else ""
            ),
            vehicle_name=" ".join(part for part in (content.vehicle.make, content.vehicle.model) if part),
            vin_ends=content.vehicle.vin[-_SHOWN_OF_VIN:],
        )
