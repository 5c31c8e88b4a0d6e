"""The observation as garages send it: reading it strictly, with every problem in one answer, and writing it (W4).

Each field is read by a function of its own that returns the value or raises a ValueError whose text is the problem.
Rules that concern two fields come after. Nothing stops at the first problem.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from odopass.domain.observation import Observation, ObservationType
from odopass.wire.dates import format_wire_date, parse_wire_date
from odopass.wire.echo import printable, shown
from odopass.wire.errors import Invalid, Problem
from odopass.wire.json_body import read_object
from odopass.wire.kbo import enterprise_problem, establishment_problem

MAX_VIN_LENGTH: Final = 17
MAX_PLATE_LENGTH: Final = 9
MAX_UNIFIER: Final = 2_147_483_647
#: Highest reading that is taken for one, in km. Displays hold less; what they can't show is an issue, not a 400.
MAX_READING_KM: Final = 9_999_999

VIN_PATTERN: Final = r"^[0-9A-Za-z]{1,17}$"
PLATE_PATTERN: Final = r"^[- ]*[0-9A-Za-z][-0-9A-Za-z ]*$"

#: Unknown members that are named one by one; a body full of them gets one more entry that counts the rest.
_MAX_UNKNOWN_NAMED = 50

_VIN = re.compile(r"[0-9A-Za-z]{1,17}")
_PLATE = re.compile(r"[-0-9A-Za-z ]{1,9}")
_TYPES = {member.value: member for member in ObservationType}


@dataclass(frozen=True, slots=True)
class ObservationRequest:
    """An observation as it was sent, in the words of the domain.

    Attributes:
        vin: upper case, or None if the vehicle is named by its plate.
        license_plate: upper case without dashes and blanks, or None if the vehicle is named by its VIN.
        unifier: the registration authority's number for telling apart vehicles that share a short VIN.
        first_use_date: when the vehicle was first used, for the same purpose.
        reading_date: the day the odometer was read.
        km: what it showed, in km.
        type: why it was read.
        enterprise: KBO number of the enterprise, 10 digits.
        establishment: KBO number of the establishment where the odometer was read, 10 digits.
    """

    vin: str | None
    license_plate: str | None
    unifier: int | None
    first_use_date: date | None
    reading_date: date
    km: int
    type: ObservationType
    enterprise: str
    establishment: str

    @property
    def observation(self) -> Observation:
        """What the rules judge."""
        return Observation(self.reading_date, self.km, self.type)


#: The fields of a body by their names on the wire, as far as they could be read; None where one is not given.
Fields = Mapping[str, Any]


def no_further_problems(_: Fields) -> Iterable[Problem]:
    """Wants nothing else."""
    return ()


def parse_observation(
    body: bytes, *, strict_members: bool, further: Callable[[Fields], Iterable[Problem]] = no_further_problems
) -> ObservationRequest:
    """Read the body of a submission or correction.

    Args:
        body: JSON in UTF-8.
        strict_members: whether unknown members are problems, as in beta, or ignored, as in production (W21).
        further: what else the reader wants of the fields, so that its problems come in the same answer (W12).

    Raises:
        Invalid: with every problem of the body, in the order of the fields.
    """
    members, problems = read_object(body)
    values: dict[str, Any] = {}
    for name, read, mandatory in _FIELDS:
        value = members.get(name)
        if value is None:
            values[name] = None
            if mandatory:
                problems.append(Problem((name,), "It is missing; it is mandatory."))
            continue
        try:
            values[name] = read(value)
        except ValueError as error:
            problems.append(Problem((name,), str(error)))

    vin_given, plate_given = members.get("vin") is not None, members.get("licensePlate") is not None
    if vin_given is plate_given:
        problems.append(
            Problem(
                ("vin", "licensePlate"),
                "Both are given; give one of them." if vin_given else "Neither is given; give one of them.",
            )
        )
    if plate_given and values.get("observationType") is ObservationType.VEHICLE_HISTORY_DOCUMENT:
        problems.append(
            Problem(
                ("licensePlate", "observationType"),
                "A VEHICLE_HISTORY_DOCUMENT is asked for by vin, not by licensePlate.",
            )
        )
    if strict_members and not members.keys() <= NAMES:
        problems.extend(_unknown_members(members))
    problems.extend(further(values))
    if problems:
        raise Invalid(sorted(problems, key=_place))

    return ObservationRequest(
        vin=values["vin"],
        license_plate=values["licensePlate"],
        unifier=values["unifier"],
        first_use_date=values["firstUseDate"],
        reading_date=values["odometerReadingDate"],
        km=values["odometerReading"],
        type=values["observationType"],
        enterprise=values["enterpriseOrganisation"],
        establishment=values["enteredOrganisation"],
    )


def report_date_problem(fields: Fields, today: date) -> Problem | None:
    """The problem of a vehicle history request that does not carry the date of the day (W15), or None.

    Args:
        fields: of a first submission; corrections and confirmations keep the day of theirs.
        today: the day in Europe/Brussels.
    """
    day = fields.get("odometerReadingDate")
    if fields.get("observationType") is not ObservationType.VEHICLE_HISTORY_DOCUMENT or day is None or day == today:
        return None
    return Problem(
        ("odometerReadingDate",),
        f'"{format_wire_date(day)}" is not today; a VEHICLE_HISTORY_DOCUMENT carries the date of '
        f"the day it is asked for, {format_wire_date(today)}.",
    )


def encode_observation(request: ObservationRequest) -> dict[str, object]:
    """`request` as on the wire, without the members it does not have."""
    members: dict[str, object | None] = {
        "vin": request.vin,
        "licensePlate": request.license_plate,
        "unifier": request.unifier,
        "firstUseDate": request.first_use_date and format_wire_date(request.first_use_date),
        "odometerReadingDate": format_wire_date(request.reading_date),
        "odometerReading": request.km,
        "observationType": request.type.value,
        "enterpriseOrganisation": request.enterprise,
        "enteredOrganisation": request.establishment,
    }
    return {name: value for name, value in members.items() if value is not None}


def _text(value: object, expected: str) -> str:
    if type(value) is not str:
        raise ValueError(f"{shown(value)} is not a JSON string; expected {expected}.")
    if not value:
        raise ValueError(f"It is empty; expected {expected}.")
    return value


def _vin(value: object) -> str:
    expected = "1 to 17 letters and digits"
    text = _text(value, expected)
    if _VIN.fullmatch(text):
        return text.upper()
    if len(text) > MAX_VIN_LENGTH:
        raise ValueError(f"{shown(text)} has {len(text)} characters; expected {expected}.")
    raise ValueError(f"{shown(text)} has characters that are none of A to Z and 0 to 9; expected {expected}.")


def _plate(value: object) -> str:
    expected = "1 to 9 letters, digits, dashes and blanks"
    text = _text(value, expected)
    if len(text) > MAX_PLATE_LENGTH:
        raise ValueError(f"{shown(text)} has {len(text)} characters; expected {expected}.")
    if not _PLATE.fullmatch(text):
        raise ValueError(f"{shown(text)} has other characters; expected {expected}.")
    plate = text.replace("-", "").replace(" ", "").upper()
    if not plate:
        raise ValueError(f"{shown(text)} has no letter and no digit; expected {expected}.")
    return plate


def _unifier(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_UNIFIER:
        raise ValueError(f"{shown(value)} is not a JSON integer from 0 to {MAX_UNIFIER}.")
    return value


def _km(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_READING_KM:
        raise ValueError(
            f"{shown(value)} is not a JSON integer from 0 to {MAX_READING_KM}; send the reading as displayed, "
            "in whole km, without quotes, decimals or exponent, such as 123456."
        )
    return value


def _date(value: object) -> date:
    return parse_wire_date(_text(value, "dd/mm/yyyy"))


def _type(value: object) -> ObservationType:
    found = _TYPES.get(value) if type(value) is str else None
    if found is None:
        raise ValueError(f"{shown(value)} is unknown; expected one of {', '.join(_TYPES)}.")
    return found


def _enterprise(value: object) -> str:
    number = _text(value, "an enterprise number of 10 digits")
    if problem := enterprise_problem(number):
        raise ValueError(problem)
    return number


def _establishment(value: object) -> str:
    number = _text(value, "an establishment number of 10 digits")
    if problem := establishment_problem(number):
        raise ValueError(problem)
    return number


#: Every field in the order of the wire: its name, its reader, whether it is mandatory.
_FIELDS: Final[tuple[tuple[str, Callable[[object], object], bool], ...]] = (
    ("vin", _vin, False),
    ("licensePlate", _plate, False),
    ("unifier", _unifier, False),
    ("firstUseDate", _date, False),
    ("odometerReadingDate", _date, True),
    ("odometerReading", _km, True),
    ("observationType", _type, True),
    ("enterpriseOrganisation", _enterprise, True),
    ("enteredOrganisation", _establishment, True),
)
_PLACES: Final = {name: place for place, (name, _, _) in enumerate(_FIELDS)}
#: The members of a body by their names on the wire.
NAMES: Final = frozenset(_PLACES)
_BY_LOWER_CASE: Final = {name.lower(): name for name in _PLACES}


def _place(problem: Problem) -> tuple[int, str]:
    """Where a problem is listed: the request's own first, then by field, then unknown members by name."""
    if not problem.fields:
        return -1, ""
    place = _PLACES.get(problem.fields[0])
    return (place, "") if place is not None else (len(_PLACES), problem.field)


def _unknown_members(members: Iterable[str]) -> list[Problem]:
    unknown = sorted(set(members) - NAMES)
    problems = [
        Problem((printable(name),), f"It is unknown{_suggestion(name)}") for name in unknown[:_MAX_UNKNOWN_NAMED]
    ]
    if len(unknown) > _MAX_UNKNOWN_NAMED:
        problems.append(Problem((), f"{len(unknown) - _MAX_UNKNOWN_NAMED} more members are unknown."))
    return problems


def _suggestion(name: str) -> str:
    meant = _BY_LOWER_CASE.get(name.lower())
    if meant is None and len(name) <= 2 * max(map(len, NAMES)):
        meant = next(iter(difflib.get_close_matches(name.lower(), _BY_LOWER_CASE, n=1)), None)
        meant = meant and _BY_LOWER_CASE[meant]
    return f"; did you mean {meant}?" if meant else "."
