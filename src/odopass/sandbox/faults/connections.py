"""Connections that can be cut in the middle of an exchange, and that remember a bad handshake."""

from __future__ import annotations

import asyncio
import ssl
from weakref import WeakKeyDictionary, WeakSet

from odopass.registry.serving.protocol import OnePacketProtocol
from odopass.sandbox.traffic.exchange import AppliedFault

#: Where the server puts what closes the connection, since nothing in ASGI does.
CUT = "odopass.cut"
#: Where it says that the connection began with a bad handshake, which the client took all the same.
HANDSHAKE_FAULT = "odopass.handshake_fault"


class Connections:
    """The open connections of one server.

    Attributes:
        bad_handshakes: the rule that each was begun by, for those that began badly.
        ending: whether the server has begun to end; then nothing may wait any longer.
    """

    def __init__(self) -> None:
        self.bad_handshakes: WeakKeyDictionary[ssl.SSLObject, AppliedFault] = WeakKeyDictionary()
        self.ending = False
        self._open: WeakSet[OnePacketProtocol] = WeakSet()
        self._loop: asyncio.AbstractEventLoop | None = None

    def protocol(self) -> type[OnePacketProtocol]:
        """How HTTP is spoken on these connections."""
        connections = self

        class Protocol(_CuttingProtocol):
            of = connections

        return Protocol

    def opened(self, connection: OnePacketProtocol) -> None:
        """Remember a connection as long as it is open."""
        self._loop = asyncio.get_running_loop()
        self._open.add(connection)

    def end_idle(self) -> None:
        """End those on which nothing is under way, and the others when that is done. May be called from any thread.

        A client that keeps its connection would never notice what is wrong with new ones.
        """
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._end_idle)

    def _end_idle(self) -> None:
        for connection in list(self._open):
            if not connection.transport.is_closing():
                OnePacketProtocol.shutdown(connection)


class _CuttingProtocol(OnePacketProtocol):
    of: Connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as it is there
        super().connection_made(transport)
        handshake = transport.get_extra_info("ssl_object")
        self._bad_handshake = None if handshake is None else self.of.bad_handshakes.get(handshake)
        self.of.opened(self)

    def shutdown(self) -> None:
        """The server ends."""
        self.of.ending = True
        super().shutdown()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope[CUT] = self.transport.close  # type: ignore[literal-required]
        if self._bad_handshake is not None:
            self.scope[HANDSHAKE_FAULT] = self._bad_handshake  # type: ignore[literal-required]
