from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
import typst
from tests.pdf import cases, tools
from tests.pdf.signers import authority, signer
from tests.pdf.verapdf import PDFA_2A, PDFUA_1, NotInstalledError, Validator

from odopass.registry.report.document.producing import DocumentProducer
from odopass.registry.report.document.typesetting import render
from odopass.registry.report.view import Newer, view_of

pytestmark = pytest.mark.requirement("R11")

# Every case in one language unsigned; signed, which adds to the file and leaves it as it is, in all of them.
UNSIGNED = [(name, "nl", False) for name in cases.NAMES]
SIGNED = [
    (name, language, True)
    for name in cases.NAMES
    for language in cases.LANGUAGES
    if name != "four-hundred" or language == "fr"  # it takes a validator seconds
]
DOCUMENTS = UNSIGNED + SIGNED


@cache
def document(name: str, language: str, signed: bool) -> bytes:
    with DocumentProducer(signer() if signed else None) as producer:
        return producer.make(cases.view(name, language), cases.MADE_AT)


def stored(folder: Path, name: str, language: str = "en", *, signed: bool = True) -> Path:
    path = folder / f"{name}-{language}-{'signed' if signed else 'unsigned'}.pdf"
    path.write_bytes(document(name, language, signed))
    return path


@pytest.fixture(scope="module")
def validator() -> Validator:
    try:
        return Validator()
    except NotInstalledError as error:
        tools.missing(str(error))


@pytest.mark.parametrize(("name", "language", "signed"), DOCUMENTS)
def test_every_document_is_archivable_and_accessible(
    validator: Validator, name: str, language: str, signed: bool
) -> None:
    pdf = document(name, language, signed)
    assert validator.failures(pdf, PDFA_2A) == []
    assert validator.failures(pdf, PDFUA_1) == []


def test_a_document_with_warnings_says_them_before_all_else(validator: Validator, tmp_path: Path) -> None:
    view = view_of(
        cases.case("ordinary"),
        language="de",
        public_url=cases.PUBLIC_URL,
        today=cases.TODAY + timedelta(days=100),
        newer=Newer(cases.TODAY, 90_000),
    )
    assert len(view.warnings) == 2
    pdf = render(view, made_at=cases.MADE_AT)
    assert validator.failures(pdf, PDFA_2A) == []
    assert validator.failures(pdf, PDFUA_1) == []
    path = tmp_path / "warnings.pdf"
    path.write_bytes(pdf)
    text = " ".join(tools.text_of(path))
    places = [text.index(tools.plain(said)) for said in (view.valid_until, *view.warnings, view.verdict)]
    assert places == sorted(places)


@pytest.mark.parametrize("language", cases.LANGUAGES)
def test_the_day_of_issue_is_printed_and_a_later_making_beside_it_only_if_there_was_one(
    validator: Validator, tmp_path: Path, language: str
) -> None:
    for days, again in ((0, False), (5, True)):
        made_at = cases.MADE_AT + timedelta(days=days)
        content = replace(cases.case("ordinary"), made_at=made_at)
        view = view_of(content, language=language, public_url=cases.PUBLIC_URL, today=made_at.date())
        path = tmp_path / f"{days}.pdf"
        path.write_bytes(render(view, made_at=made_at))
        text = " ".join(tools.text_of(path))
        assert f"{view.words['Date of issue']} 23/11/2026" in text
        assert (view.words["Made on"] in text) is again
        assert ("28/11/2026" in text) is again
        assert not again or f"{view.words['Made on']} {tools.plain(view.made)}" in text
        assert validator.failures(path.read_bytes(), PDFUA_1) == []


def test_the_validator_does_find_what_is_wrong(validator: Validator) -> None:
    plain = typst.compile(b"#table(columns: 2)[a][b]", pdf_tags=False)
    assert validator.failures(plain, PDFA_2A)
    assert validator.failures(plain, PDFUA_1)


def test_a_screen_reader_stumbles_on_nothing(tmp_path: Path) -> None:
    # Not the hostile one: it prints an address that leads nowhere, as it must.
    kinds = [each for each in DOCUMENTS if each[0] != "hostile"]
    paths = [stored(tmp_path, name, language, signed=signed) for name, language, signed in kinds]
    found = tools.said_by_outloud(paths)
    assert set(found) == {path.stem for path in paths}
    # The first rows of a long table's pages resemble each other but for their figures; it takes them for headers.
    rows = re.compile(r"PAG-001: \d+ running header or footer line\(s\) .*: (\d\d/\d\d/\d{4} [^;]*(; |$))+")
    assert {name: said for name, said in found.items() if any(not rows.fullmatch(each) for each in said)} == {}


@pytest.mark.parametrize("language", cases.LANGUAGES)
@pytest.mark.parametrize("name", ["wound-back", "three-odometers", "four-hundred"])
def test_the_text_has_all_readings_in_order(tmp_path: Path, name: str, language: str) -> None:
    view = cases.view(name, language)
    text = " ".join(tools.text_of(stored(tmp_path, name, language)))
    place = text.rindex(view.words["Odometer readings"])
    for reading in view.readings:
        row = tools.plain(f"{reading.date} {reading.km} {reading.distance} {reading.source}")
        found = text.find(row, place)
        assert found >= 0, f"{row!r} does not follow {text[place : place + 60]!r}"
        place = found + len(row)
        for said in (*reading.remarks, *reading.notes):
            place = text.index(tools.plain(said), place)


@pytest.mark.parametrize("language", cases.LANGUAGES)
def test_what_matters_most_comes_first(tmp_path: Path, language: str) -> None:
    view = cases.view("wound-back", language)
    text = " ".join(tools.text_of(stored(tmp_path, "wound-back", language)))
    order = [
        view.registry,
        view.words["Vehicle history"],
        view.number,
        view.issued,
        view.valid_until,
        view.verdict,
        view.readings[0].km,
        *(fact.value for fact in view.facts),
        view.recalls_summary,
        *view.recalls,
        view.inspection,
        view.not_available,
        view.public_url,
        view.words["Odometer readings"],
    ]
    place = 0
    for said in order:
        place = text.index(tools.plain(said), place)


@pytest.mark.parametrize("name", ["none", "one", "four-hundred"])
def test_every_page_tells_its_number_and_the_documents(tmp_path: Path, name: str) -> None:
    view = cases.view(name)
    pages = tools.text_of(stored(tmp_path, name))
    for number, page in enumerate(pages, start=1):
        assert page.endswith(f"{number}/{len(pages)}")
        assert view.number in page
    assert name != "four-hundred" or len(pages) > 8


def test_no_text_of_a_source_becomes_markup(tmp_path: Path) -> None:
    text = " ".join(tools.text_of(stored(tmp_path, "hostile")))
    vehicle = cases.case("hostile").vehicle
    for told in (
        vehicle.vin,
        vehicle.make,
        vehicle.fuel,
        "= Heading",
        '#text(red)[x] "',
        "$ sum_(i=0)^n $ #sys.inputs",
    ):
        assert told
        assert told in text
    assert not re.search("[\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)


@pytest.mark.parametrize("name", ["ordinary", "hostile"])
def test_all_fonts_are_embedded(tmp_path: Path, name: str) -> None:
    lines = tools.run("pdffonts", stored(tmp_path, name)).splitlines()[2:]
    assert lines
    for line in lines:
        assert "NotoSans" in line
        embedded, subset, unicode = line.split()[-5:-2]
        assert (embedded, subset, unicode) == ("yes", "yes", "yes"), line


def test_the_code_on_the_page_leads_to_the_public_address(tmp_path: Path) -> None:
    path = stored(tmp_path, "ordinary")
    tools.run("pdftoppm", "-r", "100", "-f", "1", "-l", "1", "-png", "-singlefile", path, tmp_path / "page")
    assert tools.run("zbarimg", "-q", "--raw", tmp_path / "page.png").strip() == cases.PUBLIC_URL


def test_another_reader_finds_the_signature_valid_and_one_changed_byte_invalid(tmp_path: Path) -> None:
    path = stored(tmp_path, "ordinary")
    said = tools.run("pdfsig", "-nocert", path)
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said
    assert "ETSI.CAdES.detached" in said
    assert f"CN={authority().issue().certificate.subject.rfc4514_string()[3:20]}" in said.replace('"', "")
    pdf = bytearray(path.read_bytes())
    pdf[len(pdf) // 2] ^= 1
    path.write_bytes(pdf)
    assert "Signature is Valid" not in tools.run("pdfsig", "-nocert", path)
