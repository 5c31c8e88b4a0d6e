"""From what a run has seen to a verdict on each criterion: pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from odopass.approval.criteria import CRITERIA
from odopass.approval.judging import answered, entries, following, pace, sending
from odopass.approval.record import Played, Record
from odopass.approval.traffic import Exchange
from odopass.approval.verdicts import Finding, Verdict, error

_FAILING: Final = 500
Rule = Callable[[Record], Finding]

RULES: Final[Mapping[str, Rule]] = {
    **sending.RULES,
    **pace.RULES,
    **following.RULES,
    **entries.RULES,
    **answered.RULES,
}


def judge(record: Record) -> dict[str, Finding]:
    """The verdict on each criterion, in the order of the criteria.

    What did not come because the kit could not play a step, or because the sandbox failed by itself, is an error;
    what the DMS did wrong beside that stays what it is.
    """
    findings = {name: RULES[name](record) for name in CRITERIA}
    broken = {each.step.partition(".")[0]: each for each in reversed(record.played) if each.fault}
    failing = _failures_of_the_sandbox(record)
    for name, finding in findings.items():
        if finding.verdict is not Verdict.NOT_SHOWN and not finding.omitted:
            continue
        for scenario in SHOWN_IN[name]:
            if scenario in broken:
                step = broken[scenario]
                findings[name] = error("The kit could not play a step: {why}", step=step.step, why=step.fault)
                break
            if scenario in failing:
                step, seen = failing[scenario]
                findings[name] = error(
                    "The sandbox answered {status}, by no rule.", seen, step=step.step, status=str(seen.status)
                )
                break
    return findings


def _failures_of_the_sandbox(record: Record) -> Mapping[str, tuple[Played, Exchange]]:
    """The first answer of each scenario that says that the registry failed, though no rule wanted it so."""
    found: dict[str, tuple[Played, Exchange]] = {}
    for step in record.played:
        for each in record.exchanges:
            if step.after < each.number <= step.upto and (each.status or 0) >= _FAILING and each.fault is None:
                found.setdefault(step.step.partition(".")[0], (step, each))
    return found


#: Which scenarios show a criterion.
SHOWN_IN: Final[Mapping[str, tuple[str, ...]]] = {
    "sent-in-workshop": ("ordinary",),
    "guid-kept": ("restart",),
    "first-status": ("ordinary",),
    "status-interval": ("long-wait",),
    "status-lasting": ("long-wait",),
    "outcome-fetched": ("ordinary",),
    "sent-after-outage": ("outage", "lost-answer"),
    "overdue-date": ("outage",),
    "outage-warned": ("outage",),
    "issue-shown": ("correction",),
    "overview": ("correction",),
    "correction": ("correction",),
    "confirmation": ("confirmation",),
    "confirm-on-purpose": ("correction", "confirmation"),
    "outcome-of-correction": ("correction", "confirmation"),
    "local-record": ("correction",),
    "warn-lower": ("warnings",),
    "warn-higher": ("warnings",),
    "warn-same": ("warnings",),
    "warn-future": ("warnings",),
    "warn-past": ("late",),
    "digits-only": ("warnings",),
    "sent-once": ("ordinary", "twice"),
    "km-as-read": ("ordinary",),
    "structure": ("ordinary",),
    "vin-short": ("vin",),
    "vin-long": ("vin",),
    "vin-impossible": ("vin",),
    "exclusion": ("exclusion",),
    "date-as-read": ("ordinary", "late"),
    "invoice": ("invoice",),
    "account-shown": ("account",),
    "password-warning": ("account",),
    "vhr-fetched": ("history",),
    "vhr-once": ("history",),
    "vhr-shown": ("history",),
}
