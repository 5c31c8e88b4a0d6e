"""What the registry knows of a request: which vehicle it is about, and when the newest one of its case arrived."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from odopass.registry.store.database import Pool

#: The newest request of the case that this one belongs to, if this garage has sent it.
_OF_REQUEST: Final = """
    select newest.received_at, coalesce(vehicle.vin, newest.identifier, '') as vin
    from request asked
    join account on account.id = asked.account_id and account.username = $2
    cross join lateral (
        select subject, identifier, received_at from request
        where case_guid = asked.case_guid and subject in (asked.subject, asked.case_subject)
        order by received_at desc
        limit 1
    ) newest
    left join vehicle on vehicle.id = newest.subject
    where asked.guid = $1
"""
_OF_PLATE: Final = """
    select vehicle.vin from plate join vehicle on vehicle.id = plate.vehicle_id
    where plate.plate = $1 and plate.valid_from <= $2 and (plate.valid_until is null or plate.valid_until >= $2)
"""
_NAMED: Final = """
    select exists (
        select from idempotency join account on account.id = idempotency.account_id
        where account.username = $1 and idempotency.key = $2
    )
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a request.

    Attributes:
        vin: of its vehicle; what it named if nobody knows the vehicle.
        received_at: when the newest request of its case arrived, UTC.
    """

    vin: str
    received_at: datetime


async def known_request(pool: Pool, guid: UUID, garage: str) -> Known | None:
    """What is known of a request that this garage has sent; None if it has sent none with this GUID."""
    row = await pool.fetchrow(_OF_REQUEST, guid, garage)
    return None if row is None else Known(row["vin"], row["received_at"])


async def vin_in(pool: Pool, body: bytes, day: date) -> str:
    """The VIN of the vehicle that an observation names, by VIN or by plate; "" if that cannot be said."""
    members = _members(body)
    vin, plate = members.get("vin"), members.get("licensePlate")
    if isinstance(vin, str):
        return vin.upper()
    if isinstance(plate, str):
        borne = "".join(letter for letter in plate.upper() if letter.isalnum())
        return await pool.fetchval(_OF_PLATE, borne, day) or ""
    return ""


async def answered_before(pool: Pool, garage: str, key: str | None) -> bool:
    """Whether this garage has used this idempotency key before."""
    return key is not None and bool(await pool.fetchval(_NAMED, garage, key))


def _members(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
