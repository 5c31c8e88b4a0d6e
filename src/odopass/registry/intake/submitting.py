"""Take in new observations: many share one commit, each is answered after it (W7).

One statement stores a whole group: the requests, their idempotency keys, and the mark on each vehicle that it has
something to judge. Nothing is promised before it has committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import structlog

from odopass.registry import tracing
from odopass.registry.faultpoints import reached
from odopass.registry.grouping import Group
from odopass.registry.intake.requests import Conflict, Submission
from odopass.registry.metrics import STORED
from odopass.registry.store.database import OF_SINGLE_ROWS, Database, Pool
from odopass.registry.vehicles.identifying import identify

_log = structlog.get_logger(__name__)

# Keys and subjects are taken in a fixed order, so that two groups that share some cannot deadlock. A key that exists
# already keeps its request out; the statement answers those, for `_EARLIER` to look up. `do update` and not
# `do nothing` on `waiting`: the row may be about to be deleted by a worker that has not seen this request.
_STORE = """
    with input as (
        select * from unnest(
            $1::uuid[], $2::bigint[], $3::int[], $4::int[], $5::timestamptz[], $6::text[], $7::text[], $8::text[],
            $9::date[], $10::int[], $11::text[], $12::text[], $13::bytea[]
        ) with ordinality as i (
            guid, subject, account_id, software_id, received_at, identification, identifier, observation_type,
            reading_date, km, body, key, digest, n
        )
    ), named as (
        insert into idempotency (account_id, key, digest, guid)
        select account_id, key, digest, guid from input where key is not null order by account_id, key
        on conflict (account_id, key) do nothing
        returning guid
    ), stored as (
        insert into request (
            guid, subject, kind, case_guid, case_subject, account_id, software_id, received_at,
            identification, identifier, observation_type, reading_date, km, body
        )
        select
            guid, subject, 'submission', guid, subject, account_id, software_id, received_at,
            identification, identifier, observation_type, reading_date, km, body
        from input
        where key is null or guid in (select guid from named)
        returning guid
    ), marked as (
        insert into waiting (subject, requests)
        select subject, array_agg(guid order by n)
        from input join stored using (guid)
        group by subject
        order by subject
        on conflict (subject) do update set requests = waiting.requests || excluded.requests
    )
    select guid from input where key is not null and guid not in (select guid from named)
"""

_EARLIER = """
    select asked.guid, idempotency.guid, idempotency.digest
    from unnest($1::uuid[], $2::int[], $3::text[]) as asked(guid, account_id, key)
    join idempotency using (account_id, key)
"""

_ANSWERED = "select guid, digest from idempotency where account_id = $1 and key = $2"


class Submitting:
    """Stores new observations, those that arrive together in one commit.

    Args:
        pool: the database.
        largest: how many observations may share a commit.
        side_by_side: how many commits may be under way at once. More make each group smaller, and dearer per request.
    """

    def __init__(self, pool: Pool, *, largest: int = 200, side_by_side: int = 1) -> None:
        self._pool = pool
        self._group: Group[Submission, UUID | Conflict] = Group(
            self._store,
            largest=largest,
            side_by_side=side_by_side,
            split_on=OF_SINGLE_ROWS,
        )

    async def submit(self, submission: Submission) -> UUID:
        """Store an observation; when this returns, it is committed.

        Returns:
            The request's GUID: the submission's own, or the one given earlier for the same idempotency key.

        Raises:
            Conflict: the idempotency key was used for something else.
        """
        answer = await self._group(submission)
        if isinstance(answer, Conflict):
            raise answer
        return answer

    async def answered(self, account_id: int, key: str | None, digest: bytes) -> UUID | None:
        """The GUID that was given earlier for this idempotency key and body; None if there is none."""
        if key is None:
            return None
        row = await self._pool.fetchrow(_ANSWERED, account_id, key)
        return row["guid"] if row is not None and row["digest"] == digest else None

    async def drain(self) -> None:
        """Wait until everything that was handed in is stored."""
        await self._group.drain()

    async def _store(self, submissions: Sequence[Submission]) -> list[UUID | Conflict]:
        async with self._pool.acquire() as connection:
            found = await identify(connection, [submission.request for submission in submissions])
            rows = [
                (
                    submission.guid,
                    identified.subject,
                    submission.origin.account_id,
                    submission.origin.software_id,
                    submission.origin.received_at,
                    identified.identification.value,
                    identified.identifier,
                    submission.request.type.value,
                    submission.request.reading_date,
                    submission.request.km,
                    submission.body,
                    submission.origin.idempotency_key,
                    submission.digest,
                )
                for submission, identified in zip(submissions, found, strict=True)
            ]
            reached("intake: before the commit")
            with tracing.span("intake commit", requests=tracing.guids(each.guid for each in submissions)):
                repeated = await connection.fetch(_STORE, *zip(*rows, strict=True))
            reached("intake: after the commit, before the answer")
            answers: dict[UUID, UUID | Conflict] = {submission.guid: submission.guid for submission in submissions}
            if repeated:
                answers |= await _earlier_answers(connection, {row[0] for row in repeated}, submissions)
        stored = [str(guid) for guid, answer in answers.items() if answer == guid]
        STORED.labels("submission").inc(len(stored))
        _log.info("stored", requests=stored)
        return [answers[submission.guid] for submission in submissions]


async def _earlier_answers(
    connection: Database, repeated: set[UUID], submissions: Sequence[Submission]
) -> dict[UUID, UUID | Conflict]:
    """What the idempotency keys of these submissions were first used for."""
    again = {submission.guid: submission for submission in submissions if submission.guid in repeated}
    rows = await connection.fetch(
        _EARLIER,
        list(again),
        [submission.origin.account_id for submission in again.values()],
        [submission.origin.idempotency_key for submission in again.values()],
    )
    return {guid: earlier_answer(first, digest, again[guid].digest) for guid, first, digest in rows}


def earlier_answer(first: UUID, first_digest: bytes, digest: bytes) -> UUID | Conflict:
    """The answer to a repeated idempotency key: the same GUID for the same request, else a conflict."""
    if first_digest == digest:
        return first
    return Conflict(
        "Idempotency-Key", f"This key was already used for another request ({first}). Use a new key for each request."
    )
