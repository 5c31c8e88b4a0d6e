"""How well garages and their software report: counted by day, so that no page reads millions of requests.

A day is counted when somebody asks, and again while its cases still move. Any process may do it; two do not do it at
the same moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from asyncpg import Record

from odopass.clock import BRUSSELS, belgian_day
from odopass.registry.store.database import Database, Pool

#: Days whose figures are shown.
SHOWN_DAYS: Final = 90
#: Garages correct within this many days, nearly always: so long a day is counted again.
_MOVING_DAYS: Final = 14
_EVERY: Final = timedelta(minutes=10)
#: The most days counted in one go: the first one of a large registry must not take minutes.
_AT_ONCE: Final = 30
_LOCK: Final = 0x64_65_73_6B  # "desk"

_DUE: Final = """
    select d.day::date from generate_series($1::date, $2::date, interval '1 day') as d(day)
    left join counted_day c on c.day = d.day::date
    where c.day is null or (d.day::date > $2::date - $3::int and c.counted_at < $4)
    order by d.day desc
    limit $5
"""
_COUNT: Final = """
    insert into garage_day (
        day, account_id, software_id, submissions, processed, issue, error, reviewing, ongoing, asked, last_at
    )
    select $1, r.account_id, coalesce(r.software_id, 0), count(*),
        count(*) filter (where c.status = 'PROCESSED'),
        count(*) filter (where c.status = 'ISSUE'),
        count(*) filter (where c.status = 'ERROR'),
        count(*) filter (where c.status = 'REVIEWING'),
        count(*) filter (where c.status is null or c.status = 'ONGOING'),
        count(*) filter (where c.status in ('ISSUE', 'REVIEWING') or c.head <> c.guid),
        max(r.received_at)
    from request r
    left join observation_case c on c.guid = r.case_guid and c.subject = r.case_subject
    where r.received_at >= $2 and r.received_at < $3 and r.kind = 'submission' and r.delivery_id is null
    group by r.account_id, coalesce(r.software_id, 0)
"""
_SUMS: Final = """
    coalesce(sum(submissions), 0)::bigint as submissions, coalesce(sum(processed), 0)::bigint as processed,
    coalesce(sum(issue), 0)::bigint as issue, coalesce(sum(error), 0)::bigint as error,
    coalesce(sum(reviewing), 0)::bigint as reviewing, coalesce(sum(ongoing), 0)::bigint as ongoing,
    coalesce(sum(asked), 0)::bigint as asked
"""
_BY_DAY: Final = f"select day, {_SUMS} from garage_day where day > $1 group by day order by day"  # noqa: S608
_OF_GARAGE: Final = f"select {_SUMS}, max(last_at) as last_at from garage_day where account_id = $1 and day > $2"  # noqa: S608
_BY_GARAGE: Final = f"""
    select g.account_id, a.name, a.establishment, {_SUMS}, max(last_at) as last_at
    from garage_day g join account a on a.id = g.account_id
    where day > $1
    group by g.account_id, a.name, a.establishment
    having sum(submissions) >= $2
    order by sum(asked + error)::float8 / sum(submissions) desc, sum(submissions) desc
    limit $3
"""  # noqa: S608
_BY_SOFTWARE: Final = f"""
    select coalesce(s.builder, '') as builder, coalesce(s.name, '') as name, coalesce(s.version, '') as version,
        count(distinct account_id) as garages, {_SUMS}
    from garage_day g left join client_software s on s.id = g.software_id
    where day > $1
    group by s.builder, s.name, s.version
    order by sum(submissions) desc
    limit $2
"""  # noqa: S608
# Sent on at least as many days as there are weeks, then nothing for two weeks.
_STOPPED: Final = """
    select a.id, a.name, a.establishment, count(distinct g.day) as days, max(g.last_at) as last_at,
        sum(g.submissions)::bigint as submissions
    from garage_day g join account a on a.id = g.account_id
    where g.day > $1 and a.state = 'active'
    group by a.id, a.name, a.establishment
    having count(distinct g.day) >= $2 and max(g.day) < $3
    order by max(g.last_at) desc
    limit $4
"""
#: Days with submissions from which on a garage counts as one that sends, and days of silence that are too many.
_REGULAR_DAYS: Final = 5
_SILENT_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Quality:
    """Submissions and what became of them.

    Attributes:
        submissions: how many there were.
        asked: those whose garage was asked to correct or confirm.
        error: those refused.
        last_at: when the last one came, or None.
    """

    submissions: int
    asked: int
    error: int
    last_at: datetime | None

    @property
    def asked_share(self) -> float:
        """The share that the garage was asked about, 0 to 1."""
        return self.asked / self.submissions if self.submissions else 0.0

    @property
    def error_share(self) -> float:
        """The share that was refused, 0 to 1."""
        return self.error / self.submissions if self.submissions else 0.0


async def count_days(pool: Pool, now: datetime, *, most: int = _AT_ONCE) -> int:
    """Count days that are due, the newest first; returns how many were counted by this call.

    Args:
        pool: of the registry's database.
        now: the present moment.
        most: how many are counted; fewer for a page that is about something else and must not wait.
    """
    today = belgian_day(now)
    async with pool.acquire() as connection, connection.transaction():
        if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", _LOCK):
            return 0
        due = await connection.fetch(_DUE, today - timedelta(days=SHOWN_DAYS), today, _MOVING_DAYS, now - _EVERY, most)
        for row in due:
            await _count_day(connection, row["day"], now)
        return len(due)


async def _count_day(connection: Database, day: date, now: datetime) -> None:
    begin = datetime.combine(day, time(), BRUSSELS)
    end = datetime.combine(day + timedelta(days=1), time(), BRUSSELS)
    await connection.execute("delete from garage_day where day = $1", day)
    await connection.execute(_COUNT, day, begin, end)
    await connection.execute(
        "insert into counted_day (day, counted_at) values ($1, $2) "
        "on conflict (day) do update set counted_at = excluded.counted_at",
        day,
        now,
    )


async def of_garage(database: Database | Pool, account_id: int, now: datetime) -> Quality:
    """How well one garage has reported of late."""
    row = await database.fetchrow(_OF_GARAGE, account_id, _first(now))
    assert row is not None  # noqa: S101 - sums always give a row
    return Quality(row["submissions"], row["asked"], row["error"], row["last_at"])


async def by_day(database: Database | Pool, now: datetime, *, days: int) -> list[Record]:
    """Submissions of each day and what became of them."""
    return await database.fetch(_BY_DAY, belgian_day(now) - timedelta(days=days))


async def by_garage(database: Database | Pool, now: datetime, *, most: int, fewest: int = 5) -> Sequence[Record]:
    """Garages with so many submissions at least, the worst first."""
    return await database.fetch(_BY_GARAGE, _first(now), fewest, most)


async def by_software(database: Database | Pool, now: datetime, *, most: int) -> Sequence[Record]:
    """Software by how much it sends."""
    return await database.fetch(_BY_SOFTWARE, _first(now), most)


async def stopped(database: Database | Pool, now: datetime, *, most: int) -> Sequence[Record]:
    """Garages that used to send and have been silent for two weeks, the latest first."""
    silent = belgian_day(now) - timedelta(days=_SILENT_DAYS)
    return await database.fetch(_STOPPED, _first(now), _REGULAR_DAYS, silent, most)


def _first(now: datetime) -> date:
    return belgian_day(now) - timedelta(days=SHOWN_DAYS)
