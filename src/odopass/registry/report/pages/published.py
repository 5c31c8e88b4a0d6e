"""What the public pages ask for, and get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from odopass.registry.report.content import ReportContent
from odopass.registry.report.view import Newer


@dataclass(frozen=True, slots=True)
class Published:
    """A report as the public pages show it.

    Attributes:
        content: what it says.
        newer: a reading taken since that contradicts it, if there is one.
        public_url: the address of its public page.
    """

    content: ReportContent
    newer: Newer | None
    public_url: str


class Lookup(Protocol):
    """Finds reports that stand; None where there is none."""

    async def by_public_id(self, public_id: str) -> Published | None:
        """The report at a public address; `public_id` holds letters, digits, "-" and "_" only."""
        ...

    async def by_request(self, guid: UUID) -> Published | None:
        """The report that a request asked for."""
        ...

    async def proof(self, public_id: str) -> bytes | None:
        """The proof, as JSON, that the report and its readings are in the journal; None while nothing was sealed."""
        ...

    async def by_number(self, number: str) -> Published | None:
        """The report with a document number; `number` has 12 digits that agree with their check."""
        ...
