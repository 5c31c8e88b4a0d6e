"""A day in a workshop: the application as it is started by a person, a real browser, the real sandbox."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from tests.acceptance.running_garage import running_garage, set_account
from tests.acceptance.running_sandbox import Sandbox, start_sandbox

SHOTS = os.environ.get("ODOPASS_SHOTS")


@pytest.fixture
def own_sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    with start_sandbox(tmp_path / "sandbox") as running:
        yield running


def _shot(page: Page, name: str) -> None:
    if SHOTS:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)
        page.set_viewport_size({"width": 360, "height": 740})
        page.screenshot(path=f"{SHOTS}/{name}-phone.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 900})


def _enter(page: Page, home: str, vehicle: dict[str, Any], km: int) -> None:
    page.goto(f"{home}readings/new")
    page.get_by_label("VIN", exact=True).fill(vehicle["vin"])
    page.get_by_label("Odometer in km").fill(str(km))
    page.get_by_label("Who read it").fill("Bench 1")
    page.get_by_role("button", name="Save and send").click()


def _is_printed(document: bytes, vin: str) -> None:
    """The document is opened as a printer's driver opens it, and is about the vehicle."""
    words = subprocess.run(["pdftotext", "-", "-"], input=document, capture_output=True, check=True).stdout.decode()
    assert vin in words
    sheet = subprocess.run(["pdftoppm", "-png", "-r", "30", "-l", "1"], input=document, capture_output=True, check=True)
    assert sheet.stdout.startswith(b"\x89PNG")


def _days_ago(page: Page, days: int) -> str:
    today = date.fromisoformat(page.get_by_label("Day of the reading").input_value())
    return (today - timedelta(days=days)).isoformat()


def _awaits(page: Page, heading: str) -> None:
    page.get_by_role("heading", name=heading, exact=True).wait_for(timeout=40_000)


@pytest.mark.requirement("G2", "G3", "G4", "G5", "G6", "G7", "G8", "G10", "G12", "G13")
def test_the_day_of_a_garage(own_sandbox: Sandbox, tmp_path: Path, browser: Browser) -> None:
    sandbox, folder = own_sandbox, tmp_path / "garage"
    folder.mkdir()
    set_account(folder, sandbox)
    vehicles = iter(each for each in sandbox.ordinary() if each["lastReading"])
    with running_garage(folder) as home:
        context = browser.new_context(locale="en-GB")
        try:
            _day(context.new_page(), home, sandbox, vehicles.__next__)
        finally:
            context.close()


def _day(  # noqa: PLR0915 - one day, told from morning to evening
    page: Page, home: str, sandbox: Sandbox, take: Callable[[], dict[str, Any]]
) -> None:
    page.goto(f"{home}account")
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_text("Connected: the registry takes").wait_for()
    _shot(page, "account")

    # A work order, its reading, and its end.
    page.goto(f"{home}orders/new")
    page.get_by_label("Number of the order").fill("W-1")
    first = take()
    page.get_by_label("VIN", exact=True).fill(first["vin"])
    page.get_by_role("button", name="Open the order").click()
    page.get_by_role("button", name="Close the order").click()
    page.get_by_text("The order cannot be closed yet").wait_for()
    _shot(page, "order-blocked")
    page.get_by_label("Odometer in km").fill("12.345")
    page.get_by_label("Who read it").fill("Bench 1")
    page.get_by_role("button", name="Save and send").click()
    page.get_by_role("link", name="Enter only the digits").wait_for()
    _shot(page, "digits-only")
    page.get_by_label("Odometer in km").fill(str(first["lastReading"]["km"] + 500))
    page.get_by_role("button", name="Save and send").click()
    _awaits(page, "In the registry")
    _shot(page, "processed")
    page.get_by_role("link", name="Work order W-1").click()
    page.get_by_role("button", name="Close the order").click()
    page.get_by_text("The work order is closed.").wait_for()

    # A reading lower than the registry knows: an issue, which is corrected.
    second = take()
    _enter(page, home, second, max(0, second["lastReading"]["km"] - 5_000))
    _awaits(page, "Needs your answer")
    _shot(page, "issue")
    page.goto(f"{home}problems")
    _shot(page, "problems")
    page.get_by_role("link", name="Correct it").click()
    page.get_by_label("Odometer in km").fill(str(second["lastReading"]["km"] + 200))
    page.get_by_role("button", name="Save and send the correction").click()
    _awaits(page, "In the registry")

    # Another one, which is confirmed: its outcome is fetched like any other.
    third = take()
    _enter(page, home, third, max(0, third["lastReading"]["km"] - 5_000))
    _awaits(page, "Needs your answer")
    page.get_by_role("link", name="It is right as it is").click()
    _shot(page, "confirmation")
    page.get_by_role("button", name="Yes, the data is right").click()
    page.get_by_role("heading", name="In the registry").or_(page.get_by_role("heading", name="Under review")).wait_for(
        timeout=40_000
    )

    # A vehicle for sale: its history.
    page.goto(home)
    fourth = take()
    _enter(page, home, fourth, fourth["lastReading"]["km"] + 300)
    page.get_by_role("button", name="Ask for the vehicle history").click()
    page.get_by_role("link", name="Open and print the PDF").wait_for(timeout=90_000)
    _shot(page, "vehicle-history")
    document = page.get_by_role("link", name="Open and print the PDF").get_attribute("href")
    assert page.get_by_label("Public address").input_value().startswith("https://")
    printed = page.request.get(f"{home.rstrip('/')}{document}")
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.headers["content-disposition"].startswith("inline")
    _is_printed(printed.body(), fourth["vin"])

    # What need not be reported.
    page.goto(f"{home}orders/new")
    page.get_by_label("Number of the order").fill("W-2")
    page.get_by_label("VIN", exact=True).fill(take()["vin"])
    page.get_by_label("Kind of vehicle").select_option("truck")
    page.get_by_role("button", name="Open the order").click()
    page.get_by_text("Nothing is reported for this order").wait_for()
    page.goto(f"{home}exclusions")
    _shot(page, "exclusions")

    # A reading of the day again is offered as a correction; one far too high has to be confirmed.
    _enter(page, home, first, first["lastReading"]["km"] + 600)
    page.get_by_role("link", name="This vehicle has a reading of this day already").wait_for()
    _shot(page, "second-that-day")
    sixth = take()
    _enter(page, home, sixth, sixth["lastReading"]["km"] + 100)
    _awaits(page, "In the registry")
    page.goto(f"{home}readings/new")
    page.get_by_label("VIN", exact=True).fill(sixth["vin"])
    page.get_by_label("Odometer in km").fill(str(sixth["lastReading"]["km"] + 90))
    page.get_by_label("Day of the reading").fill(_days_ago(page, 1))
    page.get_by_role("button", name="Save and send").click()
    page.get_by_text("Please look twice").wait_for()
    _shot(page, "warnings")
    for warning in page.locator(".warnings input").all():
        warning.check()
    page.get_by_role("button", name="Save and send").click()
    page.get_by_text("Saved. The reading is sent by itself.").wait_for()
    _awaits(page, "In the registry")
    page.goto(f"{home}history?search={first['vin'][3:]}")
    _shot(page, "history")
    page.get_by_role("link", name="All its readings").click()
    _shot(page, "vehicle")

    # The account changes: the registry has to know it too. With the wrong password nothing is sent, and it is said.
    page.goto(f"{home}account")
    page.get_by_label("Password", exact=True).fill("another password")
    page.get_by_role("button", name="Save the account").click()
    page.get_by_text("You changed the user name or password: change it on the registry's website too").wait_for()
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_text("The registry does not take the user name or the password.").wait_for()
    _shot(page, "account-wrong")
    seventh = take()
    _enter(page, home, seventh, seventh["lastReading"]["km"] + 400)
    page.get_by_text("The registry does not take your user name or password: nothing is sent.").wait_for(timeout=40_000)
    waiting = page.url
    page.get_by_role("link", name="Look at the account").click()
    page.get_by_label("Password", exact=True).fill(sandbox.garages[0]["password"])
    page.get_by_role("button", name="Save the account").click()
    page.get_by_text("You changed the user name or password").wait_for()
    page.goto(waiting)
    _awaits(page, "In the registry")

    # The registry is away for a while: kept, told, sent by itself afterwards.
    port = int(sandbox.api.split(":")[2].split("/")[0])
    data = sandbox.data
    sandbox.stop()
    fifth = take()
    _enter(page, home, fifth, fifth["lastReading"]["km"] + 700)
    page.get_by_text("The registry cannot be reached.").wait_for(timeout=30_000)
    _shot(page, "away")
    page.goto(home)
    _shot(page, "home")
    with start_sandbox(data, ready_file=sandbox.ready_file, port=port):
        page.get_by_role("row", name=fifth["vin"]).get_by_role("link").click()
        _awaits(page, "In the registry")
