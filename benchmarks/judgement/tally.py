"""What is counted: per kind of mistake, per kind of fraud, and among the honest."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from benchmarks.judgement.replay import Judged, Row
from odopass.domain import finding
from odopass.domain.outcome import Status
from odopass.simulate import Truth
from odopass.simulate.labels import MISTAKE_SHARES

#: A roll-back is caught when one of these is found: a reading is lower than its neighbours allow.
LOWER = frozenset(
    {
        finding.LOWER_THAN_EARLIER,
        finding.HIGHER_THAN_LATER,
        finding.TOO_LOW_FOR_LATER,
        finding.MILES,
        finding.TRIP_COUNTER,
    }
)
#: Roll-backs of less than this, in km, are counted but are not what the target is about.
LARGE_KM = 10_000

_EXAMPLES = 3


@dataclass(slots=True)
class Mistake:
    """One kind of mistake."""

    made: int = 0
    caught: int = 0
    refused: int = 0
    missed_km: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Fraud:
    """One roll-back.

    Attributes:
        caught: whether a reading of the wound-back odometer, or one from before that arrived late, met an issue that
            says so.
        readings: of the wound-back odometer, that arrived.
        first: the first of them, with its outcome.
    """

    row: Row
    caught: bool = False
    readings: int = 0
    first: Judged | None = None


@dataclass(slots=True)
class Tally:
    """All counts over a fleet."""

    readings: int = 0
    out_of_scope: int = 0
    honest: int = 0
    honest_refused: int = 0
    bothered: Counter[tuple[str, bool]] = field(default_factory=Counter)
    bothered_readings: int = 0
    bothered_by_falsehood: int = 0
    mistakes: dict[Truth, Mistake] = field(default_factory=lambda: defaultdict(Mistake))
    frauds: dict[tuple[int, date], Fraud] = field(default_factory=dict)
    examples: dict[str, list[Judged]] = field(default_factory=lambda: defaultdict(list))

    def add_sales(self, sales: list[Row]) -> None:
        """Note the roll-backs of some vehicles."""
        for row in sales:
            if row["rollback"] is not None:
                self.frauds[row["vehicle"], row["rolled_back_on"]] = Fraud(row)

    def add(self, judged: Judged) -> None:
        """Count one reading."""
        if judged.codes == (finding.OUT_OF_SCOPE,):
            self.out_of_scope += 1
            return
        self.readings += 1
        issue = judged.status is Status.ISSUE
        if judged.row["rollback"] is not None:
            self._add_to_fraud(judged, lower=issue and not LOWER.isdisjoint(judged.codes))
        if judged.truth in MISTAKE_SHARES:
            self._add_mistake(judged, issue=issue)
        elif judged.truth is Truth.HONEST:
            self._add_honest(judged, issue=issue)

    def caught_among(self, *, large: bool, contradicted: bool) -> tuple[int, int]:
        """How many of the roll-backs of one group are caught, and how many there are."""
        group = [
            fraud
            for fraud in self.frauds.values()
            if bool(fraud.row["contradicted"]) is contradicted and (fraud.row["km_removed"] > LARGE_KM) is large
        ]
        return sum(fraud.caught for fraud in group), len(group)

    def missed_contradicted(self) -> list[Fraud]:
        """The large roll-backs that some reading contradicts and nothing caught."""
        return [
            fraud
            for fraud in self.frauds.values()
            if fraud.row["contradicted"] and not fraud.caught and fraud.row["km_removed"] > LARGE_KM
        ]

    def _add_to_fraud(self, judged: Judged, *, lower: bool) -> None:
        fraud = self.frauds.get((judged.row["vehicle"], judged.row["rolled_back_on"]))
        if fraud is None:
            return
        fraud.readings += 1
        fraud.caught |= lower
        fraud.first = fraud.first or judged

    def _add_mistake(self, judged: Judged, *, issue: bool) -> None:
        mistake = self.mistakes[judged.truth]
        mistake.made += 1
        if issue:
            mistake.caught += 1
        elif judged.status is Status.ERROR:
            mistake.refused += 1
        else:
            mistake.missed_km.append(abs(judged.row["error_size_km"]))
            if abs(judged.row["error_size_km"]) > LARGE_KM:
                self._example(f"missed, {judged.truth}", judged)

    def _add_honest(self, judged: Judged, *, issue: bool) -> None:
        self.honest += 1
        if judged.status is Status.ERROR:
            self.honest_refused += 1
        if issue:
            self.bothered_readings += 1
            self.bothered_by_falsehood += judged.misled
            for code in judged.codes:
                self.bothered[code, judged.misled] += 1
                if not judged.misled:
                    self._example(f"honest, but {code}", judged)

    def _example(self, kind: str, judged: Judged) -> None:
        if len(self.examples[kind]) < _EXAMPLES:
            self.examples[kind].append(judged)


def as_json(tally: Tally) -> dict[str, Any]:
    """The figures, for programs."""
    large = tally.caught_among(large=True, contradicted=True)
    return {
        "readings": tally.readings,
        "out_of_scope": tally.out_of_scope,
        "honest": tally.honest,
        "honest_bothered": tally.bothered_readings,
        "honest_bothered_share": tally.bothered_readings / max(tally.honest, 1),
        "honest_bothered_by_a_false_reading": tally.bothered_by_falsehood,
        "honest_refused": tally.honest_refused,
        "bothered_by_type": {
            code: sum(number for (other, _), number in tally.bothered.items() if other == code)
            for code in sorted({code for code, _ in tally.bothered})
        },
        "mistakes": {
            truth.value: {"made": each.made, "caught": each.caught, "refused": each.refused}
            for truth, each in sorted(tally.mistakes.items())
        },
        "rollbacks": len(tally.frauds),
        "rollbacks_large_contradicted": large[1],
        "rollbacks_large_contradicted_caught": large[0],
        "rollbacks_large_contradicted_caught_share": large[0] / max(large[1], 1),
        "rollbacks_large_uncontradicted": tally.caught_among(large=True, contradicted=False)[1],
    }
