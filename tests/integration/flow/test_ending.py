from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.registry.running import Dms


@pytest.mark.requirement("W12")
async def test_a_request_that_the_end_of_its_process_cuts_off_is_asked_to_come_back(dms: Dms) -> None:
    reading = asyncio.Event()
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        reading.set()
        await asyncio.Event().wait()  # the rest of the body never comes
        raise AssertionError

    async def send(message: Any) -> None:
        sent.append(message)

    headers = {"authorization": dms.garage.authorization, "content-type": "application/json", "content-length": "9"}
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/api/observation",
        "query_string": b"",
        "scheme": "https",
        "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    serving = asyncio.create_task(dms.registry.app(scope, receive, send))  # type: ignore[arg-type]
    async with asyncio.timeout(20):
        await reading.wait()
        serving.cancel()
        await serving
    start, body = sent
    assert start["status"] == 503
    assert int(dict(start["headers"])[b"retry-after"]) > 0
    assert json.loads(body["body"])["errors"]
