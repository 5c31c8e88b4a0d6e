"""Writing a run's report: every form, in every language, signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

from odopass.approval.judging import SHOWN_IN, judge
from odopass.approval.record import Record, UnusableRecordError, read_record, runs_in
from odopass.approval.report.document import document_of
from odopass.approval.report.machine import json_report, junit_report
from odopass.approval.report.page import page_of
from odopass.approval.report.signing import SigningKey, sign_bytes, sign_document
from odopass.approval.report.view import report_of
from odopass.approval.verdicts import Finding, Verdict, overall
from odopass.approval.words import LANGUAGES

JSON_FILE: Final = "report.json"
SIGNATURE_FILE: Final = "report.json.sig"
CERTIFICATE_FILE: Final = "certificate.pem"
JUNIT_FILE: Final = "junit.xml"
#: How the names of the tester's pictures begin.
PICTURE: Final = "picture-"


def findings_of(record: Record, scenarios: Collection[str]) -> dict[str, Finding]:
    """The verdicts on the criteria that these scenarios show."""
    return {name: finding for name, finding in judge(record).items() if set(SHOWN_IN[name]) & set(scenarios)}


def write_report(
    folder: Path, record: Record, findings: Mapping[str, Finding], key: SigningKey, *, before: Mapping[str, str] | None
) -> Verdict:
    """Write all files of a report, and tell the verdict on the whole.

    Args:
        folder: of the run.
        record: what was seen.
        findings: the verdicts on the criteria that are in question.
        key: to sign with.
        before: the verdicts of the last run; None if there was none.

    Raises:
        OSError: a file cannot be written.
    """
    verdict = overall(findings)
    written = {JUNIT_FILE: junit_report(record, findings)}
    for language in LANGUAGES:
        report = report_of(record, findings, verdict, language, before=before)
        written[f"report.{language}.html"] = page_of(report).encode()
        document = document_of(report, made_at=record.ended or record.began)
        written[f"report.{language}.pdf"] = sign_document(document, key, reason=report.outcome)
    pictures = {path.name: path.read_bytes() for path in sorted(folder.glob(f"{PICTURE}*"))}
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in (written | pictures).items()}
    content: dict[str, Any] = json_report(record, findings, verdict, files=sums, before=before)
    told = json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8", "backslashreplace")
    written |= {JSON_FILE: told, SIGNATURE_FILE: sign_bytes(told, key), CERTIFICATE_FILE: key.certificate_pem()}
    for name, each in written.items():
        unfinished = folder / f".{name}.part"
        unfinished.write_bytes(each)
        unfinished.replace(folder / name)
    return verdict


def verdicts_before(data: Path, folder: Path) -> dict[str, str] | None:
    """The verdicts of the last run that ended before this one; None if there is none that can be read."""
    for earlier in reversed([each for each in runs_in(data) if each.name < folder.name]):
        try:
            record = read_record(earlier)
        except UnusableRecordError:
            continue
        if record.ended:
            return {name: finding.verdict.value for name, finding in judge(record).items()}
    return None
