from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from itertools import count as count_up
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from tests.integration.backup.conftest import count, count_in, done, names, odopass, read_more, refused
from tests.registry.population import add_garage, add_vehicle
from tests.registry.running import OwnClock, new_key, running_registry, taken_in, until
from tests.reliability.garage import day_of
from tests.reliability.verdict import disagreeing, duplicated, lost, unsettled

from odopass.clock import SystemClock, belgian_day
from odopass.registry.backup.archive import segments
from odopass.registry.postgres import EmbeddedPostgres

pytestmark = pytest.mark.requirement("R14")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk], check=False).returncode:
        pytest.skip("no small disk can be made here: it takes root, and a system that lets root mount")
    yield disk
    subprocess.run(["umount", disk], check=True)


class Archiver:
    """`odopass registry archive` beside a running registry."""

    def __init__(self, archive: Path, data: Path) -> None:
        self.archive = archive
        self.process = subprocess.Popen(
            [sys.executable, "-m", "odopass.cli", "registry", "archive", archive, "--data", data],
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self) -> str:
        self.process.send_signal(signal.SIGTERM)
        return self.process.communicate(timeout=60)[1]

    async def has(self, server: EmbeddedPostgres) -> None:
        """Wait until everything that is committed has been archived."""
        connection = await asyncpg.connect(server.admin_dsn)
        try:
            wanted = await connection.fetchval("select pg_current_wal_lsn()")

            async def archived() -> object:
                assert self.process.poll() is None, "the archiver has ended"
                return await connection.fetchval(
                    "select count(*) from pg_stat_replication where flush_lsn >= $1::pg_lsn", wanted
                )

            await until(archived, seconds=60)
        finally:
            await connection.close()


async def moment(server: EmbeddedPostgres) -> str:
    connection = await asyncpg.connect(server.dsn())
    try:
        return f"{await connection.fetchval('select now()'):%Y-%m-%dT%H:%M:%S}"
    finally:
        await connection.close()


async def next_second(server: EmbeddedPostgres, before: str) -> None:
    """Wait until the database's clock shows another second."""

    async def later() -> object:
        return await moment(server) > before

    await until(later)


async def test_readings_before_and_after_a_moment_are_restored_to_that_moment_and_to_the_end(
    running: EmbeddedPostgres, tmp_path: Path
) -> None:
    archiver = Archiver(tmp_path / "archive", running.data_dir)
    try:
        await archiver.has(running)
        told = await done("backup", tmp_path / "backup", "--data", running.data_dir)
        assert "Belgian time" in told
        await read_more(running.dsn(), 20)
        before = await moment(running)
        await next_second(running, before)
        wanted = await moment(running)
        await next_second(running, wanted)
        await read_more(running.dsn(), 7)
        await archiver.has(running)
    finally:
        said = archiver.end()
    assert "archiving to" in said
    ways = ("--archive", tmp_path / "archive", "--data")
    await done("restore", tmp_path / "backup", *ways, tmp_path / "then", "--until", f"{wanted}Z")
    assert await count_in(tmp_path / "then") == 120
    assert "last change" in await done("restore", tmp_path / "backup", *ways, tmp_path / "all")
    assert await count_in(tmp_path / "all") == 127
    assert await count(running.dsn()) == 127, "the registry itself is as it was"

    told = await refused("restore", tmp_path / "backup", *ways, tmp_path / "never", "--until", "2999-01-01 00:00 UTC")
    assert "restore without --until" in told
    told = await refused("restore", tmp_path / "backup", *ways, tmp_path / "never", "--until", "2020-01-01 00:00")
    assert "does not lead to 2020-01-01 00:00:00 Belgian time" in told
    assert not (tmp_path / "never" / "postgres").exists()


async def test_a_registry_that_stands_is_backed_up_too_and_runs_on_what_was_restored(
    running: EmbeddedPostgres, tmp_path: Path
) -> None:
    running.stop()
    await done("backup", tmp_path / "backup", "--data", tmp_path / "data")
    await done("restore", tmp_path / "backup", "--data", tmp_path / "new")
    with EmbeddedPostgres(tmp_path / "new") as server:
        await read_more(server.dsn(), 1)
        assert await count(server.dsn()) == 101
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "odopass.lock",
        "postgres",
        "postgres.log",
        "postgres.password",
    ]


async def test_a_damaged_backup_is_refused_and_nothing_is_restored(running: EmbeddedPostgres, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    await done("backup", backup, "--data", running.data_dir)
    table = max((backup / "postgres" / "base").rglob("[0-9]*"), key=lambda path: path.stat().st_size)
    content = bytearray(table.read_bytes())
    content[len(content) // 2] ^= 1
    table.write_bytes(content)
    assert "is damaged" in await refused("restore", backup, "--data", tmp_path / "new")
    assert not (tmp_path / "new").exists()
    table.unlink()
    assert "is damaged" in await refused("restore", backup, "--data", tmp_path / "new")


async def test_nothing_is_written_over_anything(running: EmbeddedPostgres, tmp_path: Path) -> None:
    await done("backup", tmp_path / "backup", "--data", running.data_dir)
    assert "is there already" in await refused("backup", tmp_path / "backup", "--data", running.data_dir)
    assert "not empty" in await refused("restore", tmp_path / "backup", "--data", running.data_dir)
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("Dear Sir")
    assert "letter.txt" in await refused("restore", tmp_path / "backup", "--data", tmp_path / "letters")
    assert "no folder" in await refused("backup", tmp_path / "missing" / "backup", "--data", running.data_dir)
    assert "no registry" in await refused("backup", tmp_path / "other", "--data", tmp_path / "letters")
    assert await count(running.dsn()) == 100


async def test_a_folder_in_use_is_not_restored_to(running: EmbeddedPostgres, tmp_path: Path) -> None:
    await done("backup", tmp_path / "backup", "--data", running.data_dir)
    with EmbeddedPostgres(tmp_path / "busy"):
        (tmp_path / "busy" / "postgres").rename(tmp_path / "busy" / "restoring")
        try:
            told = await refused("restore", tmp_path / "backup", "--data", tmp_path / "busy")
        finally:
            (tmp_path / "busy" / "restoring").rename(tmp_path / "busy" / "postgres")
    assert f"process with id {os.getpid()} " in told


async def test_a_backup_that_is_cut_off_leaves_nothing_that_looks_like_one(
    running: EmbeddedPostgres, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "odopass.cli", "registry", "backup", tmp_path / "backup", "--data"]
    writing = await asyncio.create_subprocess_exec(*command, running.data_dir, stderr=subprocess.PIPE)

    async def begun() -> object:
        return (tmp_path / "backup.unfinished" / "postgres").exists() or writing.returncode is not None

    await until(begun, seconds=60)
    writing.kill()
    await writing.communicate()
    assert not (tmp_path / "backup").exists()
    if (tmp_path / "backup.unfinished").exists():
        assert "not a whole backup" in await refused(
            "restore", tmp_path / "backup.unfinished", "--data", tmp_path / "new"
        )
    await done("backup", tmp_path / "backup", "--data", running.data_dir)
    assert not (tmp_path / "backup.unfinished").exists()


async def test_an_archive_with_a_gap_or_of_another_registry_is_refused(
    running: EmbeddedPostgres, tmp_path: Path
) -> None:
    await done("backup", tmp_path / "backup", "--data", running.data_dir)
    connection = await asyncpg.connect(running.admin_dsn)
    for _ in range(3):
        await read_more(running.dsn(), 1)
        await connection.execute("select pg_switch_wal()")
    await connection.close()
    archiver = Archiver(tmp_path / "archive", running.data_dir)
    try:
        await archiver.has(running)
    finally:
        archiver.end()
    ways = ("--archive", tmp_path / "archive", "--data", tmp_path / "new")
    (lost,) = [each.path for each in segments(tmp_path / "archive")][2:3]
    lost.unlink()
    assert "pieces of the log are missing" in await refused("restore", tmp_path / "backup", *ways)
    await done("backup", tmp_path / "later", "--data", running.data_dir)
    await done("archive", tmp_path / "archive", "--data", running.data_dir, "--forget-before", tmp_path / "later")
    assert len(segments(tmp_path / "archive")) < 3
    with EmbeddedPostgres(tmp_path / "stranger", settings={"shared_buffers": "16MB"}):
        await done("backup", tmp_path / "strange", "--data", tmp_path / "stranger")
        told = await refused("archive", tmp_path / "archive", "--data", tmp_path / "stranger")
    assert "belongs to another registry" in told
    assert "does not belong" in await refused("restore", tmp_path / "strange", *ways)


async def test_a_disk_without_room_is_told_before_anything_is_copied(
    running: EmbeddedPostgres, tmp_path: Path, small_disk: Path
) -> None:
    told = await refused("backup", small_disk / "backup", "--data", running.data_dir)
    assert "not enough room" in told
    assert "MiB are needed" in told
    assert names(small_disk) == []
    await done("backup", tmp_path / "backup", "--data", running.data_dir)
    assert "not enough room" in await refused("restore", tmp_path / "backup", "--data", small_disk / "data")
    assert not (small_disk / "data" / "postgres").exists()


async def test_what_cannot_be_meant_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for arguments in (
        ("backup", tmp_path / "new"),
        ("backup", tmp_path / "new", "--database-url", "postgresql:///x"),
        ("restore", tmp_path, "--data", tmp_path / "new", "--until", "2026-11-25 14:00"),
        ("restore", tmp_path, "--data", tmp_path / "new", "--archive", tmp_path, "--until", "yesterday"),
        ("restore", tmp_path, "--data", tmp_path / "new", "--archive", tmp_path, "--until", "2026-10-25 02:30"),
        ("restore", tmp_path / "file", "--data", tmp_path / "new", "--archive", tmp_path),
    ):
        assert (await odopass(*arguments)).exit_code == 2, arguments


async def test_a_backup_taken_under_load_is_restored_to_a_consistent_registry(
    running: EmbeddedPostgres, tmp_path: Path
) -> None:
    today = belgian_day(SystemClock().now())
    async with running_registry(running.dsn(), clock=OwnClock(SystemClock().now())) as registry:
        dms = registry.dms(await add_garage(registry.pool, 1))
        for number in range(20):
            await add_vehicle(registry.pool, f"LOADED{number:011}", first_use=None)
        taken: list[UUID] = []
        written = asyncio.Event()

        async def send() -> None:
            for number in count_up():
                if written.is_set():
                    return
                day, km = day_of(today, number // 20)
                body = dms.body(vin=f"LOADED{number % 20:011}", day=day, km=km)
                taken.append(taken_in(await dms.post("/api/observation", body, key=new_key())))
                if number % 7 == 0:
                    await registry.worker.judge_batch()

        sending = asyncio.create_task(send())
        try:
            await until(enough(taken))
            before = list(taken)
            await done("backup", tmp_path / "backup", "--data", running.data_dir)
            assert len(taken) > len(before), "nothing was written meanwhile"
        finally:
            written.set()
            await sending
    await done("restore", tmp_path / "backup", "--data", tmp_path / "new")
    with EmbeddedPostgres(tmp_path / "new") as server:
        database = await asyncpg.connect(server.dsn())
        assert await lost(database, before) == 0
        assert await duplicated(database) == {}
        await database.close()
        # What was waiting when the backup was taken is judged now, once.
        async with running_registry(server.dsn(), clock=OwnClock(SystemClock().now())) as registry:
            await registry.pool.execute("update waiting set lease_until = '-infinity'")
            await registry.judge()
            connection = await asyncpg.connect(server.dsn())
            assert await unsettled(connection) == 0
            assert await duplicated(connection) == {}
            assert await disagreeing(connection) == 0
            await connection.close()


def enough(taken: list[UUID]) -> Callable[[], Awaitable[object]]:
    async def reached() -> object:
        return len(taken) >= 50

    return reached
