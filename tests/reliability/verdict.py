"""What a test of reliability prints, and what has become of all that was acknowledged."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import asyncpg

#: Requests that are stored without ever having been answered are no fault: their garage sends them again by their key.
_STORED = "select guid from request"
_TWICE = {
    "keys that name no request, or requests that share one": """
        select count(*) from idempotency i full join request r using (guid) where i.guid is null or r.guid is null
    """,
    "cases of one request": "select count(*) - count(distinct guid) from observation_case",
    "readings of one case": """
        select coalesce(sum(n - 1), 0) from (
            select count(*) as n from reading where case_guid is not null and superseded_at is null group by case_guid
        ) as counted
    """,
    "readings of one vehicle, day and garage": """
        select coalesce(sum(n - 1), 0) from (
            select count(*) as n from reading where account_id is not null and superseded_at is null
            group by vehicle_id, reading_date, account_id
        ) as counted
    """,
    "requests that wait twice": """
        select count(*) - count(distinct guid) from waiting, unnest(requests) as guid
    """,
}
_UNSETTLED = """
    select count(*) from request r
    left join observation_case c on c.guid = r.case_guid and c.subject = r.case_subject
    where c.guid is null or c.status = 'ONGOING'
"""
#: A processed case has a reading, and a reading has a processed case.
_DISAGREEING = """
    select count(*) from (select guid from observation_case where status = 'PROCESSED') as c
    full join (select case_guid as guid from reading where case_guid is not null) as r using (guid)
    where c.guid is null or r.guid is null
"""


async def lost(database: asyncpg.Connection, acknowledged: list[Any]) -> int:
    stored = {row[0] for row in await database.fetch(_STORED)}
    return sum(guid not in stored for guid in acknowledged)


async def duplicated(database: asyncpg.Connection) -> dict[str, int]:
    """What is there more often than once, by kind; empty if nothing is."""
    found = {kind: int(await database.fetchval(query)) for kind, query in _TWICE.items()}
    return {kind: number for kind, number in found.items() if number}


async def unsettled(database: asyncpg.Connection) -> int:
    return int(await database.fetchval(_UNSETTLED))


async def settled_within(database: asyncpg.Connection, seconds: float) -> None:
    """Wait until every request has an outcome, or until the time is over."""
    end = time.monotonic() + seconds
    while await unsettled(database) and time.monotonic() < end:  # noqa: ASYNC110 - it happens in other processes
        await asyncio.sleep(0.05)


async def disagreeing(database: asyncpg.Connection) -> int:
    return int(await database.fetchval(_DISAGREEING))


def tell(**words: object) -> None:
    """Print one line of JSON, shown with `pytest -s` or when the test fails."""
    sys.stdout.write(json.dumps(words) + "\n")
