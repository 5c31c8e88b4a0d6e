"""Serve the control port beside the registry, in a thread of its own: it answers while PostgreSQL is started anew."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from odopass.registry.postgres import ExplainedError
from odopass.registry.serving.listening import listen
from odopass.sandbox.control.app import Controlled, control_app
from odopass.sandbox.played_sources.serving import open_beside, served

HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8_444


def control_listener(port: int | None) -> socket.socket:
    """Take the control port's address.

    Args:
        port: 0 for any free one; None for the default, or any free one if another program has that.

    Raises:
        ExplainedError: it cannot be had.
    """
    if port is not None:
        return listen(HOST, port)
    try:
        return listen(HOST, DEFAULT_PORT)
    except ExplainedError:
        return listen(HOST, 0)


@contextmanager
def control_port_beside(controlled: Controlled, listener: socket.socket) -> Iterator[None]:
    """Serve the control port while this is open.

    Args:
        controlled: what it is about.
        listener: where; it is closed at the end.
    """

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        stopping = asyncio.Event()
        async with served(control_app(controlled, stopping), stopping, listener=listener):
            yield

    with open_beside(opened, name="control port"):
        yield
