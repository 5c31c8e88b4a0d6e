"""Logging in and out."""

from __future__ import annotations

import json
from typing import Final

from starlette.responses import RedirectResponse, Response

from odopass.registry.accounts.secret import Secret
from odopass.registry.desk.visit import BASE, EVERYBODY, SESSION_COOKIE, Visit, own_address, page
from odopass.registry.employees import sessions
from odopass.registry.employees.login import CodeNeeded, LoginRefused
from odopass.registry.employees.openid import OpenIdRefused
from odopass.registry.employees.throttle import TooSoon

_STATE_COOKIE: Final = "desk-openid"
_MOST_KEPT: Final = 20_000


async def show(visit: Visit) -> Response:
    """The form."""
    goes_to = own_address(visit.asked("goes_to") or BASE + "/")
    if visit.session is not None:
        return visit.go(goes_to)
    return _form(visit, "", goes_to=goes_to)


async def log_in(visit: Visit) -> Response:
    """Let an employee in if all is right."""
    goes_to, username = own_address(visit.field("goes_to") or BASE + "/"), visit.field("username")
    address = visit.request.client.host if visit.request.client else ""
    now = visit.office.clock.now()
    try:
        outcome = await visit.office.logins.log_in(
            username, Secret(visit.raw_field("password")), visit.field("code"), address, now=now
        )
    except TooSoon as soon:
        answer = _form(visit, "wait", status=429, goes_to=goes_to, username=username, wait=soon.seconds)
        answer.headers["retry-after"] = str(soon.seconds)
        return answer
    if isinstance(outcome, LoginRefused):
        return _form(visit, "wrong", status=403, goes_to=goes_to, username=username)
    if isinstance(outcome, CodeNeeded):
        return _form(visit, "code", status=403, goes_to=goes_to, username=username)
    notice = ""
    kept = _kept(visit.form.get("kept", ""))
    if kept:
        session = await sessions.find(visit.office.pool, outcome, visit.office.setup.limits, now=now)
        if session is not None:
            await visit.keep(session.employee.id, goes_to, kept)
            notice = "kept"
    return _entered(visit, outcome, goes_to, notice)


async def log_out(visit: Visit) -> Response:
    """Let nobody in with this browser until it logs in again."""
    await sessions.end(visit.office.pool, visit.request.cookies.get(SESSION_COOKIE))
    answer = visit.go("/login", "logged_out")
    answer.delete_cookie(SESSION_COOKIE, path=BASE)
    return answer


async def to_provider(visit: Visit) -> Response:
    """Send the browser to the OpenID Connect provider."""
    goes_to = own_address(visit.asked("goes_to") or BASE + "/")
    if visit.office.openid is None:
        return visit.go("/login")
    try:
        address, state = await visit.office.openid.begin(goes_to, now=visit.office.clock.now())
    except OpenIdRefused as refused:
        return _form(visit, f"openid_{refused.kind}", status=503, goes_to=goes_to)
    answer = RedirectResponse(address, status_code=303)
    visit.set_cookie(answer, _STATE_COOKIE, state, 900)
    return answer


async def from_provider(visit: Visit) -> Response:
    """Let in whoever comes back from the provider."""
    if visit.office.openid is None:
        return visit.go("/login")
    client = visit.request.client
    try:
        token, goes_to = await visit.office.openid.finish(
            str(visit.request.url),
            visit.asked("state"),
            visit.request.cookies.get(_STATE_COOKIE, ""),
            client.host if client else "",
            now=visit.office.clock.now(),
        )
    except OpenIdRefused as refused:
        return _form(visit, f"openid_{refused.kind}", status=403, goes_to=BASE + "/")
    answer = _entered(visit, token, goes_to, "")
    answer.delete_cookie(_STATE_COOKIE, path=BASE)
    return answer


def _entered(visit: Visit, token: str, goes_to: str, notice: str) -> Response:
    answer = visit.go(goes_to, notice)
    visit.set_cookie(answer, SESSION_COOKIE, token, None)
    return answer


def _form(
    visit: Visit, problem: str, *, status: int = 200, goes_to: str, username: str = "", wait: int = 0
) -> Response:
    kept = visit.form.get("kept", "")
    return visit.page(
        "login.html", status=status, problem=problem, goes_to=goes_to, username=username, wait=wait, kept=kept
    )


def _kept(text: str) -> dict[str, str]:
    if not text or len(text) > _MOST_KEPT:
        return {}
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(name, str) and isinstance(value, str)}


ROUTES: Final = [
    page("/login", show, public=True),
    page("/login", log_in, "POST", public=True),
    page("/logout", log_out, "POST", roles=EVERYBODY),
    page("/openid", to_provider, public=True),
    page("/openid/callback", from_provider, public=True),
]
