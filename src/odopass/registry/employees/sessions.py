"""Browsers that are logged in. Any number of processes share them through the database (R12)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from odopass.registry.employees.employees import COLUMNS, Employee, employee_of

if TYPE_CHECKING:
    from odopass.registry.store.database import Database, Pool

#: A session ends after so long without a click, and after so long in any case, unless the setup says otherwise.
IDLE: Final = timedelta(minutes=30)
LONGEST: Final = timedelta(hours=10)
#: How often `seen_at` is written at most.
_SEEN_EVERY: Final = timedelta(seconds=30)

_FIND: Final = f"""
    select s.csrf, s.seen_at, {COLUMNS}
    from employee_session s join employee e on e.id = s.employee_id
    where s.token = $1 and s.seen_at > $2 and s.began_at > $3 and e.state = 'active'
"""  # noqa: S608 - the columns are a constant


@dataclass(frozen=True, slots=True)
class Session:
    """Who is logged in with a browser.

    Attributes:
        employee: as the account stands now.
        csrf: what every form of this session carries.
    """

    employee: Employee
    csrf: str


@dataclass(frozen=True, slots=True)
class Limits:
    """How long sessions last."""

    idle: timedelta = IDLE
    longest: timedelta = LONGEST


async def begin(connection: Database, employee_id: int, *, now: datetime) -> str:
    """Log a browser in; the token is what its cookie holds."""
    token = secrets.token_urlsafe(32)
    await connection.execute(
        "insert into employee_session (token, employee_id, csrf, began_at, seen_at) values ($1, $2, $3, $4, $4)",
        _digest(token),
        employee_id,
        secrets.token_urlsafe(24),
        now,
    )
    await connection.execute("delete from employee_session where began_at < $1::timestamptz - interval '7 days'", now)
    return token


async def find(database: Database | Pool, token: str | None, limits: Limits, *, now: datetime) -> Session | None:
    """Who is logged in with this token, if it still holds; that it was used keeps it from ending."""
    if not token:
        return None
    row = await database.fetchrow(_FIND, _digest(token), now - limits.idle, now - limits.longest)
    if row is None:
        return None
    if now - row["seen_at"] > _SEEN_EVERY:
        await database.execute("update employee_session set seen_at = $2 where token = $1", _digest(token), now)
    return Session(employee_of(row), row["csrf"])


async def end(database: Database | Pool, token: str | None) -> None:
    """Log a browser out."""
    if token:
        await database.execute("delete from employee_session where token = $1", _digest(token))


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
