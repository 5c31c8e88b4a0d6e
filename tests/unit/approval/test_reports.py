"""A run's report: its forms, its signatures, and what must not be in it."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from tests.unit.approval.traffic import Traffic

from odopass.approval.criteria import CRITERIA
from odopass.approval.judging import judge
from odopass.approval.record import Record, UnusableRecordError, read_record, write_record
from odopass.approval.report.machine import junit_report
from odopass.approval.report.signing import SigningKey, UnusableKeyError, open_or_make_key
from odopass.approval.report.view import report_of
from odopass.approval.report.writing import findings_of, verdicts_before, write_report
from odopass.approval.traffic import read_exchange
from odopass.approval.verdicts import Finding, Verdict, overall

pytestmark = pytest.mark.requirement("K5")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return open_or_make_key(tmp_path_factory.mktemp("key") / "signing-key.pem")


def _record() -> Record:
    traffic = Traffic()
    traffic.step("ordinary.enter", km=120_000, date="25/11/2026", upto=1)
    traffic.submit(0)
    traffic.step("ordinary.close", after=1)
    traffic.ask(0.2)
    traffic.submit(1, None, km="<b>&\x00", status=400)
    traffic.record.ended = "2026-11-25T11:00:00+00:00"
    traffic.record.software = "A <DMS> & more"
    return traffic.record


def test_every_form_is_written_and_the_signature_covers_all_of_them(key: SigningKey, tmp_path: Path) -> None:
    record = _record()
    findings = findings_of(record, ["ordinary"])
    (tmp_path / "picture-outage-warned.png").write_bytes(b"\x89PNG")
    assert write_report(tmp_path, record, findings, key, before={"first-status": "passed"}) is Verdict.FAILED
    content = (tmp_path / "report.json").read_bytes()
    told = json.loads(content)
    public = key.certificate.public_key()
    assert isinstance(public, rsa.RSAPublicKey)
    public.verify((tmp_path / "report.json.sig").read_bytes(), content, padding.PKCS1v15(), hashes.SHA256())
    assert {f"report.{language}.{form}" for language in ("nl", "fr", "de", "en") for form in ("html", "pdf")} | {
        "junit.xml",
        "picture-outage-warned.png",
    } == set(told["files"])
    for name, digest in told["files"].items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
    [first] = [each for each in told["criteria"] if each["id"] == "first-status"]
    assert (first["verdict"], first["before"], first["exchanges"]) == ("failed", "passed", [2, 1])
    assert first["source"] == "§2.2"
    assert len(told["exchanges"]) == 3
    page = (tmp_path / "report.en.html").read_text("utf-8")
    assert "A &lt;DMS&gt; &amp; more" in page
    assert "The last time: passed" in page
    assert "Good practices §2.2" in page
    words = subprocess.run(
        ["pdftotext", "-layout", str(tmp_path / "report.nl.pdf"), "-"], capture_output=True, check=True
    ).stdout.decode()
    assert "Keuringsrapport" in words
    assert "niet geslaagd" in words
    assert "Goede praktijken §2.2" in words


def test_a_change_to_the_document_shows(key: SigningKey, tmp_path: Path) -> None:
    record = _record()
    write_report(tmp_path, record, findings_of(record, ["ordinary"]), key, before=None)
    document = (tmp_path / "report.en.pdf").read_bytes()
    trusted = ValidationContext(trust_roots=[], allow_fetching=False)

    def intact(pdf: bytes) -> bool:
        [signature] = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        return bool(validate_pdf_signature(signature, trusted).intact)

    assert intact(document)
    changed = bytearray(document)
    place = document.index(b"/Producer") + 12
    changed[place] ^= 1
    assert not intact(bytes(changed))


def test_junit_tells_failures_errors_and_what_is_skipped() -> None:
    record = _record()
    findings = {name: Finding(Verdict.PASSED) for name in CRITERIA}
    findings |= {
        "first-status": judge(record)["first-status"],
        "overview": Finding(Verdict.NOT_SHOWN),
        "structure": Finding(Verdict.ERROR, "The kit could not play a step: {why}", {"why": "\x00 odd"}),
        "vhr-once": Finding(Verdict.NOT_OFFERED),
    }
    suite = ET.fromstring(junit_report(record, findings))
    told = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert told == {"tests": str(len(CRITERIA)), "failures": "2", "errors": "1", "skipped": "1"}
    [failure] = suite.findall("testcase[@name='first-status: One second before the first question']/failure")
    assert "requestGuid" in (failure.text or "")
    assert "§2.2" in (failure.text or "")


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = _record()
    write_record(tmp_path, record)
    assert read_record(tmp_path) == record
    (tmp_path / "record.json").write_text('{"record-1": {"began": 1')
    with pytest.raises(UnusableRecordError, match="--new"):
        read_record(tmp_path)


def test_what_a_garage_logs_in_with_is_never_kept() -> None:
    told = _record().exchanges[0].as_json() | {"headers": {"Authorization": "Basic c2VjcmV0", "x": "y"}}
    assert read_exchange(told).headers == {"x": "y"}


def test_the_last_run_that_ended_is_compared_with(tmp_path: Path) -> None:
    for name, ended in (("2026-11-23", True), ("2026-11-24", False), ("2026-11-25", True)):
        record = _record()
        record.ended = record.ended if ended else ""
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        write_record(folder, record)
    assert verdicts_before(tmp_path, tmp_path / "runs" / "2026-11-23") is None
    before = verdicts_before(tmp_path, tmp_path / "runs" / "2026-11-25")
    assert before is not None
    assert before["first-status"] == "failed"


@pytest.mark.parametrize("language", ["nl", "fr", "de", "en"])
def test_every_criterion_is_in_the_report_of_every_language(language: str) -> None:
    record = _record()
    findings = judge(record)
    report = report_of(record, findings, overall(findings), language)
    assert [line.id for chapter in report.chapters for line in chapter.lines] == list(CRITERIA)
    assert all(line.title and line.asked and line.verdict for chapter in report.chapters for line in chapter.lines)


def test_a_key_that_is_none_is_refused_with_what_to_do(tmp_path: Path, key: SigningKey) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(key.certificate_pem())
    with pytest.raises(UnusableKeyError, match="--sign-with"):
        open_or_make_key(file)
