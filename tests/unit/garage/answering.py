"""A server on this machine that answers as it is told, badly too, and keeps what it was sent."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Answering:
    """What it answers, one after another; the last one again and again.

    Attributes:
        address: of the server.
        answers: raw bytes each; the connection is closed after them.
        requests: what came, headers and body.
    """

    address: str
    answers: list[bytes]
    requests: list[bytes] = field(default_factory=list)

    def header(self, number: int, name: str) -> str | None:
        for line in self.requests[number].decode("latin-1").split("\r\n\r\n")[0].split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name.lower():
                return value
        return None


def answer(body: str, status: str = "200 OK", kind: str = "application/json", **headers: str) -> bytes:
    content = body.encode()
    lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", f"content-length: {len(content)}", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content


@contextmanager
def answering(*answers: bytes, drips: bool = False) -> Iterator[Answering]:
    """Serve these answers.

    Args:
        *answers: one for each request.
        drips: whether blanks follow each answer, one by one, until the client hangs up.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Answering(f"http://127.0.0.1:{listener.getsockname()[1]}/api", list(answers))
        thread = threading.Thread(target=_serve, args=(listener, server, drips))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, server: Answering, drips: bool) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            server.requests.append(_request(connection))
            place = min(len(server.requests), len(server.answers)) - 1
            connection.sendall(server.answers[place])
            with suppress(OSError):
                while drips and not select.select([connection], [], [], 0.02)[0]:
                    connection.sendall(b" ")


def _request(connection: socket.socket) -> bytes:
    got = b""
    while b"\r\n\r\n" not in got:
        got += connection.recv(65536)
    head, _, body = got.partition(b"\r\n\r\n")
    length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
