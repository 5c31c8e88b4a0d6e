"""Which work and which vehicles are left out by the garage's rules (G10)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from odopass.garage.book.entries import ExclusionRule

#: Keys of the kinds of work that the application offers; the first is what is set for a new work order.
OPERATIONS: Final = (
    "service",
    "repair",
    "tyres",
    "bodywork",
    "inspection",
    "roadside",
    "vehicle_sale",
    "till_sale",
    "washing",
    "other",
)
#: Keys of the categories of vehicles; the first is what is set for a new work order.
CATEGORIES: Final = ("car", "van", "truck", "bus", "motorcycle", "trailer", "other")

#: Belgian plates since 1973: 1-ABC-234 (the first sign also a letter for special ones), ABC-123 and 123-ABC.
_BELGIAN_PLATE: Final = re.compile(r"[0-9A-Z]?[A-Z]{3}[0-9]{3}|[0-9]{3}[A-Z]{3}")


def looks_belgian(plate: str) -> bool:
    """Whether a plate has a Belgian form; some foreign plates have it too, and personalised Belgian ones do not.

    Args:
        plate: upper case without dashes and blanks.
    """
    return _BELGIAN_PLATE.fullmatch(plate) is not None


def excluding_rule(
    rules: Iterable[ExclusionRule], *, operation: str, category: str, plate: str | None
) -> ExclusionRule | None:
    """The first active rule that leaves this out, or None.

    Args:
        rules: of the garage.
        operation: what was done.
        category: of the vehicle.
        plate: upper case without dashes and blanks, if it is known.
    """
    for rule in rules:
        if not rule.active:
            continue
        match rule.kind:
            case "operation" if rule.value == operation and operation:
                return rule
            case "category" if rule.value == category and category:
                return rule
            case "plate" if plate and not looks_belgian(plate):
                return rule
    return None


def rule_reason(rule: ExclusionRule) -> str:
    """The reason that the book keeps for what a rule has left out."""
    return f"rule:{rule.kind}:{rule.value}"
