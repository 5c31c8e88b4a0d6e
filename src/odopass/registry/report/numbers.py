"""Document numbers: 12 digits that cannot be counted through, with a check against typing errors."""

from __future__ import annotations

import secrets
from typing import Final

LENGTH: Final = 12
_BODY: Final = 10**10
_MODULUS: Final = 97


def new_number() -> str:
    """A number nobody can guess: 10 random digits and 2 that check them."""
    return with_check(secrets.randbelow(_BODY))


def with_check(body: int) -> str:
    """The number of 12 digits whose first ten are these: modulo 97, as in Belgian enterprise numbers."""
    return f"{body:010d}{_MODULUS - body % _MODULUS:02d}"


def is_number(text: str) -> bool:
    """Whether this can be a document number: 12 digits that agree with their check."""
    return len(text) == LENGTH and text.isascii() and text.isdecimal() and with_check(int(text[:10])) == text


def new_public_id() -> str:
    """The end of a public address: 128 random bits."""
    return secrets.token_urlsafe(16)
