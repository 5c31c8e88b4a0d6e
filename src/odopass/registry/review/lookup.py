"""Finding vehicles and garages by what people have in hand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record

from odopass.registry.store.database import Database, Pool

_MOST: Final = 50
_BY_VIN: Final = "select id, vin, unifier, make, model, first_use from vehicle where vin = $1 order by unifier limit $2"
_BY_PLATE: Final = """
    select v.id, v.vin, v.unifier, v.make, v.model, v.first_use, p.valid_from, p.valid_until
    from plate p join vehicle v on v.id = p.vehicle_id
    where p.plate = $1
    order by p.valid_from desc
    limit $2
"""
_GARAGES: Final = """
    select id, username, establishment, enterprise, name, state, password_hash is not null as activated
    from account
    where strpos(lower(concat_ws(' ', username, establishment, enterprise, name)), lower($1)) > 0
    order by lower(name), establishment
    limit $2 offset $3
"""
_COUNT_GARAGES: Final = """
    select count(*) from account
    where strpos(lower(concat_ws(' ', username, establishment, enterprise, name)), lower($1)) > 0
"""


def compared(text: str) -> str:
    """A VIN or plate as it is compared: upper case, without dashes, dots and blanks."""
    return re.sub(r"[^0-9A-Z]", "", text.upper())


def as_guid(text: str) -> UUID | None:
    """A GUID, however it is written; None if it is none."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None


async def find_vehicles(database: Database | Pool, text: str) -> list[Record]:
    """Vehicles with this VIN, or that bear or bore this plate."""
    key = compared(text)
    if not key:
        return []
    found = await database.fetch(_BY_VIN, key, _MOST)
    return found or await database.fetch(_BY_PLATE, key, _MOST)


async def find_garages(database: Database | Pool, text: str, *, page: int = 1) -> tuple[Sequence[Record], int]:
    """Garages whose numbers or name contain a text, and how many there are."""
    total: int = await database.fetchval(_COUNT_GARAGES, text)
    return await database.fetch(_GARAGES, text, _MOST, (page - 1) * _MOST), total


PAGE_OF_GARAGES: Final = _MOST


async def may_look(database: Database | Pool, employee_id: int, vehicle_id: int, *, since: datetime) -> bool:
    """Whether this employee has told since then why they look at this vehicle."""
    return bool(
        await database.fetchval(
            "select exists (select from history_access where vehicle_id = $1 and employee_id = $2 and looked_at >= $3)",
            vehicle_id,
            employee_id,
            since,
        )
    )
