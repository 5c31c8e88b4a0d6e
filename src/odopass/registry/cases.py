"""What a garage is told about its requests (W8): many questions in one query."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from asyncpg import Record

from odopass.domain.finding import Finding
from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.registry.grouping import Group
from odopass.registry.store.database import Pool

_STATES = """
    select asked.guid, request.account_id, request.case_guid, c.status, c.findings, c.head, c.observation_type,
        report.version as report_version
    from unnest($1::uuid[]) as asked(guid)
    join request using (guid)
    left join observation_case c on c.guid = request.case_guid and c.subject = request.case_subject
    left join report on report.case_guid = c.guid and c.observation_type = 'VEHICLE_HISTORY_DOCUMENT'
"""

_FIRST_TYPE = "select observation_type from request where guid = $1"

#: States in which the garage has nothing to do, so that it is shown no issue, however the case came there.
_QUIET = frozenset({Status.ONGOING, Status.PROCESSED, Status.REVIEWING})


@dataclass(frozen=True, slots=True)
class CaseState:
    """The present state of the case that a request belongs to.

    Attributes:
        account_id: the garage that sent it.
        case_guid: the submission that opened the case.
        status: what the garage is told.
        findings: the issues that need the garage's attention, or the reasons of an ERROR.
        head: the newest request of the case; None until it is judged for the first time.
        observation_type: of the observation that stands; None until it is judged for the first time.
    """

    account_id: int
    case_guid: UUID
    status: Status
    findings: tuple[Finding, ...]
    head: UUID | None
    observation_type: ObservationType | None


class Cases:
    """Looks up the state of cases."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._group: Group[UUID, CaseState | None] = Group(self._look_up, largest=200)

    async def state(self, guid: UUID, account_id: int) -> CaseState | None:
        """The state of the case of this request; None if this garage has sent no such request."""
        state = await self._group(guid)
        return state if state is not None and state.account_id == account_id else None

    async def first_type(self, state: CaseState) -> ObservationType:
        """The type that the case began with, judged or not."""
        return ObservationType(await self._pool.fetchval(_FIRST_TYPE, state.case_guid))

    async def _look_up(self, guids: Sequence[UUID]) -> list[CaseState | None]:
        rows = await self._pool.fetch(_STATES, list(set(guids)))
        found = {row["guid"]: _state(row) for row in rows}
        return [found.get(guid) for guid in guids]


def _state(row: Record) -> CaseState:
    status = Status(row["status"] or Status.ONGOING)
    if status is Status.PROCESSED and row["report_version"] == 0:
        # The observation counts already, but the garage waits for its report (W16).
        status = Status.ONGOING
    stored = () if status in _QUIET else json.loads(row["findings"])
    kind = row["observation_type"]
    return CaseState(
        account_id=row["account_id"],
        case_guid=row["case_guid"],
        status=status,
        findings=tuple(Finding.from_json(each) for each in stored),
        head=row["head"],
        observation_type=None if kind is None else ObservationType(kind),
    )
