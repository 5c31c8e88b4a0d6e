"""A sandbox to test against, shared by all tests of a process, and a browser."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright
from tests.acceptance.controlling import Control
from tests.acceptance.running_sandbox import Sandbox, start_sandbox
from tests.browser.chromium import CHROMIUM, flags, need_chromium


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One sandbox for all tests of this process: use vehicles of your own (`take_vehicle`), and do not stop it."""
    folder = tmp_path_factory.mktemp("sandbox")
    with start_sandbox(folder / "data") as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def bad_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that tests let misbehave and whose clock they move; each ends its rules (see `control`)."""
    folder = tmp_path_factory.mktemp("bad_sandbox")
    with start_sandbox(folder / "data") as running:
        yield running
    shutil.rmtree(folder)


@pytest.fixture
def control(bad_sandbox: Sandbox) -> Iterator[Control]:
    """The control port of that sandbox; rules and clock are as at its start afterwards."""
    with Control(bad_sandbox.ready["control"]) as controlled:
        yield controlled


@pytest.fixture(scope="session")
def take_bad_vehicle(bad_sandbox: Sandbox) -> Callable[[], dict[str, Any]]:
    """Gives each caller an ordinary vehicle of that sandbox that no other test uses."""
    left = iter(bad_sandbox.ordinary())
    return lambda: next(left)


@pytest.fixture(scope="session")
def take_vehicle(sandbox: Sandbox) -> Callable[[], dict[str, Any]]:
    """Gives each caller an ordinary vehicle of the shared sandbox that no other test uses."""
    left = iter(sandbox.ordinary())
    return lambda: next(left)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, for tests that do without an event loop of their own."""
    need_chromium()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=flags())
        yield chromium
        chromium.close()
