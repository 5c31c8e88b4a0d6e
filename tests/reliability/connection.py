"""One client's connection, as lean as can be: hundreds of them must not be what a test of waiting measures."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """HTTP/1.1 without TLS, kept alive; one request at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, address: str) -> Self:
        parts = urlsplit(address)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port))

    async def request(self, method: str, path: str, body: object, headers: dict[str, str]) -> Answer:
        """Send and wait for the answer.

        Raises:
            OSError, asyncio.IncompleteReadError: the connection has ended.
        """
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", "host: registry.test", f"content-length: {len(content)}"]
        lines += ["content-type: application/json", *(f"{name}: {value}" for name, value in headers.items())]
        self._writer.write("\r\n".join([*lines, "", ""]).encode() + content)
        await self._writer.drain()
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        told = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        return Answer(int(head[0].split()[1]), told, await self._reader.readexactly(int(told["content-length"])))

    def close(self) -> None:
        self._writer.close()
