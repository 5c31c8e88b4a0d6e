"""Reports that stand, as they are asked for: by their case, their public address, their number."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from asyncpg import Record

from odopass.clock import Clock
from odopass.domain import limits
from odopass.registry.journal.proving import prove_report
from odopass.registry.report.claims import ask_again
from odopass.registry.report.content import ReportContent, SourceState, stored_content
from odopass.registry.report.histories import latest_reading_since
from odopass.registry.report.pages import Published
from odopass.registry.report.view import Newer
from odopass.registry.store.database import Pool

#: A report that lacks a source is made anew when it is asked for, at the earliest after this.
_PATIENCE: Final = timedelta(seconds=60)

_STANDING: Final = "select case_guid, vehicle_id, version, made_at, content from report where version > 0 and "
_BY_CASE: Final = _STANDING + "case_guid = $1"
_BY_PUBLIC_ID: Final = _STANDING + "public_id = $1"
_BY_NUMBER: Final = _STANDING + "number = $1"
# A known client makes the public address of the request's GUID: any of the case's will do.
_BY_REQUEST: Final = (
    "select report.case_guid, vehicle_id, version, made_at, content from report "
    "join request on request.case_guid = report.case_guid where version > 0 and request.guid = $1"
)
_FILE: Final = "select pdf from report_file where case_guid = $1 and version = $2 and language = $3"
_KEEP: Final = """
    insert into report_file (case_guid, version, language, pdf) values ($1, $2, $3, $4)
    on conflict (case_guid, version, language) do nothing
"""

Produce = Callable[[ReportContent, str, str], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Document:
    """A signed document and the address of its public page."""

    pdf: bytes
    public_url: str


class Reports:
    """Looks up reports and hands out their documents.

    Args:
        pool: the database.
        clock: the time of day.
        public_url: the address of the public pages, without a slash at the end.
        produce: typesets and signs: content, language, public address.
        registry: the name of the registry.
    """

    def __init__(
        self, pool: Pool, clock: Clock, *, public_url: str, produce: Produce, registry: str = "Odometer registry"
    ) -> None:
        self.registry = registry
        self._pool = pool
        self._clock = clock
        self._public_url = public_url
        self._produce = produce

    async def document(self, case_guid: UUID, language: str) -> Document | None:
        """The document of a case's report; None while it does not stand.

        It is made when it is first asked for, and the same ever after. A report that lacks a source is to be made anew
        from now on; this one is given meanwhile.
        """
        row = await self._pool.fetchrow(_BY_CASE, case_guid)
        if row is None:
            return None
        content = stored_content(row["content"])
        if any(source.state is SourceState.UNAVAILABLE for source in content.sources):
            now = self._clock.now()
            await ask_again(self._pool, case_guid, now=now, not_since=now - _PATIENCE)
        url = self._url(content)
        kept = await self._pool.fetchval(_FILE, case_guid, row["version"], language)
        if kept is None:
            made = await self._produce(content, language, url)
            await self._pool.execute(_KEEP, case_guid, row["version"], language, made)
            kept = await self._pool.fetchval(_FILE, case_guid, row["version"], language)
        return Document(kept, url)

    async def by_public_id(self, public_id: str) -> Published | None:
        """The report at a public address."""
        return await self._published(await self._pool.fetchrow(_BY_PUBLIC_ID, public_id))

    async def by_request(self, guid: UUID) -> Published | None:
        """The report that a request asked for."""
        return await self._published(await self._pool.fetchrow(_BY_REQUEST, guid))

    async def by_number(self, number: str) -> Published | None:
        """The report with a document number."""
        return await self._published(await self._pool.fetchrow(_BY_NUMBER, number))

    async def proof(self, public_id: str) -> bytes | None:
        """The proof that a report and its readings are in the journal; None while the journal has no seal."""
        row = await self._pool.fetchrow(_BY_PUBLIC_ID, public_id)
        if row is None:
            return None
        content = stored_content(row["content"])
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            proof = await prove_report(
                connection,
                row["case_guid"],
                number=content.number,
                vin=content.vehicle.vin,
                registry=content.registry,
                readings=[(line.date.isoformat(), line.km, line.source.value) for line in content.readings],
            )
        return None if proof is None else proof.model_dump_json(indent=1).encode()

    async def _published(self, row: Record | None) -> Published | None:
        if row is None:
            return None
        content = stored_content(row["content"])
        newer = await self._newer(row["vehicle_id"], row["made_at"], content)
        return Published(content=content, newer=newer, public_url=self._url(content))

    async def _newer(self, vehicle_id: int, made_at: datetime, content: ReportContent) -> Newer | None:
        """A reading taken since that contradicts what the report shows last."""
        latest = await latest_reading_since(self._pool, vehicle_id, made_at)
        entries = content.timeline().entries
        if latest is None or not entries:
            return None
        day, km = latest
        last = entries[-1]
        distance = km - last.km
        fits = day < last.date or 0 <= distance <= limits.longest_distance((day - last.date).days)
        return None if fits else Newer(day, km)

    def _url(self, content: ReportContent) -> str:
        return f"{self._public_url}/vhr/{content.public_id}"
