"""The file by which a sandbox tells programs that it is ready, where, and what it knows."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypedDict

from odopass.sandbox.known import GarageAccount
from odopass.sandbox.present import VehicleNow
from odopass.sandbox.reviews import desk_logins
from odopass.wire.dates import format_wire_date

_DASHED_LENGTH: Final = 7  # 1ABC123


class LastReading(TypedDict):
    """The newest reading that counts, its date as on the wire."""

    date: str
    km: int


class VehicleEntry(TypedDict):
    """A test vehicle; what does not apply is null."""

    vin: str
    licensePlate: str | None
    unifier: int | None
    firstUseDate: str | None
    lastReading: LastReading | None
    case: str


class GarageEntry(TypedDict):
    """A garage that can log in."""

    username: str
    password: str
    enterpriseOrganisation: str
    enteredOrganisation: str


class EmployeeEntry(TypedDict):
    """An employee who can log in at the desk."""

    username: str
    password: str
    roles: list[str]


class DeskEntry(TypedDict):
    """Where the employees' desk is, and who can log in."""

    address: str
    employees: list[EmployeeEntry]


class Ready(TypedDict):
    """The whole file."""

    api: str
    ca: str
    public: str
    control: str
    garages: list[GarageEntry]
    vehicles: list[VehicleEntry]
    desk: DeskEntry


def ready_content(
    *, address: str, control: str, ca: Path, garages: Iterable[GarageAccount], vehicles: Iterable[VehicleNow]
) -> Ready:
    """What the file says.

    Args:
        address: https://host:port without a slash at the end.
        control: the same of the control port, with http.
        ca: the authority's certificate.
        garages: those that can log in.
        vehicles: the test vehicles as they are now.
    """
    return {
        "api": f"{address}/api",
        "ca": str(ca),
        "public": address,
        "control": control,
        "garages": [
            {
                "username": garage.username,
                "password": garage.password,
                "enterpriseOrganisation": garage.enterprise,
                "enteredOrganisation": garage.establishment,
            }
            for garage in garages
        ],
        "vehicles": [_entry(vehicle) for vehicle in vehicles],
        "desk": {
            "address": f"{address}/desk/",
            "employees": [
                {"username": each.username, "password": each.password, "roles": [str(role) for role in each.roles]}
                for each in desk_logins()
            ],
        },
    }


def write_whole(path: Path, content: Ready) -> None:
    """Write the file so that whoever sees it sees all of it.

    Raises:
        OSError: it cannot be written.
    """
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(content, file, ensure_ascii=False, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def shown_plate(plate: str) -> str:
    """A plate as it is printed on the vehicle: 1-ABC-123."""
    if len(plate) == _DASHED_LENGTH and plate[1:4].isalpha() and plate[4:].isdigit():
        return f"{plate[0]}-{plate[1:4]}-{plate[4:]}"
    return plate


def _entry(vehicle: VehicleNow) -> VehicleEntry:
    last: LastReading | None = None
    if vehicle.last is not None:
        last = {"date": format_wire_date(vehicle.last.date), "km": vehicle.last.km}
    return {
        "vin": vehicle.vin,
        "licensePlate": None if vehicle.plate is None else shown_plate(vehicle.plate),
        "unifier": vehicle.unifier,
        "firstUseDate": None if vehicle.first_use is None else format_wire_date(vehicle.first_use),
        "lastReading": last,
        "case": vehicle.purpose,
    }
