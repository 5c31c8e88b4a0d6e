"""New migrations are applied while the previous release takes requests in and judges them: nobody notices (R14)."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from tests.integration.migrations.record import Release, previous_release
from tests.registry.running import until

from odopass.registry.store.migrate import MIGRATIONS, migrate, read_migrations

pytestmark = pytest.mark.requirement("R14")

VEHICLES = 12
DAY = date(2026, 3, 5)
SERVICE = "REPAIR_MAINTENANCE_SERVICE"


@dataclass
class PreviousRelease:
    """Takes in, judges and corrects as the previous release does, with its statements.

    Attributes:
        acknowledged: what was taken in.
        corrected: the corrections among them.
        faults: what went wrong, which no garage may ever notice.
    """

    url: str
    release: Release
    account: int
    acknowledged: list[UUID] = field(default_factory=list)
    corrected: list[UUID] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def __getitem__(self, name: str) -> str:
        return self.release.statements[name]

    async def run(self) -> None:
        """Several connections do everything at once until `ended`."""
        await asyncio.gather(
            *(self._go_on(each) for each in (self._take_in, self._take_in, self._judge, self._correct))
        )

    async def _go_on(self, step: Callable[[asyncpg.Connection], Awaitable[None]]) -> None:
        connection = await asyncpg.connect(self.url, command_timeout=30)
        try:
            while not self.ended.is_set():
                try:
                    await step(connection)
                except (asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
                    self.faults.append(f"{step.__name__}: {error!r}")
                    await asyncio.sleep(0.05)
                await asyncio.sleep(0)
        finally:
            await connection.close()

    async def _take_in(self, connection: asyncpg.Connection) -> None:
        number = len(self.acknowledged)
        vin = f"MOVED{number % VEHICLES:012}"
        ((_, vehicle, _, _),) = await connection.fetch(self["vehicles by vin"], [vin])
        guid, key = uuid4(), f"key {uuid4()}"
        body = "{}"
        digest = hashlib.sha256(body.encode()).digest()
        day = DAY - timedelta(days=number // VEHICLES)
        row = (guid, vehicle, self.account, None, datetime.now(UTC), "identified", vin, SERVICE, day)
        values = (*row, 100_000 - number, body, key, digest)
        assert await connection.fetch(self["store"], *([value] for value in values)) == []
        answered = await connection.fetchrow(self["answered"], self.account, key)
        assert answered is not None
        assert answered["guid"] == guid
        self.acknowledged.append(guid)

    async def _judge(self, connection: asyncpg.Connection) -> None:
        """Every first request of a vehicle's turn comes to an issue, the others are processed."""
        claims = await connection.fetch(self["claim"], 5, timedelta(seconds=30), 100)
        if not claims:
            return
        subjects = [claim["subject"] for claim in claims]
        guids = [guid for claim in claims for guid in claim["requests"]]
        requests = {row["guid"]: row for row in await connection.fetch(self["requests"], guids)}
        assert set(requests) == set(guids), "a request that waits cannot be found"
        await connection.fetch(self["cases"], [row["case_guid"] for row in requests.values()])
        assert len(await connection.fetch(self["vehicles"], subjects)) == len(subjects)
        await connection.fetch(self["readings"], subjects)
        await connection.fetch(self["reports"], subjects, subjects, [DAY] * len(subjects))
        now = datetime.now(UTC)
        async with connection.transaction():
            held = await connection.fetch(self["still held"], subjects, [claim["token"] for claim in claims])
            assert len(held) == len(claims)
            new = [requests[guid] for guid in guids if requests[guid]["kind"] == "submission"]
            corrections = [requests[guid] for guid in guids if requests[guid]["kind"] == "correction"]
            if new:
                await connection.execute(self["open"], *self._opened(new), now)
            if corrections:
                await connection.execute(self["change"], *self._changed(corrections), now)
            counting = [row for row in new if not self._doubtful(row)] + corrections
            if counting:
                await connection.execute(self["read"], *self._readings(counting), now)
            await connection.execute(self["done"], subjects, [len(claim["requests"]) for claim in claims])

    async def _correct(self, connection: asyncpg.Connection) -> None:
        for first in self.acknowledged[-50:]:
            (state,) = await connection.fetch(self["states"], [first])
            if state["status"] != "ISSUE" or self.ended.is_set():
                continue
            guid, account = uuid4(), self.account
            async with connection.transaction():
                own = await connection.fetchrow(self["own request"], first, account)
                await connection.execute(self["name"], account, f"key {guid}", b"digest", guid)
                case = await connection.fetchrow(self["case"], own["case_guid"], own["case_subject"])
                if case["status"] != "ISSUE":
                    continue
                subject = own["subject"]
                await connection.execute(self["follow"], case["guid"], case["subject"], guid)
                head = (guid, subject, "correction", case["guid"], case["subject"], account, None, datetime.now(UTC))
                told = ("identified", "MOVED", SERVICE, case["reading_date"], case["km"], "{}")
                await connection.execute(self["insert"], *head, *told)
                await connection.execute(self["mark"], subject, guid)
            self.corrected.append(guid)

    @staticmethod
    def _doubtful(row: asyncpg.Record) -> bool:
        return bool(row["km"] % 5 == 0)

    def _opened(self, rows: list[asyncpg.Record]) -> list[list[object]]:
        names = ("guid", "subject", "account_id", "subject", "observation_type", "reading_date", "km")
        status = ["ISSUE" if self._doubtful(row) else "PROCESSED" for row in rows]
        return [*([row[name] for row in rows] for name in names), status, ["[]"] * len(rows)]

    @staticmethod
    def _changed(rows: list[asyncpg.Record]) -> list[list[object]]:
        names = ("case_guid", "case_subject", "subject", "observation_type", "reading_date", "km")
        guids = [row["guid"] for row in rows]
        many = len(rows)
        return [
            *([row[name] for row in rows] for name in names),
            ["PROCESSED"] * many,
            guids,
            ["[]"] * many,
            [False] * many,
            guids,
        ]

    @staticmethod
    def _readings(rows: list[asyncpg.Record]) -> list[list[object]]:
        many = len(rows)
        return [
            [row["subject"] for row in rows],
            [row["reading_date"] for row in rows],
            [row["km"] for row in rows],
            ["garage"] * many,
            [row["observation_type"] for row in rows],
            [row["account_id"] for row in rows],
            [row["case_guid"] for row in rows],
            [False] * many,
            [""] * many,
        ]


async def previous_database(url: str, folder: Path) -> PreviousRelease:
    """A database as the previous release left it, and that release."""
    release = previous_release()
    before = folder / "before"
    before.mkdir()
    for migration in read_migrations():
        if migration.number <= release.number:
            shutil.copy(MIGRATIONS / f"{migration.name}.sql", before)
    await migrate(url, folder=before)
    connection = await asyncpg.connect(url)
    account = await connection.fetchval(
        "insert into account (username, establishment, enterprise, name) values ('g', 'g', 'e', 'Garage') returning id"
    )
    for number in range(VEHICLES):
        await connection.execute("insert into vehicle (vin, category) values ($1, 'M1')", f"MOVED{number:012}")
    await connection.close()
    return PreviousRelease(url, release, account)


async def migrated_under_way(old: PreviousRelease, folder: Path) -> None:
    """Apply a folder's migrations while the previous release works, and let it work on a while afterwards."""
    working = asyncio.create_task(old.run())

    def grown_by(number: int) -> Callable[[], Awaitable[object]]:
        wanted = (len(old.acknowledged) + number, len(old.corrected) + number // 10)

        async def grown() -> object:
            return old.faults or (len(old.acknowledged) >= wanted[0] and len(old.corrected) >= wanted[1])

        return grown

    try:
        await until(grown_by(100), seconds=60)
        await migrate(old.url, folder=folder)
        await until(grown_by(100), seconds=60)
    finally:
        old.ended.set()
        await working


async def kept(old: PreviousRelease) -> None:
    """Check that everything that was acknowledged is there once, and comes to an outcome."""
    old.ended = asyncio.Event()
    connection = await asyncpg.connect(old.url)
    try:
        while await connection.fetchval("select count(*) from waiting"):
            await connection.execute("update waiting set lease_until = '-infinity'")
            await old._judge(connection)
        stored = {row[0] for row in await connection.fetch("select guid from request")}
        assert stored == {*old.acknowledged, *old.corrected}
        cases = dict(await connection.fetch("select guid, status from observation_case"))
        assert set(cases) == set(old.acknowledged)
        processed = {guid for guid, status in cases.items() if status == "PROCESSED"}
        readings = [row[0] for row in await connection.fetch("select case_guid from reading")]
        assert len(readings) == len(set(readings))
        assert set(readings) == processed
    finally:
        await connection.close()


@pytest.fixture
def later(tmp_path: Path) -> Path:
    """This program's migrations, to which a test may add one."""
    folder = tmp_path / "later"
    shutil.copytree(MIGRATIONS, folder)
    return folder


def add_migration(folder: Path, sql: str) -> None:
    number = read_migrations(folder)[-1].number + 1
    (folder / f"{number:04}_next.sql").write_text(sql)


async def test_this_programs_migrations_are_applied_while_the_previous_release_works(
    empty_database_url: str, tmp_path: Path, later: Path
) -> None:
    old = await previous_database(empty_database_url, tmp_path)
    # One more than there may be: additive changes of every kind that CONTRIBUTING allows.
    add_migration(
        later,
        """
        alter table request add column desk text;
        alter table observation_case add column seen boolean not null default false;
        create table note (case_guid uuid not null, text text not null);
        alter table reading add constraint reading_has_km check (km >= 0) not valid;
        """,
    )
    await migrated_under_way(old, later)
    assert old.faults == []
    await kept(old)


@pytest.mark.parametrize(
    "change",
    [
        "alter table request add column desk text not null default ''; alter table request alter desk drop default;",
        "alter table reading rename column km to kilometres;",
        "alter table observation_case drop column findings;",
        "alter table waiting rename column requests to guids;",
    ],
)
async def test_a_migration_that_the_previous_release_cannot_live_with_is_found_out(
    empty_database_url: str, tmp_path: Path, later: Path, change: str
) -> None:
    old = await previous_database(empty_database_url, tmp_path)
    add_migration(later, change)
    await migrated_under_way(old, later)
    assert old.faults
