"""The report for machines: JSON, and JUnit XML as every CI reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final
from xml.etree import ElementTree as ET

from odopass.approval.criteria import CRITERIA
from odopass.approval.record import Record
from odopass.approval.verdicts import Finding, Verdict
from odopass.approval.words import reason_text, wording

#: What XML 1.0 cannot hold, escaped or not.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FAILURES: Final = frozenset({Verdict.FAILED, Verdict.NOT_SHOWN})


def json_report(
    record: Record,
    findings: Mapping[str, Finding],
    verdict: Verdict,
    *,
    files: Mapping[str, str],
    before: Mapping[str, str] | None,
) -> dict[str, Any]:
    """All that a run has come to, with all that it has seen.

    Args:
        record: what was seen.
        findings: the verdicts on the criteria that are in question.
        verdict: on the whole.
        files: the SHA-256 of each other file of the report, in hexadecimal digits, by name.
        before: the verdicts of the last run; None if there was none.
    """
    say = wording("en")
    return {
        "verdict": verdict.value,
        "began": record.began,
        "ended": record.ended or None,
        "garage": record.garage,
        "software": record.software,
        "criteria": [
            {
                "id": name,
                "title": CRITERIA[name].title,
                "asked": CRITERIA[name].asked,
                "source": CRITERIA[name].source or None,
                "requirement": CRITERIA[name].requirement,
                "optional": CRITERIA[name].optional,
                "verdict": finding.verdict.value,
                "reason": reason_text(finding, say),
                "step": finding.step or None,
                "exchanges": list(finding.exchanges),
                "before": None if before is None else before.get(name),
            }
            for name, finding in findings.items()
        ],
        "steps": [asdict(played) for played in record.played],
        "exchanges": [exchange.as_json() for exchange in record.exchanges],
        "files": dict(files),
    }


def junit_report(record: Record, findings: Mapping[str, Finding]) -> bytes:
    """The verdicts as test cases: failed and not shown fail, not offered is skipped, the kit's fault is an error."""
    say = wording("en")
    cases = ET.Element("testsuite", name="odopass approval", tests=str(len(findings)), timestamp=record.began)
    for name, finding in findings.items():
        criterion = CRITERIA[name]
        case = ET.SubElement(
            cases, "testcase", classname=f"approval.{criterion.area}", name=f"{name}: {criterion.title}"
        )
        kind = _kind(finding.verdict, optional=criterion.optional)
        if kind is None:
            continue
        told = reason_text(finding, say) or finding.verdict.value
        problem = ET.SubElement(case, kind, message=_clean(told), type=finding.verdict.value)
        asked = f"{criterion.asked} {criterion.source}".rstrip()
        problem.text = _clean("\n".join([asked, *_evidence(record, finding)]))
    for kind, count in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        cases.set(count, str(len(cases.findall(f"testcase/{kind}"))))
    written: bytes = ET.tostring(cases, encoding="utf-8", xml_declaration=True)
    return written


def _kind(verdict: Verdict, *, optional: bool) -> str | None:
    if verdict is Verdict.PASSED:
        return None
    if verdict is Verdict.ERROR:
        return "error"
    if verdict is Verdict.NOT_OFFERED or (optional and verdict is Verdict.NOT_SHOWN):
        return "skipped"
    return "failure" if verdict in _FAILURES else None


def _evidence(record: Record, finding: Finding) -> list[str]:
    by_number = {each.number: each for each in record.exchanges}
    lines = []
    for number in finding.exchanges:
        each = by_number[number]
        lines += [
            f"#{number} {each.began.isoformat()} {each.method} {each.path} -> {each.status}",
            each.body,
            each.answer,
        ]
    return lines


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
