"""What outside sources are asked, and what one of them tells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from odopass.registry.report.content import Recall

#: The longest any source may take, retries included, in seconds (W16).
LONGEST_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Question:
    """The vehicle a report is about.

    Attributes:
        vin: the vehicle identification number.
        unifier: the authority's number that tells vehicles with the same short VIN apart.
        first_use: the day it was first used anywhere.
        imported_used: whether it was in use abroad before it came here.
        country: ISO 3166 code of the country it came from; None if not known.
    """

    vin: str
    unifier: int | None = None
    first_use: dt.date | None = None
    imported_used: bool = False
    country: str | None = None

    def may_come_from(self, country: str) -> bool:
        """Whether it was imported from this country, for all that is known."""
        if self.country is not None:
            return self.country == country
        return self.imported_used


@dataclass(frozen=True, slots=True)
class ForeignReading:
    """A reading that a source told of.

    Attributes:
        date: the day the odometer was read.
        km: what it showed, in km.
        country: ISO 3166 code of the country it was read in; None if the source did not tell.
        in_miles: what it showed in miles, if that is what it counts.
        source_name: the source's key in the configuration.
    """

    date: dt.date
    km: int
    country: str | None
    in_miles: int | None
    source_name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source told.

    Attributes:
        vehicle: fields of `VehicleData` by name; only those it told.
        recalls: those not carried out; None if it did not tell.
        accident_inspection_due: None if it did not tell.
        readings: in the order of the answer.
        oddities: what was left out because it cannot be right, and how often; without any value of the answer.
    """

    vehicle: Mapping[str, object] = field(default_factory=dict)
    recalls: tuple[Recall, ...] | None = None
    accident_inspection_due: bool | None = None
    readings: tuple[ForeignReading, ...] = ()
    oddities: Mapping[str, int] = field(default_factory=dict)

    @property
    def left_out(self) -> int:
        """How many fields or entries were left out."""
        return sum(self.oddities.values())

    @property
    def tells_something(self) -> bool:
        """Whether anything readable is in it."""
        return bool(
            self.vehicle or self.readings or self.recalls is not None or self.accident_inspection_due is not None
        )


class Source(Protocol):
    """An outside source."""

    @property
    def name(self) -> str:
        """Its key in the configuration."""
        ...

    @property
    def kind(self) -> str:
        """Its kind: registration, manufacturer, accident_inspection, foreign_registry."""
        ...

    def concerns(self, question: Question) -> bool:
        """Whether it is to be asked about this vehicle at all."""
        ...

    async def ask(self, question: Question, *, seconds: float) -> Answer:
        """Ask it.

        Args:
            question: about which vehicle.
            seconds: how long it may take in all.

        Raises:
            SourceAway: it cannot be had.
            SourceUnreadable: it answered what cannot be read.
        """
        ...


class SourceFailure(Exception):  # noqa: N818 - it names the state of things
    """No answer came of asking; the text says why, without anything of the vehicle or of the answer."""


class SourceAway(SourceFailure):
    """The source cannot be had: no connection, no answer in time, overloaded, or it refuses our key."""


class SourceUnreadable(SourceFailure):
    """The source is there, but what it answered cannot be read."""
