"""One request of a browser, with everything a page needs."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from secrets import compare_digest
from typing import Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from odopass.registry.desk import templating
from odopass.registry.desk.office import Office
from odopass.registry.desk.words import language_of, wording
from odopass.registry.employees import sessions
from odopass.registry.employees.employees import Employee, Role
from odopass.registry.employees.sessions import Session
from odopass.wording import Wording

BASE: Final = "/desk"
SESSION_COOKIE: Final = "desk-session"
LANGUAGE_COOKIE: Final = "desk-language"
_NOTICE_COOKIE: Final = "desk-notice"
_YEAR_S: Final = 365 * 24 * 3_600
_LONGEST_FIELD: Final = 4_000
_LARGEST: Final = 2**63 - 1
#: Fields that are never kept for another session.
_NOT_KEPT: Final = frozenset({"csrf", "password", "old", "new", "again", "code"})

EVERYBODY: Final = frozenset(Role)
REVIEWERS: Final = frozenset({Role.REVIEWER})
ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})

#: What was done, said once on the next page.
NOTICES: Final[Mapping[str, str]] = {
    "logged_out": "You are logged out.",
    "kept": "Your session had ended. What you typed is here again: look at it and send it once more.",
    "accepted": "Accepted: the reading counts.",
    "rejected": "Rejected: the garage is told.",
    "sent_back": "Sent back: the garage is asked to correct it.",
    "queue_done": "That was the last one: nothing else waits.",
    "corrected": "Corrected. The old value is kept.",
    "withdrawn": "Withdrawn. The old value is kept.",
    "password": "Your new password is stored. You are logged out everywhere else.",
    "factor_off": "The second factor is off.",
    "renamed": "The new name is stored.",
    "locked": "Locked. Within a minute nobody can log in with it.",
    "unlocked": "It can log in again.",
    "mailed": "The code is on its way by mail.",
    "employee_added": "The employee has an account.",
    "employee_changed": "The employee's account is changed.",
}


@dataclass(slots=True)
class Visit:
    """A request and the answer in the making.

    Attributes:
        request: of the browser.
        form: what was sent, by field; empty for a page that is only looked at.
        office: the desk's parts.
        say: the words of the visitor's language.
        session: who is logged in; None on the pages that are open before that.
    """

    request: Request
    form: Mapping[str, str]
    office: Office
    say: Wording
    session: Session | None
    remembered: dict[str, str] = field(default_factory=dict)

    @property
    def employee(self) -> Employee:
        """Who is logged in."""
        assert self.session is not None  # noqa: S101 - only pages that need a login ask
        return self.session.employee

    @property
    def path(self) -> str:
        """The address of this page, without what follows the question mark."""
        return BASE + str(self.request.scope["path"]).removeprefix(BASE)

    @property
    def htmx(self) -> bool:
        """Whether a part of a page is asked for."""
        return self.request.headers.get("hx-request") == "true"

    def may(self, role: str) -> bool:
        """Whether the employee has this role."""
        return self.session is not None and role in self.session.employee.roles

    def field(self, name: str) -> str:
        """What a field of the form says, blanks around it left out; "" if it is not there."""
        return self.form.get(name, "").strip()[:_LONGEST_FIELD]

    def raw_field(self, name: str) -> str:
        """What a field says, to the letter: for passwords."""
        return self.form.get(name, "")[:_LONGEST_FIELD]

    def asked(self, name: str) -> str:
        """What the address says after the question mark."""
        return self.request.query_params.get(name, "").replace("\0", "").strip()[:_LONGEST_FIELD]

    def part(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name]).replace("\0", "")

    def number(self, name: str) -> int:
        """A number in the address; one that no row can have stands for all that are too large."""
        return min(int(self.request.path_params[name]), _LARGEST)

    async def kept(self) -> dict[str, str]:
        """What was typed into this page's form when an earlier session had ended; empty if nothing was."""
        row = await self.office.pool.fetchrow(
            "select fields from kept_form where employee_id = $1 and page = $2", self.employee.id, self.path
        )
        return {} if row is None else dict(json.loads(row["fields"]))

    async def keep(self, employee_id: int, page: str, fields: Mapping[str, str]) -> None:
        """Keep what was typed for the page it was typed on."""
        await self.office.pool.execute(
            "insert into kept_form (employee_id, page, fields, kept_at) values ($1, $2, $3, $4) "
            "on conflict (employee_id, page) do update set fields = excluded.fields, kept_at = excluded.kept_at",
            employee_id,
            page,
            json.dumps({name: text for name, text in fields.items() if name not in _NOT_KEPT}),
            self.office.clock.now(),
        )

    def page(self, template: str, *, status: int = 200, **values: object) -> Response:
        """A page."""
        notice = self.request.cookies.get(_NOTICE_COOKIE, "")
        content = templating.render(
            template,
            self.say,
            notice=self.say(NOTICES[notice]) if notice in NOTICES else "",
            visit=self,
            setup=self.office.setup,
            **values,
        )
        answer = Response(content, status_code=status, media_type="text/html; charset=utf-8")
        answer.headers["content-language"] = self.say.language
        if notice:
            answer.delete_cookie(_NOTICE_COOKIE, path=BASE)
        return self._with_cookies(answer)

    def go(self, address: str, notice: str = "") -> Response:
        """Go on to another page of the desk, which says once what was done.

        Args:
            address: with or without `BASE`; any other address leads to the first page.
            notice: key of `NOTICES`, or "".
        """
        answer = RedirectResponse(own_address(address), status_code=303)
        if notice:
            self.set_cookie(answer, _NOTICE_COOKIE, notice, 60)
        return self._with_cookies(answer)

    def set_cookie(self, answer: Response, name: str, value: str, max_age: int | None) -> None:
        """Set a cookie that scripts cannot read and other sites' forms do not bring along."""
        answer.set_cookie(
            name, value, max_age=max_age, path=BASE, httponly=True, samesite="lax", secure=self.office.secure
        )

    def _with_cookies(self, answer: Response) -> Response:
        for name, value in self.remembered.items():
            self.set_cookie(answer, name, value, _YEAR_S)
        return answer


def own_address(address: str) -> str:
    """An address of the desk, whatever was asked for: none that leads to another site."""
    if not address.startswith(BASE):
        address = BASE + address if address.startswith("/") else BASE + "/"
    rest = address[len(BASE) :]
    if not rest.startswith("/") or "\\" in address or not address.isprintable():
        return BASE + "/"
    return address


Endpoint = Callable[[Visit], Awaitable[Response]]


def page(
    path: str, endpoint: Endpoint, method: str = "GET", *, roles: frozenset[Role] = frozenset(), public: bool = False
) -> Route:
    """A route to an endpoint that only employees with one of some roles reach.

    Args:
        path: as Starlette writes it, below `BASE`.
        endpoint: makes the answer.
        method: GET or POST.
        roles: one of them is needed.
        public: whether it is there before anybody has logged in.
    """
    assert public or roles  # noqa: S101 - a mistake in a table of routes

    async def answer(request: Request) -> Response:
        return await _answer(endpoint, request, roles, public=public)

    made = Route(path, answer, methods=[method], name=f"{endpoint.__module__}.{endpoint.__name__}")
    answer.roles = roles  # type: ignore[attr-defined]
    answer.public = public  # type: ignore[attr-defined]
    return made


async def _answer(endpoint: Endpoint, request: Request, roles: frozenset[Role], *, public: bool) -> Response:
    office: Office = request.app.state.office
    chosen = request.query_params.get("language") or request.cookies.get(LANGUAGE_COOKIE)
    language = language_of(chosen, request.headers.get("accept-language", ""))
    form = await _form(request) if request.method == "POST" else {}
    session = await sessions.find(
        office.pool, request.cookies.get(SESSION_COOKIE), office.setup.limits, now=office.clock.now()
    )
    visit = Visit(request, form, office, wording(language), session)
    if request.query_params.get("language") == language:
        visit.remembered[LANGUAGE_COOKIE] = language
    if public:
        return await endpoint(visit)
    if session is None:
        return _ended(visit)
    if not roles & session.employee.roles:
        return visit.page("forbidden.html", status=403, needed=sorted(roles))
    if request.method == "POST":
        if not compare_digest(visit.form.get("csrf", "").encode(), session.csrf.encode()):
            # A form of an earlier session: nothing is done, and nothing that was typed is lost.
            where = own_address(visit.form.get("page", BASE))
            await visit.keep(session.employee.id, where, form)
            return visit.go(where, "kept")
        await office.pool.execute(
            "delete from kept_form where employee_id = $1 and page = $2", session.employee.id, visit.field("page")
        )
    return await endpoint(visit)


def _ended(visit: Visit) -> Response:
    """The login, which leads back; what was typed comes along."""
    if visit.request.method == "POST":
        kept = {name: text for name, text in visit.form.items() if name not in _NOT_KEPT}
        where = own_address(visit.form.get("page", BASE))
        return visit.page(
            "login.html", status=401, problem="ended", username="", goes_to=where, kept=json.dumps(kept), wait=0
        )
    query = visit.request.url.query
    here = visit.path + (f"?{query}" if query else "")
    address = f"{BASE}/login?{urlencode({'goes_to': here})}"
    if visit.htmx:
        return Response(status_code=204, headers={"HX-Redirect": address})
    return visit.go(address)


async def _form(request: Request) -> dict[str, str]:
    sent = await request.form(max_files=0, max_fields=200)
    return {name: value.replace("\0", "") for name, value in sent.multi_items() if isinstance(value, str)}
