"""Everything about the account on one page (G12)."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect
from tests.browser.test_workshop_pages import opened
from tests.browser.workshop_stage import Stage

pytestmark = pytest.mark.requirement("G12")

FIELDS = {
    "User name": "2000000141",
    "Enterprise number": "0400000185",
    "E-mail address of the account": "workshop@example.be",
    "Its address": "https://registry.example/api",
    "Telephone of the helpdesk": "02 123 45 67",
    "Link to its contact form": "https://registry.example/contact",
}


async def test_the_account_page_keeps_and_shows_everything_and_masks_the_password(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    async with opened(browser, workshop_home) as page:
        await page.goto(f"{workshop_home}account")
        for label, text in FIELDS.items():
            await page.get_by_label(label, exact=True).fill(text)
        await page.get_by_role("button", name="Save the account").click()
        await page.get_by_text("The account is saved.", exact=True).wait_for()
        for label, text in FIELDS.items():
            assert await page.get_by_label(label, exact=True).input_value() == text
        assert await page.get_by_label("Another registry").is_checked()
        assert await page.get_by_role("link", name="02 123 45 67").get_attribute("href") == "tel:021234567"
        contact = page.get_by_role("link", name="Contact form")
        assert await contact.get_attribute("href") == "https://registry.example/contact"
        assert "pässword" not in await page.content()
        await page.get_by_role("button", name="Show the password").click()
        assert await page.locator("output").inner_text() == "pässword"
    assert staged.workshop.account.password() == "pässword"


async def test_a_wrong_account_is_not_kept_and_the_keyboard_is_led_to_what_is_wrong(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    kept = staged.workshop.account.read()
    async with opened(browser, workshop_home) as page:
        await page.goto(f"{workshop_home}account")
        await page.get_by_label("User name", exact=True).fill("123")
        await page.get_by_role("button", name="Save the account").click()
        await expect(page.locator(".error-summary")).to_be_focused()
        await page.locator(".error-summary a").click()
        await expect(page.get_by_label("User name", exact=True)).to_be_focused()
        assert await page.get_by_label("User name", exact=True).get_attribute("aria-invalid") == "true"
    assert staged.workshop.account.read() == kept


async def test_changing_the_user_name_or_the_password_warns_that_the_registry_has_to_know(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    warning = "You changed the user name or password: change it on the registry's website too"
    async with opened(browser, workshop_home) as page:
        await page.goto(f"{workshop_home}account")
        await page.get_by_label("E-mail address of the account").fill("other@example.be")
        await page.get_by_role("button", name="Save the account").click()
        await page.get_by_text("The account is saved.").wait_for()
        assert not await page.get_by_text(warning).is_visible()
        await page.get_by_label("Password", exact=True).fill("another one")
        await page.get_by_role("button", name="Save the account").click()
        await page.get_by_text(warning).wait_for()
    assert staged.workshop.account.password() == "another one"
