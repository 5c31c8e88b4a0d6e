from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import asyncpg
import pytest

from odopass.domain.history import SourceKind
from odopass.registry.report.claims import ask_again, ask_for_reports, claim_reports
from odopass.registry.report.content import Recall, ReportContent, SourceLine, SourceState, stored_content
from odopass.registry.report.histories import join_foreign_readings
from odopass.registry.report.making import ReportMaker
from odopass.registry.report.numbers import is_number
from odopass.registry.report.published import Reports
from odopass.registry.report.sources import Enquiry, ForeignReading, Question

requirement = pytest.mark.requirement

NOON = datetime(2026, 3, 5, 11, 0, tzinfo=UTC)
VIN = "WVWTEST01CB000001"


@dataclass
class OwnClock:
    moment: datetime = NOON

    def now(self) -> datetime:
        return self.moment


@dataclass
class Asked:
    """Stands where the outside sources are; their own tests play them over real sockets."""

    answer: Enquiry = field(default_factory=Enquiry)
    questions: list[Question] = field(default_factory=list)

    async def __call__(self, question: Question) -> Enquiry:
        self.questions.append(question)
        return self.answer


FROM_ABROAD = Enquiry(
    vehicle={"euro_standard": "6d", "fuel": "diesel"},
    recalls=(Recall("23V1"),),
    accident_inspection_due=False,
    readings=(ForeignReading(date(2023, 6, 1), 80_000, "NL", None, "rdw"),),
    lines=(SourceLine("rdw", "foreign_registry", SourceState.ANSWERED),),
)
SILENT = Enquiry(lines=(SourceLine("rdw", "foreign_registry", SourceState.UNAVAILABLE),))


async def vehicle_with_readings(pool: asyncpg.Pool) -> int:
    vehicle_id: int = await pool.fetchval(
        "insert into vehicle (vin, make, first_use) values ($1, 'Volkswagen', '2019-05-01') returning id", VIN
    )
    await pool.executemany(
        "insert into reading (vehicle_id, reading_date, km, source, observation_type, recorded_at) "
        "values ($1, $2, $3, 'garage', 'REPAIR_MAINTENANCE_SERVICE', $2::date::timestamptz)",
        [(vehicle_id, date(2022, 5, 1), 60_000), (vehicle_id, date(2025, 5, 1), 120_000)],
    )
    return vehicle_id


async def asked_for(pool: asyncpg.Pool, vehicle_id: int) -> UUID:
    case = uuid4()
    async with pool.acquire() as connection:
        await ask_for_reports(connection, [(case, vehicle_id, 1, NOON)])
    return case


def maker(pool: asyncpg.Pool, clock: OwnClock, asked: Asked) -> ReportMaker:
    return ReportMaker(pool, clock, asked, "Odometer registry (test)")


async def content_of(pool: asyncpg.Pool, case: UUID) -> ReportContent:
    return stored_content(await pool.fetchval("select content from report where case_guid = $1", case))


@requirement("W16", "R11")
async def test_a_report_holds_the_vehicle_its_readings_and_what_the_sources_told(pool: asyncpg.Pool) -> None:
    case = await asked_for(pool, await vehicle_with_readings(pool))
    asked = Asked(FROM_ABROAD)
    assert await maker(pool, OwnClock(), asked).make_waiting() == 1
    content = await content_of(pool, case)
    assert [question.vin for question in asked.questions] == [VIN]
    assert is_number(content.number)
    assert (content.vehicle.make, content.vehicle.euro_standard) == ("Volkswagen", "6d")
    assert [(line.km, line.source) for line in content.readings] == [
        (60_000, SourceKind.GARAGE),
        (80_000, SourceKind.FOREIGN),
        (120_000, SourceKind.GARAGE),
    ]
    assert (content.day, content.valid_until) == (date(2026, 3, 5), date(2026, 5, 5))
    assert content.recalls == (Recall("23V1"),)


@requirement("W16")
async def test_readings_from_abroad_join_the_history_once_however_often_they_are_told(pool: asyncpg.Pool) -> None:
    vehicle_id = await vehicle_with_readings(pool)
    for _ in range(3):
        await asked_for(pool, vehicle_id)
    await maker(pool, OwnClock(), Asked(FROM_ABROAD)).make_waiting()
    assert await pool.fetchval("select count(*) from reading where source = 'foreign'") == 1


@requirement("W16")
async def test_no_transaction_is_open_while_the_sources_are_asked(pool: asyncpg.Pool) -> None:
    case = await asked_for(pool, await vehicle_with_readings(pool))
    open_ones: list[int] = []

    async def ask(_: Question) -> Enquiry:
        open_ones.append(
            await pool.fetchval(
                "select count(*) from pg_stat_activity where datname = current_database() "
                "and xact_start is not null and pid <> pg_backend_pid() and backend_type = 'client backend'"
            )
        )
        return Enquiry()

    await ReportMaker(pool, OwnClock(), ask, "Test").make_waiting()
    assert open_ones == [0]
    assert (await content_of(pool, case)).readings


@requirement("W16")
async def test_a_report_is_made_though_no_source_answers_and_names_them(pool: asyncpg.Pool) -> None:
    case = await asked_for(pool, await vehicle_with_readings(pool))
    await maker(pool, OwnClock(), Asked(SILENT)).make_waiting()
    content = await content_of(pool, case)
    assert [source.state for source in content.sources] == [SourceState.UNAVAILABLE]
    assert content.recalls is None


@requirement("W16")
async def test_what_a_dead_maker_had_claimed_is_made_by_another_once(pool: asyncpg.Pool) -> None:
    case = await asked_for(pool, await vehicle_with_readings(pool))
    (dead,) = await claim_reports(pool, most=10, lease=timedelta(seconds=-1))
    assert await maker(pool, OwnClock(), Asked(FROM_ABROAD)).make_waiting() == 1
    row = await pool.fetchrow("select version, to_make, token from report where case_guid = $1", case)
    assert (row["version"], row["to_make"]) == (1, False)
    assert row["token"] > dead.token


@requirement("W16")
async def test_a_maker_that_woke_after_its_lease_writes_nothing(pool: asyncpg.Pool) -> None:
    case = await asked_for(pool, await vehicle_with_readings(pool))
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def frozen(_: Question) -> Enquiry:
        asked.set()
        await go_on.wait()
        return FROM_ABROAD

    late = asyncio.create_task(ReportMaker(pool, OwnClock(), frozen, "Late").make_waiting())
    await asked.wait()
    await pool.execute("update report set lease_until = '-infinity'")
    await maker(pool, OwnClock(), Asked(SILENT)).make_waiting()
    go_on.set()
    await late
    assert (await content_of(pool, case)).registry == "Odometer registry (test)"
    assert await pool.fetchval("select version from report where case_guid = $1", case) == 1


@requirement("W16")
async def test_a_report_is_made_again_when_its_source_is_back_and_keeps_its_number(pool: asyncpg.Pool) -> None:
    case = await asked_for(pool, await vehicle_with_readings(pool))
    clock = OwnClock()
    await maker(pool, clock, Asked(SILENT)).make_waiting()
    first = await content_of(pool, case)
    clock.moment += timedelta(minutes=5)
    await ask_again(pool, case, now=clock.moment, not_since=clock.moment - timedelta(seconds=60))
    await maker(pool, clock, Asked(FROM_ABROAD)).make_waiting()
    second = await content_of(pool, case)
    assert (second.number, second.public_id, second.day) == (first.number, first.public_id, first.day)
    assert (len(first.readings), len(second.readings)) == (2, 3)


@requirement("W11")
async def test_a_document_is_made_once_for_each_language_and_is_the_same_ever_after(pool: asyncpg.Pool) -> None:
    case = await asked_for(pool, await vehicle_with_readings(pool))
    made: list[str] = []

    async def produce(content: ReportContent, language: str, public_url: str) -> bytes:
        made.append(language)
        return f"{content.number} {language} {public_url} {len(made)}".encode()

    clock = OwnClock()
    reports = Reports(pool, clock, public_url="https://registry.example", produce=produce)
    assert await reports.document(case, "nl") is None
    await maker(pool, clock, Asked(FROM_ABROAD)).make_waiting()
    first = await reports.document(case, "nl")
    assert first is not None
    assert first.public_url == f"https://registry.example/vhr/{(await content_of(pool, case)).public_id}"
    assert await reports.document(case, "nl") == first
    await reports.document(case, "fr")
    assert made == ["nl", "fr"]


@requirement("R10")
async def test_the_public_page_is_told_of_a_newer_reading_that_contradicts_the_report(pool: asyncpg.Pool) -> None:
    vehicle_id = await vehicle_with_readings(pool)
    await asked_for(pool, vehicle_id)
    clock = OwnClock()
    await maker(pool, clock, Asked(FROM_ABROAD)).make_waiting()
    number = await pool.fetchval("select number from report")

    async def produce(*_: object) -> bytes:
        return b""

    reports = Reports(pool, clock, public_url="https://registry.example", produce=produce)

    async def newer_than_the_report(km: int, day: date) -> object:
        await pool.execute(
            "insert into reading (vehicle_id, reading_date, km, source, observation_type, recorded_at) "
            "values ($1, $2, $3, 'garage', 'REPAIR_MAINTENANCE_SERVICE', $4)",
            vehicle_id,
            day,
            km,
            NOON + timedelta(days=1),
        )
        published = await reports.by_number(number)
        assert published is not None
        return published.newer and published.newer.km

    assert await newer_than_the_report(121_000, date(2026, 3, 6)) is None
    assert await newer_than_the_report(90_000, date(2026, 3, 7)) == 90_000


@requirement("W16")
async def test_readings_from_abroad_that_two_reports_tell_at_the_same_moment_join_once(pool: asyncpg.Pool) -> None:
    vehicle_id = await vehicle_with_readings(pool)
    readings, now = FROM_ABROAD.readings, OwnClock().now()
    async with pool.acquire() as first, pool.acquire() as second:
        async with first.transaction():
            await join_foreign_readings(first, vehicle_id, readings, vin=VIN, now=now)

            async def join_too() -> None:
                async with second.transaction():
                    await join_foreign_readings(second, vehicle_id, readings, vin=VIN, now=now)

            joining = asyncio.create_task(join_too())
            await asyncio.wait([joining], timeout=0.2)
        await joining
    assert await pool.fetchval("select count(*) from reading where source = 'foreign'") == 1
