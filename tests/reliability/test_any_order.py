from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from datetime import date, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.registry.population import add_garage, add_plate, add_vehicle
from tests.registry.running import REPAIR, REPLACED, REPORT, ROADSIDE, TODAY, Dms, Registry, running_registry
from tests.reliability.verdict import tell

Result = TypeVar("Result")

VINS = ["ANYORDER000000001", "ANYORDER000000002", "TRUCK000000000003", "NOBODYKNOWSTHIS01"]
NAMED = [*({"vin": vin} for vin in VINS), {"licensePlate": "ANY1"}]
DAYS = [TODAY + timedelta(days=days) for days in (0, 0, -1, -200, -500, 1)]
READINGS = [0, 90_000, 90_500, 100_000, 300_000, 1_000_000]


class Loop:
    """An event loop in a thread of its own, for tests that are not coroutines."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()

    def run(self, main: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(main, self._loop).result(60)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


async def empty(registry: Registry) -> list[Dms]:
    """Forget everything but the vehicles; two garages."""
    await registry.pool.execute(
        """
        truncate account, account_code, request_limit, client_software, request, idempotency, observation_case, reading,
            waiting, vehicle, plate;
        insert into request_limit (name, rate, burst) values ('requests', 1e6, 1000000);
        """
    )
    for vin in VINS[:2]:
        await add_vehicle(registry.pool, vin)
    await add_vehicle(registry.pool, VINS[2], category="N3", max_mass_kg=18_000)
    first = await registry.pool.fetchval("select id from vehicle where vin = $1", VINS[0])
    await add_plate(registry.pool, "ANY1", first)
    # New accounts get new numbers, so that nobody is remembered from the run before.
    return [registry.dms(await add_garage(registry.pool, next(_garages))) for _ in range(2)]


_garages = iter(range(1, 10**6))

# What holds whatever was done, in whatever order.
_INVARIANTS = {
    "a case has one outcome": "select count(*) - count(distinct guid) from observation_case",
    "a case has at most one reading that counts": """
        select count(*) from (
            select 1 from reading where superseded_at is null group by case_guid having count(*) > 1
        ) as doubled
    """,
    "only what was processed counts": """
        select count(*) from reading r left join observation_case c on c.guid = r.case_guid
        where c.status is distinct from 'PROCESSED' and r.superseded_at is null
    """,
    "what counts is what stands": """
        select count(*) from reading r join observation_case c on c.guid = r.case_guid
        where (r.vehicle_id, r.reading_date, r.km) is distinct from (c.vehicle_id, c.reading_date, c.km)
    """,
    "what was processed counts, save the repeated reading of a report": """
        select count(*) from observation_case c
        where c.status = 'PROCESSED'
            and not exists (select from reading r where r.case_guid = c.guid)
            and not exists (
                select from reading r
                where (r.vehicle_id, r.reading_date, r.km, r.account_id)
                    = (c.vehicle_id, c.reading_date, c.km, c.account_id)
            )
    """,
    "one garage has one ordinary reading of a vehicle and day that counts": """
        select count(*) from (
            select 1 from reading where superseded_at is null and observation_type <> 'ODOMETER_REPLACED'
            group by vehicle_id, reading_date, account_id having count(*) > 1
        ) as doubled
    """,
    "the head of a case is its newest request": """
        select count(*) from observation_case c
        where c.head <> (
            select r.guid from request r where r.case_guid = c.guid
            order by r.received_at desc limit 1
        )
    """,
    "what is under way waits, and nothing else does": """
        select count(*) from (
            select r.guid from request r
            left join observation_case c on c.guid = r.case_guid
            where c.guid is null or (c.status = 'ONGOING' and c.head = r.guid)
        ) as under_way
        full join (select unnest(requests) as guid from waiting) as waits using (guid)
        where under_way.guid is null or waits.guid is null
    """,
}


readings = st.tuples(st.sampled_from(DAYS), st.sampled_from(READINGS))


class AnyOrder(RuleBasedStateMachine):
    """What garages and a worker may do, in any order."""

    loop: ClassVar[Loop]
    registry: ClassVar[Registry]
    counted: ClassVar[Counter[str]]
    sent = Bundle("sent")

    def __init__(self) -> None:
        super().__init__()
        self.registry.clock.put(TODAY)
        self.garages = self.loop.run(empty(self.registry))
        self.grown: dict[str, set[str]] = {"request": set(), "reading": set()}
        self.guids: dict[UUID, Dms] = {}
        self.waits = False

    async def _newest(self, guid: UUID) -> UUID:
        found = await self.registry.pool.fetchval("select head from observation_case where $1 in (guid, head)", guid)
        return found or guid

    def _does(self, what: str, main: Coroutine[Any, Any, Result]) -> Result:
        self.counted[what] += 1
        # Each deed has its own moment, so that the newest request of a case can be told.
        self.registry.clock.moment += timedelta(milliseconds=1)
        return self.loop.run(main)

    @rule(
        target=sent,
        garage=st.integers(0, 1),
        named=st.sampled_from(NAMED),
        reading=readings,
        kind=st.sampled_from([REPAIR, REPAIR, ROADSIDE, REPLACED, REPORT]),
    )
    def submit(self, garage: int, named: dict[str, str], reading: tuple[date, int], kind: str) -> UUID:
        dms = self.garages[garage]
        if kind == REPORT:
            named, reading = {"vin": VINS[0]}, (self.registry.clock.today, reading[1])
        guid = self._does("submit", dms.submit(**named, day=reading[0], km=reading[1], kind=kind))
        self.guids[guid] = dms
        self.waits = True
        return guid

    @rule(
        target=sent,
        guid=sent,
        named=st.sampled_from(NAMED),
        reading=readings,
        kind=st.sampled_from([None, None, REPLACED]),
    )
    def correct(self, guid: UUID, named: dict[str, str], reading: tuple[date, int], kind: str | None) -> UUID:
        guid = self.loop.run(self._newest(guid))

        async def main() -> httpx.Response:
            first = await self.registry.pool.fetchrow(
                "select observation_type, reading_date from request "
                "where guid = (select case_guid from request where guid = $1)",
                guid,
            )
            assert first is not None
            wanted = kind or first["observation_type"]
            day, where = (first["reading_date"], {"vin": VINS[1]}) if wanted == REPORT else (reading[0], named)
            return await self.guids[guid].try_correcting(guid, **where, day=day, km=reading[1], kind=wanted)

        return self._followed(guid, "correct", main())

    @rule(target=sent, guid=sent, newest=st.booleans())
    def confirm(self, guid: UUID, newest: bool) -> UUID:
        guid = self.loop.run(self._newest(guid)) if newest else guid
        return self._followed(guid, "confirm", self.guids[guid].try_confirming(guid))

    def _followed(self, guid: UUID, what: str, main: Coroutine[Any, Any, httpx.Response]) -> UUID:
        answer = self._does(what, main)
        self.counted[f"{what} {answer.status_code}"] += 1
        assert answer.status_code in {200, 409}, answer.text
        if answer.status_code == 409:
            return guid
        follower = UUID(answer.json()["requestGuid"])
        self.guids[follower] = self.guids[guid]
        self.waits = True
        return follower

    @rule()
    @precondition(lambda self: self.waits)
    def judge(self) -> None:
        self._does("judge", self.registry.worker.judge_batch())
        self._does("make reports", self.registry.maker.make_waiting())
        self.waits = False

    @rule(hours=st.integers(1, 20))
    def time_passes(self, hours: int) -> None:
        self.registry.clock.moment += timedelta(hours=hours)

    @invariant()
    def nothing_is_overwritten(self) -> None:
        for table, before in self.grown.items():
            rows = self.loop.run(self.registry.pool.fetch(f"select t::text from {table} t"))
            now = {row[0] for row in rows}
            assert before <= now, f"rows of {table} were changed: {before - now}"
            self.grown[table] = now

    @invariant()
    def the_tables_agree(self) -> None:
        for what, query in _INVARIANTS.items():
            assert self.loop.run(self.registry.pool.fetchval(query)) == 0, what

    @invariant()
    def the_api_says_what_the_database_says(self) -> None:
        self.loop.run(self._compare())

    async def _compare(self) -> None:
        rows = await self.registry.pool.fetch(
            "select r.guid, coalesce(c.status, 'ONGOING') as status from request r "
            "left join observation_case c on c.guid = r.case_guid"
        )
        assert {row["guid"] for row in rows} == set(self.guids)
        told = await asyncio.gather(*(self.guids[row["guid"]].status(row["guid"]) for row in rows))
        for row, each in zip(rows, told, strict=True):
            assert each.status == row["status"]
            assert bool(each.issues) is (each.status in {"ISSUE", "ERROR"})


@pytest.mark.requirement("R1", "R5", "W8", "W9", "W10", "W13")
def test_in_any_order_of_deeds_history_only_grows_and_every_case_has_one_outcome(
    loop: Loop, database_url: str, long_form: bool
) -> None:
    stack = AsyncExitStack()
    registry = loop.run(stack.enter_async_context(running_registry(database_url)))
    counted: Counter[str] = Counter()
    try:
        run_state_machine_as_test(
            type("AnyOrderHere", (AnyOrder,), {"loop": loop, "registry": registry, "counted": counted}),
            settings=settings(
                max_examples=1_000 if long_form else 35,
                stateful_step_count=40,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                print_blob=True,
            ),
        )
    finally:
        loop.run(stack.aclose())
    tell(
        promise=10,
        seed=None,
        attempted=counted.total(),
        acknowledged=counted,
        lost=0,
        unexpected=0,
        duplicated=0,
        recovered=0,
    )
    # Enough has gone through, and enough was refused, to have shown something.
    assert counted.keys() >= {"submit", "judge", "correct 200", "correct 409", "confirm 200", "confirm 409"}
