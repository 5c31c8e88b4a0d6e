"""Logging an employee in by user name, password and, if they have set one up, a code."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Final

import structlog

from odopass.registry.accounts.passwords import (
    UnreadableHash,
    can_be_password,
    generate,
    is_outdated,
    make_hash,
    matches,
)
from odopass.registry.accounts.secret import Secret
from odopass.registry.accounts.sources import loggable, network_of
from odopass.registry.employees import second_factor, sessions, throttle
from odopass.registry.employees.employees import Employee, NoSuchEmployee, find

if TYPE_CHECKING:
    from odopass.registry.store.database import Pool

_log = structlog.get_logger(__name__)

#: How many passwords one process compares at once; each takes 19 MiB.
_AT_ONCE: Final = 2
_LONGEST_USERNAME: Final = 64


@dataclass(frozen=True, slots=True)
class CodeNeeded:
    """The password is right; a code of the second factor is needed as well."""


@dataclass(frozen=True, slots=True)
class LoginRefused:
    """User name, password or code is wrong, or the account is locked; which of them is not told."""


class Logins:
    """Lets employees in."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def log_in(
        self, username: str, password: Secret, code: str, address: str, *, now: datetime
    ) -> str | CodeNeeded | LoginRefused:
        """Compare, and begin a session if all is right.

        Args:
            username: as typed.
            password: as typed.
            code: of the second factor, or "".
            address: the browser's.
            now: the present moment.

        Returns:
            The token of the new session, or why there is none.

        Raises:
            TooSoon: there were too many wrong tries; this one was not looked at.
        """
        typed, network = username.strip().lower()[:_LONGEST_USERNAME].replace("\0", ""), network_of(address)
        async with self._pool.acquire() as connection, connection.transaction():
            await throttle.begin_try(connection, typed, network, now=now)
        employee = await self._whose(typed, password)
        if employee is None:
            _log.warning("desk login refused", username=loggable(typed, exists=False), network=network)
            return LoginRefused()
        if employee.second_factor and not code.strip():
            # Only half of what is needed: it neither counts as wrong nor lets the wrong ones before it be forgotten.
            await self._pool.execute(
                "update login_try set wrong = greatest(0, wrong - 1) where username = $1 and network in ($2, '*')",
                typed,
                network,
            )
            return CodeNeeded()
        async with self._pool.acquire() as connection, connection.transaction():
            if employee.second_factor and not await second_factor.takes(connection, employee.id, code, now=now):
                _log.warning("desk login refused: wrong code", employee=employee.username, network=network)
                return LoginRefused()
            await throttle.right_try(connection, employee.id, typed, network, now=now)
            token = await sessions.begin(connection, employee.id, now=now)
        _log.info("desk login", employee=employee.username, network=network)
        return token

    async def is_password_of(self, employee: Employee, password: Secret) -> bool:
        """Whether an employee who is logged in knows their password: asked before it is changed."""
        return employee.password_hash is not None and await self._compare(employee.password_hash, password)

    async def _whose(self, username: str, password: Secret) -> Employee | None:
        try:
            employee = await find(self._pool, username)  # type: ignore[arg-type]
        except NoSuchEmployee:
            employee = None
        stored = None if employee is None or employee.locked else employee.password_hash
        # A name that nobody has takes as long as one that somebody has.
        right = await self._compare(await asyncio.to_thread(_nobodys) if stored is None else stored, password)
        if employee is None or stored is None or not right:
            return None
        if is_outdated(stored):
            new = await asyncio.to_thread(make_hash, password)
            await self._pool.execute(
                "update employee set password_hash = $3 where id = $1 and password_hash = $2", employee.id, stored, new
            )
        return employee

    async def _compare(self, stored: str, password: Secret) -> bool:
        if not can_be_password(password.reveal()):
            return False
        async with self._turns:
            try:
                return await asyncio.to_thread(matches, stored, password)
            except UnreadableHash:
                return False


@cache
def _nobodys() -> str:
    return make_hash(generate())
