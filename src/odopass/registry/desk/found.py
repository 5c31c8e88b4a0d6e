"""What was found, in the reader's words.

Garages are told in the three languages of the wire; employees read English as well, without what a garage is to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from odopass.domain.catalogue import CATALOGUE
from odopass.domain.finding import Finding, Value
from odopass.wording import Wording

ENGLISH: Final[Mapping[str, str]] = {
    "001": "The reading of {km} km on {date} is lower than {earlier_km} km on {earlier_date}.",
    "002": "The reading of {km} km on {date} is higher than the later one of {later_km} km on {later_date}.",
    "003": (
        "The reading of {km} seems to be in miles: {km} miles are about {in_km} km, which continues "
        "{earlier_km} km on {earlier_date}."
    ),
    "004": (
        "The reading of {km} km seems to be the trip counter's: on {earlier_date} the odometer showed {earlier_km} km."
    ),
    "005": (
        "The reading of {km} km on {date} is exceptionally low beside the later one of {later_km} km on {later_date}."
    ),
    "101": "No vehicle with the VIN {identifier} is known.",
    "102": "Several vehicles have the VIN {identifier}; neither unifier nor first use singles one out.",
    "103": "The plate {identifier} does not lead to one known vehicle on {date}.",
    "104": (
        "Readings of this vehicle are not kept: the law is about passenger cars and light commercial "
        "vehicles of up to {limit_kg} kg."
    ),
    "150": "The garage has already reported this vehicle on {date}; the new reading of {km} km was not stored.",
    "201": "The date {date} lies in the future.",
    "202": "The date {date} lies before the vehicle's first use on {first_use}.",
    "203": "The date {date} lies {days} days in the past.",
    "209": "The reading of {km} km on {date} is exceptionally high beside {earlier_km} km on {earlier_date}.",
    "211": "The reading of {km} km on {date} is the same as {days} days before, on {earlier_date}.",
    "212": "The reading of {km} km is more than an odometer can show ({limit_km} km).",
    "213": ("A replaced odometer is reported, but {km} km continues the reading of {earlier_km} km on {earlier_date}."),
    "301": (
        "An employee of the registry looked at the observation and did not accept it; the reading is "
        "not part of the history."
    ),
    "302": "An employee of the registry took the reading out of the vehicle's history on a justified request.",
}


def finding_text(finding: Finding, say: Wording) -> tuple[str, str]:
    """A finding in the reader's language, and that language; Dutch if there are no words in it."""
    if finding.code not in CATALOGUE:
        return finding.code, say.language
    if say.language == "en" and finding.code in ENGLISH:
        shown = {name: _shown(name, value, say) for name, value in finding.values.items()}
        return ENGLISH[finding.code].format_map(shown), say.language
    told = CATALOGUE[finding.code].describe(finding)
    language = say.language if say.language in told else "nl"
    return told[language], language


def _shown(name: str, value: Value, say: Wording) -> str:
    if isinstance(value, int):
        return say.count(value)
    return value if name == "identifier" else say.day(date.fromisoformat(value))
