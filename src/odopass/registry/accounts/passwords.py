"""Passwords of garages: made, judged, hashed and compared (R8).

Every password is prepared before it is hashed or compared, as the OpaqueString profile of RFC 8265 asks: blanks of
other scripts become ordinary ones, and letters with accents take their composed form (NFC). A garage that types "é"
on a Mac and its management system that sends it from Windows then mean the same password.
"""

from __future__ import annotations

import re
import secrets
import unicodedata

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from odopass.registry.accounts.secret import Secret

#: Argon2id at one of OWASP's recommended settings: 2 passes over 19 MiB, one lane. One hash takes about 20 ms.
PASSES = 2
MEMORY_KIB = 19 * 1024
LANES = 1

#: The shortest password that may be given by hand, and the longest that is looked at at all (characters).
SHORTEST = 12
LONGEST = 256

_FEWEST_DIFFERENT = 6

# Lower case only, without l and o, digits without 0 and 1: nothing to mistake on paper or on the telephone.
# 32 signs, 5 bits each.
_READABLE = "abcdefghijkmnpqrstuvwxyz23456789"
_GROUPS = 4
_GROUP_LENGTH = 4

_BLANK = re.compile(r"\s")
_HASHER = PasswordHasher(
    time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, hash_len=32, salt_len=16, type=Type.ID
)


class WeakPassword(ValueError):  # noqa: N818 - it names what was given
    """A password given by hand that would be too easy to guess; the message says what to do, never what it was."""


class UnreadableHash(ValueError):  # noqa: N818 - it names what was found
    """What is stored as hash is none: somebody changed the row by other means."""


def prepare(text: str) -> str:
    """The form in which passwords are hashed and compared (RFC 8265, 4.2.2): ordinary blanks, composed letters."""
    if text.isascii():
        return text
    blanks = "".join(" " if unicodedata.category(char) == "Zs" else char for char in text)
    return unicodedata.normalize("NFC", blanks)


def can_be_password(text: str) -> bool:
    """Whether any account could have this password: what never can is refused without the work of a hash."""
    return 0 < len(text) <= LONGEST and not any(unicodedata.category(char) in {"Cc", "Cs"} for char in text)


def make_hash(password: Secret) -> str:
    """Hash a password for storage, in PHC form. Takes about 20 ms of processor and 19 MiB; call it in a thread."""
    return _HASHER.hash(prepare(password.reveal()))


def matches(stored: str, password: Secret) -> bool:
    """Whether the password is the one that was hashed. As costly as `make_hash`; argon2 lets other threads run.

    Raises:
        UnreadableHash: what is stored is no Argon2 hash.
    """
    try:
        return _HASHER.verify(stored, prepare(password.reveal()))
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError):
        # Without its cause: the frames of the library hold the password as plain text.
        raise UnreadableHash("the stored password hash cannot be read") from None


def is_outdated(stored: str) -> bool:
    """Whether a stored hash was made with other settings than today's, and should be made anew at the next login."""
    return _HASHER.check_needs_rehash(stored)


def generate() -> Secret:
    """A random password that can be read from paper and told on the telephone: 80 random bits."""
    groups = ("".join(secrets.choice(_READABLE) for _ in range(_GROUP_LENGTH)) for _ in range(_GROUPS))
    return Secret("-".join(groups))


def require_strength(password: Secret, *, known: tuple[str, ...] = ()) -> None:
    """Refuse passwords that are guessed early.

    Args:
        password: as given by a person.
        known: what everybody knows of the garage: user name, enterprise and establishment number, name.

    Raises:
        WeakPassword: too short, too long, too uniform, digits only, or made of what everybody knows.
    """
    text = prepare(password.reveal())
    if len(text) < SHORTEST:
        raise WeakPassword(f"The password is too short: give at least {SHORTEST} characters.")
    if not can_be_password(text):
        raise WeakPassword(f"Give at most {LONGEST} characters, and no control characters such as tabs.")
    if len(set(text.casefold())) < _FEWEST_DIFFERENT:
        raise WeakPassword(f"The password repeats itself: use at least {_FEWEST_DIFFERENT} different characters.")
    if re.fullmatch(r"[\d\s.,/-]+", text):
        raise WeakPassword("The password is a number: use letters too.")
    bare = _BLANK.sub("", text.casefold())
    for item in known:
        public = _BLANK.sub("", item.casefold())
        if public and public in bare and len(bare) - len(public) < SHORTEST // 2:
            raise WeakPassword("The password is little more than the garage's name or number: choose another.")
