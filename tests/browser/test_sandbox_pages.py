"""The sandbox's pages in a real browser: the traffic as it happens, and the test vehicles."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect
from starlette.applications import Starlette
from tests.browser.conftest import served

from odopass.clock import SystemClock
from odopass.domain.history import Reading
from odopass.sandbox.control.app import Controlled, control_app
from odopass.sandbox.faults.choosing import Rules
from odopass.sandbox.faults.mild import MILD
from odopass.sandbox.faults.rules import Kind, Operation, Rule
from odopass.sandbox.moved_clock import MovedClock
from odopass.sandbox.pages.vehicles import vehicle_routes
from odopass.sandbox.present import VehicleNow
from odopass.sandbox.traffic.exchange import AppliedFault, Exchange
from odopass.sandbox.traffic.recorder import Recorder
from odopass.sandbox.world import make_world

DAY = date(2026, 11, 25)
NOON = datetime(2026, 11, 25, 11, 0, 0, 123_000, tzinfo=UTC)
GUID = "6f1d3f60-1111-4222-8333-444455556666"
BODY = json.dumps({"vin": "WVWTEST01CB000001", "odometerReading": 128_745, "odometerReadingDate": "25/11/2026"})
WIDTHS = (1280, 360)


def exchange(
    *,
    method: str = "GET",
    path: str = f"/api/observation/{GUID}/status",
    body: str = "",
    status: int | None = 200,
    answer: object = None,
    fault: AppliedFault | None = None,
) -> Callable[[int], Exchange]:
    return lambda number: Exchange(
        number=number,
        began=NOON + timedelta(seconds=number),
        ended=NOON + timedelta(seconds=number, milliseconds=40),
        garage="8990001174",
        method=method,
        path=path,
        query="",
        headers={"user-agent": "Testsoftware/1.2", "content-type": "application/json"},
        body=body,
        status=status,
        answer="" if answer is None else json.dumps(answer),
        answer_headers={"content-type": "application/json"},
        fault=fault,
    )


def submitted(**changes: object) -> Callable[[int], Exchange]:
    return exchange(method="POST", path="/api/observation", body=BODY, **changes)  # type: ignore[arg-type]


SEEN = (
    submitted(answer={"requestGuid": GUID}),
    exchange(answer={"status": "ONGOING", "issues": []}, fault=AppliedFault("m9", "ongoing")),
    exchange(answer={"status": "ISSUE", "issues": [{"type": "001"}, {"type": "003"}]}),
    exchange(answer={"status": "PROCESSED", "issues": []}),
    exchange(answer={"status": "ERROR", "issues": [{"type": "150"}]}),
    submitted(status=None, fault=AppliedFault("r1", "cut-after")),
    submitted(status=503, answer={"errors": [{"field": "", "message": "The registry is under maintenance."}]}),
    submitted(status=400, answer={"errors": [{"field": "vin", "message": "Give vin or licensePlate."}] * 2}),
    exchange(method="TLS", path="", status=None, fault=AppliedFault("r2", "expired-certificate")),
    exchange(path="/api/swagger-ui.html"),
)


@pytest.fixture
def recorder() -> Recorder:
    made = Recorder()
    for each in SEEN:
        made.add(each)
    return made


@pytest.fixture
async def control(recorder: Recorder) -> AsyncIterator[str]:
    clock = MovedClock(SystemClock())
    clock.advance(timedelta(hours=26))
    rules = Rules(7, clock, MILD)
    rules.add(Rule(Kind.CUT_AFTER, operation=Operation.SUBMIT, garage="8990001174", next=3))
    names = {"8990001174": "Testgarage Antwerpen"}
    controlled = Controlled(clock, rules, recorder, "https://127.0.0.1:8443/api", names)
    async with served(control_app(controlled, asyncio.Event())) as address:
        yield address


@pytest.fixture
async def vehicles() -> AsyncIterator[str]:
    world = make_world(DAY)
    now = [
        VehicleNow(
            vin=vehicle.row.vin,
            plate=vehicle.plates[-1].plate if vehicle.plates else None,
            unifier=vehicle.row.unifier,
            first_use=vehicle.row.first_use,
            last=Reading(vehicle.readings[-1].day, 1, vehicle.readings[-1].km) if vehicle.readings else None,
            purpose=vehicle.purpose,
        )
        for vehicle in world.vehicles
    ]
    routes = vehicle_routes(lambda: world, now, today=lambda: DAY, control="http://127.0.0.1:8444")
    async with served(Starlette(routes=routes)) as address:
        yield f"{address}/sandbox"


async def opened(browser: Browser, address: str, width: int) -> Page:
    page = await browser.new_page(viewport={"width": width, "height": 900})
    await page.goto(address)
    return page


async def violations(page: Page) -> list[str]:
    results = (await Axe().run(page, options={"resultTypes": ["violations"], "iframes": False})).response
    return [f"{each['id']}: {each['nodes'][0]['html'][:120]}" for each in results["violations"]]


async def fits(page: Page) -> bool:
    return bool(await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


@pytest.mark.requirement("K3")
@pytest.mark.parametrize("width", WIDTHS)
async def test_the_traffic_is_readable_and_accessible_at_desk_and_phone(
    browser: Browser, control: str, width: int
) -> None:
    page = await opened(browser, f"{control}/", width)
    await expect(page.get_by_text("submits a reading").first).to_be_visible()
    assert await violations(page) == []
    assert await fits(page)
    await page.locator('a[href="/exchanges/6"]').click()
    await expect(page.get_by_role("heading", name="Exchange 6")).to_be_visible()
    await expect(page.get_by_text("None came: the connection ended.")).to_be_visible()
    assert await violations(page) == []
    assert await fits(page)
    await page.close()


@pytest.mark.requirement("K3")
async def test_a_new_exchange_appears_by_itself_and_what_was_opened_stays_open(
    browser: Browser, control: str, recorder: Recorder
) -> None:
    page = await opened(browser, f"{control}/", 1280)
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text))
    await page.get_by_text("The sandbox's own misbehaviour").click()
    recorder.add(
        exchange(path="/api/observation/new/status", status=404, answer={"errors": [{"message": "Unheard of"}]})
    )
    await expect(page.get_by_text("404: Unheard of")).to_be_visible(timeout=30_000)
    assert await page.locator("details").get_attribute("open") is not None
    assert faults == []
    await page.close()


@pytest.mark.requirement("K2")
@pytest.mark.parametrize("width", WIDTHS)
async def test_the_test_vehicles_are_readable_and_accessible_at_desk_and_phone(
    browser: Browser, vehicles: str, width: int
) -> None:
    page = await opened(browser, vehicles, width)
    await expect(page.get_by_role("heading", name="Issue types")).to_be_visible()
    assert await violations(page) == []
    assert await fits(page)
    await page.close()
