"""Places at which a person could stand without a way on: each has one."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser
from tests.browser.test_workshop_pages import PHONE, opened
from tests.browser.workshop_stage import Stage

from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.garage.book.entries import State, Vehicle, WorkOrder


@pytest.mark.requirement("G13")
async def test_a_vehicle_for_sale_that_was_entered_by_its_plate_gets_its_history_by_the_vin(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    plate = staged.vehicle().plate
    reading = staged.enter(Vehicle(None, plate), 77_001, for_sale=True)
    staged.told(reading, Status.PROCESSED)
    async with opened(browser, workshop_home, PHONE, java_script_enabled=False) as page:
        await page.goto(f"{workshop_home}vehicle-history")
        await page.locator(".card", has_text="77,001").get_by_role("button").click()
        await page.get_by_text("A vehicle history is asked for by VIN").wait_for()
        await page.goto(f"{workshop_home}readings/{reading.number}")
        await page.get_by_role("link", name="Ask for the vehicle history").click()
        ask = page.get_by_role("button", name="Ask for the vehicle history")
        await ask.click()
        await page.get_by_role("link", name="A vehicle history is asked for by VIN. Enter the VIN.").wait_for()
        await page.get_by_label("VIN", exact=True).fill("VF1ZZZ1KZ8W00099999")
        await ask.click()
        await page.get_by_role("link", name="This VIN has 19 characters").wait_for()
        await page.get_by_label("VIN", exact=True).fill("VF1ZZZ1KZ8O000991")
        await ask.click()
        await page.get_by_label("No VIN has the letters I, O or Q").check()
        await ask.click()
        await page.get_by_text("The vehicle history is asked for.").wait_for()
        assert "/vehicle-history/" in page.url
        # Once per reading: the way there is gone.
        await page.goto(f"{workshop_home}readings/{reading.number}")
        assert await page.get_by_text("Ask for the vehicle history").count() == 0
        await page.goto(f"{workshop_home}readings/{reading.number}/vehicle-history")
        assert page.url == f"{workshop_home}readings/{reading.number}"
    history = staged.workshop.book.readings.find(limit=1)[0]
    assert history.draft.type is ObservationType.VEHICLE_HISTORY_DOCUMENT
    assert history.draft.vehicle == Vehicle("VF1ZZZ1KZ8O000991", plate)
    assert (history.draft.km, history.draft.confirmed_warnings, history.state) == (
        77_001,
        ("vin_letter",),
        State.TO_SEND,
    )


@pytest.mark.requirement("G2")
async def test_an_order_that_closes_by_itself_says_so_and_asks_nothing_any_more(
    browser: Browser, workshop_home: str, staged: Stage
) -> None:
    vehicle = staged.vehicle()
    staged.workshop.book.orders.open(
        WorkOrder("CLOSING-1", vehicle, "vehicle_sale", "car", staged.clock.now().date(), excluded_why="")
    )
    staged.enter(vehicle, 20_100, work_order="CLOSING-1")
    async with opened(browser, workshop_home, PHONE) as page:
        await page.goto(f"{workshop_home}orders/CLOSING-1")
        await page.get_by_role("button", name="Close as soon as it is sent").click()
        for _ in range(2):
            await page.get_by_text("The work order closes by itself as soon as its reading is sent.").wait_for()
            assert await page.get_by_role("button", name="Close").count() == 0
            await page.goto(f"{workshop_home}orders/CLOSING-1")
        # On the list its number stays in one line beside the longest kind of work.
        await page.goto(workshop_home)
        number = await page.get_by_role("link", name="CLOSING-1").bounding_box()
        assert number is not None
        assert number["height"] < 40


@pytest.mark.requirement("G2")
@pytest.mark.parametrize("number", ["2026/114", "new", "..", "100% ~ A?b#c&d", "W-1/close"])
async def test_an_order_is_found_read_and_closed_whatever_its_number_looks_like(
    browser: Browser, workshop_home: str, staged: Stage, number: str
) -> None:
    vehicle = staged.vehicle()
    async with opened(browser, workshop_home) as page:
        await page.goto(f"{workshop_home}orders/new")
        await page.get_by_label("Number of the order").fill(number)
        await page.get_by_label("VIN", exact=True).fill(vehicle.vin or "")
        await page.get_by_role("button", name="Open the order").click()
        await page.get_by_role("heading", name=f"Work order {number}", exact=True).wait_for()
        await page.get_by_label("Odometer in km").fill("31200")
        await page.get_by_label("Who read it").fill("Bench 1")
        await page.get_by_role("button", name="Save and send").click()
        staged.told(staged.workshop.book.readings.find(limit=1)[0], Status.PROCESSED)
        await page.get_by_role("link", name=f"Work order {number}", exact=True).click()
        await page.get_by_role("button", name="Close the order").click()
        await page.get_by_text("The work order is closed.").wait_for()
        await page.goto(f"{workshop_home}?closed=yes")
        await page.get_by_role("link", name=number, exact=True).click()
        await page.get_by_role("heading", name=f"Work order {number}", exact=True).wait_for()
    order = staged.workshop.book.orders.one(number)
    assert order is not None
    assert order.closed_at is not None
