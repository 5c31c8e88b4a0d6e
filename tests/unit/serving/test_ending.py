from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator

import pytest

from odopass.registry.serving.alone import _Started
from odopass.registry.serving.ending import EndSignals, until_told

pytestmark = pytest.mark.requirement("R12")


@pytest.fixture
def ending() -> Iterator[EndSignals]:
    with EndSignals() as signals:
        yield signals


def test_work_that_nobody_interrupts_is_done_to_its_end(ending: EndSignals) -> None:
    done = []

    async def work() -> None:
        await asyncio.sleep(0)
        done.append("all of it")

    with ending.deferred():
        asyncio.run(until_told(ending, work()))
    ending.check()
    assert done == ["all of it"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_work_on_an_event_loop_is_cancelled_by_a_signal_and_cleans_up_on_the_loop(
    ending: EndSignals, number: signal.Signals
) -> None:
    closed = []

    async def work() -> None:
        try:
            # In a callback of the loop an exception would be logged and lost.
            asyncio.get_running_loop().call_soon(os.kill, os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            closed.append("the connection")

    with ending.deferred():
        asyncio.run(until_told(ending, work()))
    assert closed == ["the connection"]
    with pytest.raises(KeyboardInterrupt):
        ending.check()


def test_what_goes_wrong_with_the_work_is_raised(ending: EndSignals) -> None:
    async def work() -> None:
        await asyncio.sleep(0)
        raise OSError("the disk is full")

    with ending.deferred(), pytest.raises(OSError, match="the disk is full"):
        asyncio.run(until_told(ending, work()))


def test_a_server_that_starts_after_a_signal_is_told_of_it_once_it_listens(ending: EndSignals) -> None:
    started = []
    with ending.deferred():
        os.kill(os.getpid(), signal.SIGTERM)
        server_starts = _Started(lambda: started.append("yes"), ending)
        heard = []
        before = signal.signal(signal.SIGINT, lambda number, _: heard.append(number))
        try:
            server_starts()
        finally:
            signal.signal(signal.SIGINT, before)
    assert (started, heard) == (["yes"], [signal.SIGINT])
