"""A registry that misbehaves, for outboxes: it drops, halves and refuses answers by a seeded chance, and counts."""

from __future__ import annotations

import base64
import json
import random
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from uuid import UUID

PDF: Final = b"%PDF-1.7 a report"
#: What it does instead of answering well; in the latter three the request was stored all the same.
FAULTS: Final = ("503", "500", "page", "hangs up", "stores and hangs up", "stores and halves", "stores and 502")
_ISSUE: Final = {"type": "001", "description": {"nl": "lager", "fr": "inférieur", "de": "niedriger"}}
_SECOND: Final = {"type": "150", "description": {"nl": "tweede", "fr": "deuxième", "de": "zweite"}}


@dataclass
class Case:
    """A submission and what follows on it.

    Attributes:
        vin: of the vehicle; its last digit says what becomes of it.
        vehicle_history: whether a report is asked for.
        state: as on the wire.
        issues: with it.
        asked: how often it was asked about since it changed.
    """

    vin: str
    vehicle_history: bool
    state: str = "ONGOING"
    issues: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    answered: bool = False


@dataclass
class Registry:
    """What has come in.

    Attributes:
        honours_keys: whether it knows repetitions by their key.
        fault_rate: how many of a hundred exchanges go wrong.
        held: set once a POST was stored whose answer is held back; see `hold`.
    """

    chance: random.Random
    honours_keys: bool = True
    fault_rate: int = 0
    address: str = ""
    posts: int = 0
    senders: list[str] = field(default_factory=list)
    bodies: dict[str, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    stored: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    hold: str = ""
    held: threading.Event = field(default_factory=threading.Event)
    cases: dict[str, Case] = field(default_factory=dict)
    _by_key: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, method: str, path: str, key: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Do what is asked; 200 with the answer, or a refusal."""
        with self._lock:
            *_, about, what = ["", *path.partition("?")[0].removeprefix("/api/observation").strip("/").split("/", 1)]
            if method == "GET":
                return self._asked(about or what, what)
            if what not in {"correction", "confirm"}:
                about, what = "", "submission"
            self.bodies[key].add(body)
            if self.honours_keys and key in self._by_key:
                return 200, {"requestGuid": self._by_key[key]}
            status, answer = self._taken(about, what, body)
            if status == 200:
                self._by_key[key] = answer["requestGuid"]
            else:
                self.refused[f"{what}: {status}"] += 1
            return status, answer

    def _taken(self, about: str, what: str, body: bytes) -> tuple[int, dict[str, Any]]:
        guid = str(UUID(int=self.chance.getrandbits(128), version=4))
        if what == "submission":
            members = json.loads(body)
            case = Case(members["vin"], members["observationType"] == "VEHICLE_HISTORY_DOCUMENT")
            if self.stored[f"submission {case.vin}"]:
                case.state, case.issues = "ERROR", [_SECOND]
            else:
                self.stored[f"submission {case.vin}"] += 1
        else:
            case = self.cases[about]
            if case.state != "ISSUE":
                return 409, {"errors": [{"field": "requestGuid", "message": "It has no issue."}], "status": case.state}
            self.stored[f"{what} {case.vin}"] += 1
            case.state, case.issues, case.asked, case.answered = "ONGOING", [], 0, True
        self.cases[guid] = case
        return 200, {"requestGuid": guid}

    def _asked(self, guid: str, what: str) -> tuple[int, dict[str, Any]]:
        case = self.cases.get(guid)
        if case is None:
            self.refused["unknown"] += 1
            return 404, {"errors": [{"field": "requestGuid", "message": "It is unknown."}]}
        if what == "status/vhr":
            if case.state != "PROCESSED" or not case.vehicle_history:
                return 409, {"errors": [{"field": "requestGuid", "message": "There is none."}]}
            url = f"https://registry.test/vhr/{guid}"
            return 200, {"file": base64.b64encode(PDF).decode(), "publicUrl": url}
        case.asked += 1
        if case.state == "ONGOING" and case.asked > 1:
            if case.vin[-1] in "123" and not case.answered:
                case.state, case.issues = "ISSUE", [_ISSUE]
            else:
                case.state = "PROCESSED"
        return 200, {"status": case.state, "issues": case.issues}

    def fault(self, method: str, what: str) -> str:
        """What goes wrong with an exchange; "" for nothing."""
        with self._lock:
            if method == "POST" and self.hold and what.endswith(self.hold):
                self.hold = ""
                return "holds"
            return self.chance.choice(FAULTS) if self.chance.randrange(100) < self.fault_rate else ""


@contextmanager
def registry(chance: random.Random, *, honours_keys: bool = True, fault_rate: int = 0) -> Iterator[Registry]:
    """Serve one on this machine."""
    made = Registry(chance, honours_keys, fault_rate)

    class Handler(_Handler):
        registry = made

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_address[1]}/api"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    registry: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._exchange("GET", b"")

    def do_POST(self) -> None:
        self.registry.posts += 1
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:
            # The other side died in the middle of it: that is no request.
            self.close_connection = True
            return
        self._exchange("POST", body)

    def log_message(self, *args: object) -> None:
        """Says nothing."""

    def _exchange(self, method: str, body: bytes) -> None:
        self.close_connection = True
        self.registry.senders.append(self.headers.get("client-software-name") or "")
        fault = self.registry.fault(method, self.path)
        status, answer = 0, dict[str, Any]()
        if not fault or fault.startswith(("stores", "holds")):
            status, answer = self.registry.answer(method, self.path, self.headers.get("idempotency-key") or "", body)
        content = json.dumps(answer).encode()
        with suppress(OSError):
            match fault:
                case "":
                    self._say(status, content)
                case "503":
                    self._say(503, b'{"errors": [{"field": "", "message": "Closed."}]}', "application/json", "5")
                case "500":
                    self._say(500, b"no", "text/plain")
                case "page":
                    self._say(200, b"<html>Log in to the wireless network</html>", "text/html")
                case "stores and 502":
                    self._say(502, b"<html>Bad gateway</html>", "text/html")
                case "stores and halves":
                    self._say(status, content, half=True)
                case "holds":
                    self.registry.held.set()
                    self.rfile.read(1)  # until the other side is gone
                case _:
                    pass

    def _say(
        self, status: int, content: bytes, kind: str = "application/json", retry: str = "", *, half: bool = False
    ) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(content)))
        self.send_header("connection", "close")
        if retry:
            self.send_header("retry-after", retry)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if half else content)
