"""Several measurements of one thing."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the middle and the greatest of several measurements."""

    least: float
    median: float
    greatest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """The spread of these values."""
        return cls(min(values), statistics.median(values), max(values))

    @classmethod
    def of_ratios(cls, ours: Sequence[float], theirs: Sequence[float]) -> Self:
        """The spread of the ratios round by round: what disturbed a round disturbed both."""
        return cls.of([one / other for one, other in zip(ours, theirs, strict=True)])

    def shown(self, digits: int = 0) -> str:
        """As ``median (least – greatest)``."""
        return f"{self.median:,.{digits}f} ({self.least:,.{digits}f} – {self.greatest:,.{digits}f})"


def percentile(counts: dict[str, int], share: float) -> float:
    """The percentile of a histogram whose keys are milliseconds, each rounded up; 0 if nothing was counted."""
    target = sum(counts.values()) * share
    counted = 0
    for slot, number in sorted((int(slot), number) for slot, number in counts.items()):
        counted += number
        if counted >= target:
            return float(slot)
    return 0.0
