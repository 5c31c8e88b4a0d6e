"""Which rule an exchange follows. The same seed chooses the same, request for request."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

from odopass.clock import Clock
from odopass.sandbox.faults.rules import MAINTENANCE_SECONDS, Kind, Operation, Rule

#: More rules at once are a mistake of whoever adds them.
MOST_RULES: Final = 1_000


_MOST_DECIDED: Final = 10_000


class TooManyRules(Exception):  # noqa: N818 - it names the state of things
    """There are as many rules as there may be."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a request when a rule is looked for.

    Attributes:
        operation: which one; never ANY.
        garage: the user name that was sent.
        vin: of the vehicle that it is about, as far as the registry knows; "" if it does not.
        guid: the request that it asks about; None for a submission.
        age: how long ago the newest request of the case arrived that it asks about; None if there is none.
    """

    operation: Operation
    garage: str
    vin: str = ""
    guid: UUID | None = None
    age: timedelta | None = None


@dataclass(slots=True)
class Standing:
    """A rule that stands, and how often it has been looked at.

    Attributes:
        name: such as ``r3``; those of the sandbox's own misbehaviour begin with m.
        rule: what it says.
        fitting: how often everything fitted but chance or count.
        applied: how often it was applied.
        mild: whether it is one of the sandbox's own.
        until: when it ends by itself, UTC; None if it does not.
        drawn: how often it was drawn for each garage and operation.
        decided: of requests that are ONGOING by chance for a time: whether they are.
    """

    name: str
    rule: Rule
    mild: bool
    until: datetime | None = None
    fitting: int = 0
    applied: int = 0
    drawn: Counter[tuple[str, str]] = field(default_factory=Counter)
    decided: dict[UUID, bool] = field(default_factory=dict)

    def spent(self, now: datetime) -> bool:
        """Whether it is not applied any more."""
        if self.until is not None and now >= self.until:
            return True
        return self.rule.next is not None and self.applied >= self.rule.next


@dataclass(frozen=True, slots=True)
class Chosen:
    """A rule to apply now.

    Attributes:
        chance: a number from 0 to 1 of this very time, for what is to vary.
        mild: whether it is one of the sandbox's own.
        seconds_left: until it ends by itself; None if it does not.
    """

    name: str
    rule: Rule
    chance: float
    mild: bool
    seconds_left: float | None


class Rules:
    """The rules that stand. They may be changed and asked from any thread.

    Rules that somebody added come before the sandbox's own, in the order in which they were added; the first that fits
    and whose turn it is is applied, and no other.

    Args:
        seed: decides by chance. What is drawn for a garage and an operation depends on how many such requests of it
            there were, and not on what other garages do meanwhile.
        clock: the sandbox's.
        mild: the sandbox's own misbehaviour.
    """

    def __init__(self, seed: int, clock: Clock, mild: Sequence[Rule] = ()) -> None:
        self.seed = seed
        self._clock = clock
        self._lock = threading.Lock()
        self._added = 0
        self._standing: list[Standing] = [Standing(f"m{at}", rule, mild=True) for at, rule in enumerate(mild, 1)]
        self._before_tls: Callable[[], None] = _nothing
        self._after_tls: Callable[[], None] = _nothing

    def around_tls_rules(self, before: Callable[[], None], after: Callable[[], None]) -> None:
        """Have these called before and after a rule about handshakes is added; if the first fails, none is added."""
        self._before_tls = before
        self._after_tls = after

    def add(self, rule: Rule) -> Standing:
        """Let a rule stand.

        Raises:
            TooManyRules: there are as many as there may be.
            OSError: the certificates that it needs cannot be written.
        """
        if rule.kind.of_tls:
            self._before_tls()
        with self._lock:
            if len(self._standing) >= MOST_RULES:
                raise TooManyRules
            self._added += 1
            until = None
            if rule.kind is Kind.MAINTENANCE:
                until = self._clock.now() + timedelta(seconds=rule.seconds or MAINTENANCE_SECONDS)
            standing = Standing(f"r{self._added}", rule, mild=False, until=until)
            at = sum(not each.mild for each in self._standing)
            self._standing.insert(at, standing)
        if rule.kind.of_tls:
            self._after_tls()
        return standing

    def remove(self, name: str) -> bool:
        """Take a rule away; whether it was there."""
        with self._lock:
            before = len(self._standing)
            self._standing = [each for each in self._standing if each.name != name]
            return len(self._standing) < before

    def clear(self) -> None:
        """Take all away, the sandbox's own among them."""
        with self._lock:
            self._standing = []

    def standing(self) -> list[Standing]:
        """All rules, in the order in which they are looked at."""
        with self._lock:
            return list(self._standing)

    def choose(self, asked: Asked) -> Chosen | None:
        """The rule that this request follows, if any."""
        return self._choose(asked, lambda rule: not rule.holds)

    def choose_hold(self, asked: Asked) -> Chosen | None:
        """The rule by which the request that is asked about is held to be ONGOING, if any.

        Another rule may apply besides: what goes wrong on the way of an answer does not tell how a request stands.
        """
        return self._choose(asked, lambda rule: rule.holds)

    def _choose(self, asked: Asked, fits: Callable[[Rule], bool]) -> Chosen | None:
        with self._lock:
            fitting = (
                each
                for each in self._standing
                if not each.rule.kind.of_tls and fits(each.rule) and _concerns(each.rule, asked)
            )
            return self._first(fitting, (asked.garage, asked.operation), asked.guid)

    def choose_handshake(self) -> Chosen | None:
        """The rule that the handshake of a new connection follows, if any."""
        with self._lock:
            return self._first((each for each in self._standing if each.rule.kind.of_tls), ("", "handshake"), None)

    def _first(self, fitting: Iterator[Standing], who: tuple[str, str], guid: UUID | None) -> Chosen | None:
        now = self._clock.now()
        for each in fitting:
            if each.spent(now):
                continue
            each.fitting += 1
            each.drawn[who] += 1
            random = Random(f"{self.seed} {each.name} {who} {each.drawn[who]}")  # noqa: S311 - repeatable on purpose
            if not _is_turn(each, guid, random.random()):
                continue
            each.applied += 1
            left = None if each.until is None else (each.until - now).total_seconds()
            return Chosen(each.name, each.rule, random.random(), each.mild, left)
        return None


def _nothing() -> None:
    """Nothing has to be done."""


def _is_turn(standing: Standing, guid: UUID | None, chance: float) -> bool:
    rule = standing.rule
    if rule.every is not None:
        return standing.fitting % rule.every == 0
    turn = chance < rule.probability
    if not rule.holds or guid is None:
        return turn
    # What was done once is never undone again: of each request it is decided once whether it takes its time.
    if len(standing.decided) >= _MOST_DECIDED:
        standing.decided.pop(next(iter(standing.decided)))
    return standing.decided.setdefault(guid, turn)


def _concerns(rule: Rule, asked: Asked) -> bool:
    return (
        rule.operation in (Operation.ANY, asked.operation)
        and rule.garage in (None, asked.garage)
        and rule.vin in (None, asked.vin)
        and (rule.kind is not Kind.ONGOING or _may_be_ongoing(rule, asked))
    )


def _may_be_ongoing(rule: Rule, asked: Asked) -> bool:
    """Whether an answer can say that the registry is not done: only about a request, as long as it is young."""
    if asked.age is None:
        return False
    return rule.seconds is None or asked.age < timedelta(seconds=rule.seconds)
