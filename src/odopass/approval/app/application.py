"""The tester's page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from odopass import look
from odopass.approval.app.protection import Protection
from odopass.approval.app.stage import Scene, Stage
from odopass.approval.control import Ready
from odopass.approval.record import Record
from odopass.approval.report.view import TONES, clock_text, report_of
from odopass.approval.report.writing import PICTURE
from odopass.approval.scenarios import Kind
from odopass.approval.verdicts import Finding, overall
from odopass.approval.words import LANGUAGES, language_of, wording
from odopass.wording import Wording

_STATIC: Final = Path(__file__).parent / "static"
_COOKIE: Final = "language"
_YEAR_S: Final = 365 * 86_400
_LONGEST_NOTE: Final = 2_000
_LARGEST_PICTURE: Final = 10_000_000
#: The beginnings of picture files, and the ends of their names.
_PICTURES: Final = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"RIFF": "webp"}
_ANSWERS: Final = frozenset({"yes", "no", "not offered"})
_NEWEST: Final = 12
_SUFFIXES: Final = frozenset({".html", ".pdf", ".json", ".xml", ".sig", ".pem", ".png", ".jpg", ".webp"})

_ENVIRONMENT: Final = Environment(
    loader=PackageLoader("odopass.approval.app"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.globals.update(look=look, clock_text=clock_text, Kind=Kind, Scene=Scene, LANGUAGES=LANGUAGES, TONES=TONES)


@dataclass(frozen=True, slots=True)
class Kit:
    """What the page is about.

    Attributes:
        stage: where the run and the page meet.
        record: of the run.
        folder: of the run.
        ready: the sandbox.
        findings: judges what was seen so far.
    """

    stage: Stage
    record: Record
    folder: Path
    ready: Ready
    findings: Callable[[], Mapping[str, Finding]]


def application(kit: Kit) -> Starlette:
    """The page as an ASGI app."""
    page = _Page(kit)
    return Starlette(
        routes=[
            Route("/", page.show),
            Route("/now", page.now),
            Route("/begin", page.begin, methods=["POST"]),
            Route("/answer", page.answer, methods=["POST"]),
            Route("/give-up", page.give_up, methods=["POST"]),
            Route("/language", page.language, methods=["POST"]),
            Route("/report/{name}", page.report),
            Mount("/static/look", StaticFiles(directory=look.STATIC)),
            Mount("/static", StaticFiles(directory=_STATIC)),
        ],
        middleware=[Middleware(Protection)],
    )


class _Page:
    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def show(self, request: Request) -> Response:
        """The whole page."""
        return HTMLResponse(self._render("page.html", request))

    async def now(self, request: Request) -> Response:
        """The part that changes; nothing as long as it is what the browser shows."""
        if request.query_params.get("shown", "") == self._shown():
            return Response(status_code=204)
        return HTMLResponse(self._render("now.html", request))

    async def begin(self, _: Request) -> Response:
        """The DMS is connected."""
        self._kit.stage.begin()
        return RedirectResponse("/", 303)

    async def answer(self, request: Request) -> Response:
        """What the tester did or answered."""
        async with request.form(max_files=1, max_part_size=_LARGEST_PICTURE) as form:
            step, said = str(form.get("step", "")), str(form.get("answer", "done"))
            answer: dict[str, Any] = {"answer": said} if said in _ANSWERS else {"done": True}
            note = str(form.get("note", "")).strip()[:_LONGEST_NOTE]
            if note:
                answer["note"] = note
            picture = form.get("picture")
            if isinstance(picture, UploadFile) and picture.size:
                kept = self._keep(step, await picture.read(_LARGEST_PICTURE + 1))
                if kept is None:
                    say = self._say(request)
                    return PlainTextResponse(say("The picture is no PNG, JPEG or WebP, or larger than 10 MB."), 400)
                answer["evidence"] = kept
        self._kit.stage.answer(step, answer)
        return RedirectResponse("/", 303)

    async def give_up(self, request: Request) -> Response:
        """The DMS will not call."""
        async with request.form() as form:
            self._kit.stage.give_up(str(form.get("step", "")))
        return RedirectResponse("/", 303)

    async def language(self, request: Request) -> Response:
        """Another language."""
        async with request.form() as form:
            chosen = str(form.get("language", ""))
        answer = RedirectResponse("/", 303)
        if chosen in LANGUAGES:
            answer.set_cookie(_COOKIE, chosen, max_age=_YEAR_S, httponly=True, samesite="strict")
        return answer

    async def report(self, request: Request) -> Response:
        """A file of the report."""
        name = Path(request.path_params["name"])
        path = self._kit.folder / name.name
        if name.suffix not in _SUFFIXES or not path.is_file():
            return PlainTextResponse("There is no such file.", 404)
        return FileResponse(path)

    def _keep(self, step: str, content: bytes) -> str | None:
        """Keep a picture in the run's folder, and tell its name; None if it is none."""
        task = self._kit.stage.task
        ending = next((end for start, end in _PICTURES.items() if content.startswith(start)), None)
        if ending is None or len(content) > _LARGEST_PICTURE or task is None or task.step.name != step:
            return None
        name = f"{PICTURE}{step.replace('.', '-')}.{ending}"
        (self._kit.folder / name).write_bytes(content)
        return name

    def _shown(self) -> str:
        return f"{self._kit.stage.version}-{self._kit.record.last_number()}"

    def _say(self, request: Request) -> Wording:
        return wording(language_of(request.cookies.get(_COOKIE), request.headers.get("accept-language", "")))

    def _render(self, template: str, request: Request) -> str:
        kit, say = self._kit, self._say(request)
        findings, task = kit.findings(), kit.stage.task
        garage = next(each for each in kit.ready.garages if each["username"] == kit.record.garage)
        return _ENVIRONMENT.get_template(template).render(
            say=say,
            stage=kit.stage,
            shown=self._shown(),
            record=kit.record,
            ready=kit.ready,
            garage=garage,
            report=report_of(kit.record, findings, overall(findings), say.language),
            title="" if task is None else say(task.scenario.title),
            text="" if task is None else say(task.step.text),
            newest=kit.record.exchanges[: -_NEWEST - 1 : -1],
            description=_description(kit.stage, say.language),
        )


def _description(stage: Stage, language: str) -> list[tuple[str, str]]:
    """The issues that the DMS has to show: type and description; the registry has no English."""
    asked = {} if stage.task is None else stage.task.asked
    told = {"en": "nl"}.get(language, language)
    return [
        (code, str(description.get(told, "")) if isinstance(description, dict) else "")
        for code, description in zip(asked.get("codes", []), asked.get("descriptions", []), strict=False)
    ]
