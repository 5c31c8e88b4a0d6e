"""What the journal says of employees' accounts (R9)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from odopass.registry.journal.appending import append
from odopass.registry.journal.entries import JSON, Entry

if TYPE_CHECKING:
    from odopass.registry.employees.employees import Employee
    from odopass.registry.store.database import Database


async def note(connection: Database, what: str, employee: Employee) -> None:
    """Append that something was done to an employee's account, within the caller's transaction.

    The person's name stays out; the user name is what decisions are signed with.

    Args:
        connection: in the transaction that does it.
        what: added, password, locked, unlocked, roles, factor_on, factor_off.
        employee: as the account is now.
    """
    content: dict[str, JSON] = {
        "employee": employee.id,
        "username": employee.username,
        "roles": sorted(employee.roles),
        "state": "locked" if employee.locked else "active",
        "has_password": employee.password_hash is not None,
        "openid": employee.openid,
        "second_factor": employee.second_factor,
    }
    await append(connection, [Entry(f"employee.{what}", employee.username, content)])
