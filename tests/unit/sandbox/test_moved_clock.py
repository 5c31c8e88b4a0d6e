from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from odopass.sandbox.moved_clock import MovedClock, OutOfRange

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Standing:
    """A clock that stands until it is told to go on."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        return self.at


@pytest.mark.requirement("K3")
def test_a_moved_clock_goes_on_from_where_it_was_moved_to() -> None:
    system = Standing()
    clock = MovedClock(system)
    clock.set(datetime(2026, 3, 29, 2, 30, tzinfo=UTC))
    system.at += timedelta(seconds=5)
    assert clock.now() == datetime(2026, 3, 29, 2, 30, 5, tzinfo=UTC)
    clock.advance(timedelta(hours=-1))
    assert clock.now() == datetime(2026, 3, 29, 1, 30, 5, tzinfo=UTC)
    assert clock.system_now() == system.at
    clock.reset()
    assert clock.now() == system.at


@pytest.mark.requirement("K3")
def test_moves_add_up() -> None:
    clock = MovedClock(Standing())
    clock.advance(timedelta(hours=2))
    clock.advance(timedelta(minutes=-30))
    assert clock.ahead == timedelta(minutes=90)


@pytest.mark.requirement("K3")
@pytest.mark.parametrize("by", [timedelta(days=40_000), timedelta(days=-40_000), timedelta.max])
def test_a_clock_that_would_leave_its_century_stays_where_it_is(by: timedelta) -> None:
    clock = MovedClock(Standing())
    with pytest.raises(OutOfRange):
        clock.advance(by)
    assert clock.now() == NOON
