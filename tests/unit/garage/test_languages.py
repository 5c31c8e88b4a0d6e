"""The application speaks the language that the browser asks for, or that somebody chose in it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest

from odopass.garage.app.application import application
from odopass.garage.app.faults import FAULTS, fault_text, refused_fields
from odopass.garage.app.labels import event_text, finding_text, issue_name
from odopass.garage.app.running import running_workshop
from odopass.garage.app.words import LANGUAGES, wording
from odopass.garage.app.workshop import Workshop
from odopass.garage.book import BookFault
from odopass.garage.book.entries import Event, Reading, ReadingDraft, Vehicle
from odopass.garage.checks.finding import warning
from odopass.wire.status import IssueItem, Status

HOME = "http://127.0.0.1:8090"
PAGES = ("/", "/problems", "/history", "/vehicle-history", "/exclusions", "/account", "/orders/new", "/readings/new")
HEADINGS = {
    "nl": "Kilometerstanden",
    "fr": "Relevés",
    "de": "Kilometerstände",
    "en": "Readings",
}

pytestmark = pytest.mark.requirement("G14")


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    (tmp_path / "data").mkdir()
    with running_workshop(tmp_path / "data", tmp_path / "config") as running:
        yield running


@pytest.fixture
async def browser(workshop: Workshop) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(workshop))
    async with httpx.AsyncClient(transport=transport, base_url=HOME, headers={"origin": HOME}) as made:
        yield made


async def choose(browser: httpx.AsyncClient, language: str, back: str = "/") -> httpx.Response:
    return await browser.post("/language", data={"language": language, "back": back})


def sent(workshop: Workshop) -> Reading:
    """A reading that the registry has, or would have: there is no account, so nothing is really sent."""
    book = workshop.book
    draft = ReadingDraft(Vehicle("ZZZTEST0000000001", None), date(2026, 6, 1), 123_456, read_by="An")
    reading = book.decisions.enter(draft)
    step = book.outbox.begin(book.outbox.steps()[0], b"{}")
    book.outbox.answered(step, "00000000-0000-4000-8000-000000000001")
    return reading


def heading(language: str) -> str:
    return f"<h1>{HEADINGS[language]}</h1>"


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_page_comes_in_the_language_that_the_browser_asks_for(
    browser: httpx.AsyncClient, language: str
) -> None:
    asked = f"{language}-XX,{language};q=0.9,ja;q=0.8"
    page = (await browser.get("/", headers={"accept-language": asked})).text
    assert f'<html lang="{language}">' in page
    assert heading(language) in page


@pytest.mark.parametrize("language", LANGUAGES)
async def test_what_was_chosen_counts_for_more_than_what_the_browser_asks_for(
    browser: httpx.AsyncClient, language: str
) -> None:
    other = "fr" if language != "fr" else "de"
    page = (await browser.get("/", headers={"accept-language": other, "cookie": f"language={language}"})).text
    assert heading(language) in page


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_chosen_language_stays_on_every_page_and_the_chooser_comes_back_to_where_it_was(
    browser: httpx.AsyncClient, language: str
) -> None:
    answer = await choose(browser, language, "/account")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "Max-Age=31536000" in answer.headers["set-cookie"]
    for path in PAGES:
        page = await browser.get(path, headers={"accept-language": "ja"})
        assert page.status_code == 200
        assert f'<html lang="{language}">' in page.text, path
        assert f'value="{language}" lang="{language}"' in page.text
    assert "<h1>" in (await browser.get("/nothing-here")).text
    assert f'<html lang="{language}">' in (await browser.get("/nothing-here")).text


async def test_a_language_that_there_is_not_changes_nothing(browser: httpx.AsyncClient) -> None:
    await choose(browser, "fr")
    await choose(browser, "ja")
    assert heading("fr") in (await browser.get("/")).text
    unknown = await browser.get("/", headers={"cookie": "language=<script>", "accept-language": "nl"})
    assert heading("nl") in unknown.text


async def test_what_is_wrong_is_said_in_the_language_of_the_page(browser: httpx.AsyncClient) -> None:
    await choose(browser, "de")
    form = {"plate": "1-ABC-234", "km": "12.000", "reading_date": "1/2/26", "read_by": ""}
    page = await browser.post("/readings/new", data=form)
    assert page.status_code == 422
    assert "Geben Sie nur die Ziffern 0 bis 9 ein" in page.text
    assert "Geben Sie ein, wer den Zähler abgelesen hat." in page.text
    assert "Noch nicht gespeichert" in page.text


async def test_what_is_refused_for_where_it_comes_from_is_said_in_the_language_too(browser: httpx.AsyncClient) -> None:
    answer = await browser.post("/language", headers={"origin": "https://evil.example", "cookie": "language=fr"})
    assert answer.status_code == 403
    assert answer.text.startswith("Rien n’a été modifié")
    strange = await browser.get("/", headers={"host": "evil.example", "accept-language": "nl"})
    assert strange.status_code == 421
    assert strange.text.startswith("Dit adres hoort niet bij deze toepassing.")


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_of_the_book_says_what_to_do_in_every_language(kind: str) -> None:
    fault = BookFault(kind, "The exact words.")
    told = {fault_text(fault, wording(language)) for language in LANGUAGES}
    assert len(told) == len(LANGUAGES)


def test_a_fault_that_nobody_knows_yet_says_at_least_where_to_look() -> None:
    assert fault_text(BookFault("new", "x"), wording("en")) == FAULTS["unreadable"]


def test_a_refusal_names_its_fields_as_the_forms_do() -> None:
    say = wording("nl")
    refusal = "vin, licensePlate: Neither is given; give one of them."
    assert refused_fields(refusal, say) == "Chassisnummer (VIN), Nummerplaat"
    assert refused_fields("somethingElse: It is unknown.", say) == ""
    assert refused_fields("The observation type does not change in a correction.", say) == ""


@pytest.mark.parametrize(
    ("language", "km"),
    [("nl", "123.456\u00a0km"), ("fr", "123\u202f456\u00a0km"), ("de", "123.456\u00a0km"), ("en", "123,456\u00a0km")],
)
def test_km_are_written_as_the_language_does_in_a_readings_story_and_in_warnings(language: str, km: str) -> None:
    say = wording(language)
    story = event_text(Event(datetime(2026, 6, 1, tzinfo=UTC), "entered", text="123456"), say)
    assert story.endswith(km)
    lower = finding_text(warning("local_001", "km", km=123_456, day="01/02/2026"), say)
    assert km in lower.replace(" km", "\u00a0km")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("ISSUE 001 003", "Réponse du registre\u00a0: Attend votre réponse (001 003)"),
        ("PROCESSED", "Réponse du registre\u00a0: Dans le registre"),
        ("ASLEEP", "Réponse du registre\u00a0: ASLEEP"),
    ],
)
def test_a_status_in_a_readings_story_is_called_as_on_its_badge(text: str, told: str) -> None:
    event = Event(datetime(2026, 6, 1, tzinfo=UTC), "told", text=text)
    assert event_text(event, wording("fr")) == told


def test_readers_of_english_get_the_name_of_an_issue_type_that_is_known() -> None:
    assert issue_name("001", wording("en")) == "lower than an earlier reading"
    assert issue_name("001", wording("nl")) == ""
    assert issue_name("999", wording("en")) == ""


async def test_an_issue_is_described_in_the_readers_language(browser: httpx.AsyncClient, workshop: Workshop) -> None:
    reading = sent(workshop)
    described = {"nl": "Lager dan voorheen.", "fr": "Plus bas qu’avant.", "de": "Niedriger als zuvor."}
    workshop.book.outbox.told(
        workshop.book.outbox.awaited()[0], "ISSUE", Status.ISSUE, [IssueItem("001", described)], {}
    )
    for path in ("/problems", f"/readings/{reading.number}", f"/readings/{reading.number}/confirm"):
        for language, text in described.items():
            page = (await browser.get(path, headers={"accept-language": language})).text
            assert f'<span lang="{language}">{text}</span>' in page
        english = (await browser.get(path, headers={"accept-language": "en"})).text
        assert "Issue 001: lower than an earlier reading" in english
        assert f'<span lang="nl">{described["nl"]}</span>' in english


async def test_a_refusal_says_in_the_readers_language_where_to_look_and_what_to_do(
    browser: httpx.AsyncClient, workshop: Workshop
) -> None:
    book = workshop.book
    book.decisions.enter(ReadingDraft(Vehicle("ZZZTEST0000000001", None), date(2026, 6, 1), 1, read_by="An"))
    book.outbox.refused(book.outbox.begin(book.outbox.steps()[0], b"{}"), ["vin: It has 18 characters."])
    page = (await browser.get("/problems", headers={"accept-language": "de"})).text
    assert "Bitte prüfen: Fahrgestellnummer (VIN)" in page
    assert "Korrigieren Sie ihn; danach wird er noch einmal gesendet." in page
    assert '<small lang="en">vin: It has 18 characters.</small>' in page


def enter_many(workshop: Workshop) -> None:
    for number in range(2_000):
        vehicle = Vehicle(None, f"1ABC{number}")
        workshop.book.decisions.enter(ReadingDraft(vehicle, date(2026, 6, 1), 1, read_by="A" * 400))


async def test_a_full_disk_is_told_in_the_readers_language_with_what_was_typed_still_there(
    browser: httpx.AsyncClient, workshop: Workshop
) -> None:
    with workshop.book.at_once():  # no thread is at it meanwhile
        workshop.book._storage._db.execute("PRAGMA max_page_count = 1")  # as many pages as there are: no room for more
    with pytest.raises(BookFault, match="full"):
        enter_many(workshop)
    form = {"vin": "ZZZTEST0000000001", "km": "123456", "reading_date": "01/06/2026", "read_by": "A" * 400}
    form |= {"type": "REPAIR_MAINTENANCE_SERVICE"}
    page = await browser.post("/readings/new", data=form, headers={"accept-language": "fr"})
    stamps = re.findall(r'name="confirmed" value="([^"]+)"', page.text)
    page = await browser.post("/readings/new", data=form | {"confirmed": stamps}, headers={"accept-language": "fr"})
    assert page.status_code == 503
    assert "Rien n’a été enregistré." in page.text
    assert "Le disque est plein." in page.text
    assert 'value="123456"' in page.text


async def test_a_book_that_cannot_be_read_is_told_in_the_readers_language(
    browser: httpx.AsyncClient, workshop: Workshop
) -> None:
    workshop.book.close()  # which waits for the threads that are at it; the file itself would be closed beneath them
    page = await browser.get("/history", headers={"accept-language": "nl"})
    assert page.status_code == 503
    assert "Het logboek kan niet gelezen of beschreven worden." in page.text
    assert '<small lang="en">' in page.text
