"""Employees' accounts in the database.

Functions take an open connection and run single statements on it; who calls them decides about the transaction.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from asyncpg import Record

from odopass.registry.accounts.passwords import make_hash
from odopass.registry.accounts.secret import Secret
from odopass.registry.employees.strength import require_employee_strength
from odopass.wire.echo import printable

if TYPE_CHECKING:
    from odopass.registry.store.database import Database

COLUMNS: Final = (
    "id, username, name, roles, state, password_hash, openid_subject, totp_secret is not null as second_factor, "
    "cardinality(recovery_codes) as recovery_codes, created_at, changed_at"
)
_USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
_LONGEST_NAME: Final = 100


class Role(StrEnum):
    """What an employee may do at the desk."""

    REVIEWER = "reviewer"  # decide cases, correct readings
    ADMINISTRATOR = "administrator"  # accounts of garages and employees
    AUDITOR = "auditor"  # see what the others did


class EmployeeError(Exception):
    """A command about an employee that cannot be done. The message says what to do instead."""


class EmployeeExists(EmployeeError):  # noqa: N818 - it names the state of things
    """The user name is taken."""


class NoSuchEmployee(EmployeeError):  # noqa: N818 - it names the state of things
    """Nobody has this user name."""


class BadEmployee(EmployeeError):  # noqa: N818 - it names what was given
    """A user name, name or role that no employee can have."""


@dataclass(frozen=True, slots=True)
class Employee:
    """An employee as stored.

    Attributes:
        id: the registry's own number.
        username: what they log in with, in lower case.
        name: what colleagues call them.
        roles: what they may do.
        locked: whether an administrator has locked them out.
        password_hash: Argon2id in PHC form; None for those who log in through OpenID Connect only.
        openid: whether the account came from OpenID Connect.
        second_factor: whether a code is asked for beside the password.
        recovery_codes: how many are left.
        created_at: when the account was made, UTC.
        changed_at: when it was last changed, UTC.
    """

    id: int
    username: str
    name: str
    roles: frozenset[Role]
    locked: bool
    password_hash: str | None = field(repr=False)
    openid: bool
    second_factor: bool
    recovery_codes: int
    created_at: datetime
    changed_at: datetime


async def add(
    connection: Database, *, username: str, name: str, roles: Iterable[str], password: Secret | None
) -> Employee:
    """Give an employee an account.

    Raises:
        EmployeeExists: the user name is taken.
        BadEmployee: user name, name or roles cannot be such.
        WeakPassword: the password is guessed too easily.
    """
    username = checked_username(username)
    name = checked_name(name)
    given = checked_roles(roles)
    stored = None if password is None else await _hashed(password, username, name)
    row = await connection.fetchrow(
        f"insert into employee (username, name, roles, password_hash) values ($1, $2, $3, $4) "  # noqa: S608
        f"on conflict (username) do nothing returning {COLUMNS}",
        username,
        name,
        given,
        stored,
    )
    if row is None:
        raise EmployeeExists(f"The user name {username} is taken. Choose another one, or use `reset`.")
    return employee_of(row)


async def find(connection: Database, username: str) -> Employee:
    """The employee with this user name, whatever the case of its letters.

    Raises:
        NoSuchEmployee: there is none.
    """
    row = await connection.fetchrow(
        f"select {COLUMNS} from employee where username = $1",  # noqa: S608 - the columns are a constant
        username.strip().lower(),
    )
    if row is None:
        raise NoSuchEmployee(f"Nobody has the user name {printable(username)!r}. `list` shows everybody.")
    return employee_of(row)


async def by_id(connection: Database, number: int) -> Employee:
    """The employee with this number.

    Raises:
        NoSuchEmployee: there is none.
    """
    row = await connection.fetchrow(f"select {COLUMNS} from employee where id = $1", number)  # noqa: S608
    if row is None:
        raise NoSuchEmployee("There is no such employee.")
    return employee_of(row)


async def list_all(connection: Database) -> list[Employee]:
    """Every employee, by name."""
    rows = await connection.fetch(f"select {COLUMNS} from employee order by lower(name), username")  # noqa: S608
    return [employee_of(row) for row in rows]


async def reset_password(connection: Database, username: str, password: Secret) -> Employee:
    """Give an employee a new password, take the second factor off, and log them out everywhere.

    Raises:
        NoSuchEmployee: nobody has this user name.
        WeakPassword: the password is guessed too easily.
    """
    employee = await find(connection, username)
    await set_password(connection, employee, password)
    await connection.execute("update employee set totp_secret = null, recovery_codes = '{}' where id = $1", employee.id)
    return await by_id(connection, employee.id)


async def set_password(connection: Database, employee: Employee, password: Secret) -> None:
    """Store a new password and end every session that the old one began.

    Raises:
        WeakPassword: the password is guessed too easily.
    """
    stored = await _hashed(password, employee.username, employee.name)
    await connection.execute(
        "update employee set password_hash = $2, changed_at = now() where id = $1", employee.id, stored
    )
    await connection.execute("delete from employee_session where employee_id = $1", employee.id)


async def set_locked(connection: Database, username: str, *, locked: bool) -> Employee:
    """Lock an employee out at once, or let them in again.

    Raises:
        NoSuchEmployee: nobody has this user name.
    """
    employee = await find(connection, username)
    await connection.execute(
        "update employee set state = $2, changed_at = now() where id = $1",
        employee.id,
        "locked" if locked else "active",
    )
    if locked:
        await connection.execute("delete from employee_session where employee_id = $1", employee.id)
    return await by_id(connection, employee.id)


async def set_roles(connection: Database, username: str, roles: Iterable[str]) -> Employee:
    """Change what an employee may do, from the next click on.

    Raises:
        NoSuchEmployee: nobody has this user name.
        BadEmployee: a role that there is not, or none.
    """
    employee = await find(connection, username)
    await connection.execute(
        "update employee set roles = $2, changed_at = now() where id = $1", employee.id, checked_roles(roles)
    )
    return await by_id(connection, employee.id)


def checked_username(username: str) -> str:
    """A user name in the form in which it is stored.

    Raises:
        BadEmployee: it cannot be one.
    """
    lower = username.strip().lower()
    if not _USERNAME.fullmatch(lower):
        raise BadEmployee(
            f"{printable(username)!r} cannot be a user name: use 2 to 64 letters (a to z), digits and . _ - @, "
            "a letter or digit first."
        )
    return lower


def checked_name(name: str) -> str:
    """A person's name with single blanks.

    Raises:
        BadEmployee: it is empty, too long or cannot be printed.
    """
    stripped = " ".join(name.split())
    if not stripped or len(stripped) > _LONGEST_NAME or not stripped.isprintable():
        raise BadEmployee(f"Give a name of 1 to {_LONGEST_NAME} printable characters.")
    return stripped


def checked_roles(roles: Iterable[str]) -> list[str]:
    """Roles in alphabetical order, each once.

    Raises:
        BadEmployee: a role that there is not, or none.
    """
    given = sorted(set(roles))
    known = sorted(Role)
    if not given or any(role not in known for role in given):
        raise BadEmployee(f"Give one or more of these roles: {', '.join(known)}.")
    return given


def employee_of(row: Record) -> Employee:
    """An employee from a row with `COLUMNS`."""
    return Employee(
        id=row["id"],
        username=row["username"],
        name=row["name"],
        roles=frozenset(Role(role) for role in row["roles"]),
        locked=row["state"] == "locked",
        password_hash=row["password_hash"],
        openid=row["openid_subject"] is not None,
        second_factor=row["second_factor"],
        recovery_codes=row["recovery_codes"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )


async def _hashed(password: Secret, username: str, name: str) -> str:
    require_employee_strength(password, known=(username, name))
    return await asyncio.to_thread(make_hash, password)
