"""The approval report on paper keeps to the standards of archives and of readers who hear it, signature included."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.pdf import tools
from tests.pdf.verapdf import PDFA_2A, PDFUA_1, NotInstalledError, Validator
from tests.unit.approval.traffic import Traffic

from odopass.approval.judging import judge
from odopass.approval.record import Played
from odopass.approval.report.document import document_of
from odopass.approval.report.signing import open_or_make_key, sign_document
from odopass.approval.report.view import report_of
from odopass.approval.verdicts import overall


@pytest.mark.requirement("K5")
@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_signed_report_is_archivable_and_accessible(language: str, tmp_path: Path) -> None:
    try:
        validator = Validator()
    except NotInstalledError as error:
        tools.missing(str(error))
    traffic = Traffic()
    for number in range(60):
        traffic.submit(number, 1 if number == 0 else None, km=f"«\u202e{number}»", status=200 if number == 0 else 400)
    traffic.ask(70, 1, "ISSUE", "001")
    traffic.record.played.append(Played("outage.warned", answer={"answer": "yes", "note": "ありがとう <b>"}))
    record = traffic.record
    findings = judge(record)
    report = report_of(record, findings, overall(findings), language, before={"first-status": "failed"})
    key = open_or_make_key(tmp_path / "key.pem")
    pdf = sign_document(document_of(report, made_at=record.began), key, reason=report.outcome)
    assert validator.failures(pdf, PDFA_2A) == []
    assert validator.failures(pdf, PDFUA_1) == []
