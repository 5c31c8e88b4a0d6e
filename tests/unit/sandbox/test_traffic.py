from __future__ import annotations

import asyncio
import threading
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from odopass.sandbox.traffic.exchange import KEPT_BYTES, AppliedFault, Exchange
from odopass.sandbox.traffic.recorder import Recorder
from odopass.sandbox.traffic.recording import FAULT, Recording
from odopass.wire.basic_auth import Credentials, basic_header

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Ticking:
    """A clock that goes on by a second whenever it is read."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def exchange(body: str = "") -> Callable[[int], Exchange]:
    return lambda number: Exchange(number, NOON, NOON, "", "GET", "/", "", {}, body, 200, "", {}, None)


async def answering(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    body = await request.body()
    answer: Response = JSONResponse({"file": b64encode(b"%PDF" * 10_000).decode(), "said": body.decode()[:5]})
    if scope["path"] == "/silent":
        scope[FAULT] = AppliedFault("r3", "cut-after")
        return
    await answer(scope, receive, send)


async def recorded(path: str = "/api/observation", **options: Any) -> Exchange:
    recorder = Recorder()
    app = Recording(answering, recorder, Ticking())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        with suppress(AssertionError):  # what the transport makes of no answer
            await client.post(path, **options)
    (only,), last = recorder.after(0)
    assert last == 1
    return only


@pytest.mark.requirement("K3")
async def test_an_exchange_is_recorded_with_who_what_and_when_but_without_the_password() -> None:
    header = basic_header(Credentials("2000000138", "geheim:ä"))
    told = (
        await recorded(
            "/api/observation?language=nl", content=b'{"vin": "X"}', headers={"Authorization": header, "X-Own": "1"}
        )
    ).as_json()
    assert told["garage"] == "2000000138"
    assert (told["method"], told["path"], told["query"]) == ("POST", "/api/observation", "language=nl")
    assert told["began"] == "2026-11-25T12:00:01.000000Z"
    assert told["ended"] == "2026-11-25T12:00:02.000000Z"
    assert told["body"] == '{"vin": "X"}'
    assert told["status"] == 200
    assert told["headers"]["x-own"] == "1"
    assert "authorization" not in told["headers"]
    assert header.split()[1] not in str(told)
    assert told["fault"] is None
    assert list(told) == [
        "number", "began", "ended", "garage", "method", "path", "query", "headers", "body", "status", "answer",
        "answerHeaders", "fault",
    ]  # fmt: skip


@pytest.mark.requirement("K3")
async def test_a_document_is_shortened_and_its_length_told() -> None:
    told = await recorded(content=b"{}")
    assert len(told.answer) < 200
    assert f"({len(b64encode(b'%PDF' * 10_000))} characters)" in told.answer
    assert '"said": "{}"' in told.answer.replace('":"', '": "')


@pytest.mark.requirement("K3")
async def test_a_long_body_is_cut_and_what_is_no_text_is_left_out() -> None:
    long = await recorded(content=b"a b" * 100_000, headers={"content-type": "text/plain"})
    assert len(long.body) < KEPT_BYTES + 100
    assert long.body.endswith("(cut; 300000 bytes in all)")
    assert (await recorded(content=b"\0\1", headers={"content-type": "image/png"})).body == "(2 bytes of image/png)"


@pytest.mark.requirement("K3")
async def test_an_exchange_without_an_answer_has_no_status_and_names_the_rule() -> None:
    told = (await recorded("/silent")).as_json()
    assert told["status"] is None
    assert told["fault"] == {"rule": "r3", "kind": "cut-after"}


@pytest.mark.requirement("K3")
def test_the_oldest_exchanges_leave_first_by_number_and_by_memory() -> None:
    few = Recorder(most=3)
    for _ in range(5):
        few.add(exchange())
    assert [each.number for each in few.after(0)[0]] == [3, 4, 5]
    assert [each.number for each in few.after(4)[0]] == [5]
    assert few.find(1) is None
    small = Recorder(most_bytes=10_000)
    for _ in range(5):
        small.add(exchange("x" * 3_900))
    assert [each.number for each in small.after(0)[0]] == [4, 5]
    few.clear()
    assert few.after(0) == ([], 5)


@pytest.mark.requirement("K3")
async def test_who_waits_for_the_next_exchange_is_woken_from_another_thread() -> None:
    recorder = Recorder()
    recorder.add(exchange())
    waiting = asyncio.create_task(recorder.wait_after(1, 60, asyncio.Event()))
    await asyncio.sleep(0)
    threading.Thread(target=recorder.add, args=(exchange(),)).start()
    await asyncio.wait_for(waiting, 30)
    assert recorder.after(1)[1] == 2


@pytest.mark.requirement("K3")
async def test_nobody_waits_for_what_is_there_nor_beyond_the_end() -> None:
    recorder = Recorder()
    stopping = asyncio.Event()
    stopping.set()
    await asyncio.wait_for(recorder.wait_after(0, 60, stopping), 30)
    recorder.add(exchange())
    await asyncio.wait_for(recorder.wait_after(0, 60, asyncio.Event()), 30)


@pytest.mark.requirement("K3")
@pytest.mark.parametrize("path", ["/desk/login", "/sandbox"])
async def test_pages_for_people_are_no_traffic_and_what_is_typed_there_is_not_kept(path: str) -> None:
    recorder = Recorder()
    transport = httpx.ASGITransport(Recording(answering, recorder, Ticking()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        assert (await client.post(path, data={"password": "geheim"})).status_code == 200
    assert not recorder.after(0)[0]
