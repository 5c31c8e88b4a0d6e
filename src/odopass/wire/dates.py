"""Dates on the wire: ``dd/mm/yyyy``, both ways, and nothing else (W3)."""

from __future__ import annotations

from datetime import date

from odopass.wire.echo import shown

#: The form as an ECMA 262 regular expression, for the OpenAPI document. The calendar says the rest.
DATE_PATTERN = r"^(0[1-9]|[12][0-9]|3[01])/(0[1-9]|1[0-2])/([0-9]{3}[1-9]|[0-9]{2}[1-9]0|[0-9][1-9]00|[1-9]000)$"

_LENGTH = 10
_EXPECTED = "expected dd/mm/yyyy, such as 05/03/2026"


def parse_wire_date(text: str) -> date:
    """The day that `text` names.

    Raises:
        ValueError: it is not exactly ``dd/mm/yyyy`` in ASCII digits, or no day of the calendar. The message says
            what was sent and what is expected.
    """
    if len(text) == _LENGTH and text.isascii() and text[2] == "/" and text[5] == "/":
        day, month, year = text[:2], text[3:5], text[6:]
        if day.isdigit() and month.isdigit() and year.isdigit():
            try:
                return date(int(year), int(month), int(day))
            except ValueError:
                raise ValueError(f"{shown(text)} is no day of the calendar; {_EXPECTED}.") from None
    raise ValueError(f"{shown(text)} is not written as a date; {_EXPECTED}{_hint(text)}.")


def _hint(text: str) -> str:
    """What to change, for the mistakes that are made most."""
    parts = text.split("/")
    if len(parts) == 3 and [len(part) for part in parts] == [2, 2, 2]:  # noqa: PLR2004 - day, month, year
        return ", with four digits for the year"
    if text != text.strip():
        return ", without blanks around it"
    if text[:4].isdigit() and text[4:5] == "-":
        return ", not the ISO order"
    return ""


def format_wire_date(day: date) -> str:
    """`day` as ``dd/mm/yyyy``."""
    return f"{day.day:02}/{day.month:02}/{day.year:04}"
