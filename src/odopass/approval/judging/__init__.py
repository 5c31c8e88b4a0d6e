"""From what a run has seen to a verdict on each criterion: pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from odopass.approval.criteria import CRITERIA
from odopass.approval.judging import answered, entries, following, pace, sending
from odopass.approval.record import Record
from odopass.approval.verdicts import Finding, Verdict, error

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

    A step that the kit could not play makes what it would have shown an error, unless something else broke the rule.
    """
    findings = {name: RULES[name](record) for name in CRITERIA}
    broken = {each.step.partition(".")[0]: each for each in record.played if each.fault}
    for name, finding in findings.items():
        if finding.verdict is Verdict.NOT_SHOWN:
            for scenario in SHOWN_IN.get(name, ()):
                if scenario in broken:
                    findings[name] = error(
                        "The kit could not play a step: {why}", step=broken[scenario].step, why=broken[scenario].fault
                    )
                    break
    return findings


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
