"""The OpenAPI document's schemas and examples: what bodies and answers look like.

The bounds are the parser's own constants, so that the two cannot disagree.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final, cast

from odopass.domain.catalogue import CATALOGUE
from odopass.domain.finding import LOWER_THAN_EARLIER, VIN_UNKNOWN, Finding
from odopass.domain.observation import ObservationType
from odopass.wire.dates import DATE_PATTERN, format_wire_date
from odopass.wire.kbo import (
    ENTERPRISE_PATTERN,
    ESTABLISHMENT_PATTERN,
    enterprise_number,
    establishment_number,
)
from odopass.wire.observation import (
    MAX_PLATE_LENGTH,
    MAX_READING_KM,
    MAX_UNIFIER,
    MAX_VIN_LENGTH,
    PLATE_PATTERN,
    VIN_PATTERN,
)
from odopass.wire.status import Description, IssueItem, Status, encode_status

Json = dict[str, Any]

_ENTERPRISE: Final = enterprise_number(1_234_567)
_ESTABLISHMENT: Final = establishment_number(21_234_567)
_VIN: Final = "TESTVAN0000000001"
_DAY: Final = date(2026, 3, 5)
REQUEST_GUID: Final = "5b3f1c52-6a0e-4d0c-9c53-2f6f3a1d7e10"

OBSERVATION_EXAMPLES: Final[Json] = {
    "repair": {
        "summary": "A reading taken during a repair",
        "value": {
            "vin": _VIN,
            "odometerReadingDate": format_wire_date(_DAY),
            "odometerReading": 123456,
            "observationType": "REPAIR_MAINTENANCE_SERVICE",
            "enterpriseOrganisation": _ENTERPRISE,
            "enteredOrganisation": _ESTABLISHMENT,
        },
    },
    "plate": {
        "summary": "Roadside assistance, the vehicle named by its plate",
        "value": {
            "licensePlate": "1-TST-001",
            "odometerReadingDate": format_wire_date(_DAY),
            "odometerReading": 87654,
            "observationType": "ROAD_SIDE_ASSISTANCE",
            "enterpriseOrganisation": _ENTERPRISE,
            "enteredOrganisation": _ESTABLISHMENT,
        },
    },
    "shortVin": {
        "summary": "A VIN of fewer than 17 characters, singled out by unifier and first use",
        "value": {
            "vin": "TEST1974",
            "unifier": 12,
            "firstUseDate": "17/06/1974",
            "odometerReadingDate": format_wire_date(_DAY),
            "odometerReading": 45210,
            "observationType": "ODOMETER_REPLACED",
            "enterpriseOrganisation": _ENTERPRISE,
            "enteredOrganisation": _ESTABLISHMENT,
        },
    },
    "report": {
        "summary": "A reading that asks for a vehicle history report; it carries the date of the day",
        "value": {
            "vin": _VIN,
            "odometerReadingDate": format_wire_date(_DAY),
            "odometerReading": 123460,
            "observationType": "VEHICLE_HISTORY_DOCUMENT",
            "enterpriseOrganisation": _ENTERPRISE,
            "enteredOrganisation": _ESTABLISHMENT,
        },
    },
}


def _issue(finding: Finding) -> IssueItem:
    return IssueItem(finding.code, cast("Description", CATALOGUE[finding.code].describe(finding)))


_LOWER: Final = _issue(
    Finding(
        LOWER_THAN_EARLIER,
        {
            "km": 12_345,
            "date": "2026-03-05",
            "earlier_km": 118_902,
            "earlier_date": "2025-09-14",
            "deviation_km": 106_557,
        },
    )
)
_UNKNOWN: Final = _issue(Finding(VIN_UNKNOWN, {"identifier": _VIN}))

STATUS_EXAMPLES: Final[Json] = {
    "ongoing": {"summary": "Still being judged", "value": encode_status(Status.ONGOING, [])},
    "processed": {"summary": "Taken", "value": encode_status(Status.PROCESSED, [])},
    "issue": {"summary": "To be corrected or confirmed", "value": encode_status(Status.ISSUE, [_LOWER])},
    "unknownVin": {"summary": "No vehicle has this VIN", "value": encode_status(Status.ISSUE, [_UNKNOWN])},
}


def observation_schema(*, strict_members: bool) -> Json:
    """What is submitted; `strict_members` says whether unknown members are refused (W21)."""
    return {
        "type": "object",
        "description": (
            "One reading of one odometer on one day. Exactly one of `vin` and `licensePlate` names the vehicle. "
            "A member that is `null` counts as left out. "
            + ("Unknown members are refused." if strict_members else "Unknown members are ignored.")
        ),
        "properties": _OBSERVATION_PROPERTIES,
        "required": [
            "odometerReadingDate",
            "odometerReading",
            "observationType",
            "enterpriseOrganisation",
            "enteredOrganisation",
        ],
        "oneOf": [
            {
                "title": "by VIN",
                "required": ["vin"],
                "properties": {"vin": {"type": "string"}, "licensePlate": {"type": "null"}},
            },
            {
                "title": "by plate",
                "required": ["licensePlate"],
                "properties": {
                    "licensePlate": {"type": "string"},
                    "vin": {"type": "null"},
                    "observationType": {
                        "enum": [
                            kind.value
                            for kind in ObservationType
                            if kind is not ObservationType.VEHICLE_HISTORY_DOCUMENT
                        ]
                    },
                },
            },
        ],
        "additionalProperties": not strict_members,
    }


_OBSERVATION_PROPERTIES: Final[Json] = {
    "vin": {
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": MAX_VIN_LENGTH,
        "pattern": VIN_PATTERN,
        "description": "Vehicle identification number; letters count in either case.",
        "examples": [_VIN],
    },
    "licensePlate": {
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": MAX_PLATE_LENGTH,
        "pattern": PLATE_PATTERN,
        "description": (
            "Belgian plate that the vehicle bore on the day of the reading; dashes, blanks and case do not matter. "
            "Not with `VEHICLE_HISTORY_DOCUMENT`."
        ),
        "examples": ["1-TST-001"],
    },
    "unifier": {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": MAX_UNIFIER,
        "description": "The registration authority's number that tells apart vehicles which share a short VIN.",
        "examples": [12],
    },
    "firstUseDate": {
        "type": ["string", "null"],
        "pattern": DATE_PATTERN,
        "description": "Day of first use, dd/mm/yyyy; tells apart vehicles which share a short VIN.",
        "examples": ["17/06/1974"],
    },
    "odometerReadingDate": {
        "type": "string",
        "pattern": DATE_PATTERN,
        "description": (
            "The day the odometer was read, dd/mm/yyyy, and a day of the calendar. With `VEHICLE_HISTORY_DOCUMENT`, "
            "the day of the request (Europe/Brussels)."
        ),
        "examples": [format_wire_date(_DAY)],
    },
    "odometerReading": {
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_READING_KM,
        "description": (
            "What the odometer showed, in km, exactly. A JSON integer: no quotes, no decimals (not even `100.0`), "
            "no exponent."
        ),
        "examples": [123456],
    },
    "observationType": {
        "type": "string",
        "enum": [kind.value for kind in ObservationType],
        "description": (
            "Why the odometer was read: `REPAIR_MAINTENANCE_SERVICE` in most cases; `ODOMETER_REPLACED` if it was "
            "replaced, with what the new one shows; `VEHICLE_HISTORY_DOCUMENT` to ask for the vehicle history report "
            "as well; `ROAD_SIDE_ASSISTANCE` beside the road."
        ),
    },
    "enterpriseOrganisation": {
        "type": "string",
        "pattern": ENTERPRISE_PATTERN,
        "minLength": 10,
        "maxLength": 10,
        "description": (
            "KBO/BCE number of the enterprise, with leading zeros; the last two digits are checked (modulo 97)."
        ),
        "examples": [_ENTERPRISE],
    },
    "enteredOrganisation": {
        "type": "string",
        "pattern": ESTABLISHMENT_PATTERN,
        "minLength": 10,
        "maxLength": 10,
        "description": (
            "KBO/BCE number of the establishment where the odometer was read: the account's own; the last two digits "
            "are checked (modulo 97)."
        ),
        "examples": [_ESTABLISHMENT],
    },
}

_TEXT: Final[Json] = {"type": "string", "minLength": 1}

ANSWER_SCHEMAS: Final[Json] = {
    "RequestGuid": {
        "type": "object",
        "properties": {
            "requestGuid": {
                "type": "string",
                "format": "uuid",
                "description": "Store it before anything else: all that follows is asked with it.",
                "examples": [REQUEST_GUID],
            }
        },
        "required": ["requestGuid"],
    },
    "Status": {
        "type": "string",
        "enum": [status.value for status in Status],
        "description": (
            "`ONGOING`: the registry is judging, ask again in 10 seconds. `PROCESSED`: taken. `ISSUE`: correct or "
            "confirm. `ERROR`: refused for good. `REVIEWING`: an employee of the registry decides, which may take days."
        ),
    },
    "Issue": {
        "type": "object",
        "properties": {
            "type": {
                **_TEXT,
                "description": "Key of the issue type. Others may be added: "
                + ", ".join(f"`{code}` {entry.name}" for code, entry in sorted(CATALOGUE.items()))
                + ".",
                "examples": [LOWER_THAN_EARLIER],
            },
            "description": {
                "type": "object",
                "description": "The same text in Dutch, French and German.",
                "properties": {"nl": _TEXT, "fr": _TEXT, "de": _TEXT},
                "required": ["nl", "fr", "de"],
            },
        },
        "required": ["type", "description"],
    },
    "ObservationStatus": {
        "type": "object",
        "properties": {
            "status": {"$ref": "#/components/schemas/Status"},
            "issues": {
                "type": "array",
                "items": {"$ref": "#/components/schemas/Issue"},
                "description": "What needs an answer, or, with `ERROR`, why.",
            },
        },
        "required": ["status", "issues"],
    },
    "VehicleHistoryReport": {
        "type": "object",
        "properties": {
            "file": {
                "type": "string",
                "contentEncoding": "base64",
                "contentMediaType": "application/pdf",
                "description": "The report as a PDF, in base64.",
            },
            "publicUrl": {
                "type": "string",
                "format": "uri",
                "description": "The report's public page, for advertisements.",
            },
        },
        "required": ["file", "publicUrl"],
    },
    "Problem": {
        "type": "object",
        "properties": {
            "field": {
                "type": "string",
                "description": 'The member concerned; several are joined by ", "; "" if it is the request as a whole.',
            },
            "message": {**_TEXT, "description": "For a developer, in English: what is wrong and what to send."},
        },
        "required": ["field", "message"],
    },
    "Errors": {
        "type": "object",
        "properties": {
            "errors": {
                "type": "array",
                "minItems": 1,
                "items": {"$ref": "#/components/schemas/Problem"},
                "description": "One entry per problem, every problem of the request.",
            },
            "status": {"$ref": "#/components/schemas/Status"},
            "message": {**_TEXT, "description": "The same in one sentence."},
        },
        "required": ["errors"],
    },
    "NoReport": {
        "description": "The refusal of a report that does not stand: the error shape with the request's state.",
        "allOf": [
            {"$ref": "#/components/schemas/Errors"},
            {"type": "object", "required": ["errors", "status", "message"]},
        ],
    },
}
