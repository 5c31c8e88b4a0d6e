"""What only the tester can see: screens, warnings, the garage's own data (G5, G6, G7, G12, G13)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from odopass.approval.record import Record
from odopass.approval.verdicts import Finding, Verdict, failed, not_shown, passed

if TYPE_CHECKING:
    from odopass.approval.judging import Rule


def _said(step_name: str, *, optional_after: str = "") -> Callable[[Record], Finding]:
    """A rule: the tester says yes.

    Args:
        step_name: the step that asks.
        optional_after: the step that asks whether the DMS has it at all; "" if it must.
    """

    def rule(record: Record) -> Finding:
        offered = record.step(optional_after)
        if offered is not None and offered.said != "yes":
            return Finding(Verdict.NOT_OFFERED, step=offered.step)
        step = record.step(step_name)
        if step is None or step.said not in {"yes", "no"}:
            return not_shown()
        if step.said == "no":
            return failed("The tester says that it is not so.", step=step.step)
        missing = [
            str(each)
            for each in step.asked.get("codes", [])
            if "shown" in step.answer and str(each) not in {str(code) for code in step.answer["shown"]}
        ]
        if missing:
            return failed(
                "The registry told issue {code}, and the DMS does not show it.", step=step.step, code=", ".join(missing)
            )
        return passed(step=step.step)

    return rule


RULES: Final[Mapping[str, Rule]] = {
    "outage-warned": _said("outage.warned"),
    "issue-shown": _said("correction.shown"),
    "overview": _said("correction.overview"),
    "local-record": _said("correction.followed"),
    "account-shown": _said("account.shown"),
    "password-warning": _said("account.changed"),
    "vhr-shown": _said("history.shown", optional_after="history.offered"),
}
