"""The disk of the database fills up under load, and is given room again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from tests.reliability.deployment import Deployment, deployment
from tests.reliability.test_used_up_pool import NOTHING, Crowd, answered_again, crowded, populate, verdict_of
from tests.reliability.verdict import tell

_DISK_MB = 256
_CLIENTS = 8


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of its own, small enough to be filled."""
    # Not in pytest's folder: the path of the server's socket on it may not be long.
    folder = Path(tempfile.mkdtemp(prefix="odopass-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_MB}m,mode=755", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        folder.rmdir()
        pytest.skip("a disk of its own takes the right to mount one")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
    folder.rmdir()


def fill_up(disk: Path) -> Path:
    """Take all room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb") as file:
        while True:
            try:
                file.write(b"x" * 65_536)
                file.flush()
            except OSError:
                return ballast


@pytest.mark.requirement("W7", "W12")
async def test_a_full_disk_costs_nothing_but_503_and_what_was_acknowledged_is_there_when_it_has_room(
    small_disk: Path, long_form: bool
) -> None:
    with deployment(small_disk) as registry:
        garages = await populate(registry, limited=False)
        registry.start("registry", "both")

        async def meanwhile(crowd: Crowd) -> None:
            await until_taken(crowd, 100)
            refused = crowd.answers[503]
            ballast = await asyncio.to_thread(fill_up, small_disk)
            async with asyncio.timeout(180 if long_form else 60):
                while crowd.answers[503] < refused + (500 if long_form else 30):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            ballast.unlink()
            await brought_back(registry)
            await until_taken(crowd, len(crowd.acknowledged) + 100)

        crowd = await crowded(registry, garages, _CLIENTS, meanwhile)
        recovered = await answered_again(registry, garages[0], 60)
        verdict = await verdict_of(registry, crowd)
        faults = registry.log.read_text().count('"event": "fault"') if registry.log.exists() else 0
    answers = {str(code): number for code, number in sorted(crowd.answers.items()) if number}
    tell(
        promise=8,
        seed=None,
        fault="full disk",
        attempted=crowd.answers.total(),
        acknowledged=len(crowd.acknowledged),
        **verdict,
        recovered=round(recovered, 2),
        answers=answers,
    )
    assert verdict == NOTHING
    assert faults == 0


async def until_taken(crowd: Crowd, number: int) -> None:
    async with asyncio.timeout(60):
        while len(crowd.acknowledged) < number:  # noqa: ASYNC110 - what is waited for happens elsewhere
            await asyncio.sleep(0.01)


async def brought_back(registry: Deployment) -> None:
    """PostgreSQL ends if it has no room for its log; whoever runs it starts it again, as the registry does its own."""
    while True:
        try:
            connection = await asyncpg.connect(registry.database_url, timeout=5)
        except (OSError, asyncpg.PostgresError):
            if registry.postgres.failure() is not None:
                await asyncio.to_thread(registry.restart_postgres)
            await asyncio.sleep(0.1)
        else:
            await connection.close()
            return
