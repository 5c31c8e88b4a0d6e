from __future__ import annotations

import http.client
import json
import os
import random
import select
import socket
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.contracts.conftest import VIN, Served
from tests.reliability.verdict import tell

from odopass.clock import belgian_day
from odopass.wire.dates import format_wire_date

pytestmark = pytest.mark.requirement("W12")

GUID = "5b3f1c52-6a0e-4d0c-9c53-2f6f3a1d7e10"


def right(served: Served) -> dict[str, Any]:
    return {
        "vin": VIN,
        "odometerReadingDate": format_wire_date(belgian_day(datetime.now(UTC))),
        "odometerReading": 123_456,
        "observationType": "REPAIR_MAINTENANCE_SERVICE",
        "enterpriseOrganisation": served.garage.enterprise,
        "enteredOrganisation": served.garage.establishment,
    }


def head(served: Served, first_line: str = "POST /api/observation HTTP/1.1", *more: str) -> bytes:
    lines = [first_line, "Host: registry.test", f"Authorization: {served.garage.authorization}", *more]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


def with_body(served: Served, body: bytes, content_type: str | None = "application/json") -> bytes:
    more = [f"Content-Length: {len(body)}"]
    if content_type is not None:
        more.append(f"Content-Type: {content_type}")
    return head(served, "POST /api/observation HTTP/1.1", *more) + body


class Answer:
    """What came back over the socket: nothing at all (the connection was ended), or a status with a body."""

    def __init__(self, served: Served, request: bytes, *, method: str = "POST", ends: bool = False) -> None:
        host, port = served.address.removeprefix("http://").split(":")
        self.status: int | None = None
        self.body = b""
        self.content_type = ""
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            try:
                connection.sendall(request)
                if ends and not select.select([connection], [], [], 0.2)[0]:
                    connection.shutdown(socket.SHUT_WR)  # the server waits for more than will come
            except (BrokenPipeError, ConnectionResetError):
                pass  # refused before all of it was read: the answer is there all the same
            response = http.client.HTTPResponse(connection, method=method)
            try:
                response.begin()
                self.status = response.status
                self.content_type = response.headers.get("content-type", "")
                self.body = response.read()
            except (http.client.BadStatusLine, http.client.IncompleteRead, ConnectionResetError):
                pass
            finally:
                response.close()

    @property
    def fields(self) -> list[str]:
        """The fields of the problems, which must be in the error shape."""
        assert self.content_type == "application/json", (self.status, self.body[:200])
        found = json.loads(self.body)["errors"]
        assert found
        assert all(set(problem) == {"field", "message"} for problem in found)
        return [problem["field"] for problem in found]


def changed(served: Served, **members: object) -> bytes:
    return json.dumps(right(served) | members).encode()


def replaced(served: Served, name: str, text: str) -> bytes:
    """The right body with one value written as it is given, JSON or not."""
    return changed(served, **{name: "@"}).replace(b'"@"', text.encode("utf-8", "surrogatepass"))


READING = [
    ("1e400", "odometerReading"),
    ("-1e400", "odometerReading"),
    ("1e5", "odometerReading"),
    ("100.0", "odometerReading"),
    ("true", "odometerReading"),
    ('"100"', "odometerReading"),
    ("null", "odometerReading"),
    ("[]", "odometerReading"),
    ("{}", "odometerReading"),
    ("-0.0", "odometerReading"),
    ("9" * 5_000, "odometerReading"),
    ("-" + "9" * 5_000, "odometerReading"),
]


@pytest.mark.parametrize(("text", "field"), READING, ids=[text[:12] for text, _ in READING])
def test_a_number_that_is_no_plain_integer_is_a_problem_of_its_field(served: Served, text: str, field: str) -> None:
    answer = Answer(served, with_body(served, replaced(served, "odometerReading", text)))
    assert (answer.status, answer.fields) == (400, [field])


DATES = [
    "00/00/0000",
    "01/01/0000",
    "29/02/2025",
    "31/04/2026",
    "1/1/2026",
    "01/01/26",
    "2026-01-01",
    "01/01/2026 ",
    "٠١/٠١/٢٠٢٦",
    "01/01/20261",
    "01-01-2026",
    "32/01/2026",
    "01/13/2026",
    "",
    "x" * 10_000,
]


@pytest.mark.requirement("W3")
@pytest.mark.parametrize("day", DATES, ids=[ascii(day)[:14] for day in DATES])
@pytest.mark.parametrize("field", ["odometerReadingDate", "firstUseDate"])
def test_a_date_of_any_other_form_is_a_problem_of_its_field(served: Served, day: str, field: str) -> None:
    answer = Answer(served, with_body(served, changed(served, **{field: day})))
    assert (answer.status, answer.fields) == (400, [field])


BODIES: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("blanks", b" \r\n\t "),
    ("a BOM alone", b"\xef\xbb\xbf"),
    ("an array", b"[]"),
    ("a string", b'"vin"'),
    ("null", b"null"),
    ("a number", b"1e400"),
    ("NaN", b"NaN"),
    ("NUL", b"\x00"),
    ("NULs", b"\x00" * 10_000),
    ("a NUL inside", b'{"vin": "A\x00B"}'),
    ("UTF-16", '{"vin": "A"}'.encode("utf-16")),
    ("Latin-1", '{"vin": "é"}'.encode("latin-1")),
    ("half a character", b'{"vin": "\xc3"}'),
    ("a raw surrogate", b'{"vin": "\xed\xa0\x80"}'),
    ("a lone surrogate", b'{"vin": "\\ud800"}'),
    ("a lone surrogate as name", b'{"\\udfff": 1}'),
    ("an escaped NUL", b'{"vin": "A\\u0000B"}'),
    ("duplicate names", b'{"vin": "A", "vin": "B"}'),
    ("two objects", b"{}{}"),
    ("a comma too many", b'{"vin": "A",}'),
    ("a comment", b'{"vin": "A" /* */}'),
    ("deep arrays", b"[" * 30_000 + b"]" * 30_000),
    ("deep objects", b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    ("deep and open", b"[" * 60_000),
    ("many unknown members", json.dumps({f"m{number}": number for number in range(5_000)}).encode()),
    ("form data", b"vin=A&odometerReading=1"),
    ("XML", b"<observation/>"),
]


@pytest.mark.parametrize(("name", "body"), BODIES, ids=[name for name, _ in BODIES])
def test_a_body_that_is_no_observation_is_refused_in_the_error_shape(served: Served, name: str, body: bytes) -> None:
    answer = Answer(served, with_body(served, body))
    assert (answer.status, bool(answer.fields)) == (400, True), name


def test_a_body_cut_at_any_byte_is_refused_in_the_error_shape(served: Served) -> None:
    body = changed(served)
    for end in range(len(body)):
        answer = Answer(served, with_body(served, body[:end]))
        assert answer.status == 400
        assert answer.fields


@pytest.mark.parametrize("size", [65_537, 1_000_000, 10_000_000])
def test_a_body_that_is_too_large_is_refused_and_can_be_read(served: Served, size: int) -> None:
    for body in (b"x" * size, b'{"vin": "' + b"A" * size + b'"}', changed(served) + b" " * size):
        answer = Answer(served, with_body(served, body))
        assert (answer.status, answer.fields) == (400, [""])


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/jsonp", ";;;", "é", "x" * 5_000])
def test_a_content_type_of_any_kind_is_refused_in_the_error_shape(served: Served, content_type: str | None) -> None:
    answer = Answer(served, with_body(served, changed(served), content_type))
    assert (answer.status, answer.fields) == (400, ["Content-Type"])


def test_a_body_in_chunks_is_a_body(served: Served) -> None:
    body = changed(served, odometerReading=-1)
    chunks = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in body) + b"0\r\n\r\n"
    more = ("Transfer-Encoding: chunked", "Content-Type: application/json")
    answer = Answer(served, head(served, "POST /api/observation HTTP/1.1", *more) + chunks)
    assert (answer.status, answer.fields) == (400, ["odometerReading"])


# Where the framing of HTTP itself is broken, the server may end the connection or answer as it likes, but with no 5xx.
def broken(served: Served) -> list[bytes]:
    post = "POST /api/observation HTTP/1.1"
    chunked = head(served, post, "Transfer-Encoding: chunked", "Content-Type: application/json")
    body = changed(served)
    return [
        chunked + b"zz\r\n{}\r\n0\r\n\r\n",
        chunked + b"-1\r\n{}\r\n0\r\n\r\n",
        chunked + b"ffffffffffffffffff\r\n{}",
        chunked + b"5\r\n{}",
        head(served, post, "Content-Length: 5", "Content-Length: 6") + body,
        head(served, post, "Content-Length: -1") + body,
        head(served, post, "Content-Length: 1e3") + body,
        head(served, post, f"Content-Length: {'9' * 40}") + body,
        head(served, post, "Content-Length: 10", "Transfer-Encoding: chunked") + body,
        head(served, post, f"Content-Length: {len(body) + 100}", "Content-Type: application/json") + body,
        head(served, post, "Content-Length: 10", "Content-Type: application/json") + body,
        head(served, post, "Bad Header: x"),
        head(served, post, "X: \x00"),
        head(served, post, ": empty"),
        head(served, "POST  /api/observation  HTTP/1.1"),
        head(served, "POST /api/observation HTTP/9.9"),
        head(served, "POST /api/observation"),
        head(served, "POST"),
        head(served, "\x00\x01\x02"),
        head(served, "GET /api/observation/\xff\xfe/status HTTP/1.1"),
        head(served, "GET /api/observation/é/status HTTP/1.1"),
        head(served, "GET http://[::1/api HTTP/1.1"),
        head(served, "GET * HTTP/1.1"),
        head(served, "CONNECT registry.test:443 HTTP/1.1"),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 500,
        b"\r\n\r\n\r\n",
        b"GET",
        os.urandom(2_000),
    ]


def test_broken_framing_is_never_answered_by_a_fault_and_harms_nobody_else(served: Served) -> None:
    answered = 0
    for request in broken(served):
        answer = Answer(served, request, ends=True)
        answered += answer.status is not None
        assert answer.status is None or answer.status < 500, (request[:200], answer.status, answer.body[:200])
        if answer.status is not None and answer.content_type == "application/json" and answer.status >= 400:
            assert answer.fields
        health = Answer(served, head(served, "GET /health HTTP/1.1"), method="GET")
        assert health.status == 200
    assert served.faults == []
    assert answered > len(broken(served)) // 2


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "TRACE", "PUT", "DELETE", "PATCH", "BREW", "PROPFIND"])
@pytest.mark.parametrize(
    "path", ["/api/observation", f"/api/observation/{GUID}/status", f"/api/observation/{GUID}/confirm", "/api/nothing"]
)
def test_any_other_method_is_told_to_be_wrong(served: Served, method: str, path: str) -> None:
    answer = Answer(served, head(served, f"{method} {path} HTTP/1.1"), method=method)
    if method == "HEAD":
        assert (answer.status in {404, 405}, answer.body) == (True, b"")
    elif method == "BREW":
        assert answer.status in {None, 400, 404, 405}  # no method that HTTP knows
    else:
        assert answer.status in {404, 405}
        assert answer.fields == [""] if answer.status == 405 or path == "/api/nothing" else answer.fields


GUIDS = [
    "%00",
    "%0a%0d",
    "%ff%fe",
    "%F0%9F%9A%97",
    "..%2f..%2fetc",
    "%2e%2e",
    "null",
    "0",
    "-1",
    "x" * 10_000,
    "%25" * 3_000,
    GUID + "%20",
    GUID[:-1],
    "{" + GUID + "}",
    GUID.replace("5", "%D9%A5"),
    "'%20or%201=1--",
    "%3Cscript%3E",
]


@pytest.mark.parametrize("guid", GUIDS, ids=[guid[:20] for guid in GUIDS])
@pytest.mark.parametrize(("method", "operation"), [("GET", "status"), ("GET", "status/vhr"), ("POST", "confirm")])
def test_a_guid_that_is_none_is_unknown(served: Served, guid: str, method: str, operation: str) -> None:
    answer = Answer(served, head(served, f"{method} /api/observation/{guid}/{operation} HTTP/1.1"), method=method)
    assert answer.status == 404
    assert answer.fields in (["requestGuid"], [""])


@pytest.mark.parametrize("size", [8_000, 60_000, 1_000_000])
def test_enormous_headers_are_answered_or_refused_but_are_no_fault(served: Served, size: int) -> None:
    for name in ("X-Large", "client-software-name", "Idempotency-Key", "Cookie"):
        answer = Answer(served, head(served, "POST /api/observation HTTP/1.1", f"{name}: {'x' * size}"))
        assert answer.status is None or 400 <= answer.status < 500
    many = [f"X-{number}: y" for number in range(size // 100)]
    answer = Answer(served, head(served, "POST /api/observation HTTP/1.1", *many))
    assert answer.status is None or 400 <= answer.status < 500


@pytest.mark.requirement("W2")
@pytest.mark.parametrize("value", ["", "Basic", "Basic \xff", "Basic " + "A" * 100_000, "Negotiate x", "basic\t\tx"])
def test_an_authorization_of_any_kind_is_401_in_the_error_shape(served: Served, value: str) -> None:
    request = f"GET /api/observation/{GUID}/status HTTP/1.1\r\nHost: x\r\nAuthorization: {value}\r\n\r\n"
    answer = Answer(served, request.encode("latin-1"), method="GET")
    assert (answer.status, answer.fields) == (401, [""])


def test_the_right_body_with_random_bytes_changed_is_taken_in_or_refused_in_the_error_shape(
    served: Served, long_form: bool
) -> None:
    seed = int(os.environ.get("ODOPASS_SEED", random.randrange(10**6)))
    chance = random.Random(seed)
    body = changed(served, unifier=3, firstUseDate="01/02/2020")
    counted: Counter[int | None] = Counter()
    for _ in range(10_000 if long_form else 300):
        damaged = bytearray(body)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(damaged))
            match chance.randrange(3):
                case 0:
                    damaged[place] = chance.randrange(256)
                case 1:
                    del damaged[place]
                case _:
                    damaged[place:place] = chance.choice([b"\\u0000", b'"', b"\\ud800", b"1e9", b"{", b"\xf0", b"\x00"])
        answer = Answer(served, with_body(served, bytes(damaged)))
        counted[answer.status] += 1
        assert answer.status in {200, 400}, (seed, bytes(damaged))
        assert answer.status == 200 or answer.fields, (seed, bytes(damaged))
    nothing = dict.fromkeys(("lost", "unexpected", "duplicated", "recovered"), 0)
    tell(promise=9, seed=seed, attempted=counted.total(), acknowledged=counted[200], **nothing)


@pytest.mark.requirement("R13")
def test_after_all_this_nothing_was_a_fault(served: Served) -> None:
    for body in (b"{", changed(served)):
        Answer(served, with_body(served, body))
    assert served.faults == []
