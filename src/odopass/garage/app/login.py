"""Logging a workplace in and out, if the garage has restricted who may use the application."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from odopass.garage.account import TooSoon
from odopass.garage.app.visit import SESSION_COOKIE, Visit, page


def show(visit: Visit) -> Response:
    """The form."""
    return visit.page("login.html", names=visit.workshop.workplaces.names(), wrong=False, wait=0)


def log_in(visit: Visit) -> Response:
    """Let a workplace in if its PIN is right."""
    workplaces, name = visit.workshop.workplaces, visit.field("name")
    wait, right = 0, False
    try:
        right = workplaces.check(name, visit.raw_field("secret"))
    except TooSoon as soon:
        wait = soon.seconds
    if not right:
        return visit.page("login.html", status=403, names=workplaces.names(), wrong=wait == 0, wait=wait)
    answer = visit.go("/")
    answer.set_cookie(SESSION_COOKIE, visit.workshop.sessions.begin(name), httponly=True, samesite="strict")
    return answer


def log_out(visit: Visit) -> Response:
    """Let nobody in with this browser until it logs in again."""
    visit.workshop.sessions.end(visit.request.cookies.get(SESSION_COOKIE))
    answer = visit.go("/login")
    answer.delete_cookie(SESSION_COOKIE)
    return answer


ROUTES: Final = [
    page("/login", show, name="login", open_to_all=True),
    page("/login", log_in, "POST", open_to_all=True),
    page("/logout", log_out, "POST", open_to_all=True),
]
