"""What a login can lead to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Garage:
    """Who is logged in: one establishment of one enterprise.

    Attributes:
        account_id: the account's number in the registry.
        username: what it logs in with.
        establishment: KBO establishment number, 10 digits.
        enterprise: KBO enterprise number, 10 digits.
        name: what employees call the garage.
    """

    account_id: int
    username: str
    establishment: str
    enterprise: str
    name: str


@dataclass(frozen=True, slots=True)
class Refused:
    """User name or password is wrong, or missing; which of them is not told (W2)."""


@dataclass(frozen=True, slots=True)
class Locked:
    """The password is right, but the operator has locked the account."""


@dataclass(frozen=True, slots=True)
class TooManyAttempts:
    """Nothing is said about the credentials: too many attempts are waiting or were wrong.

    Attributes:
        retry_after: when to try again, in whole seconds.
    """

    retry_after: int


Verdict = Garage | Refused | Locked | TooManyAttempts
