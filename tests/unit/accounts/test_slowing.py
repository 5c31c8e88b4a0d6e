"""Who is slowed by how much, and what is remembered about strangers."""

from __future__ import annotations

import pytest

from odopass.registry.accounts.bounded import Bounded
from odopass.registry.accounts.slowing import Slowing
from odopass.registry.accounts.sources import loggable, network_of


@pytest.mark.requirement("R8")
def test_ten_wrong_answers_are_free_and_the_next_ones_wait_longer_and_longer() -> None:
    slowing = Slowing()
    delays = [slowing.delay(slowing.count("192.0.2.1", "2123456722", float(second))) for second in range(18)]
    assert delays == [0] * 10 + [0.25, 0.5, 1, 2, 4, 5, 5, 5]


@pytest.mark.requirement("R8")
def test_wrong_answers_are_forgotten_after_ten_minutes() -> None:
    slowing = Slowing()
    for _ in range(30):
        slowing.count("192.0.2.1", "2123456722", 0.0)
    assert slowing.delay(slowing.count("192.0.2.1", "2123456722", 599.9)) == 5
    assert slowing.delay(slowing.count("192.0.2.1", "2123456722", 600.0)) == 0


@pytest.mark.requirement("R8")
def test_other_addresses_and_other_names_are_counted_apart() -> None:
    slowing = Slowing()
    for _ in range(30):
        slowing.count("192.0.2.1", "2123456722", 0.0)
    assert slowing.count("192.0.2.2", "2123456722", 1.0) == 1
    assert slowing.count("192.0.2.1", "2987654331", 1.0) == 1


def test_no_more_than_64_answers_of_one_network_are_held_back_at_once() -> None:
    slowing = Slowing()
    holds = [slowing.held("192.0.2.1") for _ in range(65)]
    assert [hold.__enter__() for hold in holds] == [True] * 64 + [False]
    with slowing.held("192.0.2.2") as may_wait:
        assert may_wait
    for hold in holds:
        hold.__exit__(None, None, None)
    with slowing.held("192.0.2.1") as may_wait:
        assert may_wait


def test_memory_for_strangers_has_an_end_and_the_oldest_goes_first() -> None:
    memory: Bounded[int, str] = Bounded(3)
    for number in range(3):
        memory.put(number, "old")
    memory.put(0, "written again")
    memory.put(3, "new")
    assert [memory.get(number) for number in range(4)] == ["written again", None, "old", "new"]
    memory.drop(0)
    memory.drop(17)
    assert len(memory) == 2


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
        ("a\nforged line", "a?forged line"),
    ],
)
def test_an_address_stands_for_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.requirement("R13")
def test_a_password_in_the_wrong_field_does_not_get_into_the_log_as_a_user_name() -> None:
    assert loggable("abcd-efgh-jkmn-pqrs", exists=False) == "(unknown name of 19 characters)"
    assert loggable("2123456722", exists=False) == "2123456722"
    assert loggable("test-garage", exists=True) == "test-garage"
