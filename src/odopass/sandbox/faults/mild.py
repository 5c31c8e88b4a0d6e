"""How a sandbox misbehaves unasked: as networks do on a bad day, so that a client that works by luck fails early."""

from __future__ import annotations

from typing import Final

from odopass.sandbox.faults.rules import Kind, Operation, Rule

#: Together they touch about one exchange in seven. None of them touches TLS, which fails for everybody or for nobody.
MILD: Final = (
    Rule(Kind.DELAY, probability=0.06, seconds=2.0),
    Rule(Kind.UNAVAILABLE, probability=0.02, retry_after=2),
    Rule(Kind.UNAVAILABLE, probability=0.01),
    Rule(Kind.CUT_BEFORE, probability=0.01),
    Rule(Kind.CUT_AFTER, probability=0.02),
    Rule(Kind.HALF_ANSWER, probability=0.01),
    Rule(Kind.HTML, probability=0.01),
    Rule(Kind.FAILING, probability=0.01),
    Rule(Kind.ONGOING, operation=Operation.STATUS, probability=0.1, seconds=12.0),
)
