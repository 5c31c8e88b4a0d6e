"""Reading what was typed into a field: taken as it is, or refused; never rounded, completed or converted (G8, G9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final, Generic, TypeVar

from odopass.garage.checks.finding import Finding, error, warning
from odopass.wire.dates import parse_wire_date
from odopass.wire.observation import MAX_PLATE_LENGTH, MAX_READING_KM, MAX_UNIFIER, MAX_VIN_LENGTH

T = TypeVar("T")

_BLANKS: Final = re.compile(r"\s+")
_VIN: Final = re.compile(r"[0-9A-Za-z]+")
_DIGITS: Final = re.compile(r"[0-9]+")
_PLATE: Final = re.compile(r"[-0-9A-Za-z ]+")
#: Letters that no VIN of 17 characters has, since they look like digits (ISO 3779).
_NEVER_IN_VINS: Final = "IOQ"


@dataclass(frozen=True, slots=True)
class Typed(Generic[T]):
    """What a field comes to.

    Attributes:
        value: None if the field is empty or cannot be read.
        findings: what is unusual or wrong.
    """

    value: T | None
    findings: tuple[Finding, ...] = ()


def typed_vin(text: str) -> Typed[str]:
    """A VIN in upper case; blanks, which come along from documents, are left out (G9).

    Fewer than 17 characters is a warning, for vehicles from before 1981; more, other characters and one character over
    and over are errors.
    """
    typed = _BLANKS.sub("", text)
    if not typed:
        return Typed(None)
    # Before the upper case, which would make two letters of some that no VIN has.
    if not _VIN.fullmatch(typed):
        return Typed(None, (error("vin_characters", "vin"),))
    vin = typed.upper()
    if len(vin) > MAX_VIN_LENGTH:
        return Typed(None, (error("vin_too_long", "vin", length=len(vin)),))
    if len(set(vin)) == 1:
        return Typed(None, (error("vin_one_character", "vin"),))
    if len(vin) < MAX_VIN_LENGTH:
        return Typed(vin, (warning("vin_short", "vin", length=len(vin)),))
    if letters := [letter for letter in _NEVER_IN_VINS if letter in vin]:
        return Typed(vin, (warning("vin_letter", "vin", letters=", ".join(letters)),))
    return Typed(vin)


def typed_plate(text: str) -> Typed[str]:
    """A plate in upper case without dashes and blanks, which tell no plates apart."""
    plate = text.strip()
    if not plate:
        return Typed(None)
    bare = plate.replace("-", "").replace(" ", "").upper()
    if not _PLATE.fullmatch(plate) or not bare:
        return Typed(None, (error("plate_characters", "plate"),))
    if len(bare) > MAX_PLATE_LENGTH:
        return Typed(None, (error("plate_too_long", "plate", length=len(bare)),))
    return Typed(bare)


def typed_km(text: str) -> Typed[int]:
    """A reading in km: the digits 0 to 9 and nothing else, as on the display."""
    if not text:
        return Typed(None, (error("km_missing", "km"),))
    if not _DIGITS.fullmatch(text):
        return Typed(None, (error("km_digits", "km"),))
    digits = text.lstrip("0") or "0"
    if len(digits) > len(str(MAX_READING_KM)):
        return Typed(None, (error("km_too_high", "km", most=MAX_READING_KM),))
    return Typed(int(digits))


def typed_date(text: str, field: str = "reading_date") -> Typed[date]:
    """A day as ``dd/mm/yyyy``, or as browsers send it (``yyyy-mm-dd``). ``1/2/26`` could be many days: an error."""
    day = text.strip()
    if not day:
        return Typed(None)
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
            return Typed(date.fromisoformat(day))
        return Typed(parse_wire_date(day))
    except ValueError:
        return Typed(None, (error("date_form", field),))


def typed_unifier(text: str) -> Typed[int]:
    """The registration authority's number for vehicles that share a short VIN: digits."""
    number = text.strip()
    if not number:
        return Typed(None)
    if not _DIGITS.fullmatch(number) or len(number) > len(str(MAX_UNIFIER)) or int(number) > MAX_UNIFIER:
        return Typed(None, (error("unifier_digits", "unifier"),))
    return Typed(int(number))
