"""How the journal writes a reading, so that it can be compared with the row that is believed.

An entry that lets a reading join a vehicle's history has it in its content as `reading`; one that takes a reading out
of the history (its row gets `superseded_at`) has it there as `superseded`. Such entries are about the reading's case,
or about the VIN if it has none.

An entry that changes the state of a case is about the case and has in its content `status`, and `vehicle` and
`observation` or `reading` if these changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as Date  # noqa: N812 - `date` is what a reading has

from odopass.registry.journal.entries import JSON


def reading_json(
    *,
    vehicle: int,
    date: Date,
    km: int,
    source: str,
    observation_type: str,
    account: int | None,
    starts_segment: bool,
    remarks: Sequence[str],
    country: str | None = None,
    in_miles: int | None = None,
) -> dict[str, JSON]:
    """A reading with all that its row says; the parameters are named as there. What is empty is left out."""
    written = observation_json(date, km, observation_type)
    written["vehicle"] = vehicle
    written["source"] = source
    if account is not None:
        written["account"] = account
    if starts_segment:
        written["starts_segment"] = True
    if remarks:
        written["remarks"] = list(remarks)
    if country is not None:
        written["country"] = country
    if in_miles is not None:
        written["in_miles"] = in_miles
    return written


def observation_json(date: Date, km: int, observation_type: str) -> dict[str, JSON]:
    """What was observed; the parameters are named as in the rows."""
    return {"date": date.isoformat(), "km": km, "type": observation_type}


def shown(vin: str | None, reading: dict[str, JSON]) -> dict[str, JSON]:
    """What a proof shows of a reading: no garage, no case."""
    return {"vin": vin, "date": reading["date"], "km": reading["km"], "source": reading["source"]}
