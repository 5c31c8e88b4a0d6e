"""Holding a request's body back until it is known, and an answer until it is decided what becomes of it."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: More than any operation takes; what is longer is handed on as it comes.
_MOST_READ_BYTES: Final = 256 * 1024


class Body:
    """The body of a request, read ahead, and given again to whoever asks for it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._read: list[Message] = []
        self.content = b""

    async def read(self) -> None:
        """Read it to its end, unless it is too long or the other side goes away."""
        while len(self.content) <= _MOST_READ_BYTES:
            message = await self._receive()
            self._read.append(message)
            if message["type"] != "http.request":
                return
            self.content += message.get("body", b"")
            if not message.get("more_body", False):
                return

    async def receive(self) -> Message:
        """For the application: first what was read, then what follows."""
        return self._read.pop(0) if self._read else await self._receive()


class Answer:
    """An answer that was held back."""

    def __init__(self) -> None:
        self.start: Message = {"type": "http.response.start", "status": 500, "headers": []}
        self.content = b""

    @classmethod
    async def of(cls, app: ASGIApp, scope: Scope, receive: Receive) -> Answer:
        """What an application answers."""
        answer = cls()
        await app(scope, receive, answer.take)
        return answer

    async def take(self, message: Message) -> None:
        """Where the application sends to."""
        if message["type"] == "http.response.start":
            self.start = message
        elif message["type"] == "http.response.body":
            self.content += message.get("body", b"")

    @property
    def status(self) -> int:
        """Its HTTP status."""
        status: int = self.start["status"]
        return status

    async def send_on(self, send: Send) -> None:
        """Send it as it is."""
        await send(self.start)
        await send({"type": "http.response.body", "body": self.content})

    async def send_other(self, content: bytes, send: Send) -> None:
        """Send it with another content, of which its head gives the length."""
        MutableHeaders(scope=self.start)["content-length"] = str(len(content))
        await send(self.start)
        await send({"type": "http.response.body", "body": content})

    async def send_half(self, send: Send) -> None:
        """Send its head and half of its content, and do not end it."""
        MutableHeaders(scope=self.start)["content-length"] = str(len(self.content))
        await send(self.start)
        await send({"type": "http.response.body", "body": self.content[: len(self.content) // 2], "more_body": True})
