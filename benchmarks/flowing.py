"""From submission to outcome, with garages that ask for it: how many a second, and how long each takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks import wrk
from benchmarks.children import child
from benchmarks.databases import Databases
from benchmarks.spread import percentile

#: How the work is spread over processes.
TOGETHER, APART = "one process that takes in and judges", "one process that takes in, one that judges"
LAYOUTS = {TOGETHER: ("both",), APART: ("serve", "work")}

#: Connections to the service; the garages share them.
CONNECTIONS = 64
#: How long a garage waits after an answer before it asks for the status. Real ones wait longer.
PAUSE_MS = 250
#: p99 from acceptance to outcome that must not be exceeded, in seconds.
MOST_SECONDS = 1.0

_STEPS = (256, 384, 512, 640, 768, 1_024, 1_280, 1_536, 2_048, 3_072)
_STEP_SECONDS = 8.0
_PATIENCE_SECONDS = 60.0

# Of the requests that arrived from $1 on.
_OUTCOMES = """
    select
        count(*) as stored,
        count(c.guid) as settled,
        count(*) filter (where c.status = 'PROCESSED') as processed,
        count(distinct request.guid) as guids,
        percentile_cont(array[0.5, 0.99]) within group (
            order by extract(epoch from c.settled_at - request.received_at)::float8
        ) as seconds,
        max(extract(epoch from c.settled_at - request.received_at))::float8 as longest
    from request
    left join observation_case c on c.guid = request.guid and c.subject = request.subject
    where request.received_at >= $1
"""
_READINGS = "select count(*) from reading where recorded_at >= $1 and superseded_at is null"


@dataclass(frozen=True, slots=True)
class Flow:
    """What one run came to.

    Attributes:
        garages: that submitted and asked side by side.
        seconds: how long they did.
        per_second: cases that came to their outcome within the run, a second.
        requests_per_second: answers of any kind.
        accepted: submissions that were answered with a GUID.
        stored: requests in the database afterwards.
        processed: of these, cases that ended PROCESSED, with a reading in the history.
        lost: accepted but without a case, or cases without a reading.
        errors: answers that were none or not what they should be.
        p50_s: from acceptance to outcome by the database's record.
        p99_s: likewise.
        longest_s: likewise.
        told_p50_s: from the answer to the submission until a poll told the outcome; the pause is in it.
        told_p99_s: likewise.
        post_p50_s: from submission to its answer.
        post_p99_s: likewise.
    """

    garages: int
    seconds: float
    per_second: float
    requests_per_second: float
    accepted: int
    stored: int
    processed: int
    lost: int
    errors: int
    p50_s: float
    p99_s: float
    longest_s: float
    told_p50_s: float
    told_p99_s: float
    post_p50_s: float
    post_p99_s: float


@contextmanager
def started(databases: Databases, layout: str, *, template: str, logs: Path) -> Iterator[Garages]:
    """A registry in one layout, on a database of its own."""
    name = f"bench_flow_{len(LAYOUTS[layout])}"
    url = databases.copy(name, template)
    with ExitStack() as stack:
        addresses = [
            stack.enter_context(child("benchmarks.registry_process", [part, url], logs / f"{name}_{part}.log"))
            for part in LAYOUTS[layout]
        ]
        wrk.log_in(addresses[0])
        yield Garages(addresses[0], url)
    databases.drop(name)


class Garages:
    """Runs against one registry, one after another."""

    def __init__(self, address: str, database_url: str) -> None:
        self._address = address
        self._database_url = database_url
        self._first = 0

    def run(self, garages: int, seconds: float) -> Flow:
        """Let so many garages work, wait until everything is settled, and count.

        Raises:
            RuntimeError: a request was answered otherwise than it should be.
        """
        began = asyncio.run(_now(self._database_url))
        found = wrk.play_garages(
            self._address,
            garages=garages,
            connections=CONNECTIONS,
            pause_ms=PAUSE_MS,
            seconds=seconds,
            first=self._first,
        )
        self._first += found["sent"] + CONNECTIONS
        row, readings = asyncio.run(_outcomes(self._database_url, began))
        if found["failed"]:
            raise RuntimeError(f"{found['failed']} requests failed, the first with {found['first_failure']}")
        return _flow(garages, found, row, readings)

    def highest(self, tell: Callable[[str], None]) -> int:
        """The most garages, of the steps tried, that keep the database's p99 and the polls' under the limit."""
        best = _STEPS[0]
        self.run(best, 3.0)  # lets the processes warm up
        for garages in _STEPS:
            # Twice if need be: a step that something else on the machine disturbed is not the end.
            if not any(self._in_time(garages, tell) for _ in range(2)):
                break
            best = garages
        return best

    def _in_time(self, garages: int, tell: Callable[[str], None]) -> bool:
        flow = self.run(garages, _STEP_SECONDS)
        tell(f"{garages} garages: {flow.per_second:,.0f}/s, p99 {flow.p99_s:.2f} s, told {flow.told_p99_s:.2f} s")
        return max(flow.p99_s, flow.told_p99_s) < MOST_SECONDS


def _flow(garages: int, found: dict[str, Any], row: asyncpg.Record, readings: int) -> Flow:
    p50, p99 = row["seconds"] or (0.0, 0.0)
    without_case = max(0, found["accepted"] - row["settled"])
    without_reading = row["processed"] - readings
    return Flow(
        garages=garages,
        seconds=found["seconds"],
        per_second=found["settled"] / found["seconds"],
        requests_per_second=(found["accepted"] + found["polls"]) / found["seconds"],
        accepted=found["accepted"],
        stored=row["stored"],
        processed=row["processed"],
        lost=without_case + abs(without_reading) + (row["stored"] - row["settled"]),
        errors=found["errors"] + found["failed"],
        p50_s=p50,
        p99_s=p99,
        longest_s=row["longest"] or 0.0,
        told_p50_s=percentile(found["outcome_ms"], 0.5) / 1e3,
        told_p99_s=percentile(found["outcome_ms"], 0.99) / 1e3,
        post_p50_s=percentile(found["post_ms"], 0.5) / 1e3,
        post_p99_s=percentile(found["post_ms"], 0.99) / 1e3,
    )


async def _now(url: str) -> datetime:
    connection = await asyncpg.connect(url)
    try:
        now: datetime = await connection.fetchval("select clock_timestamp()")
        return now
    finally:
        await connection.close()


async def _outcomes(url: str, began: datetime) -> tuple[asyncpg.Record, int]:
    """Count once all that was stored is settled, what was under way at the end included; or when patience ends."""
    connection = await asyncpg.connect(url)
    try:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        row = None
        while row is None or (row["stored"] > row["settled"] and time.monotonic() < deadline):
            await asyncio.sleep(0.5)
            row = await connection.fetchrow(_OUTCOMES, began)
            if row is None:
                raise RuntimeError("an aggregate without a row")
        return row, int(await connection.fetchval(_READINGS, began))
    finally:
        await connection.close()
