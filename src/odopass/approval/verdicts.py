"""What the kit says about a criterion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from odopass.approval.criteria import CRITERIA
from odopass.approval.traffic import Exchange


class Verdict(StrEnum):
    """Of one criterion."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_SHOWN = "not shown"  # what would have shown it did not happen
    NOT_OFFERED = "not offered"  # the DMS does without it, and may
    ERROR = "error"  # the kit or the sandbox is at fault, not the DMS


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict and why.

    Attributes:
        verdict: the verdict.
        reason: a sentence in English whose values are in braces; the key of the catalogue. "" if passed.
        values: for the names in braces.
        exchanges: numbers of the exchanges that show it, the offending one first.
        step: the step it was seen in; "" for none in particular.
        omitted: whether it failed because something did not come: no fault of the DMS if the kit or the sandbox kept it
            from coming.
    """

    verdict: Verdict
    reason: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    exchanges: tuple[int, ...] = ()
    step: str = ""
    omitted: bool = False


def passed(seen: Iterable[Exchange] = (), step: str = "") -> Finding:
    """The criterion is met, as these exchanges show."""
    return Finding(Verdict.PASSED, exchanges=tuple(each.number for each in seen), step=step)


def failed(reason: str, *seen: Exchange, step: str = "", **values: str) -> Finding:
    """The criterion is not met: the rule that was broken, and the exchanges that break it."""
    return Finding(Verdict.FAILED, reason, values, tuple(each.number for each in seen), step)


def missed(reason: str, *seen: Exchange, step: str = "", **values: str) -> Finding:
    """The criterion is not met because something did not come."""
    return replace(failed(reason, *seen, step=step, **values), omitted=True)


def not_shown(reason: str = "", step: str = "") -> Finding:
    """Nothing happened that would show it."""
    return Finding(Verdict.NOT_SHOWN, reason, step=step)


def error(reason: str, *seen: Exchange, step: str = "", **values: str) -> Finding:
    """The kit cannot tell, by a fault of its own or of the sandbox."""
    return Finding(Verdict.ERROR, reason, values, tuple(each.number for each in seen), step)


def overall(findings: Mapping[str, Finding]) -> Verdict:
    """Of the whole run: passed only if nothing that is asked is missing."""
    asked = [finding for name, finding in findings.items() if not CRITERIA[name].optional]
    chosen = [finding for name, finding in findings.items() if CRITERIA[name].optional]
    verdicts = {finding.verdict for finding in asked} | {
        finding.verdict for finding in chosen if finding.verdict in {Verdict.FAILED, Verdict.ERROR}
    }
    for worst in (Verdict.ERROR, Verdict.FAILED, Verdict.NOT_SHOWN):
        if worst in verdicts:
            return worst
    return Verdict.PASSED
