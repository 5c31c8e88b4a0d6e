"""Every page of the workshop's application as people see it: in each language, at each width, on paper."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect
from tests.browser.workshop_stage import KNOWN, TODAY, Stage

from odopass.wording import LOCALES

PHONE = {"width": 360, "height": 740}
TABLET = {"width": 768, "height": 1024}
DESK = {"width": 1280, "height": 900}


@asynccontextmanager
async def opened(
    browser: Browser, home: str, size: dict[str, int] | None = None, **options: Any
) -> AsyncIterator[Page]:
    """A page of a browser of its own, in English if nothing else is said.

    Whatever is done with it, nothing is asked of another machine, no script fails, and the policy is kept.
    """
    context = await browser.new_context(**({"locale": "en-GB", "viewport": size or DESK} | options))
    asked: list[str] = []
    said: list[str] = []
    try:
        page = await context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        yield page
    finally:
        await context.close()
    assert [url for url in asked if not url.startswith((home, "data:image/svg+xml"))] == []
    # That an answer was a 422 or that a test cut the line is told on the console too.
    told = ("Failed to load resource", "htmx:error: Failed to fetch")
    assert [each for each in said if not any(words in each for words in told)] == []


async def violations(page: Page) -> list[object]:
    results = (await Axe().run(page, options={"resultTypes": ["violations"], "iframes": False})).response
    assert len(results["passes"]) > 10
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in results["violations"]]


async def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the window, or anything on it juts out."""
    return await page.evaluate(
        """() => Math.max(
            document.documentElement.scrollWidth - document.documentElement.clientWidth,
            ...[...document.querySelectorAll("body *")]
                .filter(each => each.checkVisibility() && !each.closest("thead, svg, .visually-hidden"))
                .map(each => Math.round(each.getBoundingClientRect().right) - window.innerWidth))"""
    )


async def with_findings(page: Page, home: str) -> None:
    """The form of a reading with errors at its fields."""
    await page.goto(f"{home}readings/new")
    await page.locator("#vin").fill("WVWZZZ1KZ8W00001799")
    await page.locator("#km").fill("12.345")
    await page.locator("form.form .btn-primary").click()
    await page.locator(".error-summary").wait_for()


async def with_warnings(page: Page, home: str) -> None:
    """The form of a reading with warnings to confirm."""
    await page.goto(f"{home}readings/new")
    await page.locator("#vin").fill("VF1ZZZ1KZ8O000999")
    await page.locator("#km").fill("640")
    await page.locator("#reading_date").fill("2026-11-22")
    await page.locator("#read_by").fill("Bench 1")
    await page.locator("form.form .btn-primary").click()
    await page.locator(".warnings").wait_for()


@pytest.mark.requirement("G14")
@pytest.mark.parametrize("language", LOCALES)
async def test_axe_finds_nothing_on_any_page(
    browser: Browser, workshop_home: str, staged: Stage, language: str
) -> None:
    found = {}
    size = PHONE if language in {"fr", "de"} else DESK
    async with opened(browser, workshop_home, size, locale=LOCALES[language].replace("_", "-")) as page:
        for name, path in staged.pages(every_state=language == "nl").items():
            await page.goto(workshop_home + path)
            assert await page.locator("html").get_attribute("lang") == language
            if wrong := await violations(page):
                found[name] = wrong
        for name, open_form in (("errors", with_findings), ("warnings", with_warnings)):
            await open_form(page, workshop_home)
            if wrong := await violations(page):
                found[name] = wrong
        await page.goto(f"{workshop_home}orders/W-1")
        await page.locator("form[action$='/close'] button").click()
        if wrong := await violations(page):
            found["blocked"] = wrong
    assert found == {}


@pytest.mark.requirement("G5", "G14")
async def test_axe_finds_nothing_on_the_warning_that_readings_wait(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    staged.away()
    try:
        async with opened(browser, workshop_home) as page:
            for language in LOCALES:
                await page.context.add_cookies([{"name": "language", "value": language, "url": workshop_home}])
                await page.goto(workshop_home)
                assert await page.locator("#status .bar").is_visible()
                assert await violations(page) == []
    finally:
        staged.back()


@pytest.mark.parametrize("size", [PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])
async def test_no_page_scrolls_sideways(
    browser: Browser, workshop_home: str, staged: Stage, size: dict[str, int]
) -> None:
    wide = {}
    async with opened(browser, workshop_home, size, locale="de-DE") as page:
        for name, path in staged.pages().items():
            await page.goto(workshop_home + path)
            if (over := await sideways(page)) > 0:
                wide[name] = over
        await with_findings(page, workshop_home)
        if (over := await sideways(page)) > 0:
            wide["errors"] = over
    assert wide == {}


async def test_the_browser_tells_what_breaks_the_policy_and_what_is_asked_of_others(
    browser: Browser, workshop_home: str
) -> None:
    """The control for what every test of this module asserts when it ends."""
    for bad in ("document.body.setAttribute('style', 'color: red')", "fetch('http://127.0.0.2:9/').catch(() => 0)"):
        with pytest.raises(AssertionError, match="Content Security Policy"):  # noqa: PT012
            async with opened(browser, workshop_home) as page:
                await page.goto(workshop_home)
                await page.evaluate(bad)


@pytest.mark.requirement("G14")
async def test_the_language_that_was_chosen_stays_and_so_does_the_page(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    async with opened(browser, workshop_home, java_script_enabled=False) as page:
        await page.goto(f"{workshop_home}history?search={KNOWN.plate}")
        await page.get_by_role("button", name="Deutsch").click()
        assert page.url == f"{workshop_home}history?search={KNOWN.plate}"
        assert await page.locator("html").get_attribute("lang") == "de"
        await page.goto(f"{workshop_home}readings/{staged.numbers['issue']}")
        issue = page.locator(".issue").first
        assert "Der Kilometerstand ist niedriger" in await issue.inner_text()


@pytest.mark.requirement("G6")
async def test_a_problem_says_its_number_request_issue_and_description_and_is_answered_in_two_clicks(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    reading = staged.workshop.book.readings.one(staged.numbers["issue"])
    assert reading is not None
    async with opened(browser, workshop_home, locale="fr-BE") as page:
        await page.context.add_cookies([{"name": "language", "value": "en", "url": workshop_home}])
        await page.goto(f"{workshop_home}problems")
        first = page.locator("main .card").first
        words = await first.inner_text()
        assert f"Reading {reading.number}" in words
        assert str(reading.request_guid) in words
        assert "Issue 001" in words
        await page.context.add_cookies([{"name": "language", "value": "fr", "url": workshop_home}])
        await page.goto(f"{workshop_home}problems")
        assert "Le kilométrage est inférieur" in await first.inner_text()
        # One click to the form, one to send: correcting and confirming alike.
        await first.locator("a.btn").nth(1).click()
        assert await page.locator("main form .btn-primary").count() == 1
        await page.go_back()
        await first.locator("a.btn").first.click()
        assert await page.locator("#km").input_value() == ""
        assert await page.locator("main form .btn-primary").count() == 1


@pytest.mark.requirement("G6")
async def test_errors_come_after_what_needs_an_answer_and_solved_ones_are_behind_a_filter(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    async with opened(browser, workshop_home) as page:
        await page.goto(f"{workshop_home}problems")
        shown = [int(each.rsplit("/", 1)[1]) for each in await links(page, "main h2 a")]
        order = ["issue", "refused", "lapsed", "check", "error"]
        assert shown == [staged.numbers[name] for name in order]
        await page.get_by_role("link", name="Solved").click()
        assert staged.numbers["issue"] not in [int(each.rsplit("/", 1)[1]) for each in await links(page, "main h2 a")]


async def links(page: Page, selector: str) -> list[str]:
    return [str(await each.get_attribute("href")) for each in await page.locator(selector).all()]


async def test_the_readings_stay_a_table_for_screen_readers_on_a_phone(browser: Browser, workshop_home: str) -> None:
    async with opened(browser, workshop_home, PHONE) as page:
        await page.goto(f"{workshop_home}history?search={KNOWN.plate}")
        table = page.get_by_role("table")
        assert await table.get_by_role("columnheader").count() == 6
        row = table.get_by_role("row", name="145,800")
        assert await row.get_by_role("cell").count() == 6


async def test_phones_and_desks_have_a_chart_each_with_words_that_can_be_read(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    for size, shown in ((PHONE, "narrow"), (DESK, "wide")):
        async with opened(browser, workshop_home, size) as page:
            await page.goto(workshop_home + staged.pages()["vehicle"])
            drawings = page.get_by_role("img", name="The odometer over time")
            assert await drawings.count() == 1
            assert shown in (await drawings.get_attribute("class") or "")
            smallest = await drawings.evaluate(
                "each => Math.min(...[...each.querySelectorAll('text')].map(it => it.getBoundingClientRect().height))"
            )
            assert smallest >= 11
            # What needs an answer has another shape, not only another colour.
            assert await drawings.locator(".mark.doubtful path").count() > 0


@pytest.mark.requirement("G5")
async def test_what_waits_while_the_registry_is_away_stays_in_sight_and_is_in_the_title(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    async with opened(browser, workshop_home) as page:
        await page.goto(f"{workshop_home}history")
        assert not await page.locator("#status .bar").is_visible()
        staged.away()
        try:
            # The page tells it by itself, at any place of it.
            await page.get_by_text("The registry cannot be reached. Unsent: 2, waiting since").wait_for()
            await page.mouse.wheel(0, 2_000)
            await expect(page.locator("#status .bar")).to_be_in_viewport()
            assert (await page.title()).startswith("⚠ (4) History")
        finally:
            staged.back()
        await page.get_by_text("Connected, last answer").wait_for()
        assert (await page.title()).startswith("(4) History")


@pytest.mark.requirement("G7")
async def test_a_page_that_renews_itself_leaves_what_is_being_typed_alone_until_there_is_news(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    reading = staged.enter(staged.vehicle(), 12_000)
    async with opened(browser, workshop_home) as page:
        await page.goto(f"{workshop_home}readings/{reading.number}")
        await page.get_by_text("It need not be reported").click()
        words = page.get_by_label("In words, if you like")
        async with page.expect_response("**/standing?seen=*") as renewed:
            await words.fill("half a sent")
        assert (await renewed.value).status == 204
        assert await words.input_value() == "half a sent"
        staged.answered(reading)
        await page.get_by_role("heading", name="Sent, outcome to come").wait_for()
        await expect(page.locator("#spoken")).to_have_text("Sent, outcome to come")
        await expect(page.locator("[data-news]")).to_be_focused()
    staged.workshop.book.outbox.reached()


async def test_the_page_says_when_the_application_itself_has_ended(browser: Browser, workshop_home: str) -> None:
    async with opened(browser, workshop_home) as page:
        await page.goto(workshop_home)
        await page.route("**/status*", lambda route: route.abort())
        await page.get_by_text("The application does not answer.").wait_for()
        await page.unroute("**/status*")
        await page.get_by_text("The application does not answer.").wait_for(state="hidden")


async def test_a_part_that_renews_itself_leads_to_the_login_once_the_session_has_ended(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    async with opened(browser, workshop_home) as page:
        await page.goto(workshop_home)
        staged.workshop.workplaces.set("Bench 1", "1234")
        try:
            await page.get_by_role("heading", name="Log in").wait_for()
            assert page.url == f"{workshop_home}login"
            await page.get_by_label("PIN or password").fill("1234")
            await page.keyboard.press("Enter")
            await page.get_by_text("Logged in: Bench 1").wait_for()
            assert await violations(page) == []
        finally:
            staged.workshop.workplaces.remove("Bench 1")


@pytest.mark.requirement("G13")
async def test_the_public_address_of_a_report_is_copied_with_one_click(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    async with opened(browser, workshop_home, permissions=["clipboard-read", "clipboard-write"]) as page:
        await page.goto(f"{workshop_home}vehicle-history/{staged.numbers['report']}")
        address = await page.get_by_label("Public address").input_value()
        await page.get_by_role("button", name="Copy").click()
        await page.get_by_role("button", name="Copied").wait_for()
        assert await page.evaluate("navigator.clipboard.readText()") == address
        assert address.startswith("https://")


async def test_on_paper_there_is_what_was_read_and_nothing_to_press(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    async with opened(browser, workshop_home) as page:
        await page.goto(f"{workshop_home}readings/{staged.numbers['issue']}")
        await page.emulate_media(media="print")
        for hidden in ("header", "#status", "footer", ".actions"):
            assert not await page.locator(hidden).first.is_visible(), hidden
        assert await page.get_by_text("900 km").first.is_visible()
        assert TODAY.strftime("%d/%m/%Y") in await page.inner_text("main")
        # As a sheet is narrow, so are the tables; each stays one.
        await page.set_viewport_size({"width": 720, "height": 1000})
        assert await sideways(page) <= 0


@pytest.mark.requirement("G14")
@pytest.mark.parametrize("language", LOCALES)
async def test_a_tablet_has_all_tabs_in_one_row(browser: Browser, workshop_home: str, language: str) -> None:
    async with opened(browser, workshop_home, TABLET, locale=LOCALES[language].replace("_", "-")) as page:
        await page.goto(workshop_home)
        tops = {(await each.bounding_box() or {})["y"] for each in await page.locator(".band .nav-link").all()}
        assert len(tops) == 1
