from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from html.parser import HTMLParser
from uuid import UUID

import httpx
import pytest
from tests.pdf.cases import NAMES, TODAY, case, content, line
from tests.unit.report.shelf import REGISTRY, Shelf, client

from odopass.languages import accepted_language
from odopass.registry.report.content import Recall, VehicleData
from odopass.registry.report.numbers import with_check
from odopass.registry.report.view import Newer, grouped, view_of
from odopass.registry.report.wording import LOCALES

pytestmark = pytest.mark.requirement("R10")

GUID = UUID("3f2c8d1e-5b7a-4c6d-9e8f-0a1b2c3d4e5f")
VIN = "WBA8E9G52GNT45678"


class Page(HTMLParser):
    """What a page holds, told apart from its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


async def get(shelf: Shelf, path: str, *, day: dt.date = TODAY, **headers: str) -> httpx.Response:
    async with client(shelf, day) as asking:
        return await asking.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


def shelf_of(name: str = "wound-back", *, newer: Newer | None = None) -> Shelf:
    shelf = Shelf()
    shelf.put("the-id", case(name), newer=newer)
    return shelf


@pytest.mark.requirement("W17")
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", "nl"),
        ("fr", "fr"),
        ("FR-be", "fr"),
        ("en-GB,en;q=0.9,nl;q=0.8", "en"),
        ("nl;q=0.2, de;q=0.9, fr;q=0.5", "de"),
        ("es, it;q=0.9, fr;q=0.1", "fr"),
        ("es", "nl"),
        ("*", "nl"),
        ("nl;q=0, *", "fr"),
        ("*;q=0.5, de;q=0.4", "nl"),
        ("*;q=0.5, nl;q=0.4, de;q=0.6", "de"),
        ("nl;q=0", "fr"),
        ("nl;q=0, fr;q=0, de;q=0, en;q=0", "nl"),
        ("fr; q=0.7 , de ;q=0.8", "de"),
        ("fr;q=2, de;q=x, en;q=nan, nl;q=0.1", "nl"),
        (";;,=,;q=", "nl"),
        ("fr;q=0.5,de;q=0.5", "fr"),
        (", ".join(["xx"] * 10_000), "nl"),
    ],
)
def test_the_browser_says_which_language_is_read(header: str, expected: str) -> None:
    assert accepted_language(header) == expected


@pytest.mark.requirement("W17")
@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("path", ["/vhr/the-id", "/vhr/unknown", "/check", "/check?number=1"])
async def test_every_page_is_there_in_every_language(path: str, language: str) -> None:
    asked = await get(shelf_of(), f"{path}{'&' if '?' in path else '?'}language={language}", accept_language="xx")
    accepted = await get(shelf_of(), path, accept_language=f"xx, {language};q=0.5")
    for answer in (asked, accepted):
        assert Page(answer.text).all("html") == [{"lang": language}]
        assert answer.headers["content-language"] == language
        assert answer.headers["vary"] == "Accept-Language"


@pytest.mark.requirement("W17")
async def test_the_address_outweighs_the_browser_and_an_unknown_language_asks_for_none() -> None:
    answer = await get(shelf_of(), "/vhr/the-id?language=FR", accept_language="de")
    assert answer.headers["content-language"] == "fr"
    answer = await get(shelf_of(), "/vhr/the-id?language=es", accept_language="de")
    assert answer.headers["content-language"] == "de"


@pytest.mark.requirement("W17")
async def test_the_switch_of_languages_keeps_what_was_asked() -> None:
    page = Page((await get(shelf_of(), "/check?number=12%2034&language=nl")).text)
    links = {link["hreflang"]: link["href"] for link in page.all("a") if "hreflang" in link}
    assert set(links) == set(LOCALES)
    assert links["fr"] == "?number=12+34&language=fr"
    assert [link["lang"] for link in page.all("a") if link.get("aria-current")] == ["nl"]


@pytest.mark.parametrize(
    ("path", "status"), [("/vhr/the-id", 200), ("/vhr/unknown", 404), ("/check", 200), ("/check?number=x", 200)]
)
async def test_pages_are_not_listed_kept_framed_or_told_to_others(path: str, status: int) -> None:
    answer = await get(shelf_of(), path)
    assert answer.status_code == status
    headers = answer.headers
    assert headers["cache-control"] == "private, no-store"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["x-content-type-options"] == "nosniff"
    assert "noindex" in headers["x-robots-tag"]
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "set-cookie" not in headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    assert {"name": "robots", "content": "noindex, nofollow, noarchive"} in Page(answer.text).all("meta")


@pytest.mark.parametrize("name", NAMES)
async def test_pages_run_nothing_and_style_nothing_by_themselves(name: str) -> None:
    page = Page((await get(shelf_of(name), "/vhr/the-id")).text)
    assert not page.all("script")
    assert not page.all("style")
    for _, attributes in page.tags:
        assert not [attribute for attribute in attributes if attribute == "style" or attribute.startswith("on")]
    for tag, attributes in page.tags:
        for address in (attributes.get("href"), attributes.get("src")):
            assert address is None or address[0] in "/?#", (tag, address)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "hostile"])
@pytest.mark.parametrize("language", LOCALES)
async def test_the_page_holds_all_that_the_document_holds(name: str, language: str) -> None:
    shelf = shelf_of(name)
    published = shelf.reports["the-id"]
    view = view_of(published.content, language=language, public_url=published.public_url, today=TODAY)
    words = Page((await get(shelf, f"/vhr/the-id?language={language}")).text).words
    said = [view.verdict, view.number, view.registry, view.issued, view.made, view.valid_until, view.vehicle_name]
    said += [view.recalls_summary, view.inspection, view.total, view.not_available, view.public_url, *view.recalls]
    said += [part for fact in view.facts for part in (fact.label, fact.value)]
    for reading in view.readings:
        said += [reading.date, reading.km, reading.distance, reading.source, *reading.remarks, *reading.notes]
    assert [each for each in said if each not in words] == []
    assert view.chart_alternative in words


async def test_both_drawings_have_a_name_and_a_description() -> None:
    page = Page((await get(shelf_of(), "/vhr/the-id")).text)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    drawings = [svg for svg in page.all("svg") if svg.get("role") == "img"]
    assert len(drawings) == 2
    for drawing in drawings:
        assert set(drawing["aria-labelledby"].split()) <= set(ids)
    assert all(svg.get("role") == "img" or svg.get("aria-hidden") == "true" for svg in page.all("svg"))


async def test_a_vehicle_without_readings_has_no_chart_and_no_table() -> None:
    page = Page((await get(shelf_of("none"), "/vhr/the-id?language=en")).text)
    assert not page.all("table")
    assert not page.all("figure")
    assert "No readings are known." in page.words


async def test_the_known_client_finds_the_report_by_the_guid_of_its_request() -> None:
    shelf = shelf_of()
    shelf.requests[GUID] = "the-id"
    assert VIN in (await get(shelf, f"/vhr/{GUID}")).text
    assert VIN in (await get(shelf, f"/vhr/{str(GUID).upper()}")).text
    assert (await get(shelf, f"/vhr/{UUID(int=5)}")).status_code == 404


@pytest.mark.parametrize(
    "end",
    ["%00", "a%00b", "x" * 65, "%F0%9F%9A%97", "the-id%20", "..%2F..%2Fetc", "'%20or%201=1--", "%FF%FE", "the-id%0A"],
)
async def test_what_cannot_be_an_address_is_not_looked_up(end: str) -> None:
    shelf = shelf_of()
    assert (await get(shelf, f"/vhr/{end}")).status_code == 404
    assert shelf.asked == []


async def test_an_unknown_address_and_a_known_one_cost_the_same_look_ups() -> None:
    shelf = shelf_of()
    await get(shelf, "/vhr/the-id")
    known = len(shelf.asked)
    await get(shelf, "/vhr/thy-id")
    assert len(shelf.asked) == 2 * known


@pytest.mark.parametrize("language", LOCALES)
async def test_an_unknown_address_is_answered_kindly(language: str) -> None:
    answer = await get(shelf_of(), f"/vhr/nobody?language={language}")
    page = Page(answer.text)
    assert answer.status_code == 404
    assert f"/check?language={language}" in [link["href"] for link in page.all("a")]
    assert REGISTRY in page.words


async def test_a_report_says_that_nothing_contradicts_it_or_what_does() -> None:
    calm = (await get(shelf_of("ordinary"), "/vhr/the-id?language=en")).text
    assert "No newer reading contradicts this report." in calm
    assert "A newer reading" not in calm
    shelf = shelf_of("ordinary", newer=Newer(dt.date(2026, 12, 3), 90_000))
    text = (await get(shelf, "/vhr/the-id?language=en")).text
    assert "A newer reading contradicts this report: 90,000\u00a0km on 03/12/2026." in text
    assert "No newer reading" not in text


@pytest.mark.parametrize(("day", "expired"), [(dt.date(2027, 1, 23), False), (dt.date(2027, 1, 24), True)])
async def test_a_report_says_that_it_has_expired(day: dt.date, expired: bool) -> None:
    text = (await get(shelf_of("ordinary"), "/vhr/the-id?language=en", day=day)).text
    assert ("This report has expired: it was valid until 23/01/2027." in text) is expired


HOSTILE = '<script>alert("1")</script>'


async def test_what_others_wrote_cannot_become_part_of_the_page() -> None:
    shelf = Shelf()
    shown = content(
        line("2024-01-01", 5, country="<b>"),
        vehicle=VehicleData(vin=HOSTILE, make=HOSTILE, model="\" onload='x", fuel="<i>", euro_standard="</dd>"),
        recalls=(Recall("<u>", None, HOSTILE),),
    )
    put = shelf.put("the-id", replace(shown, registry="<h6>"))
    for path in ("/vhr/the-id", f"/check?number={put.number}", f"/check?number={HOSTILE}", "/check?language=%3Cs%3E"):
        page = Page((await get(shelf, path)).text)
        assert not {tag for tag, _ in page.tags} & {"script", "b", "i", "u", "h6", "s"}
        assert not any("onload" in attributes for _, attributes in page.tags)
    assert HOSTILE in Page((await get(shelf, "/vhr/the-id")).text).words


async def test_half_a_character_does_not_cost_the_page() -> None:
    answer = await get(shelf_of("hostile"), "/vhr/the-id")
    assert answer.status_code == 200
    assert "10.000" in answer.text


# The check page


async def test_a_genuine_number_is_confirmed_with_no_more_than_needed() -> None:
    shelf = shelf_of()
    number = shelf.reports["the-id"].content.number
    answer = await get(shelf, f"/check?number={number}&language=en")
    words = Page(answer.text).words
    assert "This document number is genuine." in words
    for told in (grouped(number), "23/11/2026", "23/01/2027", "BMW 320d Touring", "5678"):
        assert told in words
    assert VIN not in answer.text
    assert VIN[-5:] not in answer.text
    assert "the-id" not in answer.text
    assert "176" not in words


@pytest.mark.parametrize("between", [" ", "\u00a0", "\u202f", "-", "\t", ".", "\u200b"])
async def test_blanks_between_the_digits_do_not_matter(between: str) -> None:
    shelf = shelf_of()
    typed = grouped(shelf.reports["the-id"].content.number).replace(" ", between)
    async with client(shelf, TODAY) as asking:
        answer = await asking.get("/check", params={"number": f" {typed} ", "language": "en"})
    assert "This document number is genuine." in answer.text


async def test_an_expired_document_is_genuine_and_expired() -> None:
    shelf = shelf_of()
    path = f"/check?number={shelf.reports['the-id'].content.number}&language=nl"
    words = Page((await get(shelf, path, day=dt.date(2027, 3, 1))).text).words
    assert "Dit documentnummer is echt." in words
    assert "Dit document is vervallen" in words


async def test_a_number_that_was_never_issued_is_said_so() -> None:
    answer = await get(shelf_of(), f"/check?number={with_check(777)}&language=en")
    assert "No document has this number." in answer.text
    assert "genuine." in Page(answer.text).words
    assert "This document number is genuine." not in answer.text


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "Enter the document number."),
        ("   ", "Enter the document number."),
        ("12345678901", "A document number has 12 digits; you entered 11."),
        ("1" * 5_000, "A document number has 12 digits; you entered 5,000."),
        ("12345678901O", "A document number holds digits only."),
        ("١٢٣٤٥٦٧٨٩٠١٢", "A document number holds digits only."),
        ("a\x00", "A document number holds digits only."),
        ("123456789012", "This cannot be a document number"),
    ],
)
async def test_a_wrong_number_is_answered_as_forms_do_and_not_looked_up(typed: str, problem: str) -> None:
    shelf = shelf_of()
    async with client(shelf, TODAY) as asking:
        answer = await asking.get("/check", params={"number": typed, "language": "en"})
    page = Page(answer.text)
    assert shelf.asked == []
    assert re.search(r"<title>Error: ", answer.text)
    assert page.words.count(problem) == 2, "in the summary and beside the field"
    assert "#number" in [link.get("href") for link in page.all("a")]
    (field,) = [each for each in page.all("input") if each.get("id") == "number"]
    assert field["aria-invalid"] == "true"
    assert field["aria-describedby"] == "number-hint number-error"
    assert field["value"] == typed.strip().replace("\x00", "\ufffd")[:64] or "\x00" in typed


@pytest.mark.parametrize("place", range(12))
async def test_one_wrong_digit_is_seen_as_a_typing_error(place: int) -> None:
    shelf = shelf_of()
    number = shelf.reports["the-id"].content.number
    wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
    assert "This cannot be a document number" in (await get(shelf, f"/check?number={wrong}&language=en")).text


async def test_the_form_keeps_the_language() -> None:
    page = Page((await get(shelf_of(), "/check?language=de")).text)
    assert {"type": "hidden", "name": "language", "value": "de"} in page.all("input")
    assert not page.all("dl")


# What stands around them


@pytest.mark.parametrize("path", ["/vhr/the-id", f"/check?number={with_check(777)}"])
async def test_readers_are_asked_to_come_back_while_nothing_can_be_looked_up(path: str) -> None:
    shelf = shelf_of()
    shelf.fault = ConnectionRefusedError("no database")
    answer = await get(shelf, path, accept_language="fr")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"
    assert answer.headers["content-language"] == "fr"
    assert "no database" not in answer.text


async def test_the_style_sheet_and_the_icon_may_be_kept_for_good() -> None:
    page = Page((await get(shelf_of(), "/check")).text)
    links = {link["rel"]: link["href"] for link in page.all("link")}
    for address, kind in ((links["stylesheet"], "text/css; charset=utf-8"), (links["icon"], "image/svg+xml")):
        answer = await get(shelf_of(), address)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == kind
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert (await get(shelf_of(), links["stylesheet"].replace("report.", "report.0"))).status_code == 404


async def test_pages_are_read_only() -> None:
    async with client(shelf_of(), TODAY) as asking:
        assert (await asking.post("/vhr/the-id")).status_code == 405
        assert (await asking.post("/check", data={"number": "1"})).status_code == 405
        head = await asking.head("/vhr/the-id")
    assert (head.status_code, head.content) == (200, b"")
