from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from odopass.sandbox.faults.choosing import Asked, Rules
from odopass.sandbox.faults.mild import MILD
from odopass.sandbox.faults.operations import operation_of
from odopass.sandbox.faults.rules import Kind, Operation, Rule
from odopass.sandbox.faults.told import read_rule
from odopass.wire.errors import Invalid

GUID = UUID("6f1d3f60-1111-4222-8333-444455556666")


class SetClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 11, 25, 12, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def rules(*added: Rule, seed: int = 7) -> Rules:
    made = Rules(seed, SetClock())
    for rule in added:
        made.add(rule)
    return made


def submitted(garage: str = "one", vin: str = "A") -> Asked:
    return Asked(Operation.SUBMIT, garage, vin)


def asked(age_seconds: float, guid: UUID = GUID) -> Asked:
    return Asked(Operation.STATUS, "one", "A", guid, timedelta(seconds=age_seconds))


def kinds(made: Rules, times: int, what: Asked) -> list[str]:
    return [str(chosen.rule.kind) if (chosen := made.choose(what)) else "" for _ in range(times)]


def fields_wrong(**members: object) -> set[str]:
    with pytest.raises(Invalid) as refused:
        read_rule(json.dumps(members).encode())
    return {problem.field for problem in refused.value.problems}


@pytest.mark.requirement("K3")
def test_a_rule_for_the_next_three_is_applied_three_times_and_then_rests() -> None:
    made = rules(Rule(Kind.FAILING, next=3))
    assert kinds(made, 5, submitted()) == ["failing", "failing", "failing", "", ""]
    assert made.standing()[0].applied == 3


@pytest.mark.requirement("K3")
def test_a_rule_for_every_second_lets_the_first_pass() -> None:
    assert kinds(rules(Rule(Kind.FAILING, every=2)), 4, submitted()) == ["", "failing", "", "failing"]


@pytest.mark.requirement("K3")
def test_a_rule_concerns_only_the_operation_garage_and_vehicle_that_it_names() -> None:
    made = rules(Rule(Kind.FAILING, operation=Operation.SUBMIT, garage="one", vin="A"))
    assert kinds(made, 1, submitted("two", "A")) == [""]
    assert kinds(made, 1, submitted("one", "B")) == [""]
    assert kinds(made, 1, Asked(Operation.STATUS, "one", "A", GUID)) == [""]
    assert kinds(made, 1, submitted("one", "A")) == ["failing"]


@pytest.mark.requirement("K3")
def test_rules_are_looked_at_in_the_order_in_which_they_were_added_before_the_sandboxs_own() -> None:
    made = Rules(1, SetClock(), (Rule(Kind.HTML),))
    made.add(Rule(Kind.FAILING, next=1))
    made.add(Rule(Kind.THROTTLED, next=1))
    assert kinds(made, 3, submitted()) == ["failing", "throttled", "html"]
    assert [each.name for each in made.standing()] == ["r1", "r2", "m1"]


@pytest.mark.requirement("K3")
def test_a_rule_that_was_removed_is_not_applied_and_its_name_is_not_given_again() -> None:
    made = rules(Rule(Kind.FAILING))
    assert made.remove("r1")
    assert not made.remove("r1")
    assert made.add(Rule(Kind.HTML)).name == "r2"
    made.clear()
    assert kinds(made, 1, submitted()) == [""]


@pytest.mark.requirement("K3")
def test_the_same_seed_gives_the_same_faults_whatever_other_garages_do_meanwhile() -> None:
    def faults(seed: int, *, others: bool) -> list[str]:
        made = Rules(seed, SetClock(), MILD)
        told = []
        for _ in range(300):
            if others:
                made.choose(submitted("two"))
            told += kinds(made, 1, submitted("one"))
        return told

    assert faults(11, others=False) == faults(11, others=True)
    assert faults(11, others=False) != faults(12, others=False)


@pytest.mark.requirement("K3")
def test_the_sandboxs_own_misbehaviour_is_mild_and_of_many_kinds() -> None:
    made = Rules(3, SetClock(), MILD)
    told = kinds(made, 5_000, submitted())
    touched = sum(1 for kind in told if kind)
    assert 0.08 < touched / len(told) < 0.25
    assert {"delay", "unavailable", "cut-before", "cut-after", "half-answer", "html", "failing"} <= set(told)
    assert not any(rule.kind.of_tls or rule.kind is Kind.MAINTENANCE for rule in MILD)


@pytest.mark.requirement("K3")
def test_maintenance_ends_by_the_clock() -> None:
    clock = SetClock()
    made = Rules(1, clock)
    made.add(Rule(Kind.MAINTENANCE, seconds=60))
    clock.at += timedelta(seconds=20)
    chosen = made.choose(submitted())
    assert chosen is not None
    assert chosen.seconds_left == 40
    clock.at += timedelta(seconds=40)
    assert made.choose(submitted()) is None


@pytest.mark.requirement("K3")
def test_a_request_is_ongoing_only_while_it_is_young_and_only_if_there_is_one() -> None:
    made = rules(Rule(Kind.ONGOING, seconds=30))
    assert made.choose_hold(asked(29)) is not None
    assert made.choose_hold(asked(30)) is None
    assert made.choose_hold(submitted()) is None
    assert made.choose_hold(Asked(Operation.STATUS, "one", "", GUID)) is None


@pytest.mark.requirement("K3")
def test_a_single_answer_can_be_ongoing_whatever_the_requests_age() -> None:
    assert kinds(rules(Rule(Kind.ONGOING, next=1)), 2, asked(86_400)) == ["ongoing", ""]


@pytest.mark.requirement("K3")
def test_a_request_that_was_told_its_outcome_never_becomes_ongoing_by_chance() -> None:
    made = rules(Rule(Kind.ONGOING, seconds=30, probability=0.5))
    for _ in range(50):
        guid = uuid4()
        assert len({made.choose_hold(asked(3, guid)) is None for _ in range(6)}) == 1


@pytest.mark.requirement("K3")
def test_what_goes_wrong_on_the_way_does_not_change_how_a_request_stands() -> None:
    made = rules(Rule(Kind.DELAY, seconds=1), Rule(Kind.ONGOING, seconds=30))
    assert kinds(made, 2, asked(3)) == ["delay", "delay"]
    assert made.choose_hold(asked(3)) is not None


@pytest.mark.requirement("K3")
def test_handshakes_follow_rules_of_their_own() -> None:
    made = rules(Rule(Kind.EXPIRED_CERTIFICATE, next=1), Rule(Kind.FAILING))
    assert kinds(made, 1, submitted()) == ["failing"]
    chosen = made.choose_handshake()
    assert chosen is not None
    assert chosen.rule.kind is Kind.EXPIRED_CERTIFICATE
    assert made.choose_handshake() is None


@pytest.mark.requirement("K3")
def test_a_rule_that_makes_no_sense_is_refused_with_the_members_that_are_wrong() -> None:
    assert fields_wrong() == {"kind"}
    assert fields_wrong(kind="explode") == {"kind"}
    assert fields_wrong(kind="delay") == {"seconds"}
    assert fields_wrong(kind="delay", seconds=601) == {"seconds"}
    assert fields_wrong(kind="failing", seconds=1) == {"seconds"}
    assert fields_wrong(kind="failing", retryAfter=1) == {"retryAfter"}
    assert fields_wrong(kind="failing", next=1, every=2) == {"probability"}
    assert fields_wrong(kind="failing", probability=0) == {"probability"}
    assert fields_wrong(kind="failing", next=0, colour="red") == {"next", "colour"}
    assert fields_wrong(kind="tls-1.1", operation="submit", garage="x", vin="y") == {"operation", "garage", "vin"}
    assert fields_wrong(kind="ongoing", operation="submit") == {"operation"}
    with pytest.raises(Invalid):
        read_rule(b"\xff{")


@pytest.mark.requirement("K3")
def test_a_rule_names_vehicles_as_the_registry_does() -> None:
    assert read_rule(b'{"kind": "html", "vin": "wvwtest"}').vin == "WVWTEST"


@pytest.mark.requirement("K3")
@pytest.mark.parametrize(
    ("method", "path", "operation"),
    [
        ("POST", "/api/observation", Operation.SUBMIT),
        ("GET", f"/api/observation/{GUID}/status", Operation.STATUS),
        ("POST", f"/api/observation/{GUID}/correction", Operation.CORRECTION),
        ("POST", f"/api/observation/{GUID}/correct", Operation.CORRECTION),
        ("POST", f"/api/observation/{GUID}/confirm", Operation.CONFIRM),
        ("GET", f"/api/observation/{GUID}/status/vhr", Operation.VHR),
    ],
)
def test_operations_are_known_by_their_paths(method: str, path: str, operation: Operation) -> None:
    found = operation_of(method, path)
    assert found is not None
    assert found[0] is operation


@pytest.mark.requirement("K3")
def test_what_is_no_operation_is_left_alone() -> None:
    assert operation_of("GET", "/api/observation") is None
    assert operation_of("GET", "/api/swagger-ui.html") is None
    assert operation_of("GET", "/health") is None
