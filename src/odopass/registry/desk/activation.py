"""The page on which a garage uses its code: the only one of the desk that is not for employees."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from odopass.registry.accounts.activation import WrongCode, use_code
from odopass.registry.accounts.passwords import WeakPassword
from odopass.registry.accounts.secret import Secret
from odopass.registry.accounts.sources import network_of
from odopass.registry.desk.visit import Visit, page
from odopass.registry.employees import throttle
from odopass.registry.employees.throttle import TooSoon


async def show(visit: Visit) -> Response:
    """The form."""
    return _form(visit, "")


async def activate(visit: Visit) -> Response:
    """Give the account the password that the garage has chosen."""
    establishment, password = visit.field("establishment"), Secret(visit.raw_field("new"))
    if password.reveal() != visit.raw_field("again"):
        return _form(visit, visit.say("The two new passwords differ."), status=422)
    network = network_of(visit.request.client.host if visit.request.client else "")
    pool, now = visit.office.pool, visit.office.clock.now()
    try:
        async with pool.acquire() as connection, connection.transaction():
            await throttle.begin_try(connection, f"activation {establishment[:40]}", network, now=now)
        async with pool.acquire() as connection, connection.transaction():
            await use_code(connection, establishment, Secret(visit.field("code")), password, now=now)
    except TooSoon as soon:
        problem = visit.say("Too many wrong tries. Wait {seconds} seconds, then try again.", seconds=soon.seconds)
        return _form(visit, problem, status=429)
    except WrongCode:
        problem = visit.say(
            "Number or code is wrong, or the code was used, replaced or is too old. Ask the registry for a new one."
        )
        return _form(visit, problem, status=403)
    except WeakPassword:
        problem = visit.say(
            "Choose a longer or less usual password: at least 12 characters, not your name, not only digits, "
            "none that many people use."
        )
        return _form(visit, problem, status=422)
    return visit.page("activated.html", establishment=establishment)


def _form(visit: Visit, problem: str, *, status: int = 200) -> Response:
    return visit.page(
        "activate.html",
        status=status,
        problem=problem,
        establishment=visit.field("establishment"),
        code=visit.field("code"),
    )


ROUTES: Final = [
    page("/activate", show, public=True),
    page("/activate", activate, "POST", public=True),
]
