"""Serve what is played, on this machine only, and end at once when told to, whoever still waits for an answer."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from odopass.registry.report.sources.plain_protocol import UNKNOWN_VEHICLE
from odopass.registry.serving.listening import listen
from odopass.sandbox.played_sources.behaviour import CUT, Asked, answer_json, behave
from odopass.sandbox.played_sources.table import SOURCES, PlayedTable, told_by

T = TypeVar("T")

_HOST: Final = "127.0.0.1"
#: Everything ends by itself when told to; this is for what should not happen.
_END_SECONDS: Final = 5


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the played sources are.

    Attributes:
        base: of the server.
    """

    base: str

    def of(self, source: str) -> str:
        """The address of one source."""
        return f"{self.base}/{source}"

    def configuration(self, *, timeout_seconds: float = 60.0) -> dict[str, Any]:
        """What `sources_from` takes. Breakers never open: what a vehicle shows must not depend on the ones before."""
        return {
            "sources": {
                source: {
                    "adapter": source,
                    "address": self.of(source),
                    "timeout_seconds": timeout_seconds,
                    "breaker_failures": 0,
                }
                for source in SOURCES
            }
        }


class PlayedSources:
    """The app: each source under a path of its own.

    Args:
        table: what they know; vehicles may be added while they are served.
        stopping: set when the server shall end.
    """

    def __init__(self, table: PlayedTable, stopping: asyncio.Event) -> None:
        self._table = table
        self._stopping = stopping
        self._asked: Counter[tuple[str, str]] = Counter()

    def app(self) -> Starlette:
        """As an ASGI app."""
        return Starlette(routes=[Route("/{source}/vehicles/{vin}", endpoint=_Endpoint(self))])

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        source, vin = scope["path_params"]["source"], scope["path_params"]["vin"]
        asked = Asked(scope, receive, send, self._stopping, self._asked[source, vin])
        self._asked[source, vin] += 1
        vehicle = self._table.get(vin)
        if source not in SOURCES or vehicle is None:
            known = source in SOURCES
            await answer_json(asked, {"error": UNKNOWN_VEHICLE if known else "no such source"}, status=404)
            return
        await behave(vehicle.behaviour(source), told_by(source, vehicle), asked)


class _Endpoint:
    """Hands a request on as it is: manners of answering are beyond what responses of Starlette can do."""

    def __init__(self, played: PlayedSources) -> None:
        self._played = played

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._played.answer(scope, receive, send)


@asynccontextmanager
async def played_sources(table: PlayedTable) -> AsyncIterator[Addresses]:
    """Play the sources while this is open, in the running event loop."""
    stopping = asyncio.Event()
    async with served(PlayedSources(table, stopping).app(), stopping) as base:
        yield Addresses(base)


@contextmanager
def played_sources_beside(table: PlayedTable) -> Iterator[Addresses]:
    """Play the sources while this is open, in a thread of its own, for a program that is not in an event loop yet."""
    with open_beside(lambda: played_sources(table), name="played sources") as addresses:
        yield addresses


@contextmanager
def open_beside(opened: Callable[[], AbstractAsyncContextManager[T]], *, name: str) -> Iterator[T]:
    """Keep something open in an event loop and a thread of its own.

    Args:
        opened: makes it, called in that thread.
        name: of the thread.
    """
    up: Future[tuple[T, asyncio.AbstractEventLoop]] = Future()
    ending = asyncio.Event()

    async def keep() -> None:
        async with opened() as result:
            up.set_result((result, asyncio.get_running_loop()))
            await ending.wait()

    def run() -> None:
        try:
            asyncio.run(keep())
        except BaseException as error:
            if up.done():
                raise
            up.set_exception(error)

    thread = threading.Thread(target=run, name=name)
    thread.start()
    try:
        result, loop = up.result()
        try:
            yield result
        finally:
            loop.call_soon_threadsafe(ending.set)
    finally:
        thread.join()


@asynccontextmanager
async def served(app: ASGIApp, stopping: asyncio.Event, *, listener: socket.socket | None = None) -> AsyncIterator[str]:
    """Serve an app on this machine; its address.

    Args:
        app: waits for nothing beyond `stopping`.
        stopping: is set when this ends.
        listener: where; it is closed at the end. None for any free port.
    """
    listener = listener or listen(_HOST, 0)
    server = _Server(app)
    serving = asyncio.create_task(server.serve([listener]), name="serving beside")
    started = asyncio.create_task(server.is_up.wait())
    try:
        await asyncio.wait({serving, started}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            await serving
            raise RuntimeError("The server ended before it began.")
        yield f"http://{_HOST}:{_port(listener)}"
    finally:
        started.cancel()
        stopping.set()
        server.should_exit = True
        await serving


def _port(listener: socket.socket) -> int:
    port: int = listener.getsockname()[1]
    return port


class _Server(uvicorn.Server):
    """uvicorn inside of a program that has its own ideas about signals."""

    def __init__(self, app: ASGIApp) -> None:
        config = uvicorn.Config(
            app,
            http=_CuttingProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=_END_SECONDS,
        )
        super().__init__(config)
        self.is_up = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program."""
        yield


class _CuttingProtocol(HttpToolsProtocol):
    """HTTP, with a way for the app to close the connection when it likes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as it is there
        super().connection_made(transport)
        # The head and the body of an answer go out one after the other; the body must not wait for an acknowledgement.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[CUT] = self.transport.close  # type: ignore[typeddict-unknown-key]
