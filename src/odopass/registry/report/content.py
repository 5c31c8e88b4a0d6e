"""What a report says, in no language: the one model behind the document and the public page.

It is stored as JSON when the report is made, so that what was issued can be shown again as it was, whatever has
become known since.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pydantic import TypeAdapter

from odopass.domain.history import Reading, SourceKind
from odopass.domain.timeline import Recorded, Timeline, timeline

#: How long a report is valid, in calendar months (the day of issue included).
VALID_MONTHS: Final = 2


@dataclass(frozen=True, slots=True)
class VehicleData:
    """What the registration authority says of the vehicle; None where it says nothing.

    Attributes:
        vin: the vehicle identification number.
        first_use: the day it was first used anywhere.
        first_registration: the day it was first registered in this country.
        fuel: as a code: petrol, diesel, electric, hybrid_petrol, hybrid_diesel, lpg, cng, hydrogen …
        electric_range_km: official range on electricity alone, in km.
        co2_nedc_g_km: by the older cycle, in g/km.
        co2_wltp_g_km: by the newer cycle, in g/km.
    """

    vin: str
    make: str | None = None
    model: str | None = None
    first_use: dt.date | None = None
    first_registration: dt.date | None = None
    fuel: str | None = None
    electric_motor: bool | None = None
    electric_range_km: int | None = None
    euro_standard: str | None = None
    co2_nedc_g_km: int | None = None
    co2_wltp_g_km: int | None = None

    @property
    def imported_used(self) -> bool:
        """Whether it was in use elsewhere before it was registered in this country."""
        return (
            self.first_use is not None
            and self.first_registration is not None
            and self.first_use < self.first_registration
        )


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """One reading of the history.

    Attributes:
        date: the day the odometer was read.
        km: what it showed, in km.
        source: the kind of source; never its name.
        replaced: whether the odometer was replaced that day, and this is what the new one showed.
        starts_segment: whether readings after it are compared with it and not with those before.
        confirmed: whether it was confirmed although it did not fit.
        country: ISO 3166 code if it was read abroad.
        in_miles: what the odometer showed, if it counts miles.
    """

    date: dt.date
    km: int
    source: SourceKind
    replaced: bool = False
    starts_segment: bool = False
    confirmed: bool = False
    country: str | None = None
    in_miles: int | None = None


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall that has not been carried out on this vehicle.

    Attributes:
        reference: the manufacturer's number for it.
        opened: the day it was announced, if told.
        description: the manufacturer's own words, as told, in whatever language.
    """

    reference: str
    opened: dt.date | None = None
    description: str | None = None


class SourceState(StrEnum):
    """What came of asking an outside source."""

    ANSWERED = "answered"
    INCOMPLETE = "incomplete"  # it answered, and something of it was left out because it cannot be right
    UNAVAILABLE = "unavailable"  # no answer in time, or none that could be read


@dataclass(frozen=True, slots=True)
class SourceLine:
    """An outside source that was asked.

    Attributes:
        name: the source's key in the configuration.
        kind: registration, manufacturer, accident_inspection, foreign_registry.
        state: what came of it.
        left_out: how many readings or fields of its answer were left out.
    """

    name: str
    kind: str
    state: SourceState
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class ReportContent:
    """All that a report says.

    Attributes:
        number: 12 digits.
        public_id: the unguessable end of the public address.
        registry: the name of the registry that issues it.
        made_at: the moment it was made, in UTC.
        day: the day of issue, in Europe/Brussels.
        valid_until: the last day of its validity.
        readings: in no particular order.
        recalls: those not carried out; None if the source could not be asked.
        accident_inspection_due: whether an inspection after an accident is still due; None if not known.
    """

    number: str
    public_id: str
    registry: str
    made_at: dt.datetime
    day: dt.date
    valid_until: dt.date
    vehicle: VehicleData
    readings: tuple[ReadingLine, ...]
    recalls: tuple[Recall, ...] | None
    accident_inspection_due: bool | None
    sources: tuple[SourceLine, ...]

    def timeline(self) -> Timeline:
        """The readings in order, with distances and remarks."""
        return timeline(
            Recorded(
                Reading(line.date, place, line.km, line.starts_segment, line.source),
                replaced=line.replaced,
                confirmed=line.confirmed,
                country=line.country,
                in_miles=line.in_miles,
            )
            for place, line in enumerate(self.readings)
        )


_STORED: Final = TypeAdapter(ReportContent)


def store_content(content: ReportContent) -> str:
    """The content as JSON, for the database."""
    return _STORED.dump_json(content).decode()


def stored_content(stored: str) -> ReportContent:
    """The content from JSON, as it was stored."""
    return _STORED.validate_json(stored)


def last_day_of_validity(day: dt.date) -> dt.date:
    """The last day on which a report issued on this day is valid: two months on, or the end of a shorter month."""
    month = day.month - 1 + VALID_MONTHS
    year, month = day.year + month // 12, month % 12 + 1
    for last in range(day.day, 27, -1):
        try:
            return dt.date(year, month, last)
        except ValueError:
            continue
    return dt.date(year, month, day.day)
