"""A garage's program killed at every point and at random: it starts again, forgets nothing and sends nothing twice."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path

import pytest
from tests.reliability.outbox_life import POINTS, SETTLED, Life, begin, nursery, promised
from tests.reliability.outbox_registry import Registry, registry
from tests.reliability.verdict import tell

from odopass.clock import SystemClock
from odopass.garage.book import Book
from odopass.garage.book.entries import State

PATIENCE_SECONDS = 120


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    return nursery()


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("ODOPASS_SEED", random.randrange(10**6)))


def ended(process: ForkServerProcess) -> int | None:
    process.join(PATIENCE_SECONDS)
    code = process.exitcode
    if code is None:
        process.kill()
        process.join()
    return code


def wait_until(happened: Callable[[], object], process: ForkServerProcess) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not happened():
        assert process.is_alive(), "the program ended by itself"
        assert time.monotonic() < end
        time.sleep(0.005)


def verdict(life: Life, server: Registry) -> dict[str, object]:
    """What has become of all that was promised to be kept."""
    with Book.open(life.folder / "book.sqlite3", SystemClock()) as book:
        readings = {reading.draft.vehicle.vin: reading for reading in book.readings.find(limit=100_000)}
        histories = [r for r in readings.values() if r.draft.type == "VEHICLE_HISTORY_DOCUMENT"]
        kept = promised(life.folder)
        return {
            "acknowledged": len(kept),
            "lost": sum(
                vin not in readings or readings[vin].state not in SETTLED or not server.stored[f"submission {vin}"]
                for vin in kept
            ),
            "unexpected": {key: len(bodies) for key, bodies in server.bodies.items() if len(bodies) > 1},
            "duplicated": {what: number for what, number in server.stored.items() if number > 1},
            "unsettled": len(book.outbox.steps()) + len(book.outbox.awaited()),
            "without a report": sum(not each.has_report and each.state is State.PROCESSED for each in histories),
        }


NOTHING = {"lost": 0, "unexpected": {}, "duplicated": {}, "unsettled": 0, "without a report": 0}


def finish(context: ForkServerContext, life: Life, server: Registry) -> None:
    server.fault_rate = 0
    assert ended(begin(context, replace(life, endless=False, deadly=None))) == 0


@pytest.mark.requirement("G3", "G5", "G7")
def test_a_program_killed_at_every_point_forgets_nothing_and_sends_nothing_twice(
    tmp_path: Path, context: ForkServerContext, seed: int, long_form: bool
) -> None:
    killed = 0
    with registry(random.Random(seed)) as server:
        life = Life(tmp_path, server.address, least=20, seed=seed)
        for passing in range(12 if long_form else 1):
            for point in POINTS:
                assert ended(begin(context, replace(life, deadly=(point, passing)))) == -signal.SIGKILL, point
                killed += 1
        for what in ("/observation", "/correction", "/confirm"):
            server.hold = what
            process = begin(context, life)
            wait_until(server.held.is_set, process)
            process.kill()
            assert ended(process) == -signal.SIGKILL
            server.held.clear()
            killed += 1
        finish(context, life, server)
        found = verdict(life, server)
        tell(promise="outbox, every point", seed=seed, attempted=server.posts, recovered=killed, **found)
    assert found == {"acknowledged": len(promised(tmp_path)), **NOTHING}
    assert not server.refused
    assert server.posts > sum(server.stored.values()), "no kill hit an exchange, so nothing was shown"


@pytest.mark.requirement("G3", "G5", "G7")
@pytest.mark.parametrize("honours_keys", [True, False], ids=["keys honoured", "keys ignored"])
def test_a_program_killed_at_random_before_a_bad_registry_forgets_nothing_and_sends_nothing_twice(
    tmp_path: Path, context: ForkServerContext, seed: int, long_form: bool, honours_keys: bool
) -> None:
    chance = random.Random(seed)
    kills = 300 if long_form else 8
    with registry(random.Random(seed), honours_keys=honours_keys, fault_rate=25) as server:
        life = Life(tmp_path, server.address, least=40, seed=seed)
        for number in range(kills):
            before = server.posts
            process = begin(context, replace(life, seed=seed + number))
            wait_until(lambda before=before: server.posts > before, process)
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
            assert ended(process) == -signal.SIGKILL
        finish(context, life, server)
        found = verdict(life, server)
        with Book.open(tmp_path / "book.sqlite3", SystemClock()) as book:
            there = len(book.readings.find(states={State.ALREADY_THERE}, limit=100_000))
        tell(
            promise="outbox, random kills",
            seed=seed,
            keys=honours_keys,
            attempted=server.posts,
            recovered=kills,
            already_there=there,
            **found,
        )
    assert found == {"acknowledged": len(promised(tmp_path)), **NOTHING}
    assert server.posts > sum(server.stored.values()), "no kill hit an exchange, so nothing was shown"
    # Without keys a repetition is another request: the registry says that it has the reading, and so does the book.
    assert (there == 0) is honours_keys
    if honours_keys:
        assert not server.refused


@pytest.mark.requirement("G3", "G5")
def test_of_two_programs_on_one_folder_one_sends_and_the_other_takes_over_when_it_is_killed(
    tmp_path: Path, context: ForkServerContext
) -> None:
    with registry(random.Random(1)) as server:
        first, second = (Life(tmp_path, server.address, name=name) for name in ("one", "two"))
        process = begin(context, first)
        wait_until(lambda: server.posts > 0, process)
        other = begin(context, second)
        wait_until(lambda: any("TWO" in vin for vin in promised(tmp_path)), other)
        seen = server.posts
        wait_until(lambda: server.posts > seen + 10, process)
        assert set(server.senders) == {"one"}
        assert any("TWO" in what for what in server.stored)
        process.kill()
        assert ended(process) == -signal.SIGKILL
        wait_until(lambda: "two" in server.senders, other)
        other.kill()
        ended(other)
        finish(context, second, server)
        found = verdict(second, server)
    assert found == {"acknowledged": len(promised(tmp_path)), **NOTHING}
    assert server.senders == sorted(server.senders), "they never sent at the same time"
