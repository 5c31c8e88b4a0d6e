"""What each finding says to a person, in English; the application has it in four languages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "vin_characters": "A VIN has only letters and digits. Take out the other characters.",
    "vin_too_long": "This VIN has {length} characters; a VIN has 17. Take out what is too much.",
    "vin_one_character": "This VIN is one character over and over. Copy it from the registration certificate.",
    "vin_short": "This VIN has {length} characters instead of 17. Only vehicles from before 1981 have shorter ones.",
    "vin_letter": "No VIN has the letters I, O or Q, but this one has {letters}. Is it a 1 or a 0?",
    "plate_characters": "A plate has only letters and digits. Take out the other characters.",
    "plate_too_long": "This plate has {length} characters; a plate has 9 at most.",
    "unifier_digits": "The unifier is a whole number from the registration certificate.",
    "km_missing": "Enter the reading as it stands on the odometer.",
    "km_digits": "Enter only the digits 0 to 9: no dots, blanks, commas or letters.",
    "km_too_high": "The reading is over {most} km. Copy it from the odometer once more.",
    "date_form": "Enter the day as dd/mm/yyyy, for example 31/01/2026.",
    "vehicle_missing": "Enter the VIN or the plate.",
    "report_needs_vin": "A vehicle history is asked for by VIN. Enter the VIN.",
    "report_not_today": "A vehicle history is asked for on the day of the reading. Read the odometer today.",
    "date_in_future": "This day is still to come.",
    "date_in_past": "This day is not today (days since then: {days}). Is it the day on which the odometer was read?",
    "second_that_day": "This vehicle has a reading of this day already, number {number}. Correct that one instead.",
    "local_001": "This is lower than the {km} km of {day}.",
    "local_209": "This is very much higher than the {km} km of {day} (days between them: {days}).",
    "same_as_before": "An earlier reading of this vehicle has the same km.",
    "higher_than_later": "This is higher than the {km} km of {day}, which is later.",
    "read_by_missing": "Enter who read the odometer.",
    "type_missing": "Choose why the odometer was read.",
    "order_number_missing": "Enter the number of the work order.",
    "order_number_long": "The number of a work order has {most} characters at most.",
    "order_exists": "There is a work order with this number already.",
}
