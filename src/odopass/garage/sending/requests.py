"""What is sent of a reading, and how it is kept: word for word, so that a repetition is the same request."""

from __future__ import annotations

import json

from odopass.garage.book.entries import ReadingDraft
from odopass.wire.observation import ObservationRequest, encode_observation, parse_observation


def request_of(draft: ReadingDraft, *, enterprise: str, establishment: str) -> ObservationRequest:
    """The observation of a reading. The VIN names the vehicle if there is one, else the plate; never both (W4).

    Args:
        draft: what was read; its day is the day of the reading, whenever it is sent (G11).
        enterprise: KBO number of the enterprise, 10 digits.
        establishment: KBO number of the establishment where it was read, 10 digits.
    """
    vehicle = draft.vehicle
    return ObservationRequest(
        vin=vehicle.vin,
        license_plate=vehicle.plate if vehicle.vin is None else None,
        unifier=vehicle.unifier,
        first_use_date=vehicle.first_use,
        reading_date=draft.reading_date,
        km=draft.km,
        type=draft.type,
        enterprise=enterprise,
        establishment=establishment,
    )


def body_of(request: ObservationRequest) -> bytes:
    """The body that the book keeps before the request is sent."""
    return json.dumps(encode_observation(request), ensure_ascii=False).encode()


def request_in(body: bytes) -> ObservationRequest:
    """The request of a kept body.

    Raises:
        Invalid: the registry would refuse it, so it is not sent (G1).
    """
    return parse_observation(body, strict_members=True)
