"""Limits that were set by hand, and what busy garages have asked of each process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from odopass.registry.limits.limit import Limit
from odopass.registry.store.database import Database, Pool

_READ = "select name, account_id, rate, burst from request_limit"
_LIST = """
    select request_limit.name, establishment, account.name as garage, rate, burst, reason, request_limit.changed_at
    from request_limit left join account on account.id = account_id
    order by request_limit.name, establishment nulls first
"""
_SET = """
    insert into request_limit (name, account_id, rate, burst, reason) values ($1, $2, $3, $4, $5)
    on conflict (name, account_id) do update
    set rate = excluded.rate, burst = excluded.burst, reason = excluded.reason, changed_at = clock_timestamp()
"""
_UNSET = "delete from request_limit where name = $1 and account_id is not distinct from $2"
_REPORT = """
    insert into request_tally (process, account_id, taken)
    select $1, * from unnest($2::int[], $3::int[])
    on conflict (process, account_id) do update set taken = excluded.taken, at = clock_timestamp()
"""
_OTHERS = """
    select process, account_id, taken, at from request_tally
    where process <> $1 and at > clock_timestamp() - interval '10 seconds'
"""
_FORGET = "delete from request_tally where at < clock_timestamp() - interval '1 minute'"


@dataclass(frozen=True, slots=True)
class SetLimit:
    """A limit that was set by hand.

    Attributes:
        establishment: whose; None: of all garages that have none of their own.
        garage: what employees call it.
    """

    name: str
    establishment: str | None
    garage: str | None
    limit: Limit
    reason: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """What one process has taken from one garage between two looks; `at` tells the looks apart."""

    process: UUID
    account_id: int
    taken: int
    at: datetime


async def read(database: Database | Pool) -> dict[tuple[str, int | None], Limit]:
    """The limits that were set, by name and account; None: all accounts."""
    return {(row[0], row[1]): Limit(row[2], row[3]) for row in await database.fetch(_READ)}


async def list_all(database: Database) -> list[SetLimit]:
    """The limits that were set, for people."""
    return [
        SetLimit(row[0], row[1], row[2], Limit(row[3], row[4]), row[5], row[6]) for row in await database.fetch(_LIST)
    ]


async def set_limit(database: Database, name: str, account_id: int | None, limit: Limit, reason: str) -> None:
    """Set a limit for an account, or for all that have none of their own; an earlier one is replaced."""
    await database.execute(_SET, name, account_id, limit.rate, limit.burst, reason)


async def unset_limit(database: Database, name: str, account_id: int | None) -> bool:
    """Take back what was set; whether anything was."""
    return str(await database.execute(_UNSET, name, account_id)) != "DELETE 0"


async def report_taken(database: Database | Pool, process: UUID, taken: Mapping[int, int]) -> None:
    """Tell the other processes what busy garages have asked of this one since its last look."""
    accounts = sorted(taken)
    await database.execute(_REPORT, process, accounts, [taken[account] for account in accounts])
    await database.execute(_FORGET)


async def taken_by_others(database: Database | Pool, process: UUID) -> list[Tally]:
    """What other processes have told."""
    return [Tally(*row) for row in await database.fetch(_OTHERS, process)]
