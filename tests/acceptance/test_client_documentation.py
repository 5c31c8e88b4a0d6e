"""What docs/how-to/use-the-client.md shows works as it stands, on the real sandbox."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.acceptance.running_sandbox import Sandbox

from odopass.clock import BRUSSELS
from odopass.garage import client

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "use-the-client.md"


@pytest.mark.requirement("G1")
def test_the_example_sends_a_reading(sandbox: Sandbox, take_vehicle: Callable[[], dict[str, Any]]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(example, names)
    garage, vehicle = sandbox.garages[0], take_vehicle()
    request = names["reading"](
        vehicle["vin"],
        vehicle["lastReading"]["km"] + 100,
        datetime.now(BRUSSELS).date(),
        garage["enterpriseOrganisation"],
        garage["enteredOrganisation"],
    )
    ca = Path(sandbox.ready["ca"])
    guid = names["report_reading"](sandbox.api, garage["username"], garage["password"], ca, request)
    assert UUID(guid)


@pytest.mark.requirement("G1")
def test_every_error_and_call_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    types = {name for name in client.__all__ if isinstance(getattr(client, name), type)}
    errors = {name for name in types if issubclass(getattr(client, name), client.RegistryError)}
    calls = {name for name in vars(client.RegistryClient) if not name.startswith("_")} - {"close"}
    assert {name for name in errors if f"`{name}`" not in page and f"`{name}`s" not in page} - {
        "RegistryError"
    } == set()
    assert {name for name in calls if f"`{name}(" not in page} == set()
