"""What the registry knows of a vehicle that matters for judging its readings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

#: Maximum permissible mass up to which the law applies, in kg; exactly this much is inside (W14).
SCOPE_MAX_MASS_KG = 3_500

#: EU vehicle categories inside the law's scope: passenger cars and light commercial vehicles, off-road ones too.
SCOPE_CATEGORIES = frozenset({"M1", "N1", "M1G", "N1G"})


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle as the rules see it.

    Attributes:
        id: the registry's own number for it.
        category: EU category such as ``M1``, or None where the authority gave none.
        max_mass_kg: maximum permissible mass in kg, or None where unknown.
        first_use: the day it was first used anywhere, or None where unknown.
    """

    id: int
    category: str | None
    max_mass_kg: int | None
    first_use: date | None

    @property
    def in_scope(self) -> bool:
        """Whether readings of this vehicle are collected at all (W14); what is unknown is given the benefit."""
        category = self.category
        if category and category not in SCOPE_CATEGORIES and category.upper() not in SCOPE_CATEGORIES:
            return False
        return self.max_mass_kg is None or self.max_mass_kg <= SCOPE_MAX_MASS_KG
