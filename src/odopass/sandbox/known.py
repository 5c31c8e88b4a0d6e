"""What a sandbox knows from the start: garages and vehicles, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from odopass.domain.history import SourceKind
from odopass.domain.observation import ObservationType
from odopass.registry.vehicles.loading import VehicleRow


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
class KnownVehicle:
    """A test vehicle.

    Attributes:
        row: its master data.
        purpose: what it is for, in English; "ordinary …" for those without any peculiarity.
        plates: those it has borne.
        readings: its history, oldest first.
    """

    row: VehicleRow
    purpose: str
    plates: tuple[BornePlate, ...]
    readings: tuple[PastReading, ...]


@dataclass(frozen=True, slots=True)
class World:
    """All of it."""

    garages: tuple[GarageAccount, ...]
    vehicles: tuple[KnownVehicle, ...]
