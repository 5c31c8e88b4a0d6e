"""An employee's own password and second factor."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from odopass.registry.accounts.passwords import WeakPassword
from odopass.registry.accounts.secret import Secret
from odopass.registry.desk.visit import EVERYBODY, SESSION_COOKIE, Visit, page
from odopass.registry.employees import employees, second_factor, sessions


async def show(visit: Visit) -> Response:
    """What the desk knows of whoever is logged in."""
    return visit.page("myself.html", problem="")


async def change_password(visit: Visit) -> Response:
    """Give oneself another password."""
    old, new = Secret(visit.raw_field("old")), Secret(visit.raw_field("new"))
    if new.reveal() != visit.raw_field("again"):
        return visit.page("myself.html", status=422, problem=visit.say("The two new passwords differ."))
    if not await visit.office.logins.is_password_of(visit.employee, old):
        return visit.page("myself.html", status=422, problem=visit.say("The present password is wrong."))
    try:
        async with visit.office.pool.acquire() as connection, connection.transaction():
            await employees.set_password(connection, visit.employee, new)
            token = await sessions.begin(connection, visit.employee.id, now=visit.office.clock.now())
    except WeakPassword:
        problem = visit.say(
            "Choose a longer or less usual password: at least 12 characters, not your name, not only digits, "
            "none that many people use."
        )
        return visit.page("myself.html", status=422, problem=problem)
    answer = visit.go("/myself", "password")
    visit.set_cookie(answer, SESSION_COOKIE, token, None)
    return answer


async def show_factor(visit: Visit) -> Response:
    """A secret for the authenticator, to be scanned."""
    return _factor(visit, second_factor.new_secret(), "")


async def enrol(visit: Visit) -> Response:
    """Ask for codes from now on, once one of them was typed."""
    secret, now = visit.field("secret"), visit.office.clock.now()
    try:
        step = second_factor.step_of(secret, visit.field("code"), now=now)
    except ValueError:
        return visit.go("/myself/factor")
    if step is None:
        problem = visit.say("That is not the code of this moment. Is the clock of your telephone right?")
        return _factor(visit, secret, problem, status=422)
    async with visit.office.pool.acquire() as connection:
        codes = await second_factor.enrol(connection, visit.employee.id, secret, step)
    return visit.page("recovery_codes.html", codes=codes)


async def remove_factor(visit: Visit) -> Response:
    """Ask for the password alone from now on; whoever does that has to know it."""
    if not await visit.office.logins.is_password_of(visit.employee, Secret(visit.raw_field("old"))):
        return visit.page("myself.html", status=422, problem=visit.say("The present password is wrong."))
    async with visit.office.pool.acquire() as connection:
        await second_factor.remove(connection, visit.employee.id)
    return visit.go("/myself", "factor_off")


def _factor(visit: Visit, secret: str, problem: str, *, status: int = 200) -> Response:
    drawn = second_factor.qr_code(visit.employee, secret, visit.office.setup.registry)
    return visit.page("factor.html", status=status, secret=secret, qr=drawn, problem=problem)


ROUTES: Final = [
    page("/myself", show, roles=EVERYBODY),
    page("/myself/password", change_password, "POST", roles=EVERYBODY),
    page("/myself/factor", show_factor, roles=EVERYBODY),
    page("/myself/factor", enrol, "POST", roles=EVERYBODY),
    page("/myself/factor/remove", remove_factor, "POST", roles=EVERYBODY),
]
