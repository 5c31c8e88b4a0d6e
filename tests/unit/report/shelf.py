"""Reports at hand: the pages over a handful of reports in memory, at a day of the test's choice."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

import httpx
from starlette.applications import Starlette

from odopass.registry.report.content import ReportContent
from odopass.registry.report.numbers import with_check
from odopass.registry.report.pages import Published, report_routes
from odopass.registry.report.view import Newer

REGISTRY: Final = "Open Odometer Registry"
ADDRESS: Final = "https://registry.example"


@dataclass
class Shelf:
    """Finds reports by what they are asked for; keeps what it was asked."""

    reports: dict[str, Published] = field(default_factory=dict)
    proofs: dict[str, bytes] = field(default_factory=dict)
    requests: dict[UUID, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    fault: Exception | None = None

    def put(self, public_id: str, content: ReportContent, *, newer: Newer | None = None) -> ReportContent:
        """Publish a report; its number is made one that can be checked, unlike that of every other report."""
        number = with_check(1_000_000_000 + len(self.reports))
        content = replace(content, public_id=public_id, number=number)
        self.reports[public_id] = Published(content, newer, f"{ADDRESS}/vhr/{public_id}")
        return content

    async def by_public_id(self, public_id: str) -> Published | None:
        self._ask(public_id)
        return self.reports.get(public_id)

    async def by_request(self, guid: UUID) -> Published | None:
        self._ask(str(guid))
        return self.reports.get(self.requests.get(guid, ""))

    async def proof(self, public_id: str) -> bytes | None:
        self._ask(f"proof of {public_id}")
        return self.proofs.get(public_id)

    async def by_number(self, number: str) -> Published | None:
        self._ask(number)
        return next((each for each in self.reports.values() if each.content.number == number), None)

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if self.fault is not None:
            raise self.fault


@dataclass
class Day:
    """A clock that stands still at noon, UTC."""

    day: dt.date

    def now(self) -> dt.datetime:
        return dt.datetime.combine(self.day, dt.time(12), dt.UTC)


def app(shelf: Shelf, day: dt.date) -> Starlette:
    """The pages as an application."""
    return Starlette(routes=report_routes(shelf, clock=Day(day), registry=REGISTRY))


def client(shelf: Shelf, day: dt.date) -> httpx.AsyncClient:
    """Asks the pages without a network between."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app(shelf, day)), base_url=ADDRESS)
