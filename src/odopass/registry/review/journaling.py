"""What the journal says of employees' decisions (R9)."""

from __future__ import annotations

import hashlib
from uuid import UUID

from asyncpg import Record

from odopass.registry.journal.appending import append
from odopass.registry.journal.entries import JSON, Entry
from odopass.registry.journal.readings import reading_json, shown
from odopass.registry.review.trail import Decision
from odopass.registry.store.database import Database

_USERNAME = "select username from employee where id = $1"


async def note_decision(connection: Database, decision: Decision, case: UUID) -> None:
    """Append that an employee decided a case; what became of it is told by the entry about its settling."""
    content = await _content(connection, decision)
    await append(connection, [Entry("review.decided", str(case), {"case": str(case), **content})])


async def note_reading(connection: Database, decision: Decision, vin: str, old: Record, new: Record | None) -> None:
    """Append that a reading was corrected or withdrawn, with the row as it was and the one in its place."""
    kind = "reading.withdrawn" if new is None else "reading.corrected"
    case: UUID | None = old["case_guid"]
    content = await _content(connection, decision)
    content["superseded"] = _reading(old)
    public: dict[str, JSON] = {}
    standing = old if new is None else new
    if new is not None:
        joined = _reading(new)
        content["reading"] = joined
        public = shown(vin, joined)
    if case is not None:
        content |= {
            "case": str(case),
            "vehicle": old["vehicle_id"],
            "status": "ERROR" if new is None else "PROCESSED",
            "observation": {
                "date": standing["reading_date"].isoformat(),
                "km": standing["km"],
                "type": standing["observation_type"],
            },
        }
    await append(connection, [Entry(kind, vin if case is None else str(case), content, public)])


async def _content(connection: Database, decision: Decision) -> dict[str, JSON]:
    username: str = await connection.fetchval(_USERNAME, decision.employee_id)
    return {
        "decision": decision.kind,
        "employee": username,
        "reason": decision.reason,
        # The words may name people: the journal can show that they were not changed, and does not keep them.
        "words_sha256": hashlib.sha256(decision.words.encode()).hexdigest(),
    }


def _reading(row: Record) -> dict[str, JSON]:
    return reading_json(
        vehicle=row["vehicle_id"],
        date=row["reading_date"],
        km=row["km"],
        source=row["source"],
        observation_type=row["observation_type"],
        account=row["account_id"],
        starts_segment=row["starts_segment"],
        remarks=row["remarks"],
        country=row["country"],
        in_miles=row["in_miles"],
    )
