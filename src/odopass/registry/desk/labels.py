"""What states, kinds, roles and reasons are called on the pages; every text has its translation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from odopass.domain.catalogue import CATALOGUE
from odopass.domain.finding import Finding
from odopass.wording import Wording

STATES: Final[Mapping[str, str]] = {
    "ONGOING": "Being judged",
    "PROCESSED": "Processed",
    "ISSUE": "Issue: the garage has to answer",
    "ERROR": "Refused",
    "REVIEWING": "Waits for review",
}

#: What a badge looks like, beside what it says.
TONES: Final[Mapping[str, str]] = {
    "ONGOING": "secondary",
    "PROCESSED": "success",
    "ISSUE": "warning",
    "ERROR": "danger",
    "REVIEWING": "primary",
}

TYPES: Final[Mapping[str, str]] = {
    "REPAIR_MAINTENANCE_SERVICE": "Repair, maintenance or service",
    "ODOMETER_REPLACED": "Odometer replaced",
    "VEHICLE_HISTORY_DOCUMENT": "Vehicle history report",
    "ROAD_SIDE_ASSISTANCE": "Roadside assistance",
}

KINDS: Final[Mapping[str, str]] = {
    "submission": "Submission",
    "correction": "Correction",
    "confirmation": "Confirmation",
}

SOURCES: Final[Mapping[str, str]] = {
    "garage": "garage",
    "roadside": "roadside assistance",
    "inspection": "technical inspection",
    "connected": "connected vehicle",
    "foreign": "foreign registry",
}

ROLES: Final[Mapping[str, str]] = {
    "reviewer": "Reviewer",
    "administrator": "Administrator",
    "auditor": "Auditor",
}

DECISIONS: Final[Mapping[str, str]] = {
    "accept": "Accepted",
    "reject": "Rejected",
    "send_back": "Sent back to the garage",
    "correct": "Reading corrected",
    "withdraw": "Reading withdrawn",
}

#: Why a case was decided as it was; which decisions each goes with is in `review.reasons`.
REASONS: Final[Mapping[str, str]] = {
    "repair_proven": "Work on the odometer is documented",
    "earlier_wrong": "An earlier reading was wrong",
    "photo_proves": "A photo or document shows the reading",
    "use_explains": "The use of the vehicle explains it",
    "typing_error": "A typing error of the garage",
    "other_vehicle": "The reading is of another vehicle",
    "unbelievable": "It cannot be believed and nothing proves it",
    "fraud": "Fraud is suspected",
    "unclear": "The garage has to look again",
    "date_wrong": "The date cannot be right",
    "garage_asked": "The garage asked for it",
    "owner_asked": "The owner asked for it",
    "other": "Another reason",
}

#: Why somebody looks a vehicle's history up outside a case.
OCCASIONS: Final[Mapping[str, str]] = {
    "garage_asks": "A garage asks",
    "owner_asks": "The owner asks",
    "police": "Police or court",
    "complaint": "A complaint about a report",
    "quality": "Quality control",
    "other": "Another reason",
}

ACCOUNT_STATES: Final[Mapping[str, str]] = {
    "active": "Active",
    "locked": "Locked",
    "without_password": "Not activated yet",
}

#: Short names of the issue types; the catalogue's own are for documentation.
ISSUES: Final[Mapping[str, str]] = {
    "001": "Lower than an earlier reading",
    "002": "Higher than a later reading",
    "003": "Probably in miles",
    "004": "Probably the trip counter",
    "005": "Too low for a later reading",
    "101": "VIN unknown",
    "102": "VIN ambiguous",
    "103": "Plate unknown",
    "104": "Vehicle out of scope",
    "150": "Same garage, vehicle and date",
    "201": "Date in the future",
    "202": "Date before first use",
    "203": "Date more than a year ago",
    "209": "Excessively high for the time",
    "211": "Same reading after a long time",
    "212": "Above what odometers show",
    "213": "Replaced, but it continues the old one",
    "301": "Refused in review",
    "302": "Withdrawn",
}

SOURCE_STATES: Final[Mapping[str, str]] = {
    "answered": "Answers",
    "incomplete": "Answers in part",
    "unavailable": "Does not answer",
}


def issue_name(code: str, say: Wording) -> str:
    """An issue type's short name; of one that is newer than these names, the catalogue's."""
    if code in ISSUES:
        return say(ISSUES[code])
    return CATALOGUE[code].name if code in CATALOGUE else code


def finding_text(finding: Finding, say: Wording) -> tuple[str, str]:
    """A finding as the garage reads it, and the language it is in: the reader's, or Dutch if there is none in that."""
    if finding.code not in CATALOGUE:
        return finding.code, say.language
    told = CATALOGUE[finding.code].describe(finding)
    language = say.language if say.language in told else "nl"
    return told[language], language
