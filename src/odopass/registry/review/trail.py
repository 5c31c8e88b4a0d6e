"""What employees did and looked at, written down in the transaction in which it happens."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from odopass.registry.store.database import Database


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision in the making.

    Attributes:
        kind: accept, reject, send_back, correct or withdraw.
        employee_id: whose it is.
        reason: a key of `reasons`.
        words: why, in their own words.
    """

    kind: str
    employee_id: int
    reason: str
    words: str


async def log_decision(
    connection: Database,
    decision: Decision,
    *,
    case_guid: UUID | None,
    vehicle_id: int | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    now: datetime,
) -> None:
    """Write a decision down, with what was there before and after it."""
    await connection.execute(
        "insert into review_decision "
        "(decided_at, employee_id, kind, case_guid, vehicle_id, reason, words, before, after) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        now,
        decision.employee_id,
        decision.kind,
        case_guid,
        vehicle_id,
        decision.reason,
        decision.words,
        json.dumps(before, default=str),
        json.dumps(after, default=str),
    )


async def log_access(
    connection: Database, employee_id: int, vehicle_id: int, *, case_guid: UUID | None, reason: str, now: datetime
) -> None:
    """Write down that somebody looked at a vehicle's history, and why."""
    await connection.execute(
        "insert into history_access (looked_at, employee_id, vehicle_id, case_guid, reason) "
        "values ($1, $2, $3, $4, $5)",
        now,
        employee_id,
        vehicle_id,
        case_guid,
        reason,
    )


async def log_administration(connection: Database, employee_id: int, what: str, about: str, *, now: datetime) -> None:
    """Write down what somebody did to an account."""
    await connection.execute(
        "insert into administration_log (done_at, employee_id, what, about) values ($1, $2, $3, $4)",
        now,
        employee_id,
        what,
        about,
    )
