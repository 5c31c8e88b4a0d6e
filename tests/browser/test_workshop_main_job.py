"""Entering a reading, being warned, correcting: with the keyboard alone, and without scripts."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, expect
from tests.browser.test_workshop_pages import PHONE, opened
from tests.browser.workshop_stage import Stage

from odopass.garage.book.entries import Reading, State


def newest(staged: Stage) -> Reading:
    return staged.workshop.book.readings.find(limit=1)[0]


@pytest.mark.requirement("G2", "G8", "G10")
async def test_a_reading_is_entered_confirmed_corrected_and_excluded_without_scripts(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    vehicle = staged.vehicle()
    staged.told_before(vehicle, 50_000)
    async with opened(browser, workshop_home, PHONE, java_script_enabled=False) as page:
        await page.goto(workshop_home)
        await page.get_by_role("link", name="New work order").click()
        await page.get_by_label("Number of the order").fill("NOJS-1")
        await page.get_by_label("VIN", exact=True).fill((vehicle.vin or "").lower())
        await page.get_by_role("button", name="Open the order").click()
        await page.get_by_text("The work order is open. Now enter the reading.").wait_for()
        await page.get_by_label("Odometer in km").fill("49 000")
        await page.get_by_label("Who read it").fill("Bench 3")
        await page.get_by_role("button", name="Save and send").click()
        await page.get_by_role("link", name="Enter only the digits").click()
        await expect(page.get_by_label("Odometer in km")).to_be_focused()
        await page.get_by_label("Odometer in km").fill("49000")
        await page.get_by_role("button", name="Save and send").click()
        await page.get_by_label(re.compile("lower")).check()
        await page.get_by_role("button", name="Save and send").click()
        await page.get_by_text("Saved. The reading is sent by itself.").wait_for()
        saved = newest(staged)
        assert (saved.draft.km, saved.draft.read_by, saved.state) == (49_000, "Bench 3", State.TO_SEND)
        assert saved.draft.confirmed_warnings == ("local_001",)
        await page.get_by_role("link", name="Correct it").click()
        await page.get_by_label("Odometer in km").fill("51000")
        await page.get_by_role("button", name="Save and send the correction").click()
        await page.get_by_text("Your correction is saved").wait_for()
        assert newest(staged).draft.km == 51_000
        await page.get_by_text("It need not be reported").click()
        await page.get_by_label("Why", exact=True).select_option("twice")
        await page.get_by_role("button", name="Do not report it").click()
        assert newest(staged).state is State.EXCLUDED
        await page.get_by_role("button", name="Report it after all").click()
        assert newest(staged).state is State.TO_SEND


async def tab_to(page: Page, name: str) -> None:
    """Go on with the tabulator until the control with this name has the focus, which is to be seen."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        focused = page.locator(":focus")
        if name in await named(page):
            outline = await focused.evaluate("each => getComputedStyle(each).outlineWidth")
            assert outline == "3px", f"{name}: where the keyboard is cannot be seen"
            return
    pytest.fail(f"the keyboard does not reach {name}")


async def named(page: Page) -> str:
    """The words of what has the focus, and those of its label."""
    return await page.evaluate(
        "() => { const at = document.activeElement;"
        " return `${at.innerText ?? ''} ${[...at.labels ?? []].map(each => each.innerText).join(' ')}`; }"
    )


@pytest.mark.requirement("G2", "G8")
async def test_the_keyboard_alone_opens_an_order_enters_a_reading_and_answers_a_warning(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    vehicle = staged.vehicle()
    staged.told_before(vehicle, 70_000)
    async with opened(browser, workshop_home) as page:
        await page.goto(workshop_home)
        await page.keyboard.press("Tab")
        assert await named(page) == "Go to the content "
        await page.keyboard.press("Enter")
        await tab_to(page, "New work order")
        await page.keyboard.press("Enter")
        await page.get_by_role("heading", name="New work order").wait_for()
        await tab_to(page, "Number of the order")
        await page.keyboard.type("KEYS-1")
        await tab_to(page, "VIN")
        await page.keyboard.type(vehicle.vin or "")
        await page.keyboard.press("Enter")
        # Where the reading is entered the keyboard is there already.
        await expect(page.get_by_label("Odometer in km")).to_be_focused()
        await page.keyboard.type("69000")
        await page.keyboard.press("Enter")
        await expect(page.locator(".error-summary")).to_be_focused()
        await tab_to(page, "Enter who read the odometer")
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Who read it")).to_be_focused()
        await page.keyboard.type("Bench 4")
        await page.keyboard.press("Enter")
        await expect(page.locator(".warnings")).to_be_focused()
        await tab_to(page, "It is right.")
        await page.keyboard.press("Space")
        await tab_to(page, "Save and send")
        await page.keyboard.press("Enter")
        await page.get_by_text("Saved. The reading is sent by itself.").wait_for()
        assert newest(staged).draft.read_by == "Bench 4"


async def test_the_keyboard_goes_through_every_page_and_out_again(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    async with opened(browser, workshop_home) as page:
        for name in ("home", "reading-new", "problems", "exclusions", "account", "history-report", "issue"):
            await page.goto(workshop_home + staged.pages()[name])
            reachable = await page.evaluate(
                "() => [...document.querySelectorAll("
                "'a[href], button:not([tabindex]), input:not([type=hidden]), select, summary')]"
                ".filter(each => each.checkVisibility() && (each.type !== 'radio' || each.checked)).length"
            )
            steps = await page.evaluate("() => { window.seen = new Set(); return 0; }")
            while steps <= reachable + 2:
                await page.keyboard.press("Tab")
                steps += 1
                if await page.evaluate("() => document.activeElement === document.body"):
                    break
                await page.evaluate("() => { window.seen.add(document.activeElement); }")
            # A date has three parts, which are one control.
            assert await page.evaluate("() => window.seen.size") >= reachable, name
