from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page
from tests.pdf.cases import NAMES
from tests.unit.report.shelf import Shelf

from odopass.registry.report.wording import LOCALES

pytestmark = pytest.mark.requirement("R10")

PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 900}
WRONG = "/check?number=123456789012"


@asynccontextmanager
async def opened(browser: Browser, size: dict[str, int] | None = None, **options: Any) -> AsyncIterator[Page]:
    context = await browser.new_context(viewport=size or DESK, **options)  # type: ignore[arg-type]
    try:
        yield await context.new_page()
    finally:
        await context.close()


async def sideways(page: Page) -> int:
    """By how many pixels the page is wider than the window, or anything in it juts out."""
    return await page.evaluate(
        """() => Math.max(
            document.documentElement.scrollWidth - document.documentElement.clientWidth,
            ...[...document.querySelectorAll("main *")]
                .filter(each => each.checkVisibility() && !each.closest("thead, svg"))
                .map(each => Math.round(each.getBoundingClientRect().right) - window.innerWidth))"""
    )


FEW = ("/vhr/wound-back", "/vhr/nobody", WRONG)
ALL = (*(f"/vhr/{name}" for name in NAMES), "/vhr/expired", "/vhr/nobody", "/check", WRONG)


def in_language(site: str, path: str, language: str) -> str:
    return f"{site}{path}{'&' if '?' in path else '?'}language={language}"


async def serious(page: Page) -> list[object]:
    results = (await Axe().run(page)).response
    assert len(results["passes"]) > 10
    return [
        (each["id"], [node["target"] for node in each["nodes"]])
        for each in results["violations"]
        if each["impact"] in {"moderate", "serious", "critical"}
    ]


@pytest.mark.parametrize("language", LOCALES)
async def test_axe_finds_nothing_serious_on_a_phone(browser: Browser, site: str, language: str) -> None:
    async with opened(browser, PHONE) as page:
        for path in FEW:
            await page.goto(in_language(site, path, language))
            assert await serious(page) == [], path


async def test_axe_finds_nothing_serious_on_any_page(browser: Browser, site: str) -> None:
    async with opened(browser) as page:
        for path in ALL:
            if path != "/vhr/four-hundred":  # as "ordinary", at ten times the time
                await page.goto(in_language(site, path, "nl"))
                assert await serious(page) == [], path


async def test_no_page_scrolls_sideways_on_a_phone(browser: Browser, site: str) -> None:
    wide = {}
    async with opened(browser, PHONE) as page:
        for language in LOCALES:
            for path in ALL if language == "de" else FEW:
                await page.goto(in_language(site, path, language))
                if (over := await sideways(page)) > 0:
                    wide[path, language] = over
    assert wide == {}


async def test_nothing_is_asked_of_others_and_nothing_breaks_the_policy(browser: Browser, site: str) -> None:
    async with opened(browser) as page:
        asked: list[str] = []
        said: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        for path in ("/vhr/wound-back", "/vhr/hostile", "/vhr/four-hundred", "/check"):
            await page.goto(site + path, wait_until="networkidle")
        assert [url for url in asked if not url.startswith(site)] == []
        assert any(url.endswith(".css") for url in asked)
        assert said == []
        # The control: the same browser does tell when the policy is broken.
        await page.evaluate("document.body.setAttribute('style', 'color: red')")
        await page.wait_for_function("true")
        assert any("Content Security Policy" in each for each in said)


@pytest.mark.requirement("W17")
async def test_a_reader_without_scripts_switches_language_and_checks_the_document(
    browser: Browser, site: str, shelf: Shelf
) -> None:
    number = shelf.reports["wound-back"].content.number
    async with opened(browser, PHONE, java_script_enabled=False, locale="nl-BE") as page:
        await page.goto(f"{site}/vhr/wound-back")
        assert await page.get_by_role("heading", level=2, name="Kilometerstanden in een grafiek").is_visible()
        await page.get_by_role("link", name="Français").click()
        assert await page.locator("html").get_attribute("lang") == "fr"
        assert "importé d’occasion" in await page.inner_text("main")
        await page.get_by_role("link", name="Vérifier un document").click()
        await page.get_by_label("Numéro de document").fill(number[:-1])
        await page.get_by_role("button", name="Vérifier").click()
        assert "vous en avez introduit 11" in await page.get_by_role("alert").inner_text()
        await page.get_by_label("Numéro de document").fill(f"{number[:4]} {number[4:8]} {number[8:]}")
        await page.get_by_role("button", name="Vérifier").click()
        words = await page.inner_text("main")
        assert "Ce numéro de document est authentique." in words
        assert "BMW 320d Touring" in words


@pytest.mark.requirement("W17")
@pytest.mark.parametrize(("locale", "heading"), [("de-DE", "Fahrzeughistorie"), ("fr-BE", "Historique du véhicule")])
async def test_the_browser_s_own_language_is_spoken(browser: Browser, site: str, locale: str, heading: str) -> None:
    async with opened(browser, locale=locale) as page:
        await page.goto(f"{site}/vhr/ordinary")
        assert heading in await page.inner_text("main")
        assert heading in await page.title()


async def test_phones_and_desks_have_a_drawing_each(browser: Browser, site: str) -> None:
    for size, shown in ((PHONE, "narrow"), (DESK, "wide")):
        async with opened(browser, size) as page:
            await page.goto(f"{site}/vhr/wound-back?language=en")
            drawings = page.get_by_role("img", name="Readings as a chart")
            assert await drawings.count() == 1
            assert shown in (await drawings.get_attribute("class") or "")
            words = await page.evaluate(
                "Math.min(...[...document.querySelectorAll('.chart:not([style]) text')]"
                ".filter(each => each.checkVisibility())"
                ".map(each => each.getBoundingClientRect().height))"
            )
            assert words >= 11, "the words of the drawing can be read"


async def test_what_does_not_fit_has_another_shape_and_a_sign_not_only_a_colour(browser: Browser, site: str) -> None:
    async with opened(browser) as page:
        await page.goto(f"{site}/vhr/wound-back?language=en")
        wide = page.locator(".chart.wide")
        assert await wide.locator("circle.mark").count() == 11
        assert await wide.locator("path.mark.misfits").count() == 2
        dashes = await wide.locator(".doubtful").evaluate("each => getComputedStyle(each).strokeDasharray")
        assert dashes != "none"
        assert await page.locator("tr.misfits svg").count() == 2


async def test_the_readings_stay_a_table_for_screen_readers_on_a_phone(browser: Browser, site: str) -> None:
    async with opened(browser, PHONE) as page:
        await page.goto(f"{site}/vhr/ordinary?language=en")
        table = page.get_by_role("table", name=re.compile("Odometer readings"))
        assert await table.get_by_role("row").count() == 15
        assert await table.get_by_role("columnheader").count() == 5
        assert await table.get_by_role("row", name="23/11/2026").get_by_role("cell").count() == 4


async def test_the_keyboard_reaches_the_content_first(browser: Browser, site: str) -> None:
    async with opened(browser) as page:
        await page.goto(f"{site}/vhr/ordinary?language=en")
        await page.keyboard.press("Tab")
        skip = page.locator(":focus")
        assert await skip.inner_text() == "Go to the content"
        box = await skip.bounding_box()
        assert box is not None
        assert box["x"] >= 0


async def test_on_paper_there_is_the_address_and_nothing_to_press(browser: Browser, site: str, tmp_path: Path) -> None:
    async with opened(browser, PHONE) as page:
        await page.goto(f"{site}/vhr/expired?language=en")
        address = page.get_by_text("https://registry.example/vhr/expired")
        assert not await address.is_visible()
        await page.emulate_media(media="print")
        assert await address.is_visible()
        assert not await page.locator(".languages").is_visible()
        assert await page.get_by_text("This report has expired").is_visible()
        paper = await page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)
    boxes = {
        tuple(round(float(side)) for side in box.split()) for box in re.findall(rb"/MediaBox\s*\[([^\]]*)\]", paper)
    }
    assert boxes == {(0, 0, 595, 842)}
    assert paper.count(b"/Type /Page\n") <= 2
