from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from tests.integration.desk.conftest import VIN, Browser, add_employee, browsing, confirmed
from tests.registry.population import add_garage, add_vehicle
from tests.registry.running import REPORT, TODAY, Dms, Registry

from odopass.registry.journal.comparing import compare
from odopass.registry.judging.claiming import claim
from odopass.registry.review.deciding import AlreadyDecided, CannotCount, NobodyToAsk, NoVehicle, decide_case
from odopass.registry.review.readings import NoSuchReading, ReadingKey, correct_reading, withdraw_reading
from odopass.registry.review.trail import Decision

pytestmark = pytest.mark.requirement("R7")

WORDS = "The invoice for the new engine was sent by mail."


async def head_of(pool: asyncpg.Pool, case: UUID) -> UUID:
    head: UUID = await pool.fetchval("select head from observation_case where guid = $1", case)
    return head


async def decide(registry: Registry, case: UUID, kind: str, employee: int, **more: object) -> str:
    reason = {"accept": "repair_proven", "reject": "unbelievable", "send_back": "unclear"}[kind]
    head = await head_of(registry.pool, case)
    decision = Decision(kind, employee, reason, WORDS)
    return await decide_case(registry.pool, case, decision, head=head, now=registry.clock.now(), **more)  # type: ignore[arg-type]


async def journal_faults(registry: Registry) -> list[str]:
    """What journal and tables disagree on: at first what tests have put there by hand, and later no more."""
    async with registry.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        return [str(fault) async for fault in compare(connection, progress=lambda _what, _count: None)]


@pytest.fixture
async def anna(registry: Registry) -> int:
    return await add_employee(registry.pool, "anna", "reviewer")


@pytest.mark.requirement("R5")
async def test_what_is_accepted_joins_the_history_and_later_readings_are_judged_by_it(
    registry: Registry, dms: Dms, case: UUID, car: int, anna: int
) -> None:
    before = await journal_faults(registry)
    assert await decide(registry, case, "accept", anna) == "PROCESSED"
    assert (await dms.status(case)).status == "PROCESSED"
    row = await registry.pool.fetchrow(
        "select km, starts_segment, remarks from reading where case_guid = $1 and superseded_at is null", case
    )
    # A reading that is lower and accepted is the new baseline, and reports say so.
    assert tuple(row) == (50_000, True, ["001"])
    registry.clock.put(TODAY + timedelta(days=30))
    assert (await dms.submitted(vin=VIN, km=51_000)).status == "PROCESSED"
    assert (await registry.readings(car)) == [(TODAY, 50_000), (TODAY + timedelta(days=30), 51_000)]
    assert await journal_faults(registry) == before


async def test_accepted_without_a_mark_reports_do_not_tell_what_did_not_fit(
    registry: Registry, case: UUID, anna: int
) -> None:
    await decide(registry, case, "accept", anna, marked=False)
    row = await registry.pool.fetchrow("select starts_segment, remarks from reading where case_guid = $1", case)
    assert tuple(row) == (True, [])


async def test_what_is_rejected_is_an_error_that_says_who_refused_it(
    registry: Registry, dms: Dms, case: UUID, car: int, anna: int
) -> None:
    before = await journal_faults(registry)
    assert await decide(registry, case, "reject", anna) == "ERROR"
    told = await dms.status(case)
    assert (told.status, told.types) == ("ERROR", ["301"])
    assert await registry.readings(car) == []
    # An error is not the first of two: the garage may report the day anew.
    assert (await dms.submitted(vin=VIN, km=96_000)).status == "PROCESSED"
    assert await journal_faults(registry) == before


async def test_what_is_sent_back_can_be_corrected_and_not_confirmed_again(
    registry: Registry, dms: Dms, case: UUID, anna: int
) -> None:
    before = await journal_faults(registry)
    assert await decide(registry, case, "send_back", anna) == "ISSUE"
    told = await dms.status(case)
    assert (told.status, told.types) == ("ISSUE", ["001"])
    head = await head_of(registry.pool, case)
    assert (await dms.try_confirming(head)).status_code == 409
    assert (await dms.outcome(await dms.correct(head, vin=VIN, km=96_000))).status == "PROCESSED"
    assert await journal_faults(registry) == before


@pytest.mark.requirement("W15")
async def test_an_accepted_request_for_a_report_gets_its_report(
    registry: Registry, dms: Dms, car: int, anna: int
) -> None:
    assert car
    case = await confirmed(dms, kind=REPORT)
    await decide(registry, case, "accept", anna)
    assert await registry.maker.make_waiting() == 1
    assert (await dms.get(f"/api/observation/{case}/status/vhr")).status_code == 200


async def test_every_decision_is_written_down_with_what_was_before_and_after(
    registry: Registry, case: UUID, car: int, anna: int
) -> None:
    await decide(registry, case, "accept", anna)
    row = await registry.pool.fetchrow("select * from review_decision")
    assert (row["employee_id"], row["kind"], row["case_guid"], row["vehicle_id"]) == (anna, "accept", case, car)
    assert (row["reason"], row["words"], row["decided_at"]) == ("repair_proven", WORDS, registry.clock.now())
    before, after = json.loads(row["before"]), json.loads(row["after"])
    assert (before["status"], before["km"], before["findings"][0][0]) == ("REVIEWING", 50_000, "001")
    assert (after["status"], after["counts"], after["remarks"]) == ("PROCESSED", True, ["001"])
    entry = await registry.pool.fetchval("select content from journal.entry where kind = 'review.decided'")
    told = json.loads(entry)
    assert (told["employee"], told["decision"], told["case"]) == ("anna", "accept", str(case))
    assert WORDS not in entry


@pytest.mark.requirement("R5")
async def test_two_reviewers_at_the_same_moment_decide_once_and_the_second_is_told(
    registry: Registry, case: UUID, car: int, anna: int
) -> None:
    bert = await add_employee(registry.pool, "bert", "reviewer")
    for kinds in (("accept", "reject"),):
        outcomes = await asyncio.gather(
            *(decide(registry, case, kind, who) for kind, who in zip(kinds, (anna, bert), strict=True)),
            return_exceptions=True,
        )
        refused = [each for each in outcomes if isinstance(each, AlreadyDecided)]
        (done,) = [each for each in outcomes if isinstance(each, str)]
        assert len(refused) == 1
        assert refused[0].by == ("Anna" if done == "PROCESSED" else "Bert")
        assert await registry.count("review_decision") == 1
        assert len(await registry.readings(car)) == (1 if done == "PROCESSED" else 0)


@pytest.mark.requirement("R5")
async def test_a_decision_waits_for_the_worker_that_is_judging_the_vehicle(
    registry: Registry, dms: Dms, case: UUID, anna: int
) -> None:
    registry.clock.put(TODAY + timedelta(days=1))
    following = await dms.submit(vin=VIN, km=51_000)
    async with registry.pool.acquire() as connection:
        (claimed,) = await claim(connection, most=1, lease=timedelta(seconds=60))
    deciding = asyncio.create_task(decide(registry, case, "accept", anna))
    # It looks again and again, and holds nothing meanwhile.
    done, _ = await asyncio.wait([deciding], timeout=0.3)
    assert not done
    await registry.pool.execute("update waiting set lease_until = '-infinity' where subject = $1", claimed.subject)
    assert await deciding == "PROCESSED"
    # What had been claimed before the decision was written is judged anew, with the decision in the history.
    assert (await dms.outcome(following)).status == "PROCESSED"


async def test_a_decision_on_a_case_that_has_moved_on_changes_nothing(
    registry: Registry, case: UUID, anna: int
) -> None:
    decision = Decision("accept", anna, "other", WORDS)
    with pytest.raises(AlreadyDecided):
        await decide_case(registry.pool, case, decision, head=case, now=registry.clock.now())
    assert await registry.count("review_decision") == 0
    assert await registry.waiting() == 0


@pytest.mark.requirement("R3")
async def test_an_observation_of_an_unknown_vehicle_is_accepted_for_the_vehicle_that_the_employee_names(
    registry: Registry, dms: Dms, car: int, anna: int
) -> None:
    case = await confirmed(dms, vin="WVWZZZ1JZXW999999", km=96_500)
    with pytest.raises(NoVehicle):
        await decide(registry, case, "accept", anna)
    assert await decide(registry, case, "accept", anna, vehicle_id=car) == "PROCESSED"
    assert await registry.readings(car) == [(TODAY, 96_500)]
    # It is the garage's report of that day from now on.
    assert (await dms.submitted(vin=VIN, km=96_600)).types == ["150"]
    assert await registry.waiting() == 0


@pytest.mark.requirement("W13")
async def test_nobody_accepts_a_second_report_of_one_day(registry: Registry, dms: Dms, car: int, anna: int) -> None:
    case = await confirmed(dms, vin="WVWZZZ1JZXW999999", km=96_500)
    await dms.submitted(vin=VIN, km=96_400)
    with pytest.raises(CannotCount) as cannot:
        await decide(registry, case, "accept", anna, vehicle_id=car)
    assert [finding.code for finding in cannot.value.findings] == ["150"]
    assert (await dms.status(case)).status == "REVIEWING"


async def reported(dms: Dms, registry: Registry, car: int, km: int) -> tuple[UUID, ReadingKey]:
    guid = await dms.submit(vin=VIN, km=km)
    assert (await dms.outcome(guid)).status == "PROCESSED"
    row = await registry.pool.fetchrow("select reading_date, arrival from reading where case_guid = $1", guid)
    return guid, ReadingKey(car, row["reading_date"], row["arrival"])


@pytest.mark.requirement("R1")
async def test_a_reading_that_counts_is_corrected_and_its_old_value_stays(
    registry: Registry, dms: Dms, car: int, anna: int
) -> None:
    before = await journal_faults(registry)
    guid, key = await reported(dms, registry, car, 100_000)
    decision = Decision("correct", anna, "garage_asked", WORDS)
    await correct_reading(registry.pool, key, decision, day=TODAY, km=96_000, now=registry.clock.now())
    assert await registry.readings(car) == [(TODAY, 96_000)]
    old = await registry.pool.fetchrow("select km, superseded_at from reading where arrival = $1", key.arrival)
    assert tuple(old) == (100_000, registry.clock.now())
    assert (await dms.status(guid)).status == "PROCESSED"
    # Later readings are judged by the new value.
    registry.clock.put(TODAY + timedelta(days=1))
    assert (await dms.submitted(vin=VIN, km=96_100)).status == "PROCESSED"
    assert await journal_faults(registry) == before


@pytest.mark.requirement("R1")
async def test_a_reading_that_is_withdrawn_counts_no_more_and_its_garage_is_told(
    registry: Registry, dms: Dms, car: int, anna: int
) -> None:
    before = await journal_faults(registry)
    guid, key = await reported(dms, registry, car, 100_000)
    decision = Decision("withdraw", anna, "other_vehicle", WORDS)
    await withdraw_reading(registry.pool, key, decision, now=registry.clock.now())
    assert await registry.readings(car) == []
    told = await dms.status(guid)
    assert (told.status, told.types) == ("ERROR", ["302"])
    assert await registry.count("reading") == 3
    assert (await dms.submitted(vin=VIN, km=95_500)).status == "PROCESSED"
    assert await journal_faults(registry) == before


@pytest.mark.requirement("R1")
async def test_of_two_who_change_one_reading_the_second_is_told(
    registry: Registry, dms: Dms, car: int, anna: int
) -> None:
    _, key = await reported(dms, registry, car, 100_000)
    changes = [
        correct_reading(
            registry.pool, key, Decision("correct", anna, "other", WORDS), day=TODAY, km=km, now=registry.clock.now()
        )
        for km in (96_000, 97_000)
    ]
    outcomes = await asyncio.gather(*changes, return_exceptions=True)
    assert [type(each) for each in outcomes if each is not None] == [NoSuchReading]
    assert len(await registry.readings(car)) == 1


async def test_the_queue_has_the_oldest_first_and_can_be_filtered(
    registry: Registry, reviewer: Browser, dms: Dms, car: int
) -> None:
    assert car
    other = registry.dms(await add_garage(registry.pool, 7))
    first = await confirmed(dms)
    registry.clock.put(TODAY + timedelta(days=3))
    second = await confirmed(other, vin="WVWZZZ1JZXW777777", km=5)
    registry.clock.put(TODAY + timedelta(days=4))
    await reviewer.log_in("anna")

    async def shown(query: str) -> list[str]:
        page = (await reviewer.get(f"/desk/?{query}")).text
        found = [
            (page.find(f'class="case-link fw-semibold" href="/desk/cases/{guid}'), guid) for guid in (first, second)
        ]
        return [str(guid) for place, guid in sorted(found) if place >= 0]

    both = [str(first), str(second)]
    assert await shown("") == both
    assert await shown("garage=garage+7") == both[1:]
    assert await shown("issue=001") == both[:1]
    assert await shown("issue=101") == both[1:]
    assert await shown("days=2") == both[:1]
    assert await shown(f"text={VIN[-8:].lower()}") == both[:1]
    assert await shown(f"text={second}") == both[1:]
    assert await shown("text=nobody") == []
    assert await shown("days=x&number=x") == both


async def test_three_hundred_cases_are_paged(registry: Registry, reviewer: Browser) -> None:
    garage = await add_garage(registry.pool, 9)
    await registry.pool.execute(
        """
        with made as (select gen_random_uuid() as guid, n from generate_series(1, 300) as n),
        asked as (
            insert into request (guid, subject, kind, case_guid, case_subject, account_id, received_at,
                identification, identifier, observation_type, reading_date, km)
            select guid, -1, 'submission', guid, -1, $1, now(), 'vin_unknown', 'VIN' || n,
                'REPAIR_MAINTENANCE_SERVICE', $2, n from made
        )
        insert into observation_case (guid, subject, account_id, observation_type, reading_date, km, status, head,
            standing, findings, settled_at)
        select guid, -1, $1, 'REPAIR_MAINTENANCE_SERVICE', $2, n, 'REVIEWING', guid, guid, '[]',
            $3::timestamptz - n * interval '1 minute' from made
        """,
        garage.account_id,
        TODAY,
        registry.clock.now(),
    )
    page = await reviewer.get("/desk/")
    assert "Cases: 300" in page.text
    assert "Page 1 of 12" in page.text
    assert page.text.count('class="case-link') == 25
    assert ">VIN300<" in page.text
    last = await reviewer.get("/desk/?number=12")
    assert ">VIN1<" in last.text


async def test_a_reviewer_decides_and_the_next_case_opens(
    registry: Registry, reviewer: Browser, dms: Dms, case: UUID
) -> None:
    registry.clock.moment += timedelta(minutes=5)
    await add_vehicle(registry.pool, "WVWZZZ1JZXW000009")
    second = await confirmed(dms, vin="WVWZZZ1JZXW000009", km=1_500_000)
    page = await reviewer.get(f"/desk/cases/{case}")
    assert "Lower than an earlier reading" in page.text
    assert "50,000" in page.text
    assert "<svg" in page.text
    for missing in (
        {},
        {"kind": "reject"},
        {"kind": "reject", "reason": "repair_proven", "words": WORDS},
        {"kind": "reject", "reason": "fraud", "words": ""},
    ):
        answer = await reviewer.send(f"/desk/cases/{case}", f"/desk/cases/{case}/decide", **missing)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    following = await reviewer.send(
        f"/desk/cases/{case}", f"/desk/cases/{case}/decide", kind="reject", reason="fraud", words=WORDS
    )
    assert following.url.path == f"/desk/cases/{second}"
    assert "Rejected: the garage is told." in following.text
    end = await reviewer.send(
        f"/desk/cases/{second}", f"/desk/cases/{second}/decide", kind="send_back", reason="unclear", words=WORDS
    )
    assert end.url.path == "/desk/"
    assert "Nothing waits for review." in end.text


async def test_a_case_that_a_colleague_has_open_says_so_until_it_is_taken_over(
    registry: Registry, reviewer: Browser, case: UUID
) -> None:
    await add_employee(registry.pool, "bert", "reviewer")
    mine = await reviewer.get(f"/desk/cases/{case}")
    async with browsing(registry) as bert:
        await bert.log_in("bert")
        assert "Anna is looking at it" in (await bert.get("/desk/")).text
        page = await bert.get(f"/desk/cases/{case}")
        assert "Anna is looking at this case since" in page.text
        assert "/decide" not in page.text
        fields = {"kind": "reject", "reason": "fraud", "words": WORDS, "head": str(await head_of(registry.pool, case))}
        csrf = bert.hidden(page, f"/desk/cases/{case}/take")
        forced = await bert.post(f"/desk/cases/{case}/decide", csrf | fields)
        assert forced.status_code == 409
        taken = await bert.send(f"/desk/cases/{case}", f"/desk/cases/{case}/take")
        assert "/decide" in taken.text
        done = await bert.post(f"/desk/cases/{case}/decide", csrf | fields)
        assert "Rejected" in done.text
    told = await reviewer.post(
        f"/desk/cases/{case}/decide",
        reviewer.hidden(mine, f"/desk/cases/{case}/decide") | {**fields, "words": "My own words"},
    )
    assert told.status_code == 409
    assert "Bert was faster" in told.text
    assert "My own words" in told.text


async def test_a_case_that_was_left_open_goes_back_to_everybody(
    registry: Registry, reviewer: Browser, case: UUID
) -> None:
    await add_employee(registry.pool, "bert", "reviewer")
    await reviewer.get(f"/desk/cases/{case}")
    registry.clock.moment += timedelta(minutes=11)
    async with browsing(registry) as bert:
        await bert.log_in("bert")
        assert "/decide" in (await bert.get(f"/desk/cases/{case}")).text


async def test_whoever_opens_a_case_is_written_down_as_having_seen_the_history(
    registry: Registry, reviewer: Browser, case: UUID, car: int
) -> None:
    await reviewer.get(f"/desk/cases/{case}")
    row = await registry.pool.fetchrow("select vehicle_id, case_guid, reason, looked_at from history_access")
    assert tuple(row) == (car, case, "case", registry.clock.now())


async def test_any_guid_of_a_case_leads_to_it_and_others_to_a_page_that_says_so(
    registry: Registry, reviewer: Browser, case: UUID
) -> None:
    head = await head_of(registry.pool, case)
    assert (await reviewer.get(f"/desk/cases/{head}")).url.path == f"/desk/cases/{case}"
    for nothing in ("00000000-0000-0000-0000-000000000000", "nothing"):
        assert (await reviewer.get(f"/desk/cases/{nothing}")).status_code == 404


async def test_an_auditor_sees_and_does_not_decide(registry: Registry, browser: Browser, case: UUID) -> None:
    await add_employee(registry.pool, "otto", "auditor")
    await browser.log_in("otto")
    page = await browser.get(f"/desk/cases/{case}")
    assert page.status_code == 200
    assert "/decide" not in page.text
    assert await registry.count("review_claim") == 0
    csrf = browser.hidden(page, "/desk/logout")
    assert (await browser.post(f"/desk/cases/{case}/decide", csrf | {"kind": "accept"})).status_code == 403


@pytest.mark.requirement("R1")
@pytest.mark.parametrize("table", ["review_decision", "history_access", "administration_log"])
@pytest.mark.parametrize("change", ["delete from {}", "update {} set employee_id = 0", "truncate {}"])
async def test_what_was_written_down_cannot_be_changed(pool: asyncpg.Pool, table: str, change: str) -> None:
    with pytest.raises(asyncpg.RaiseError, match="only ever added to"):
        await pool.execute(change.format(table))


@pytest.mark.requirement("R2")
async def test_a_reading_that_came_in_a_file_is_accepted_or_rejected_and_cannot_be_sent_back(
    registry: Registry, dms: Dms, car: int, anna: int
) -> None:
    guid = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(guid)
    # As it stands when a file brought it and its source is a person: nobody has confirmed it, an employee decides.
    await registry.pool.execute("update request set delivery_id = 1, line = 2")
    await registry.pool.execute("update observation_case set status = 'REVIEWING'")
    with pytest.raises(NobodyToAsk):
        await decide(registry, guid, "send_back", anna)
    assert await decide(registry, guid, "accept", anna) == "PROCESSED"
    assert await registry.readings(car) == [(TODAY, 50_000)]
