"""What a sandbox knows from the start: garages and vehicles, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from odopass.domain.history import SourceKind
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.registry.report.content import Recall
from odopass.registry.vehicles.loading import VehicleRow
from odopass.sandbox.played_sources import Behaviour, PlayedReading


@dataclass(frozen=True, slots=True)
class GarageAccount:
    """A garage that can log in. The password is for tests and printed for everybody to see."""

    username: str
    password: str
    enterprise: str
    establishment: str
    name: str


@dataclass(frozen=True, slots=True)
class PastReading:
    """A reading from before the sandbox's first day."""

    day: date
    km: int
    type: ObservationType = ObservationType.REPAIR_MAINTENANCE_SERVICE
    source: SourceKind = SourceKind.GARAGE
    starts_segment: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BornePlate:
    """A plate, upper case without dashes, and the days on which it was borne (None: still)."""

    plate: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class FromOutside:
    """What outside sources know of a vehicle beside its master data, and how they behave when asked about it.

    Attributes:
        recalls: those not carried out.
        accident_inspection_due: whether an inspection after an accident is still due.
        readings: those from abroad.
        behaviours: by source; one that is not named is fast.
    """

    recalls: tuple[Recall, ...] = ()
    accident_inspection_due: bool = False
    readings: tuple[PlayedReading, ...] = ()
    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)


class Reviewed(StrEnum):
    """What the sandbox's reviewer does with a case in REVIEWING."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Showing:
    """What a test vehicle shows, for certain, and what to report so that it does.

    Attributes:
        name: of what it shows, such as ``issue 001`` or ``REVIEWING, then accepted``.
        km: to report, beyond the vehicle's last reading; below zero: less. Without history: the reading itself.
        days: to date it after today; below zero: before.
        type: to report.
        twice: whether to report it twice; the second report is the one that shows it.
        status: what it comes to, once it is no longer ONGOING.
        issues: their types.
        confirmed: what confirming it comes to at first; None if it is not to be confirmed.
        ongoing_seconds: for how long it stays ONGOING, and so does whatever follows on it.
        reviewed: what becomes of REVIEWING; None: nothing, it stays.
        review_seconds: after how long.
    """

    name: str
    km: int = 250
    days: int = 0
    type: ObservationType = ObservationType.REPAIR_MAINTENANCE_SERVICE
    twice: bool = False
    status: Status = Status.PROCESSED
    issues: tuple[str, ...] = ()
    confirmed: Status | None = None
    ongoing_seconds: int = 0
    reviewed: Reviewed | None = None
    review_seconds: int = 0


@dataclass(frozen=True, slots=True)
class KnownVehicle:
    """A test vehicle.

    Attributes:
        row: its master data.
        purpose: what it is for, in English; "ordinary …" for those without any peculiarity.
        plates: those it has borne.
        readings: its history, oldest first.
        outside: what the outside sources say.
        showing: what it shows for certain; None if its purpose says it all.
    """

    row: VehicleRow
    purpose: str
    plates: tuple[BornePlate, ...]
    readings: tuple[PastReading, ...]
    outside: FromOutside = FromOutside()
    showing: Showing | None = None


@dataclass(frozen=True, slots=True)
class World:
    """All of it."""

    garages: tuple[GarageAccount, ...]
    vehicles: tuple[KnownVehicle, ...]
