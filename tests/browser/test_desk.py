from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
import uvicorn
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect
from tests.browser.test_public_page import DESK, PHONE, sideways
from tests.integration.desk.conftest import PASSWORD, VIN, add_employee, confirmed
from tests.registry.population import Garage, add_garage, add_plate, add_reading, add_vehicle
from tests.registry.running import Registry, running_registry

from odopass.wording import LOCALES

pytestmark = pytest.mark.requirement("R7")


@dataclass
class Desk:
    """A registry whose desk is served on loopback."""

    registry: Registry
    address: str
    garage: Garage
    car: int
    cases: list[UUID]

    def pages(self) -> Iterator[str]:
        """Every page that an employee with all roles can open."""
        yield from ("", "look-up", f"look-up?text={VIN}", "accounts", f"accounts/{self.garage.establishment}")
        yield from (f"cases/{guid}" for guid in self.cases)
        yield from (f"vehicles/{self.car}", "dashboard", "staff", "log", "log?which=looks", "myself", "myself/factor")
        yield from ("activate", "nothing-here", f"vehicles/{self.car}/readings/2025-12-01/2")


@pytest_asyncio.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with running_registry(database_url, public_url=address) as registry:
            garage = await add_garage(registry.pool, 1)
            car = await add_vehicle(registry.pool, VIN)
            await add_plate(registry.pool, "1ABC234", car)
            for year, km in ((2024, 62_000), (2025, 95_000)):
                await add_reading(registry.pool, car, date(year, 12, 1), km)
            await add_vehicle(registry.pool, "WVWZZZ1JZXW000002")
            dms = registry.dms(garage)
            cases = []
            for vin, km in ((VIN, 50_000), ("WVWZZZ1JZXW000002", 1_500_000), ("WVWZZZ1JZXW999999", 10)):
                cases.append(await confirmed(dms, vin=vin, km=km))
                registry.clock.moment += timedelta(minutes=1)
            await add_employee(registry.pool, "anna", "reviewer", "administrator", "auditor")
            server = uvicorn.Server(uvicorn.Config(registry.app, log_level="warning", lifespan="off"))
            serving = asyncio.create_task(server.serve([listener]))
            while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
                await asyncio.sleep(0.01)
            try:
                yield Desk(registry, f"{address}/desk/", garage, car, cases)
            finally:
                server.should_exit = True
                await serving


@asynccontextmanager
async def opened(browser: Browser, desk: Desk, **options: Any) -> AsyncIterator[Page]:
    """A browser window in which Anna has logged in."""
    context = await browser.new_context(**({"viewport": DESK, "locale": "en-GB"} | options))
    try:
        page = await context.new_page()
        await page.goto(f"{desk.address}login")
        await page.locator("#username").fill("anna")
        await page.locator("#password").fill(PASSWORD)
        await page.locator("main button").click()
        await page.wait_for_url(desk.address)
        yield page
    finally:
        await context.close()


async def violations(page: Page) -> list[object]:
    found = (await Axe().run(page)).response
    assert len(found["passes"]) > 10
    return [(each["id"], [node["target"] for node in each["nodes"]]) for each in found["violations"]]


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_no_page_has_a_barrier_or_juts_out(browser: Browser, desk: Desk, size: dict[str, int]) -> None:
    async with opened(browser, desk, viewport=size) as page:
        await page.goto(f"{desk.address}vehicles/{desk.car}")
        await page.select_option("#reason", "police")
        await page.locator("main form button").click()
        for path in desk.pages():
            await page.goto(desk.address + path)
            assert await violations(page) == [], path
            assert await sideways(page) <= 0, path


@pytest.mark.requirement("W17")
@pytest.mark.parametrize("language", LOCALES)
async def test_the_longest_words_of_every_language_fit_on_a_phone(browser: Browser, desk: Desk, language: str) -> None:
    async with opened(browser, desk, viewport=PHONE) as page:
        for path in ("", f"cases/{desk.cases[0]}", "dashboard", "staff"):
            await page.goto(f"{desk.address}{path}?language={language}")
            assert await page.locator("html").get_attribute("lang") == language
            assert await sideways(page) <= 0, path


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
async def test_a_chart_of_more_than_a_million_km_cuts_no_digit_off(
    browser: Browser, desk: Desk, size: dict[str, int]
) -> None:
    async with opened(browser, desk, viewport=size) as page:
        await page.goto(f"{desk.address}cases/{desk.cases[1]}")
        labels = page.locator("svg.chart text.axis:visible")
        assert any(text.startswith("1,") for text in await labels.all_text_contents())
        lefts = await labels.evaluate_all("labels => labels.map(label => label.getBBox().x)")
        assert min(lefts) >= 0


async def test_a_reviewer_works_the_queue_off_with_the_keyboard_alone(browser: Browser, desk: Desk) -> None:
    async with opened(browser, desk) as page:
        await page.keyboard.press("j")
        await expect(page.locator("a.case-link").first).to_be_focused()
        await page.keyboard.press("j")
        await expect(page.locator("a.case-link").nth(1)).to_be_focused()
        await page.keyboard.press("n")
        await page.wait_for_url(f"**/cases/{desk.cases[0]}")
        for guid in desk.cases:
            assert page.url.endswith(f"/cases/{guid}")
            await page.keyboard.press("r")
            await expect(page.locator("input[value=reject]")).to_be_checked()
            # On to the next fields as anybody would, with Tab.
            while not await page.locator("#reason").evaluate("each => each === document.activeElement"):
                await page.keyboard.press("Tab")
            await page.keyboard.type("Fraud")
            await page.keyboard.press("Tab")
            await page.keyboard.type("The third car of this dealer. ares")
            await page.keyboard.press("Tab")
            await page.keyboard.press("Tab")
            await page.keyboard.press("Enter")
            await expect(page.locator(".alert-success").first).to_contain_text("Rejected")
        await expect(page.get_by_text("Nothing waits for review.")).to_be_visible()
    decided = await desk.registry.pool.fetch("select kind, reason, words from review_decision")
    assert {tuple(row) for row in decided} == {("reject", "fraud", "The third car of this dealer. ares")}
    assert len(decided) == 3


async def test_everything_works_without_scripts(browser: Browser, desk: Desk) -> None:
    async with opened(browser, desk, java_script_enabled=False, viewport=PHONE) as page:
        await page.locator("#text").fill(VIN[-6:])
        await page.get_by_role("button", name="Filter").click()
        await page.locator("a.case-link").click()
        await page.locator("input[value=accept]").check()
        await page.select_option("#reason", "repair_proven")
        await page.locator("#words").fill("The bill of the new engine.")
        await page.get_by_role("button", name="Decide and open the next").click()
        await expect(page.locator(".alert-success").first).to_contain_text("Accepted")
    assert await desk.registry.pool.fetchval("select count(*) from reading where km = 50000") == 1


async def test_a_page_that_stays_open_keeps_its_case_and_one_that_is_left_gives_it_back(
    browser: Browser, desk: Desk
) -> None:
    await add_employee(desk.registry.pool, "bert", "reviewer")
    async with opened(browser, desk) as page:
        await page.goto(f"{desk.address}cases/{desk.cases[0]}")
        # The page asks by itself every two minutes; here it is asked to at once.
        before = await desk.registry.pool.fetchval("select lease_until from review_claim")
        desk.registry.clock.moment = desk.registry.clock.moment.replace(minute=5)
        async with page.expect_response("**/renew") as renewed:
            await page.evaluate(
                "htmx.ajax('POST', document.querySelector('#decision').getAttribute('hx-post'), "
                "{source: '#decision', swap: 'none', values: "
                "{csrf: document.querySelector('[name=csrf]').value}})"
            )
        assert (await renewed.value).status == 204
        assert await desk.registry.pool.fetchval("select lease_until from review_claim") > before
        await page.get_by_role("button", name="Skip it for now").click()
        await page.wait_for_url(f"**/cases/{desk.cases[1]}")
    claimed = await desk.registry.pool.fetch("select case_guid from review_claim")
    assert [row["case_guid"] for row in claimed] == [desk.cases[1]]
