"""What a rule for misbehaviour says, as plain data, and which rules make sense."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Operation(StrEnum):
    """An operation of the wire, by the name it has in rules."""

    SUBMIT = "submit"
    STATUS = "status"
    CORRECTION = "correction"
    CONFIRM = "confirm"
    VHR = "vhr"
    ANY = "any"


class Kind(StrEnum):
    """What goes wrong."""

    DELAY = "delay"  # the answer comes late
    UNAVAILABLE = "unavailable"  # 503, nothing was stored
    FAILING = "failing"  # 500, nothing was stored
    THROTTLED = "throttled"  # 429, nothing was stored
    CUT_BEFORE = "cut-before"  # the connection ends before anything was stored
    CUT_AFTER = "cut-after"  # the connection ends after the request was stored
    HALF_ANSWER = "half-answer"  # stored; the answer ends before the length it gave
    HTML = "html"  # a proxy's page with status 200, nothing was stored
    BROKEN_JSON = "broken-json"  # stored; the answer is whole, but no JSON
    MAINTENANCE = "maintenance"  # 503 with Retry-After until a moment of the sandbox's clock
    ONGOING = "ongoing"  # the registry is not done yet
    EXPIRED_CERTIFICATE = "expired-certificate"
    UNKNOWN_AUTHORITY = "unknown-authority"
    OLD_TLS = "tls-1.1"  # the server speaks TLS 1.1 and nothing newer

    @property
    def of_tls(self) -> bool:
        """Whether it goes wrong in the handshake, before any request."""
        return self in _OF_TLS

    @property
    def means(self) -> str:
        """What it does, in a few words."""
        return _MEANS[self]


_OF_TLS: Final = frozenset({Kind.EXPIRED_CERTIFICATE, Kind.UNKNOWN_AUTHORITY, Kind.OLD_TLS})
_WITH_SECONDS: Final = frozenset({Kind.DELAY, Kind.MAINTENANCE, Kind.ONGOING})
_WITH_RETRY_AFTER: Final = frozenset({Kind.UNAVAILABLE, Kind.THROTTLED})

_MEANS: Final = {
    Kind.DELAY: "the request is served at once, its answer comes after so many seconds",
    Kind.UNAVAILABLE: "503, with Retry-After if one is given; nothing was stored",
    Kind.FAILING: "500; nothing was stored",
    Kind.THROTTLED: "429, with Retry-After if one is given; nothing was stored",
    Kind.CUT_BEFORE: "the connection is cut; nothing was stored",
    Kind.CUT_AFTER: "the request is served as it should be, and the connection cut instead of an answer",
    Kind.HALF_ANSWER: "the request is served; half of the answer is sent, less than its Content-Length says",
    Kind.HTML: "a proxy's HTML page with status 200; nothing was stored",
    Kind.BROKEN_JSON: "the request is served; the answer is whole, but its JSON ends too early",
    Kind.MAINTENANCE: "503 with Retry-After for so many seconds of the sandbox's clock; nothing is stored",
    Kind.ONGOING: "the status is ONGOING, while the request is younger than so many seconds if they are given",
    Kind.EXPIRED_CERTIFICATE: "the server shows a certificate that has expired",
    Kind.UNKNOWN_AUTHORITY: "the server shows a certificate of an authority that nobody knows",
    Kind.OLD_TLS: "the server speaks TLS 1.1 only",
}

MAINTENANCE_SECONDS: Final = 60.0
LONGEST_DELAY: Final = 600.0


@dataclass(frozen=True, slots=True)
class Rule:
    """When something goes wrong, and what.

    Attributes:
        kind: what.
        operation: with which operation.
        garage: with which garage's requests, by its user name; None for every one's.
        vin: with which vehicle's requests, by VIN or by plate; None for every one's.
        probability: how likely, from 0 to 1, each time the rest fits.
        next: only so many times, beginning with the next; None for always.
        every: only each so many-th time: 2 is every second; None for each time.
        seconds: how long it lasts, where that makes sense.
        retry_after: what is told in Retry-After, in seconds, where that makes sense; None for no such header.
    """

    kind: Kind
    operation: Operation = Operation.ANY
    garage: str | None = None
    vin: str | None = None
    probability: float = 1.0
    next: int | None = None
    every: int | None = None
    seconds: float | None = None
    retry_after: int | None = None

    @property
    def holds(self) -> bool:
        """Whether it is about how a request stands for some time, and not about one answer."""
        return self.kind is Kind.ONGOING and self.seconds is not None


def problems_of(rule: Rule) -> Iterator[tuple[str, str]]:
    """What is wrong with a rule: the member's name on the wire and what to do; nothing if it makes sense."""
    yield from _problems_of_seconds(rule)
    if rule.retry_after is not None and rule.kind not in _WITH_RETRY_AFTER:
        yield "retryAfter", f"{rule.kind} takes no retryAfter; {_listed(_WITH_RETRY_AFTER)} do."
    if sum((rule.next is not None, rule.every is not None, rule.probability < 1)) > 1:
        yield "probability", "Give one of probability, next and every."
    if rule.kind.of_tls:
        given = {
            "operation": rule.operation is not Operation.ANY,
            "garage": rule.garage is not None,
            "vin": rule.vin is not None,
        }
        for name in (name for name, is_given in given.items() if is_given):
            yield name, f"{rule.kind} happens before the request is known; leave {name} out."
    if rule.kind is Kind.ONGOING and rule.operation is Operation.SUBMIT:
        yield "operation", "ongoing shows in what is asked about a request; a submission is answered with its GUID."


def _problems_of_seconds(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.seconds is None:
        if rule.kind is Kind.DELAY:
            yield "seconds", f"Say for how many seconds, up to {LONGEST_DELAY:.0f}."
    elif rule.kind not in _WITH_SECONDS:
        yield "seconds", f"{rule.kind} takes no seconds; {_listed(_WITH_SECONDS)} do."
    elif rule.kind is Kind.DELAY and rule.seconds > LONGEST_DELAY:
        yield "seconds", f"A delay lasts {LONGEST_DELAY:.0f} seconds at most."


def _listed(kinds: frozenset[Kind]) -> str:
    return " and ".join(sorted(kinds))
