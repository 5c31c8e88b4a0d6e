"""What is looked at before a reading is sent, against the garage's own book (G8, G9): pure functions, no clock."""

from odopass.garage.checks.exclusion import CATEGORIES, OPERATIONS, excluding_rule
from odopass.garage.checks.finding import Finding, Severity
from odopass.garage.checks.reading import check_reading
from odopass.garage.checks.typed import Typed, typed_date, typed_km, typed_plate, typed_unifier, typed_vin

__all__ = [
    "CATEGORIES",
    "OPERATIONS",
    "Finding",
    "Severity",
    "Typed",
    "check_reading",
    "excluding_rule",
    "typed_date",
    "typed_km",
    "typed_plate",
    "typed_unifier",
    "typed_vin",
]
