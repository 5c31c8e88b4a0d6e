"""What is really the matter with a reading. Only the simulation knows; the registry has to find out."""

from __future__ import annotations

from enum import StrEnum


class Truth(StrEnum):
    """The truth about one reading; every reading has exactly one.

    A mistake made on a reading of a wound-back odometer is labelled as the mistake; the columns ``rollback`` and
    ``km_removed`` still tell of the fraud.
    """

    HONEST = "honest"
    # Mistakes of people.
    DIGITS_SWAPPED = "digits_swapped"
    DIGIT_MISSING = "digit_missing"
    DIGIT_DOUBLED = "digit_doubled"
    DIGIT_WRONG = "digit_wrong"
    MILES = "miles"
    YEAR_WRONG = "year_wrong"
    MONTH_WRONG = "month_wrong"
    INVOICE_DATE = "invoice_date"
    TRIP_COUNTER = "trip_counter"
    OTHER_VEHICLE = "other_vehicle"
    VIN_MISTYPED = "vin_mistyped"
    ROUNDED = "rounded"
    # Frauds: the display was wound back before this reading.
    ROLLBACK = "rollback"
    ROLLBACK_DECLARED_REPLACED = "rollback_declared_replaced"
    ROLLBACK_BEFORE_IMPORT = "rollback_before_import"
    ROLLBACK_ABOVE_LAST = "rollback_above_last"


#: What people get wrong, each with its share of all mistakes (they add up to 1).
MISTAKE_SHARES: dict[Truth, float] = {
    Truth.DIGITS_SWAPPED: 0.13,
    Truth.DIGIT_MISSING: 0.10,
    Truth.DIGIT_DOUBLED: 0.06,
    Truth.DIGIT_WRONG: 0.20,
    Truth.MILES: 0.02,
    Truth.YEAR_WRONG: 0.04,
    Truth.MONTH_WRONG: 0.04,
    Truth.INVOICE_DATE: 0.13,
    Truth.TRIP_COUNTER: 0.04,
    Truth.OTHER_VEHICLE: 0.09,
    Truth.VIN_MISTYPED: 0.06,
    Truth.ROUNDED: 0.09,
}

#: The kinds of roll-back.
ROLLBACKS = (
    Truth.ROLLBACK,
    Truth.ROLLBACK_DECLARED_REPLACED,
    Truth.ROLLBACK_BEFORE_IMPORT,
    Truth.ROLLBACK_ABOVE_LAST,
)
