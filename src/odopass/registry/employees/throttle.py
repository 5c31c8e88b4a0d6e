"""Wrong tries slow the next ones down, and nobody is locked out by a stranger.

Two counts are kept in the database, so that any number of processes share them: the wrong tries of a user name from
one network, and those from all networks together. The first makes whoever guesses wait ever longer. The second
catches guessing from many places; it never touches a network from which the employee has logged in before, so that
whoever guesses cannot keep the employee out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from odopass.registry.store.database import Database

#: Wrong tries from one network that cost nothing, the first wait after them, and the longest.
FREE: Final = 5
FIRST_WAIT: Final = timedelta(seconds=5)
LONGEST_WAIT: Final = timedelta(minutes=15)
#: The same for the tries from all networks together.
FREE_IN_ALL: Final = 30
WAIT_IN_ALL: Final = timedelta(minutes=1)
#: Tries are forgotten when there was none for so long.
FORGOTTEN: Final = timedelta(hours=24)
#: For so long a network counts as the employee's own after a login from it.
OWN_NETWORK: Final = timedelta(days=90)

_ALL: Final = "*"

# Counted before the password is looked at: of many tries at the same moment each counts for the next.
_COUNT: Final = """
    insert into login_try as t (username, network, wrong, last_at) values ($1, $2, 1, $3)
    on conflict (username, network) do update
    set wrong = case when t.last_at < $3::timestamptz - $4::interval then 1 else t.wrong + 1 end, last_at = $3
    returning wrong
"""
_LOOK: Final = """
    select wrong, last_at from login_try
    where username = $1 and network = $2 and last_at >= $3::timestamptz - $4::interval
    for update
"""
_OWN: Final = """
    select exists (
        select from login_network n join employee e on e.id = n.employee_id
        where e.username = $1 and n.network = $2 and n.last_at >= $3::timestamptz - $4::interval
    )
"""


class TooSoon(Exception):  # noqa: N818 - it names what happened
    """After wrong tries one has to wait; this one was not looked at.

    Attributes:
        seconds: how long to wait.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


def wait_after(wrong: int) -> timedelta:
    """How long to wait after so many wrong tries from one network."""
    if wrong < FREE:
        return timedelta()
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << min(wrong - FREE, 16)))


async def begin_try(connection: Database, username: str, network: str, *, now: datetime) -> None:
    """Count a try before it is looked at; to be called in a transaction of its own.

    Raises:
        TooSoon: it has to wait, and was not counted.
    """
    await connection.execute("select pg_advisory_xact_lock(hashtext('login'), hashtext($1))", username)
    counted = [(network, wait_after)]
    if not await connection.fetchval(_OWN, username, network, now, OWN_NETWORK):
        counted.append((_ALL, _wait_in_all))
    for place, wait in counted:
        row = await connection.fetchrow(_LOOK, username, place, now, FORGOTTEN)
        if row is not None and (left := (row["last_at"] - now + wait(row["wrong"])).total_seconds()) > 0:
            raise TooSoon(int(left) + 1)
    for place, _ in counted:
        await connection.execute(_COUNT, username, place, now, FORGOTTEN)


async def right_try(connection: Database, employee_id: int, username: str, network: str, *, now: datetime) -> None:
    """A try was right: forget the wrong ones from this network, and know it again."""
    await connection.execute(
        "delete from login_try where username = $1 and (network = $2 or (network = $3 and wrong <= 1))",
        username,
        network,
        _ALL,
    )
    await connection.execute(
        "update login_try set wrong = greatest(0, wrong - 1) where username = $1 and network = $2", username, _ALL
    )
    await connection.execute(
        "insert into login_network (employee_id, network, last_at) values ($1, $2, $3) "
        "on conflict (employee_id, network) do update set last_at = excluded.last_at",
        employee_id,
        network,
        now,
    )
    await connection.execute("delete from login_try where last_at < $1::timestamptz - $2::interval", now, FORGOTTEN)


def _wait_in_all(wrong: int) -> timedelta:
    return WAIT_IN_ALL if wrong >= FREE_IN_ALL else timedelta()
