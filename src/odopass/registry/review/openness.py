"""What is open at the registry: cases that wait for a person, and outside sources that do not answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from asyncpg import Record

from odopass.registry.store.database import Database, Pool, fetch_one

_REVIEWS: Final = """
    select count(*) as all, min(settled_at) as oldest,
        count(*) filter (where settled_at > $1::timestamptz - interval '1 day') as day,
        count(*) filter (where settled_at <= $1::timestamptz - interval '1 day'
            and settled_at > $1::timestamptz - interval '7 days') as week,
        count(*) filter (where settled_at <= $1::timestamptz - interval '7 days') as older
    from observation_case where status = 'REVIEWING'
"""
_SOURCES: Final = """
    select source->>'name' as name, source->>'kind' as kind, count(*) as asked,
        count(*) filter (where source->>'state' = 'answered') as answered,
        count(*) filter (where source->>'state' = 'incomplete') as incomplete,
        count(*) filter (where source->>'state' = 'unavailable') as unavailable,
        (array_agg(source->>'state' order by made_at desc))[1] as latest, max(made_at) as latest_at
    from report cross join jsonb_array_elements(content->'sources') as source
    where made_at > $1
    group by 1, 2 order by 1
"""
_SOURCES_OF: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class OpenReviews:
    """The cases that wait for a person, by how long they have waited."""

    in_all: int
    oldest: datetime | None
    up_to_a_day: int
    up_to_a_week: int
    longer: int


async def open_reviews(database: Database | Pool, now: datetime) -> OpenReviews:
    """How many there are, and how old."""
    row = await fetch_one(database, _REVIEWS, now)
    return OpenReviews(row["all"], row["oldest"], row["day"], row["week"], row["older"])


async def sources(database: Database | Pool, now: datetime) -> Sequence[Record]:
    """What the outside sources did when reports of the last seven days asked them."""
    return await database.fetch(_SOURCES, now - _SOURCES_OF)
