from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
import uvicorn

from odopass.registry.serving.listening import listen
from odopass.registry.serving.protocol import OnePacketProtocol

Message = dict[str, Any]


async def _app(scope: Message, receive: Any, send: Any) -> None:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message["body"]
        more = message["more_body"]
    if scope["path"] == "/nothing":
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})
        return
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for part in (b"HTTP/1.1 is what this part begins with\r\n\r\n", b"and this one ends it"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body"})
        return
    text = b"said: " + body
    headers = [(b"content-length", str(len(text)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": text})


@pytest_asyncio.fixture
async def connection() -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection to a server that speaks the protocol under test."""
    listener = listen("127.0.0.1", 0)
    config = uvicorn.Config(_app, http=OnePacketProtocol, ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve([listener]))
    reader, writer = await asyncio.open_connection(*listener.getsockname())
    yield reader, writer
    writer.close()
    await writer.wait_closed()
    server.should_exit = True
    await task


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _head(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)


async def test_an_answer_leaves_in_one_piece(connection: Connection) -> None:
    reader, writer = connection
    for _ in range(20):
        writer.write(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 2\r\n\r\nhi")
        piece = await asyncio.wait_for(reader.read(65_536), 10)
        assert piece.startswith(b"HTTP/1.1 200 OK\r\n")
        assert piece.endswith(b"\r\n\r\nsaid: hi")


async def test_an_answer_without_a_body_is_not_kept_back(connection: Connection) -> None:
    reader, writer = connection
    writer.write(b"GET /nothing HTTP/1.1\r\nhost: here\r\n\r\n")
    assert (await _head(reader)).startswith(b"HTTP/1.1 204 ")
    writer.write(b"HEAD / HTTP/1.1\r\nhost: here\r\n\r\n")
    assert (await _head(reader)).startswith(b"HTTP/1.1 200 ")


async def test_requests_sent_before_the_answer_came_are_answered_in_order(connection: Connection) -> None:
    reader, writer = connection
    for word in (b"one", b"two", b"six"):
        writer.write(b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 3\r\n\r\n" + word)
    for word in (b"one", b"two", b"six"):
        await _head(reader)
        assert await asyncio.wait_for(reader.readexactly(9), 10) == b"said: " + word


async def test_who_waits_for_100_continue_gets_it_before_the_body_is_sent(connection: Connection) -> None:
    reader, writer = connection
    writer.write(b"POST / HTTP/1.1\r\nhost: here\r\nexpect: 100-continue\r\ncontent-length: 2\r\n\r\n")
    assert await _head(reader) == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"ok")
    assert (await _head(reader)).startswith(b"HTTP/1.1 200 ")
    assert await asyncio.wait_for(reader.readexactly(8), 10) == b"said: ok"


async def test_an_answer_in_parts_arrives_whole_whatever_the_parts_look_like(connection: Connection) -> None:
    reader, writer = connection
    writer.write(b"GET /stream HTTP/1.1\r\nhost: here\r\n\r\n")
    await _head(reader)
    rest = await asyncio.wait_for(reader.readuntil(b"\r\n0\r\n\r\n"), 10)
    assert b"HTTP/1.1 is what this part begins with\r\n\r\n" in rest
    assert b"and this one ends it" in rest


async def test_a_request_that_is_none_is_refused_at_once(connection: Connection) -> None:
    reader, writer = connection
    writer.write(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
    assert (await _head(reader)).startswith(b"HTTP/1.1 400 ")
    assert await asyncio.wait_for(reader.read(), 10) == b"Invalid HTTP request received."
