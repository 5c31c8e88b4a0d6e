"""Maintenance by hand: a row that every process of the registry looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from odopass.registry.journal.appending import append
from odopass.registry.journal.entries import Entry, moment
from odopass.registry.store.database import Database, Pool

_ON = """
    insert into maintenance (until, reason) values ($1, $2)
    on conflict (only_row) do update set until = excluded.until, reason = excluded.reason, since = clock_timestamp()
"""
_OFF = "delete from maintenance where until > $1"
_STATE = "select until, reason from maintenance where until > $1"


@dataclass(frozen=True, slots=True)
class Closed:
    """The registry takes no requests.

    Attributes:
        until: when it will, UTC.
        reason: for the people who run it.
    """

    until: datetime
    reason: str


async def close(database: Database, until: datetime, reason: str) -> None:
    """Take no requests until then; an earlier end is replaced."""
    async with database.transaction():
        await database.execute(_ON, until, reason)
        await append(database, [Entry("maintenance.on", "maintenance", {"until": moment(until)})])


async def reopen(database: Database, now: datetime) -> bool:
    """Take requests again; whether the registry was closed by hand."""
    async with database.transaction():
        closed_by_hand = str(await database.execute(_OFF, now)) != "DELETE 0"
        if closed_by_hand:
            await append(database, [Entry("maintenance.off", "maintenance", {})])
    return closed_by_hand


async def closed(database: Database | Pool, now: datetime) -> Closed | None:
    """Whether and until when it is closed by hand."""
    row = await database.fetchrow(_STATE, now)
    return None if row is None else Closed(row[0], row[1])
