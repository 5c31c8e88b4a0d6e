"""Everything about the account on one page (G12)."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect
from tests.browser.test_workshop_pages import opened
from tests.browser.workshop_stage import Stage
from tests.unit.garage.answering import answer, answering

from odopass.wire.basic_auth import Credentials, basic_header

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


async def test_what_is_typed_is_tested_before_it_is_saved_and_stays_in_the_form(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    kept = staged.workshop.account.read(), staged.workshop.account.password()
    unknown = answer('{"errors": [{"field": "requestGuid", "message": "Unknown."}]}', "404 Not Found")
    refused = answer('{"message": "Who are you?"}', "401 Unauthorized")
    with answering(unknown, refused) as registry:
        async with opened(browser, workshop_home) as page:
            await page.goto(f"{workshop_home}account")
            await page.get_by_label("User name", exact=True).fill("2000000141")
            await page.get_by_label("Password", exact=True).fill("typed: one")
            await page.get_by_label("Another registry").check()
            await page.get_by_label("Its address", exact=True).fill(registry.address)
            await page.get_by_label("Language of vehicle history reports").select_option("fr")
            for said in ("takes this user name and password. Now save", "does not take the user name or the password"):
                await page.get_by_role("button", name="Test the connection").click()
                await page.get_by_text(said).wait_for()
                assert await page.get_by_label("User name", exact=True).input_value() == "2000000141"
                assert await page.get_by_label("Password", exact=True).input_value() == "typed: one"
                assert await page.get_by_label("Its address", exact=True).input_value() == registry.address
                assert await page.get_by_label("Language of vehicle history reports").input_value() == "fr"
        sent = basic_header(Credentials("2000000141", "typed: one"))
        assert [registry.header(number, "authorization") for number in (0, 1)] == [sent, sent]
    assert (staged.workshop.account.read(), staged.workshop.account.password()) == kept


async def test_the_enter_key_saves_the_account_and_shows_no_password(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    async with opened(browser, workshop_home) as page:
        await page.goto(f"{workshop_home}account")
        await page.get_by_label("E-mail address of the account").fill("enter@example.be")
        await page.get_by_label("E-mail address of the account").press("Enter")
        await page.get_by_text("The account is saved.").wait_for()
        # Who looks at the password loses nothing of what he has typed.
        await page.get_by_label("E-mail address of the account").fill("later@example.be")
        await page.get_by_role("button", name="Show the password").click()
        await page.locator("output").wait_for()
        assert await page.get_by_label("E-mail address of the account").input_value() == "later@example.be"
    account = staged.workshop.account.read()
    assert account is not None
    assert account.email == "enter@example.be"


async def test_the_page_after_the_saving_does_not_say_any_more_that_there_is_no_account(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    staged.workshop.book.outbox.in_trouble("account", "No account is set up.", None)
    async with opened(browser, workshop_home) as page:
        await page.goto(f"{workshop_home}account")
        await expect(page.get_by_text("No account is set up yet")).to_be_visible()
        await page.get_by_role("button", name="Save the account").click()
        await page.get_by_text("The account is saved.").wait_for()
        assert await page.get_by_text("No account is set up yet").count() == 0
