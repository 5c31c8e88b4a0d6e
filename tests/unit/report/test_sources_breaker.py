from __future__ import annotations

import asyncio
import random

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from odopass.registry.report.sources.breaker import Breaker, BreakerOpen, BreakerState
from odopass.registry.report.sources.question import SourceAway, SourceUnreadable

pytestmark = pytest.mark.requirement("W16")

FAILURES = 3
REST = 30.0


class Hours:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


def breaker(hours: Hours, failures: int = FAILURES) -> Breaker:
    return Breaker(failures=failures, rest_seconds=REST, now=hours, chance=random.Random(1))


def fail(one: Breaker, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises(SourceAway), one.passage():
            raise SourceAway("away")


def succeed(one: Breaker) -> None:
    with one.passage():
        pass


def test_a_source_that_fails_again_and_again_is_left_in_peace() -> None:
    one = breaker(Hours())
    fail(one, FAILURES - 1)
    assert one.state is BreakerState.CLOSED
    fail(one)
    assert one.state is BreakerState.OPEN
    with pytest.raises(BreakerOpen), one.passage():
        pytest.fail("it was asked")


def test_a_success_between_failures_keeps_it_closed() -> None:
    one = breaker(Hours())
    for _ in range(5):
        fail(one, FAILURES - 1)
        succeed(one)
    assert one.state is BreakerState.CLOSED


def test_nonsense_is_an_answer_and_no_failure() -> None:
    one = breaker(Hours())
    for _ in range(10):
        with pytest.raises(SourceUnreadable), one.passage():
            raise SourceUnreadable("no JSON")
    assert one.state is BreakerState.CLOSED


def test_after_the_rest_one_alone_may_try_and_its_success_lets_everybody_through() -> None:
    hours = Hours()
    one = breaker(hours)
    fail(one, FAILURES)
    hours.seconds += REST * 0.79
    with pytest.raises(BreakerOpen):
        succeed(one)
    hours.seconds += REST
    with one.passage():
        assert one.state is BreakerState.PROBING
        with pytest.raises(BreakerOpen):
            succeed(one)
    assert one.state is BreakerState.CLOSED
    fail(one, FAILURES - 1)
    assert one.state is BreakerState.CLOSED


def test_a_probe_that_fails_opens_it_for_another_rest() -> None:
    hours = Hours()
    one = breaker(hours)
    fail(one, FAILURES)
    hours.seconds += 2 * REST
    fail(one)
    assert one.state is BreakerState.OPEN
    with pytest.raises(BreakerOpen):
        succeed(one)
    hours.seconds += 2 * REST
    succeed(one)
    assert one.state is BreakerState.CLOSED


def test_a_probe_that_is_given_up_makes_room_for_the_next() -> None:
    hours = Hours()
    one = breaker(hours)
    fail(one, FAILURES)
    hours.seconds += 2 * REST
    with pytest.raises(asyncio.CancelledError), one.passage():
        raise asyncio.CancelledError
    assert one.state is BreakerState.OPEN
    succeed(one)
    assert one.state is BreakerState.CLOSED


def test_what_began_before_it_opened_has_no_say_when_it_ends_late() -> None:
    hours = Hours()
    one = breaker(hours)
    late_success = one.passage()
    later_success = one.passage()
    late_failure = one.passage()
    late_success.__enter__()
    later_success.__enter__()
    late_failure.__enter__()
    fail(one, FAILURES)
    late_success.__exit__(None, None, None)
    assert one.state is BreakerState.OPEN
    hours.seconds += 2 * REST
    with one.passage():
        error = SourceAway("away")
        assert not late_failure.__exit__(SourceAway, error, None)
        assert one.state is BreakerState.PROBING
        later_success.__exit__(None, None, None)
        assert one.state is BreakerState.PROBING
    assert one.state is BreakerState.CLOSED


def test_a_breaker_for_no_number_of_failures_never_opens() -> None:
    one = breaker(Hours(), failures=0)
    fail(one, 100)
    assert one.state is BreakerState.CLOSED


def test_not_all_processes_knock_at_the_same_moment() -> None:
    def rest(seed: int) -> float:
        hours = Hours()
        one = Breaker(failures=1, rest_seconds=REST, now=hours, chance=random.Random(seed))
        fail(one)
        began = hours.seconds
        while True:
            hours.seconds += 0.1
            try:
                succeed(one)
            except BreakerOpen:
                continue
            return hours.seconds - began

    rests = [rest(seed) for seed in range(20)]
    assert len(set(rests)) > 10
    assert all(REST * 0.8 <= each <= REST * 1.2 + 0.2 for each in rests)


class AnyCourse(RuleBasedStateMachine):
    """Whatever happens in whatever order: it lets through, refuses, and never sticks."""

    def __init__(self) -> None:
        super().__init__()
        self.hours = Hours()
        self.one = breaker(self.hours)
        self.in_a_row = 0
        self.opened_at: float | None = None

    def ask(self, error: BaseException | None) -> bool:
        try:
            with self.one.passage():
                if error is not None:
                    raise error
        except BreakerOpen:
            return False
        except (SourceAway, SourceUnreadable, asyncio.CancelledError):
            return True
        return True

    @rule(seconds=st.floats(0, 3 * REST))
    def time_passes(self, seconds: float) -> None:
        self.hours.seconds += seconds

    @rule()
    def it_fails(self) -> None:
        if self.ask(SourceAway("away")):
            self.in_a_row += 1
            if self.opened_at is not None or self.in_a_row >= FAILURES:
                self.opened_at = self.hours.seconds

    @rule(error=st.sampled_from([None, SourceUnreadable("nonsense")]))
    def it_answers(self, error: Exception | None) -> None:
        if self.ask(error):
            self.in_a_row = 0
            self.opened_at = None

    @rule()
    def it_is_given_up(self) -> None:
        self.ask(asyncio.CancelledError())

    @precondition(lambda self: self.opened_at is not None)
    @rule()
    def it_is_open_for_the_rest_and_not_for_longer(self) -> None:
        assert self.opened_at is not None
        passed = self.hours.seconds - self.opened_at
        let_through = self.ask(asyncio.CancelledError())
        if passed < 0.8 * REST:
            assert not let_through
        if passed > 1.2 * REST:
            assert let_through

    @invariant()
    def nobody_is_inside_now(self) -> None:
        assert self.one.state is (BreakerState.CLOSED if self.opened_at is None else BreakerState.OPEN)


TestAnyCourse = AnyCourse.TestCase
