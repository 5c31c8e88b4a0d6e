"""One request of a browser, with everything a page needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from odopass.garage.app import templating
from odopass.garage.app.labels import NOTICES
from odopass.garage.app.words import LANGUAGE_COOKIE, language_of, wording
from odopass.garage.app.workshop import Workshop
from odopass.garage.book import BookFault, SecondThatDay, Stale
from odopass.garage.book.entries import Pulse
from odopass.wording import Wording

SESSION_COOKIE: Final = "workplace"
READER_COOKIE: Final = "reader"
_NOTICE_COOKIE: Final = "notice"
_YEAR_S: Final = 365 * 24 * 3_600
_LONGEST_FIELD: Final = 500
#: For pages about a book that cannot be asked.
_NO_PULSE: Final = Pulse(0, None, None, "", "", 0)


@dataclass(slots=True)
class Visit:
    """A request and the answer in the making.

    Attributes:
        request: of the browser.
        form: what was sent, by field; empty for a page that is only looked at.
        workshop: the application's parts.
        say: the words of the visitor's language.
        by: the workplace that has logged in, or "".
    """

    request: Request
    form: Mapping[str, list[str]]
    workshop: Workshop
    say: Wording
    by: str
    remembered: dict[str, str] = field(default_factory=dict)

    def field(self, name: str) -> str:
        """What a field of the form says, blanks around it left out; "" if it is not there."""
        values = self.form.get(name)
        return values[0].strip()[:_LONGEST_FIELD] if values else ""

    def raw_field(self, name: str) -> str:
        """What a field says, to the letter: for passwords and for km."""
        values = self.form.get(name)
        return values[0][:_LONGEST_FIELD] if values else ""

    def fields(self, name: str) -> list[str]:
        """Every value of a field."""
        return self.form.get(name, [])

    def asked(self, name: str) -> str:
        """What the address says after the question mark."""
        return self.request.query_params.get(name, "").strip()[:_LONGEST_FIELD]

    def path(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params[name])

    def number(self) -> int:
        """The number of the reading that the address names."""
        return int(self.request.path_params["number"])

    def remember(self, cookie: str, value: str) -> None:
        """Keep something in this browser for a year; it comes with the answer."""
        self.remembered[cookie] = value

    def page(self, template: str, *, status: int = 200, pulse: Pulse | None = None, **values: object) -> Response:
        """A page.

        Args:
            template: its name.
            status: of the answer.
            pulse: how the connection is; None to ask the book.
            **values: what the template names.
        """
        notice = self.request.cookies.get(_NOTICE_COOKIE, "")
        said = self.say(NOTICES[notice]) if notice in NOTICES else ""
        answer = self._rendered(template, status, said, pulse, values)
        if notice:
            answer.delete_cookie(_NOTICE_COOKIE)
        return self._with_cookies(answer)

    def part(self, template: str, **values: object) -> Response:
        """A part of a page that renews itself: 204 if the browser shows it already, so that nothing on it is disturbed.

        The address by which the part is asked for says what is shown (``seen``): the `stamp` of its content.
        """
        answer = self._rendered(template, 200, "", None, values)
        seen = self.asked("seen")
        return Response(status_code=204) if seen and f"?seen={seen}".encode() in answer.body else answer

    def go(self, address: str, notice: str = "") -> Response:
        """Go on to another page, which says once what was done.

        Args:
            address: of this application.
            notice: key of `labels.NOTICES`, or "".
        """
        answer = RedirectResponse(address, status_code=303)
        if notice:
            answer.set_cookie(_NOTICE_COOKIE, notice, max_age=60, httponly=True, samesite="strict")
        return self._with_cookies(answer)

    def _rendered(
        self, template: str, status: int, notice: str, pulse: Pulse | None, values: Mapping[str, object]
    ) -> Response:
        content = templating.render(
            template,
            self.say,
            notice=notice,
            visit=self,
            pulse=pulse or self.workshop.book.outbox.pulse(),
            **values,
        )
        return Response(content, status_code=status, media_type="text/html; charset=utf-8")

    def _with_cookies(self, answer: Response) -> Response:
        for name, value in self.remembered.items():
            answer.set_cookie(name, value, max_age=_YEAR_S, httponly=True, samesite="strict")
        return answer


Endpoint = Callable[[Visit], Response]


def page(path: str, endpoint: Endpoint, *methods: str, name: str | None = None, open_to_all: bool = False) -> Route:
    """A route to an endpoint that runs in a thread of its own, for the book waits for the disk.

    Args:
        path: as Starlette writes it.
        endpoint: makes the answer.
        *methods: GET if none is named.
        name: of the route.
        open_to_all: whether it is there before somebody has logged in.
    """

    async def answer(request: Request) -> Response:
        form = await _form(request) if request.method == "POST" else {}
        return await run_in_threadpool(_answer, endpoint, request, form, open_to_all)

    return Route(path, answer, methods=list(methods) or ["GET"], name=name or endpoint.__name__)


async def _form(request: Request) -> dict[str, list[str]]:
    sent: FormData = await request.form(max_files=0, max_fields=200)
    form: dict[str, list[str]] = {}
    for name, value in sent.multi_items():
        if isinstance(value, str):
            form.setdefault(name, []).append(value)
    return form


def _answer(endpoint: Endpoint, request: Request, form: dict[str, list[str]], open_to_all: bool) -> Response:
    workshop: Workshop = request.app.state.workshop
    language = language_of(request.cookies.get(LANGUAGE_COOKIE), request.headers.get("accept-language", ""))
    visit = Visit(request, form, workshop, wording(language), "")
    try:
        by = workshop.sessions.name(request.cookies.get(SESSION_COOKIE))
        if by is None and not open_to_all and workshop.workplaces.names():
            # htmx follows redirections itself and would put the whole page into the place of a part.
            if "hx-request" in request.headers:
                return Response(headers={"hx-redirect": "/login"})
            return visit.go("/login")
        visit.by = by or ""
        return endpoint(visit)
    except BookFault as fault:
        # The book may be as little readable as writable: the page has to do without it.
        return visit.page("fault.html", status=503, fault=fault, pulse=_NO_PULSE)
    except SecondThatDay as second:
        return visit.go(f"/readings/{second.reading.number}", "second_that_day")
    except Stale as stale:
        return visit.go(f"/readings/{stale.reading.number}", "moved_on")
    except KeyError:
        return visit.page("missing.html", status=404)
