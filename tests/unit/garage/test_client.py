from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from tests.unit.garage.answering import Answering, answer, answering

from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.garage.client import (
    AsyncRegistryClient,
    Endpoint,
    Maintenance,
    NotNow,
    Refused,
    RegistryClient,
    RegistryError,
    Throttled,
    UnknownRequest,
    Unreachable,
    WrongCredentials,
    new_key,
)
from odopass.wire.basic_auth import Credentials, parse_basic
from odopass.wire.errors import Invalid
from odopass.wire.kbo import enterprise_number, establishment_number
from odopass.wire.observation import ObservationRequest

pytestmark = pytest.mark.requirement("G1")

GUID = "6f2b8a52-6f0f-4d5e-9a55-0d5c0f7f9d11"
CREDENTIALS = Credentials("2000000046", "pässwörd:mit:Doppelpunkt")
REQUEST = ObservationRequest(
    vin="WVWZZZ1JZXW000001",
    license_plate=None,
    unifier=None,
    first_use_date=None,
    reading_date=date(2026, 11, 24),
    km=123_456,
    type=ObservationType.REPAIR_MAINTENANCE_SERVICE,
    enterprise=enterprise_number(1_000_000),
    establishment=establishment_number(20_000_000),
)
TAKEN = answer(f'{{"requestGuid": "{GUID}", "andMore": 1}}', "202 Accepted")


def endpoint(server: Answering, seconds: float = 5.0) -> Endpoint:
    return Endpoint(server.address, CREDENTIALS, timeout_seconds=seconds)


def by_threads(server: Answering, call: str, *values: Any, waited: list[float], seconds: float, **named: Any) -> Any:
    with RegistryClient(endpoint(server, seconds), wait=waited.append, jitter=lambda: 1.0) as client:
        return getattr(client, call)(*values, **named)


def by_tasks(server: Answering, call: str, *values: Any, waited: list[float], seconds: float, **named: Any) -> Any:
    async def wait(pause: float) -> None:
        waited.append(pause)

    async def run() -> Any:
        async with AsyncRegistryClient(endpoint(server, seconds), wait=wait, jitter=lambda: 1.0) as client:
            return await getattr(client, call)(*values, **named)

    # pytest-asyncio keeps a loop of its own for the session; a runner beside it leaves that one alone.
    with asyncio.Runner() as runner:
        return runner.run(run())


class Calling:
    """Calls one of the two clients, which must behave alike."""

    def __init__(self, way: Callable[..., Any]) -> None:
        self._way = way
        self.waited: list[float] = []

    def __call__(self, server: Answering, call: str, *values: Any, seconds: float = 5.0, **named: Any) -> Any:
        return self._way(server, call, *values, waited=self.waited, seconds=seconds, **named)


@pytest.fixture(params=[by_threads, by_tasks])
def calling(request: pytest.FixtureRequest) -> Calling:
    return Calling(request.param)


def test_a_submission_says_who_sends_it_with_what_software_under_which_key(calling: Calling) -> None:
    with answering(TAKEN) as server:
        assert calling(server, "submit", REQUEST, key="my-key") == GUID
    assert parse_basic(server.header(0, "authorization")) == CREDENTIALS
    assert server.header(0, "idempotency-key") == "my-key"
    assert server.header(0, "client-software-builder") == "odopass"
    assert server.header(0, "client-software-name") == "odopass client"
    head, body = server.requests[0].split(b"\r\n\r\n", 1)
    assert head.startswith(b"POST /api/observation HTTP/1.1")
    assert json.loads(body)["odometerReadingDate"] == "24/11/2026"


@pytest.mark.parametrize(
    ("call", "line", "named"),
    [
        ("correct", "correction", {"request": REQUEST, "key": "k"}),
        ("confirm", "confirm", {"key": "k"}),
    ],
)
def test_corrections_and_confirmations_name_the_request_and_answer_a_new_one(
    calling: Calling, call: str, line: str, named: dict[str, Any]
) -> None:
    other = "00000000-0000-4000-8000-000000000001"
    with answering(TAKEN) as server:
        assert calling(server, call, other, **named) == GUID
    assert server.requests[0].startswith(f"POST /api/observation/{other}/{line} ".encode())
    assert server.header(0, "idempotency-key") == "k"


@pytest.mark.parametrize(
    "wrong",
    [
        {"vin": "WVWZZZ1JZXW0000010"},
        {"license_plate": "1ABC123"},
        {"km": -1},
        {"establishment": "2000000000"},
    ],
)
def test_what_the_registry_would_refuse_is_not_sent(calling: Calling, wrong: dict[str, Any]) -> None:
    with answering(TAKEN) as server:
        with pytest.raises(Invalid):
            calling(server, "submit", replace(REQUEST, **wrong), key=new_key())
        assert server.requests == []


def test_a_lost_answer_is_asked_for_again_under_the_same_key_with_the_same_body(calling: Calling) -> None:
    with answering(b"", TAKEN[:60], TAKEN) as server:
        assert calling(server, "submit", REQUEST, key="one") == GUID
    assert [server.header(number, "idempotency-key") for number in range(3)] == ["one"] * 3
    assert len({request.split(b"\r\n\r\n", 1)[1] for request in server.requests}) == 1
    assert calling.waited == [0.5, 1.0]


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(answer("{oops"), id="wrong JSON"),
        pytest.param(answer("[1]"), id="no object"),
        pytest.param(answer("<html>Log in</html>", kind="text/html"), id="a proxy's page"),
        pytest.param(answer("<html>?</html>", "400 Bad Request", "text/html"), id="a proxy's refusal"),
        pytest.param(answer("", "302 Found", location="http://127.0.0.1:1/"), id="a redirect"),
        pytest.param(answer("{}", "500 Internal Server Error"), id="500"),
        pytest.param(answer("{}", "404 Not Found"), id="nothing there"),
        pytest.param(answer('{"requestGuid": "no-guid"}'), id="no GUID"),
        pytest.param(TAKEN[:-10], id="cut off"),
        pytest.param(b"HTTP/1.1 200", id="cut off in the headers"),
        pytest.param(b"", id="nothing"),
    ],
)
def test_answers_that_are_not_the_registrys_mean_that_it_was_not_reached(calling: Calling, bad: bytes) -> None:
    with answering(bad) as server:
        with pytest.raises(Unreachable) as caught:
            calling(server, "submit", REQUEST, key="one")
        assert not isinstance(caught.value, Maintenance)
        assert len(server.requests) == 3
        assert {server.header(number, "idempotency-key") for number in range(3)} == {"one"}


def test_a_registry_that_is_not_there_is_not_reached(calling: Calling) -> None:
    with answering(TAKEN) as server:
        pass
    with pytest.raises(Unreachable):
        calling(server, "status", GUID)


def test_an_answer_that_drips_is_given_up_after_the_time_of_an_exchange(calling: Calling) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n{"
    with answering(head, drips=True) as server:
        with pytest.raises(Unreachable, match=r"longer than 0\.3 s"):
            calling(server, "status", GUID, seconds=0.3)
        assert len(server.requests) == 3


@pytest.mark.requirement("W20")
def test_maintenance_is_told_with_its_end_and_long_ones_are_not_waited_for(calling: Calling) -> None:
    closed = answer('{"errors": [{"field": "", "message": "Closed."}]}', "503 Service Unavailable", retry_after="600")
    with answering(closed) as server:
        with pytest.raises(Maintenance) as caught:
            calling(server, "status", GUID)
        assert caught.value.retry_after == 600
        assert caught.value.request_guid == GUID
        assert len(server.requests) == 1
    assert calling.waited == []


def test_short_pauses_that_the_registry_asks_for_are_kept(calling: Calling) -> None:
    busy = answer('{"errors": []}', "429 Too Many Requests", retry_after="2")
    with answering(busy, answer('{"status": "PROCESSED", "issues": []}')) as server:
        assert calling(server, "status", GUID).known is Status.PROCESSED
    assert calling.waited == [2.0]
    with answering(busy) as server, pytest.raises(Throttled):
        calling(server, "status", GUID)


def test_an_end_of_maintenance_may_be_a_date_or_nothing_at_all(calling: Calling) -> None:
    when = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    for told, least in ((when, 3000), ("soon", None), ("", None)):
        with answering(answer("", "503 Service Unavailable", "text/html", retry_after=told)) as server:
            with pytest.raises(Maintenance) as caught:
                calling(server, "status", GUID)
            assert (caught.value.retry_after is None) is (least is None)
            assert least is None or 3000 < (caught.value.retry_after or 0) <= 3600


def test_a_refusal_is_told_with_its_problems_and_never_repeated(calling: Calling) -> None:
    body = '{"errors": [{"field": "vin, licensePlate", "message": "Give one."}, {"Field": "x", "Message": "No."}]}'
    with answering(answer(body, "400 Bad Request")) as server:
        with pytest.raises(Refused) as caught:
            calling(server, "submit", REQUEST, key="one")
        assert [problem.field for problem in caught.value.problems] == ["vin, licensePlate", "x"]
        assert len(server.requests) == 1


def test_a_refusal_in_the_other_shape_is_understood_too(calling: Calling) -> None:
    body = '{"status": 400, "message": "No such thing."}'
    with answering(answer(body, "400 Bad Request")) as server, pytest.raises(Refused, match="No such thing"):
        calling(server, "confirm", GUID, key="one")


@pytest.mark.parametrize(
    ("status", "kind"), [("401 Unauthorized", WrongCredentials), ("403 Forbidden", WrongCredentials)]
)
def test_credentials_that_are_not_taken_are_told_at_once(
    calling: Calling, status: str, kind: type[RegistryError]
) -> None:
    with answering(answer("", status, "text/html")) as server:
        with pytest.raises(kind) as caught:
            calling(server, "check_connection")
        assert len(server.requests) == 1
    assert CREDENTIALS.password not in f"{caught.value}{caught.value!r}"


@pytest.mark.parametrize("status", ["403 Forbidden", "409 Conflict"])
def test_a_proxys_page_is_neither_a_refusal_nor_a_question_of_credentials(calling: Calling, status: str) -> None:
    page = answer("<html>The firewall says no</html>", status, "text/html")
    with answering(page) as server, pytest.raises(Unreachable, match="page"):
        calling(server, "confirm", GUID, key="one")


def test_whether_anybody_can_have_received_it_is_told(calling: Calling) -> None:
    with answering(b"") as server, pytest.raises(Unreachable) as cut_off:
        calling(server, "confirm", GUID, key="one")
    assert cut_off.value.sent
    with pytest.raises(Unreachable) as nobody:
        calling(server, "confirm", GUID, key="one")
    assert not nobody.value.sent


def test_a_request_that_is_unknown_or_in_another_state_is_told_as_such(calling: Calling) -> None:
    unknown = '{"errors": [{"field": "requestGuid", "message": "Unknown."}]}'
    with answering(answer(unknown, "404 Not Found")) as server, pytest.raises(UnknownRequest, match=GUID):
        calling(server, "status", GUID)
    late = '{"errors": [{"field": "requestGuid", "message": "Too late."}], "status": "PROCESSED"}'
    with answering(answer(late, "409 Conflict")) as server:
        with pytest.raises(NotNow) as caught:
            calling(server, "confirm", GUID, key="one")
        assert caught.value.status == "PROCESSED"


def test_the_connection_is_good_when_the_registry_does_not_know_a_request_that_nobody_has_sent(
    calling: Calling,
) -> None:
    unknown = '{"errors": [{"field": "requestGuid", "message": "Unknown."}]}'
    with answering(answer(unknown, "404 Not Found")) as server:
        calling(server, "check_connection")


def test_the_connection_is_good_where_only_those_with_credentials_hear_that_the_request_is_unknown(
    calling: Calling,
) -> None:
    unknown = answer('{"status": 404, "message": "Not found"}', "404 Not Found")
    with answering(unknown, answer('{"message": "Who are you?"}', "401 Unauthorized")) as server:
        calling(server, "check_connection")
        assert server.header(0, "authorization") == endpoint(server).headers()["authorization"]
        assert server.header(1, "authorization") == ""


@pytest.mark.requirement("G12")
def test_a_server_that_says_not_found_to_everybody_is_no_registry(calling: Calling) -> None:
    nothing = answer('{"errors": [{"field": "", "message": "There is nothing here."}]}', "404 Not Found")
    with answering(nothing) as server, pytest.raises(Unreachable, match="not that of a registry"):
        calling(server, "check_connection")


@pytest.mark.requirement("W8")
def test_a_status_is_read_liberally_and_an_unknown_one_is_kept_and_not_final(calling: Calling) -> None:
    body = {
        "Status": "ISSUE",
        "Issues": [{"Type": "001", "Description": {"nl": "lager", "fr": "inférieur", "de": None, "en": "lower"}}],
    }
    with answering(answer(json.dumps(body)), answer('{"status": "AWAITING_DIV", "issues": null}')) as server:
        told = calling(server, "status", GUID)
        assert told.known is Status.ISSUE
        assert told.final
        assert [(issue.type, issue.description) for issue in told.issues] == [
            ("001", {"nl": "lager", "fr": "inférieur", "de": ""})
        ]
        later = calling(server, "status", GUID)
        assert (later.status, later.known, later.final, later.issues) == ("AWAITING_DIV", None, False, ())


@pytest.mark.requirement("G4")
@pytest.mark.parametrize("status", ["ONGOING", "REVIEWING"])
def test_what_is_under_way_is_not_final(calling: Calling, status: str) -> None:
    with answering(answer(f'{{"status": "{status}"}}')) as server:
        assert not calling(server, "status", GUID).final


@pytest.mark.requirement("G13")
def test_a_report_is_a_pdf_and_an_address(calling: Calling) -> None:
    file = base64.b64encode(b"%PDF-1.7 and so on").decode()
    good = answer(json.dumps({"file": file, "publicUrl": "https://registry.example/vhr/x"}))
    with answering(good, answer('{"file": "bm8gUERG"}')) as server:
        report = calling(server, "report", GUID, "fr")
        assert report.pdf == b"%PDF-1.7 and so on"
        assert report.public_url == "https://registry.example/vhr/x"
        assert server.requests[0].startswith(f"GET /api/observation/{GUID}/status/vhr?language=fr ".encode())
        with pytest.raises(Unreachable, match="no PDF"):
            calling(server, "report", GUID)


def test_a_client_keeps_to_tls_1_2_and_newer_and_checks_certificates() -> None:
    import ssl

    context = Endpoint("https://registry.example/api", CREDENTIALS).trust()
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
