"""Numbers of Belgium's register of enterprises (KBO/BCE): enterprises and their establishments (W6).

Both have ten digits, of which the last two check the first eight (modulo 97). An enterprise's number, which is the
VAT number's digits, begins with 0 or 1, an establishment's with 2 to 8. On the wire they are exactly ten digits: no
``BE``, dots or blanks.
"""

from __future__ import annotations

from functools import lru_cache

from stdnum.be import vat
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError

from odopass.wire.echo import shown

#: The forms as ECMA 262 regular expressions, for the OpenAPI document. The check digits are beyond them.
ENTERPRISE_PATTERN = r"^[01][0-9]{9}$"
ESTABLISHMENT_PATTERN = r"^[2-8][0-9]{9}$"

_LENGTH = 10
_MODULUS = 97
#: Longest form in which such a number is printed, with country, dots and blanks.
_LONGEST_PRINTED = 20
_ESTABLISHMENT_FIRST_DIGITS = "2345678"
_ENTERPRISE_FIRST8 = range(1, 20_000_000)
_ESTABLISHMENT_FIRST8 = range(20_000_000, 90_000_000)


def enterprise_problem(number: str) -> str | None:
    """Why `number` is not an enterprise number on the wire, or None if it is one."""
    if not _ten_digits(number):
        expected = f"expected exactly 10 digits, leading zeros included{_hint(number)}"
        return f"{shown(number)} is not an enterprise number: {expected}."
    problem = _enterprise_digits_problem(number)
    return problem and f"{shown(number)} is not an enterprise number: {problem}."


def establishment_problem(number: str) -> str | None:
    """Why `number` is not an establishment number on the wire, or None if it is one."""
    if not _ten_digits(number):
        return f"{shown(number)} is not an establishment number: expected exactly 10 digits{_hint(number)}."
    problem = _establishment_digits_problem(number)
    return problem and f"{shown(number)} is not an establishment number: {problem}."


def enterprise_number(first8: int) -> str:
    """The enterprise number that begins with these eight digits (1 to 19,999,999).

    Raises:
        ValueError: no enterprise number begins so.
    """
    if first8 not in _ENTERPRISE_FIRST8:
        raise ValueError(f"no enterprise number begins with {first8:08}")
    return _with_check_digits(first8)


def establishment_number(first8: int) -> str:
    """The establishment number that begins with these eight digits (20,000,000 to 89,999,999).

    Raises:
        ValueError: no establishment number begins so.
    """
    if first8 not in _ESTABLISHMENT_FIRST8:
        raise ValueError(f"no establishment number begins with {first8:08}")
    return _with_check_digits(first8)


def _ten_digits(number: str) -> bool:
    return len(number) == _LENGTH and number.isascii() and number.isdigit()


def _hint(number: str) -> str:
    """What to change, for the way these numbers are printed on invoices."""
    if (compact := vat.compact(number[:_LONGEST_PRINTED])) != number and _ten_digits(compact):
        return f", such as {compact}"
    return ""


# The few thousand garages of a country send their own two numbers all day, and the library's careful reading of a
# number costs as much as the rest of a body. Only ten digits get here, so what is kept is small.
@lru_cache(maxsize=32_768)
def _enterprise_digits_problem(number: str) -> str | None:
    try:
        vat.validate(number)
    except InvalidComponent:
        return "it begins with 0 or 1"
    except InvalidChecksum:
        return "its last two digits do not fit the others (modulo 97)"
    except ValidationError:
        return "no enterprise has it"
    return None


@lru_cache(maxsize=32_768)
def _establishment_digits_problem(number: str) -> str | None:
    if number[0] not in _ESTABLISHMENT_FIRST_DIGITS:
        return "it begins with 2 to 8"
    if vat.checksum(number) != 0:
        return "its last two digits do not fit the others (modulo 97)"
    return None


def _with_check_digits(first8: int) -> str:
    return f"{first8:08}{_MODULUS - first8 % _MODULUS:02}"
