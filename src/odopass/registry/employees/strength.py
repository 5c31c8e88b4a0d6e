"""Employees' passwords: what garages' must be, and none that everybody has heard of."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from odopass.registry.accounts.passwords import WeakPassword, prepare, require_strength
from odopass.registry.accounts.secret import Secret


def require_employee_strength(password: Secret, *, known: tuple[str, ...] = ()) -> None:
    """Refuse passwords that are guessed early.

    Args:
        password: as given by a person.
        known: what everybody knows: user name and name.

    Raises:
        WeakPassword: too short, too uniform, a number, little more than a name, or a common one.
    """
    require_strength(password, known=known)
    if "".join(prepare(password.reveal()).casefold().split()) in _common():
        raise WeakPassword("Many people use this password, so it is tried first: choose another.")


@cache
def _common() -> frozenset[str]:
    return frozenset(files(__package__).joinpath("common_passwords.txt").read_text("utf-8").split())
