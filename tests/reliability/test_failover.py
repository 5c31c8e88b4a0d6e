from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest
from tests.registry.population import add_garage, add_vehicle
from tests.registry.running import until
from tests.reliability import patroni_cluster
from tests.reliability.garage import Software, day_of
from tests.reliability.patroni_cluster import Cluster, Node, cluster
from tests.reliability.verdict import disagreeing, duplicated, lost, settled_within, tell, unsettled

from odopass.clock import SystemClock, belgian_day
from odopass.registry.serving.listening import listen
from odopass.registry.store.migrate import migrate

ROOT = Path(__file__).parents[2]
VEHICLES = 100
CLIENTS = 8
#: What is written while the standby hears nothing: with an asynchronous standby it is acknowledged all the same.
UNHEARD = 100
UNHEARD_SECONDS = 3.0
#: From the primary's death until something can be written again.
LONGEST_AWAY = 30.0


@dataclass
class Traffic:
    """Garages that submit until they are told to stop, and when each was answered."""

    software: Software
    today: date
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    answered: list[float] = field(default_factory=list)
    sent: int = 0

    async def client(self) -> None:
        while not self.stopped.is_set():
            number, self.sent = self.sent, self.sent + 1
            day, km = day_of(self.today, number // VEHICLES)
            body = self.software.body(f"FAILS{number % VEHICLES:012}", day, km)
            await self.software.post("/api/observation", f"s{number}", body)
            self.answered.append(time.monotonic())
            await asyncio.sleep(0.01)


@asynccontextmanager
async def registry_processes(address: str, log: Path) -> AsyncIterator[str]:
    """One process that serves and one that judges; where they listen."""
    with listen("127.0.0.1", 0) as listener, log.open("ab") as written:
        processes = [
            subprocess.Popen(  # noqa: ASYNC220 - it is only started here
                [sys.executable, "-m", "tests.reliability.registry_process", role, address, str(listener.fileno())],
                cwd=ROOT,
                pass_fds=[listener.fileno()],
                stdout=written,
                stderr=written,
            )
            for role in ("api", "judge")
        ]
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
            assert [process.poll() for process in processes] == [None, None], "a process of the registry has ended"
        finally:
            for process in processes:
                process.terminate()
                process.wait(60)


async def populate(address: str) -> tuple[Software, httpx.AsyncClient]:
    await migrate(address)
    connection = await asyncpg.connect(address)
    garage = await add_garage(connection, 1)
    for number in range(VEHICLES):
        await add_vehicle(connection, f"FAILS{number:012}", first_use=None)
    await connection.close()
    http = httpx.AsyncClient(timeout=40)
    return Software(http, garage), http


def freeze_sending(primary: Node) -> None:
    """Let the primary send its standby nothing more; what it is sending to nobody is seen by nobody."""
    for pid in primary.walsenders():
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)


async def fail_over(made: Cluster, traffic: Traffic) -> float:
    """Cut the standby off, go on for a while, kill the primary; seconds until garages were answered again."""
    primary = await made.ready()
    standby = next(node for node in made.nodes if node is not primary)
    freeze_sending(primary)
    before, end = len(traffic.answered), time.monotonic() + UNHEARD_SECONDS

    async def gone_on() -> object:
        return len(traffic.answered) >= before + UNHEARD or (made.synchronous and time.monotonic() > end)

    await until(gone_on, seconds=60)
    died = time.monotonic()
    await asyncio.to_thread(primary.kill)

    async def taken_over() -> object:
        return await made.primary() is standby

    await until(taken_over, seconds=120)
    promoted = time.monotonic()

    async def answered_again() -> object:
        return traffic.answered[-1] > promoted

    await until(answered_again, seconds=60)
    # Answers of the dead are still on their way when it has died: silence ends with the first answer of the other.
    later = [pair for pair in pairwise(traffic.answered) if pair[1] > died]
    _, first = max(later, key=lambda pair: pair[1] - pair[0])
    return first - died


async def play(made: Cluster, log: Path) -> dict[str, object]:
    """Traffic, the primary's death, more traffic; what has become of everything."""
    await made.ready()
    address = await made.make_database()
    software, http = await populate(address)
    async with http, registry_processes(address, log) as listening:
        http.base_url = httpx.URL(listening)
        traffic = Traffic(software, belgian_day(SystemClock().now()))
        clients = [asyncio.create_task(traffic.client()) for _ in range(CLIENTS)]

        async def under_way() -> object:
            return len(traffic.answered) > 200

        await until(under_way, seconds=60)
        away = await fail_over(made, traffic)
        some = len(traffic.answered)

        async def more() -> object:
            return len(traffic.answered) > some + 200

        await until(more, seconds=60)
        traffic.stopped.set()
        await asyncio.gather(*clients)
        database = await asyncpg.connect(address)
        try:
            await settled_within(database, 120)
            acknowledged: list[UUID] = list(software.acknowledged.values())
            return {
                "attempted": software.tries,
                "acknowledged": len(acknowledged),
                "lost": await lost(database, acknowledged),
                "unexpected": dict(software.unexpected),
                "duplicated": await duplicated(database),
                "unsettled": await unsettled(database),
                "disagreeing": await disagreeing(database),
                "recovered": 1,
                "seconds_away": round(away, 1),
            }
        finally:
            await database.close()


@pytest.fixture
def needed(long_form: bool) -> None:
    if not long_form:
        pytest.skip("takes about two minutes: make reliability")
    if (gone := patroni_cluster.missing()) is not None:
        pytest.skip(gone)


@pytest.mark.requirement("R12", "W7")
@pytest.mark.usefixtures("needed")
async def test_a_killed_primary_with_a_synchronous_standby_loses_nothing_and_an_asynchronous_one_does(
    tmp_path: Path,
) -> None:
    found = {}
    for synchronous in (True, False):
        with cluster(synchronous=synchronous) as made:
            try:
                found[synchronous] = await play(made, tmp_path / "log")
            except BaseException:
                sys.stderr.write(made.log())
                raise
        tell(promise=3, seed=None, standby="synchronous" if synchronous else "asynchronous", **found[synchronous])
    safe, control = found[True], found[False]
    assert safe["lost"] == 0
    assert safe["unexpected"] == {}, "something else than 503 with Retry-After was answered"
    assert (safe["duplicated"], safe["unsettled"], safe["disagreeing"]) == ({}, 0, 0)
    assert float(str(safe["seconds_away"])) < LONGEST_AWAY
    assert int(str(control["lost"])) > 0, "without a synchronous standby nothing was lost either: nothing was shown"
