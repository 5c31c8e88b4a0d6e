"""What a run prints on the terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from odopass.approval.criteria import AREAS, CRITERIA
from odopass.approval.record import Played
from odopass.approval.session import Session
from odopass.approval.verdicts import Finding, Verdict
from odopass.approval.words import OUTCOMES, VERDICTS, reason_text, wording

_SIGNS = {
    Verdict.PASSED: "✓",
    Verdict.FAILED: "✕",
    Verdict.NOT_SHOWN: "–",
    Verdict.NOT_OFFERED: "–",
    Verdict.ERROR: "!",
}


def tell_step(played: Played, say: Callable[[str], None]) -> None:
    """A line for a step that was played."""
    if played.skipped:
        say(f"  {played.step}: left out")
    elif played.fault:
        say(f"  {played.step}: {played.fault}")
    else:
        said = f" {played.said}" if played.said else ""
        say(f"  {played.step}:{said or ' done'}{'' if played.came else ', but nothing came'}")


def tell_result(
    session: Session, findings: Mapping[str, Finding], verdict: Verdict, say: Callable[[str], None]
) -> None:
    """The verdicts, and where the report is."""
    for area, title in AREAS.items():
        lines = [(name, each) for name, each in findings.items() if CRITERIA[name].area == area]
        if lines:
            say(f"\n{title}")
        for name, finding in lines:
            say(f"  {_SIGNS[finding.verdict]} {name}: {VERDICTS[finding.verdict.value]}{_why(finding)}")
    say(f"\n{OUTCOMES[verdict.value]}")
    say(f"The report is in {session.folder}: report.en.html, report.en.pdf, junit.xml, report.json.")


def _why(finding: Finding) -> str:
    reason = reason_text(finding, wording("en"))
    if not reason:
        return ""
    seen = ", ".join(f"#{number}" for number in finding.exchanges)
    return f". {reason} ({seen})" if seen else f". {reason}"
