"""Garages' accounts in the database (R8).

An account is an establishment of an enterprise: whoever logs in reports for that establishment. Functions take an
open connection. A change and its entry in the journal are one transaction, or part of the caller's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from asyncpg import Record, UniqueViolationError

from odopass.domain.history import SourceKind
from odopass.registry.accounts.journaling import note
from odopass.registry.accounts.passwords import make_hash, require_strength
from odopass.registry.accounts.secret import Secret
from odopass.registry.accounts.sources import USERNAME
from odopass.wire.echo import printable
from odopass.wire.kbo import enterprise_problem, establishment_problem

if TYPE_CHECKING:
    from odopass.registry.store.database import Database

_COLUMNS = "id, username, establishment, enterprise, name, password_hash, state, created_at, changed_at"
_LONGEST_NAME = 200


class AccountState(StrEnum):
    """What the operator decided about an account; failed logins never change it."""

    ACTIVE = "active"
    LOCKED = "locked"


class AccountError(Exception):
    """A command about an account that cannot be done. The message says what to do instead."""


class AccountExists(AccountError):  # noqa: N818 - it names the state of things
    """The establishment has an account, or the user name is taken."""


class NoSuchAccount(AccountError):  # noqa: N818 - it names the state of things
    """No account has this user name or establishment number."""


class BadAccount(AccountError):  # noqa: N818 - it names what was given
    """A number, user name or name that no account can have."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as stored.

    Attributes:
        id: the registry's own number for it.
        username: what the garage logs in with; its establishment number, save for test accounts.
        establishment: KBO establishment number, 10 digits.
        enterprise: KBO enterprise number, 10 digits.
        name: what employees call the garage; never shown to another garage.
        password_hash: Argon2id in PHC form, or None while no password was given; left out when this is printed.
        state: what the operator decided.
        created_at: when it was added, UTC.
        changed_at: when the operator last changed anything of it, UTC.
    """

    id: int
    username: str
    establishment: str
    enterprise: str
    name: str
    password_hash: str | None = field(repr=False)
    state: AccountState
    created_at: datetime
    changed_at: datetime

    @property
    def publicly_known(self) -> tuple[str, ...]:
        """What must not make up a password."""
        return (self.username, self.establishment, self.enterprise, self.name)


async def add(
    connection: Database,
    *,
    establishment: str,
    enterprise: str,
    name: str,
    password: Secret | None,
    username: str | None = None,
    source: SourceKind = SourceKind.GARAGE,
) -> Account:
    """Give an establishment an account.

    Args:
        connection: to the registry's database.
        establishment: KBO establishment number, 10 digits.
        enterprise: KBO number of the enterprise it belongs to, 10 digits.
        name: what employees call the garage.
        password: what it will log in with; None for an account nobody can use before `reset_password`.
        username: another user name than the establishment number, for test accounts.
        source: who reads the odometers: garage, inspection or connected.

    Raises:
        AccountExists: the establishment has an account, or the user name is taken.
        BadAccount: a number fails its check, or user name or name cannot be one.
        WeakPassword: the password is guessed too easily.
    """
    if problem := establishment_problem(establishment) or enterprise_problem(enterprise):
        raise BadAccount(problem)
    username = _checked_username(establishment if username is None else username)
    name = _checked_name(name)
    password_hash = None
    if password is not None:
        require_strength(password, known=(username, establishment, enterprise, name))
        password_hash = await asyncio.to_thread(make_hash, password)
    async with connection.transaction():
        row = await connection.fetchrow(
            f"""
            insert into account (username, establishment, enterprise, name, password_hash, source)
            values ($1, $2, $3, $4, $5, $6)
            on conflict do nothing
            returning {_COLUMNS}
            """,  # noqa: S608 - the columns are a constant
            username,
            establishment,
            enterprise,
            name,
            password_hash,
            source.value,
        )
        if row is None:
            raise await _taken(connection, username, establishment)
        added = _account(row)
        await note(connection, "added", added)
    return added


async def find_by_username(connection: Database, username: str) -> Account | None:
    """The account that logs in with exactly this name."""
    row = await connection.fetchrow(f"select {_COLUMNS} from account where username = $1", username)  # noqa: S608
    return None if row is None else _account(row)


async def find(connection: Database, key: str) -> Account:
    """The account with this user name, or else with this establishment number.

    Raises:
        NoSuchAccount: there is none.
    """
    row = await connection.fetchrow(
        f"""
        select {_COLUMNS} from account where username = $1 or establishment = $1 order by username = $1 desc limit 1
        """,  # noqa: S608 - the columns are a constant
        key,
    )
    if row is None:
        raise _missing(key)
    return _account(row)


async def find_all(connection: Database, establishments: Sequence[str]) -> list[Account]:
    """The accounts of these establishments."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from account where establishment = any($1::text[]) order by id",  # noqa: S608
        establishments,
    )
    return [_account(row) for row in rows]


async def list_all(connection: Database, *, containing: str = "") -> list[Account]:
    """All accounts by name, or those whose user name, numbers or name contain a text, whatever the case."""
    rows = await connection.fetch(
        f"""
        select {_COLUMNS} from account
        where strpos(lower(concat_ws(' ', username, establishment, enterprise, name)), lower($1)) > 0
        order by lower(name), establishment
        """,  # noqa: S608 - the columns are a constant
        containing,
    )
    return [_account(row) for row in rows]


async def reset_password(connection: Database, key: str, password: Secret) -> Account:
    """Give an account a new password. It works at once; the old one for up to 60 s more where it was just used.

    Raises:
        NoSuchAccount: no account has this user name or establishment number.
        WeakPassword: the password is guessed too easily.
    """
    account = await find(connection, key)
    require_strength(password, known=account.publicly_known)
    password_hash = await asyncio.to_thread(make_hash, password)
    return await _change(connection, account, "reset", "password_hash", password_hash)


async def lock(connection: Database, key: str) -> Account:
    """Lock an account: its right password is refused, within 60 s everywhere, until `unlock`.

    Raises:
        NoSuchAccount: no account has this user name or establishment number.
    """
    return await _change(connection, await find(connection, key), "locked", "state", AccountState.LOCKED.value)


async def unlock(connection: Database, key: str) -> Account:
    """Let a locked account log in again, with the password it had.

    Raises:
        NoSuchAccount: no account has this user name or establishment number.
    """
    return await _change(connection, await find(connection, key), "unlocked", "state", AccountState.ACTIVE.value)


async def rename(connection: Database, key: str, *, name: str | None = None, username: str | None = None) -> Account:
    """Change what employees call a garage, what it logs in with, or both.

    Raises:
        NoSuchAccount: no account has this user name or establishment number.
        AccountExists: the new user name is taken.
        BadAccount: the new name or user name cannot be one.
    """
    account = await find(connection, key)
    new_name = account.name if name is None else _checked_name(name)
    new_username = account.username if username is None else _checked_username(username)
    try:
        async with connection.transaction():
            row = await connection.fetchrow(
                f"update account set name = $2, username = $3, changed_at = now() where id = $1 returning {_COLUMNS}",  # noqa: S608
                account.id,
                new_name,
                new_username,
            )
            if row is None:
                raise _missing(key)
            renamed = _account(row)
            await note(
                connection, "renamed", renamed, username_before=account.username, new_name=renamed.name != account.name
            )
    except UniqueViolationError:
        raise AccountExists(f"The user name {new_username} is taken by another account. Choose another one.") from None
    return renamed


async def replace_hash(connection: Database, account_id: int, *, old: str, new: str) -> None:
    """Store the same password's hash made with today's settings, unless the password was reset meanwhile."""
    await connection.execute(
        "update account set password_hash = $3 where id = $1 and password_hash = $2", account_id, old, new
    )


async def _change(connection: Database, account: Account, what: str, column: str, value: str) -> Account:
    async with connection.transaction():
        row = await connection.fetchrow(
            f"update account set {column} = $2, changed_at = now() where id = $1 returning {_COLUMNS}",  # noqa: S608
            account.id,
            value,
        )
        if row is None:
            raise _missing(account.username)
        changed = _account(row)
        await note(connection, what, changed)
    return changed


async def _taken(connection: Database, username: str, establishment: str) -> AccountExists:
    row = await connection.fetchrow("select username, name from account where establishment = $1", establishment)
    if row is not None:
        return AccountExists(
            f"Establishment {establishment} has an account already: {row['username']} ({row['name']}). "
            "To give it a new password, use reset; to change its name, rename."
        )
    return AccountExists(f"The user name {username} is taken by another establishment's account. Choose another one.")


def _missing(key: str) -> NoSuchAccount:
    return NoSuchAccount(
        f"No account has the user name or establishment number {printable(key)!r}. `list` shows all accounts."
    )


def _checked_username(username: str) -> str:
    if not USERNAME.fullmatch(username):
        raise BadAccount(
            f"{printable(username)!r} cannot be a user name: use 2 to 64 letters (a to z), digits and . _ - @, "
            "a letter or digit first."
        )
    return username


def _checked_name(name: str) -> str:
    stripped = " ".join(name.split())
    if not stripped or len(stripped) > _LONGEST_NAME or not stripped.isprintable():
        raise BadAccount(f"Give the garage a name of 1 to {_LONGEST_NAME} printable characters.")
    return stripped


def _account(row: Record) -> Account:
    return Account(
        id=row["id"],
        username=row["username"],
        establishment=row["establishment"],
        enterprise=row["enterprise"],
        name=row["name"],
        password_hash=row["password_hash"],
        state=AccountState(row["state"]),
        created_at=row["created_at"],
        changed_at=row["changed_at"],
    )
