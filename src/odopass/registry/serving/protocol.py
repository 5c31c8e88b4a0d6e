"""HTTP as uvicorn speaks it, but with one packet for an answer instead of two.

uvicorn writes an answer's head, then its body, and uvloop sends each at once: two system calls here, two packets (with
TLS, two records), and the client is woken twice. ASGI lets a server keep the head until there is a body.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD: Final = b"HTTP/1.1 "
_INTERIM: Final = b"HTTP/1.1 1"  # "100 Continue" is what the client waits for before it sends its body


class _Joining(asyncio.Transport):
    """A transport that keeps the head of an answer until more is written, or until it is told that no more comes."""

    def __init__(self, transport: asyncio.Transport) -> None:
        super().__init__()
        self._transport = transport
        self._head = b""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        elif isinstance(data, bytes) and data.startswith(_HEAD) and not data.startswith(_INTERIM):
            self._head = data
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Send a head that is kept: the answer has no body."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._transport.set_protocol(protocol)

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - as in the standard library
        return self._transport.get_extra_info(name, default)


class OnePacketProtocol(HttpToolsProtocol):
    """uvicorn's protocol on a transport that joins an answer's head and body."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take over a connection."""
        self._joining = _Joining(transport)
        super().connection_made(self._joining)

    def on_response_complete(self) -> None:
        """An answer has been written to its end."""
        self._joining.flush()
        super().on_response_complete()
