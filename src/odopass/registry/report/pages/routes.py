"""The addresses of the public pages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from odopass.clock import Clock, belgian_day
from odopass.registry.report.pages.answers import STATIC_PATH, Static, Writer, download
from odopass.registry.report.pages.checking import Checked, Refusal, as_number
from odopass.registry.report.pages.drawing import NARROW, WIDE, drawing_of
from odopass.registry.report.pages.languages import chosen_language
from odopass.registry.report.pages.published import Lookup, Published
from odopass.registry.report.view import grouped, view_of
from odopass.registry.report.wording import wording

_log = structlog.get_logger(__name__)

#: What can be the end of a public address; anything else is not looked up.
_PUBLIC_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_GUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")

#: As much of a wrong number as is shown again in the form.
_SHOWN_AGAIN: Final = 64
_RETRY_AFTER_SECONDS: Final = 60

_Page = Callable[[Request], Awaitable[Response]]


def report_routes(
    lookup: Lookup, *, clock: Clock, registry: str, away: tuple[type[Exception], ...] = (OSError,)
) -> list[Route]:
    """Routes for the report's page, the check page and what both need (R10).

    Args:
        lookup: finds the reports.
        clock: tells whether a report is still valid.
        registry: the name of the registry, for pages that show no report.
        away: what `lookup` raises while nothing can be looked up; the reader is asked to come back later.
    """
    static = Static()
    writer = Writer(static, registry=registry)
    pages = _Pages(lookup, clock, writer)

    async def get_static(request: Request) -> Response:
        return static.answer(request.path_params["name"])

    return [
        Route("/vhr/{public_id}", _come_back_later(pages.report, away, writer), methods=["GET"]),
        Route("/vhr/{public_id}/proof.json", _come_back_later(pages.proof, away, writer), methods=["GET"]),
        Route("/check", _come_back_later(pages.check, away, writer), methods=["GET"]),
        Route(STATIC_PATH + "{name}", get_static, methods=["GET"]),
    ]


def _come_back_later(page: _Page, away: tuple[type[Exception], ...], writer: Writer) -> _Page:
    async def guarded(request: Request) -> Response:
        try:
            return await page(request)
        except away as error:
            _log.error("nothing can be looked up", error=str(error) or type(error).__name__)
            return _later(writer, request)

    return guarded


def _later(writer: Writer, request: Request) -> Response:
    answer = writer.page(request, "later.html", status=503)
    answer.headers["Retry-After"] = str(_RETRY_AFTER_SECONDS)
    return answer


@dataclass(frozen=True, slots=True)
class _Pages:
    lookup: Lookup
    clock: Clock
    writer: Writer

    async def report(self, request: Request) -> Response:
        published = await self._at(request.path_params["public_id"])
        if published is None:
            return self.writer.page(request, "missing.html", status=404)
        _log.info("report shown", number=published.content.number)  # not the address: it is the key
        view = view_of(
            published.content,
            language=chosen_language(request.query_params, request.headers),
            public_url=published.public_url,
            today=belgian_day(self.clock.now()),
            newer=published.newer,
        )
        return self.writer.page(
            request,
            "report.html",
            view=view,
            drawings=[] if view.chart is None else [drawing_of(view.chart, paper) for paper in (WIDE, NARROW)],
            registry=view.registry,
            vin=published.content.vehicle.vin,
            contradicted_since=published.newer is not None,
            proof=f"/vhr/{published.content.public_id}/proof.json",
        )

    async def proof(self, request: Request) -> Response:
        published = await self._at(request.path_params["public_id"])
        if published is None:
            return self.writer.page(request, "missing.html", status=404)
        proof = await self.lookup.proof(published.content.public_id)
        if proof is None:
            return _later(self.writer, request)
        return download(proof, f"odopass-proof-{published.content.number}.json", "application/json")

    async def check(self, request: Request) -> Response:
        say = wording(chosen_language(request.query_params, request.headers))
        entered = request.query_params.get("number")
        number, problem, checked = "", None, None
        if entered is not None:
            try:
                number = as_number(entered)
            except Refusal as refusal:
                problem = refusal.told(say)
            else:
                published = await self.lookup.by_number(number)
                checked = published and Checked.of(published, belgian_day(self.clock.now()), say)
        return self.writer.page(
            request,
            "check.html",
            entered=(entered or "").strip()[:_SHOWN_AGAIN],
            problem=problem,
            number=grouped(number),
            checked=checked,
        )

    async def _at(self, public_id: str) -> Published | None:
        """The report at the end of an address: its own, or the GUID of a request that asked for it."""
        if not _PUBLIC_ID.fullmatch(public_id):
            return None
        found = await self.lookup.by_public_id(public_id)
        if found is None and _GUID.fullmatch(public_id):
            return await self.lookup.by_request(UUID(public_id))
        return found
