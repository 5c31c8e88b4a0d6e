"""Find the vehicles that requests speak of: set-based, for many requests in two queries (R3)."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from odopass.domain.identification import Candidate, Identification, identify_by_plate, identify_by_vin
from odopass.registry.store.database import Database
from odopass.wire.observation import ObservationRequest

_BY_VIN = "select vin, id, unifier, first_use from vehicle where vin = any($1::text[])"

# A plate means the vehicle that bore it on the day of the reading.
_BY_PLATE = """
    select asked.plate, asked.day, plate.vehicle_id
    from unnest($1::text[], $2::date[]) as asked(plate, day)
    join plate on plate.plate = asked.plate
        and plate.valid_from <= asked.day
        and (plate.valid_until is null or plate.valid_until >= asked.day)
"""


@dataclass(frozen=True, slots=True)
class Identified:
    """What came of looking for one request's vehicle.

    Attributes:
        identification: whether a vehicle was found, or why not.
        vehicle_id: the vehicle, or None.
        identifier: the VIN or plate, as compared.
        subject: what the request is queued under: the vehicle's id, or a number below zero for an identifier that
            names no vehicle, the same one each time.
    """

    identification: Identification
    vehicle_id: int | None
    identifier: str
    subject: int


async def identify(connection: Database, requests: Sequence[ObservationRequest]) -> list[Identified]:
    """Find each request's vehicle; the results are in the order of the requests."""
    vins = {request.vin for request in requests if request.vin is not None}
    plates = {(request.license_plate, request.reading_date) for request in requests if request.vin is None}
    by_vin: dict[str, list[Candidate]] = defaultdict(list)
    if vins:
        for vin, vehicle_id, unifier, first_use in await connection.fetch(_BY_VIN, list(vins)):
            by_vin[vin].append(Candidate(vehicle_id, unifier, first_use))
    by_plate: dict[tuple[str, date], list[Candidate]] = defaultdict(list)
    if plates:
        asked = list(plates)
        rows = await connection.fetch(_BY_PLATE, [plate for plate, _ in asked], [day for _, day in asked])
        for plate, day, vehicle_id in rows:
            by_plate[plate, day].append(Candidate(vehicle_id, None, None))
    return [_single_out(request, by_vin, by_plate) for request in requests]


def _single_out(
    request: ObservationRequest,
    by_vin: dict[str, list[Candidate]],
    by_plate: dict[tuple[str, date], list[Candidate]],
) -> Identified:
    if request.vin is not None:
        identifier = request.vin
        identification, vehicle_id = identify_by_vin(
            identifier, by_vin[identifier], unifier=request.unifier, first_use=request.first_use_date
        )
    else:
        identifier = request.license_plate or ""
        identification, vehicle_id = identify_by_plate(by_plate[identifier, request.reading_date])
    subject = vehicle_id if vehicle_id is not None else -1 - zlib.crc32(identifier.encode())
    return Identified(identification, vehicle_id, identifier, subject)
