"""The tester's page of an approval run: every scene, in each language, at each width, and what is answered on it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect
from tests.browser.conftest import served
from tests.browser.test_workshop_pages import DESK, PHONE, opened, sideways, violations
from tests.unit.approval.traffic import Traffic

from odopass.approval.app.application import Kit, application
from odopass.approval.app.stage import Stage
from odopass.approval.control import Ready
from odopass.approval.report.writing import findings_of
from odopass.approval.running import Task
from odopass.approval.scenarios import SCENARIOS, Step, steps_of
from odopass.wording import LOCALES

SHOTS = os.environ.get("ODOPASS_SHOTS")
STEPS = list(steps_of())
GARAGE = {
    "username": "2000000138",
    "password": "sandbox-antwerpen-2000",
    "enterpriseOrganisation": "1990001025",
    "enteredOrganisation": "2000000138",
}

pytestmark = pytest.mark.requirement("K4")


@dataclass
class Scene:
    home: str
    stage: Stage
    folder: Path


@pytest_asyncio.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    traffic = Traffic()
    traffic.step("ordinary.enter", km=120_000, date="25/11/2026", upto=1)
    traffic.submit(0)
    traffic.step("ordinary.close", after=1)
    traffic.ask(0.2)
    stage = Stage()
    ready = Ready("https://127.0.0.1:8443/api", "sandbox.data/ca.pem", "http://127.0.0.1:8444", (GARAGE,), ())
    record = traffic.record
    async with served(application(Kit(stage, record, tmp_path, ready, lambda: findings_of(record, SCENARIOS)))) as home:
        yield Scene(home, stage, tmp_path)
    stage.stop()


def _task(step: Step, **asked: Any) -> Task:
    return Task(step, SCENARIOS[step.scenario], asked, STEPS.index(step) + 1, len(STEPS))


def _step(name: str) -> Step:
    return next(step for step in STEPS if step.name == name)


ASKED = {
    "vin": "WVWTEST01AB000001",
    "codes": ["001"],
    "descriptions": [{"nl": "Lager dan voorheen.", "fr": "Inférieur.", "de": "Niedriger."}],
    "requestGuid": "00000000-0000-4000-8000-000000000001",
}


@pytest.mark.parametrize("language", list(LOCALES))
async def test_every_scene_can_be_used_by_everybody_on_desk_and_phone(
    browser: Browser, scene: Scene, language: str
) -> None:
    entered = {"vin": "WVWTEST01AB000001", "plate": "1-ABC-234", "km": 120_312, "date": "25/11/2026"}
    scenes = {
        "begin": lambda: None,
        "enter": lambda: scene.stage.begin_waiting(_task(_step("ordinary.enter"), **entered)),
        "end": scene.stage.end,
        "fault": lambda: scene.stage.fail("The sandbox's control port does not answer."),
    }
    async with opened(browser, scene.home, locale=language) as page:
        for name, show in scenes.items():
            show()
            await page.goto(scene.home)
            assert await page.locator("html").get_attribute("lang") == language
            if language == "en":  # what the words are makes no difference to axe
                assert await violations(page) == []
            for size in (DESK, PHONE):
                await page.set_viewport_size(size)  # type: ignore[arg-type]
                assert await sideways(page) <= 0
                if SHOTS:
                    file = f"{SHOTS}/approval-{name}-{language}-{size['width']}.png"
                    await page.screenshot(path=file, full_page=True)


async def test_a_question_is_answered_with_a_note_and_a_picture(browser: Browser, scene: Scene) -> None:
    asking = asyncio.create_task(asyncio.to_thread(scene.stage.do, _task(_step("correction.shown"), **ASKED)))
    async with opened(browser, scene.home) as page:
        await expect(page.locator("body")).to_be_attached()
        await page.goto(scene.home)
        await expect(page.get_by_text("Lager dan voorheen.")).to_be_visible()
        assert await violations(page) == []
        picture = await page.screenshot()
        await page.get_by_label("A note, if you like").fill("On the page of problems")
        files = [{"name": "screen.png", "mimeType": "image/png", "buffer": picture}]
        await page.get_by_label("A picture of the screen").set_input_files(files)  # type: ignore[arg-type]
        await page.get_by_role("button", name="Yes").click()
        assert await asking == {
            "answer": "yes",
            "note": "On the page of problems",
            "evidence": "picture-correction-shown.png",
        }
    assert (scene.folder / "picture-correction-shown.png").read_bytes() == picture


async def test_the_page_goes_on_by_itself_when_what_it_waits_for_has_come(browser: Browser, scene: Scene) -> None:
    entered = {"vin": "WVWTEST01AB000001", "km": 120_312, "date": "25/11/2026"}
    scene.stage.begin_waiting(_task(_step("ordinary.enter"), **entered))
    async with opened(browser, scene.home) as page:
        await page.goto(scene.home)
        await page.get_by_role("button", name="Nothing more will come: go on").click()
        assert scene.stage.gives_up()
        closing = asyncio.create_task(asyncio.to_thread(scene.stage.do, _task(_step("ordinary.close"))))
        await page.get_by_role("button", name="Done").click()
        assert await closing == {"done": True}
        scene.stage.end()
        await expect(page.get_by_role("link", name="JUnit XML")).to_be_visible()


async def test_no_other_website_and_no_strange_name_gets_anywhere(browser: Browser, scene: Scene) -> None:
    async with opened(browser, scene.home) as page:
        forged = await page.request.post(f"{scene.home}/begin", headers={"origin": "https://elsewhere.example"})
        assert forged.status == 403
        strange = await page.request.get(scene.home, headers={"host": "rebound.example"})
        assert strange.status == 421
        outside = await page.request.get(f"{scene.home}/report/..%2Fsigning-key.pem")
        assert outside.status == 404
