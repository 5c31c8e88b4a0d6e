"""The accounts of employees, for administrators."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from odopass.registry.accounts.passwords import generate
from odopass.registry.desk.visit import ADMINISTRATORS, Visit, page
from odopass.registry.employees import employees
from odopass.registry.employees.employees import EmployeeError, Role
from odopass.registry.review.trail import log_administration

_FIELDS: Final = ("username", "name")


async def show(visit: Visit) -> Response:
    """Everybody."""
    return await _list(visit)


async def add(visit: Visit) -> Response:
    """Give an employee an account, and show its password once."""
    password = generate()
    try:
        async with visit.office.pool.acquire() as connection, connection.transaction():
            added = await employees.add(
                connection,
                username=visit.field("username"),
                name=visit.field("name"),
                roles=_roles(visit),
                password=password,
            )
            await log_administration(
                connection, visit.employee.id, "employee added", added.username, now=visit.office.clock.now()
            )
    except EmployeeError:
        problem = visit.say(
            "Not saved: give a name, a user name of small letters and digits that nobody has yet, and a role."
        )
        return await _list(visit, problem, status=422)
    return visit.page("password_once.html", whose=added, password=password.reveal())


async def reset(visit: Visit) -> Response:
    """Give an employee a new password, shown once."""
    password, username = generate(), visit.part("username")
    try:
        async with visit.office.pool.acquire() as connection, connection.transaction():
            changed = await employees.reset_password(connection, username, password)
            await log_administration(
                connection, visit.employee.id, "employee reset", username, now=visit.office.clock.now()
            )
    except EmployeeError:
        return await _list(visit, visit.say("There is no such employee."), status=404)
    return visit.page("password_once.html", whose=changed, password=password.reveal())


async def change(visit: Visit) -> Response:
    """Change roles, lock or unlock; nobody can lock themselves out."""
    username = visit.part("username")
    locked, roles = visit.field("locked") == "yes", _roles(visit)
    own = username == visit.employee.username
    if own and (locked or Role.ADMINISTRATOR not in roles):
        problem = visit.say("You cannot lock yourself out. Ask another administrator.")
        return await _list(visit, problem, status=422)
    try:
        async with visit.office.pool.acquire() as connection, connection.transaction():
            await employees.set_roles(connection, username, roles)
            await employees.set_locked(connection, username, locked=locked)
            what = f"employee changed: {', '.join(roles)}{', locked' if locked else ''}"
            await log_administration(connection, visit.employee.id, what, username, now=visit.office.clock.now())
    except EmployeeError:
        return await _list(visit, visit.say("Choose at least one role."), status=422)
    return visit.go("/staff", "employee_changed")


def _roles(visit: Visit) -> list[str]:
    return [role for role in Role if visit.field(f"role-{role}")]


async def _list(visit: Visit, problem: str = "", *, status: int = 200) -> Response:
    async with visit.office.pool.acquire() as connection:
        everybody = await employees.list_all(connection)
    given = visit.form or await visit.kept()
    typed = {name: given.get(name, "") for name in _FIELDS}
    return visit.page("staff.html", status=status, everybody=everybody, problem=problem, typed=typed)


ROUTES: Final = [
    page("/staff", show, roles=ADMINISTRATORS),
    page("/staff", add, "POST", roles=ADMINISTRATORS),
    page("/staff/{username}/reset", reset, "POST", roles=ADMINISTRATORS),
    page("/staff/{username}", change, "POST", roles=ADMINISTRATORS),
]
