from __future__ import annotations

import random

import pytest

from odopass.registry.limits.buckets import Buckets
from odopass.registry.limits.limit import DEFAULTS, REQUESTS, Limit

LIMIT = Limit(rate=50, burst=200)


def taken(buckets: Buckets, account: int, tries: int, now: float, limit: Limit = LIMIT) -> int:
    return sum(buckets.take(account, limit, now) == 0.0 for _ in range(tries))


def test_a_garage_may_make_fifty_requests_a_second_and_two_hundred_at_once() -> None:
    assert DEFAULTS[REQUESTS] == LIMIT


@pytest.mark.parametrize("limit", [LIMIT, Limit(0.1, 1), Limit(3, 7), Limit(1e6, 1_000_000), Limit(1 / 3, 10)])
@pytest.mark.parametrize("now", [0.0, 1e9 + 1 / 3])
def test_exactly_the_burst_is_taken_at_once_and_then_one_each_interval(limit: Limit, now: float) -> None:
    buckets = Buckets()
    at_once = min(limit.burst, 5_000)
    assert taken(buckets, 1, at_once, now, limit) == at_once
    if limit.burst > at_once:
        return
    wait = buckets.take(1, limit, now)
    assert wait == pytest.approx(1 / limit.rate, rel=1e-3)
    assert taken(buckets, 1, 3, now + wait * 1.001, limit) == 1


def test_in_the_long_run_the_rate_is_taken_however_the_requests_come() -> None:
    chance = random.Random(7)
    buckets, now, counted = Buckets(), 1_000.0, 0
    while now < 1_100.0:
        counted += taken(buckets, 1, chance.randrange(20), now)
        now += chance.uniform(0, 0.1)
    assert 100 * LIMIT.rate <= counted <= 100 * LIMIT.rate + LIMIT.burst + 1


def test_after_the_wait_that_was_told_the_next_request_is_taken() -> None:
    buckets = Buckets()
    taken(buckets, 1, 200, 10.0)
    assert buckets.take(1, LIMIT, 10.0 + buckets.take(1, LIMIT, 10.0)) == 0.0


def test_a_limit_that_is_raised_helps_at_once() -> None:
    buckets = Buckets()
    assert taken(buckets, 1, 300, 0.0) == 200
    assert taken(buckets, 1, 1_000, 0.0, Limit(rate=1_000, burst=1_000)) == 800


def test_one_garage_does_not_use_up_what_another_has() -> None:
    buckets = Buckets()
    assert taken(buckets, 1, 1_000, 0.0) == 200
    assert taken(buckets, 2, 1_000, 0.0) == 200


def test_what_other_processes_took_counts_and_locks_nobody_out_for_long() -> None:
    buckets = Buckets()
    buckets.charge(1, LIMIT, 150, 0.0)
    assert taken(buckets, 1, 200, 0.0) == 50
    buckets.charge(1, LIMIT, 10**9, 0.0)
    assert buckets.take(1, LIMIT, 0.0) == pytest.approx(LIMIT.burst / LIMIT.rate + 1 / LIMIT.rate)


def test_garages_that_owe_nothing_are_forgotten() -> None:
    buckets = Buckets()
    for account in range(25_000):
        buckets.take(account, LIMIT, account / 1_000)
    assert len(buckets._levels) < 12_000
