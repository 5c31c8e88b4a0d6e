from __future__ import annotations

import os
from uuid import UUID

import httpx
import pytest
from starlette.routing import Route
from tests.integration.flow.conftest import VIN
from tests.registry.population import PASSWORD, basic
from tests.registry.running import Dms, Registry, fields, problems

from odopass.wire import paths

NOBODYS = UUID("5b3f1c52-6a0e-4d0c-9c53-2f6f3a1d7e10")

#: What may be asked without credentials: the documentation of the wire, and what machines of the operator ask.
PUBLIC = {"/", paths.OPENAPI, paths.SWAGGER_PAGE, f"{paths.SWAGGER_FILES}/{{file}}", "/health", "/ready", "/metrics"}
#: What buyers see: reports under unguessable addresses. And the way to the employees' desk.
PAGES = {"/vhr/{public_id}", "/vhr/{public_id}/proof.json", "/check", "/static/report/{name}", "/desk"}
OPERATIONS = [
    ("POST", "/api/observation"),
    ("GET", f"/api/observation/{NOBODYS}/status"),
    ("GET", f"/api/observation/{NOBODYS}/status/vhr"),
    ("POST", f"/api/observation/{NOBODYS}/correction"),
    ("POST", f"/api/observation/{NOBODYS}/correct"),
    ("POST", f"/api/observation/{NOBODYS}/confirm"),
]
WRONG = [
    None,
    "",
    "Basic",
    "Basic !!!",
    "Bearer abc",
    "Basic " + "A" * 10_000,
    basic("nobody", PASSWORD),
    basic("2000000105", "wrong"),
    basic("", ""),
]


def routes(registry: Registry) -> list[Route]:
    found = [route for route in registry.app.routes if isinstance(route, Route)]
    # A mount would hide its routes from this test; those of the desk have one of their own, test_desk_routes.
    assert [route.path for route in registry.app.routes if not isinstance(route, Route)] == ["/desk"]
    return found


@pytest.mark.requirement("W2")
async def test_every_route_asks_for_credentials_save_the_public_ones(registry: Registry) -> None:
    open_to_all = PUBLIC | PAGES
    assert {route.path for route in routes(registry)} >= open_to_all
    asked = 0
    for route in routes(registry):
        path = route.path.format(requestGuid=NOBODYS, file="start.js", public_id="unknown", name="unknown")
        for method in (route.methods or {"GET"}) - {"HEAD"}:
            answer = await registry.http.request(method, path)
            assert (answer.status_code == 401) is (route.path not in open_to_all), f"{method} {route.path}"
            asked += answer.status_code == 401
    assert asked == len(OPERATIONS)


@pytest.mark.requirement("W1")
async def test_all_operations_live_under_one_base_path(registry: Registry) -> None:
    outside = {route.path for route in routes(registry) if not route.path.startswith("/api/")}
    assert outside == PAGES | {"/", "/health", "/ready", "/metrics"}


@pytest.mark.requirement("W2", "W12")
@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_no_or_wrong_credentials_are_refused_without_a_hint_which_half_was_wrong(
    registry: Registry, dms: Dms, method: str, path: str
) -> None:
    wrong = [value.replace("2000000105", dms.garage.username) if value else value for value in WRONG]
    wrong.append(basic(dms.garage.username, PASSWORD + "x"))
    answers = []
    for value in wrong:
        headers = {} if value is None else {"Authorization": value}
        answer = await registry.http.request(method, path, headers=headers, json={})
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Basic realm=")
        answers.append(answer)
    assert len({(answer.content, str(answer.headers.raw)) for answer in answers}) == 1
    assert fields(answers[0]) == [""]


@pytest.mark.requirement("W2")
@pytest.mark.usefixtures("car")
async def test_the_password_may_have_colons_and_letters_beyond_ascii(dms: Dms) -> None:
    assert ":" in PASSWORD
    assert not PASSWORD.isascii()
    assert (await dms.submitted(vin=VIN)).status == "PROCESSED"


@pytest.mark.requirement("W12")
@pytest.mark.parametrize("path", [path for _, path in OPERATIONS if path != "/api/observation"])
async def test_an_unknown_guid_is_404_before_anything_else_is_said(registry: Registry, dms: Dms, path: str) -> None:
    method = "GET" if "/status" in path else "POST"
    for content in (None, b"{", b"x" * 100_000):
        answer = await registry.http.request(method, path, content=content, headers=dms.headers)
        assert (answer.status_code, fields(answer)) == (404, ["requestGuid"])
    if method == "GET":
        answer = await registry.http.get(f"{path}?language=xx", headers=dms.headers)
        assert answer.status_code == 404


@pytest.mark.requirement("W12", "W6")
@pytest.mark.usefixtures("car")
async def test_another_garages_guid_is_404_for_a_sister_establishment_too_whatever_the_body(
    registry: Registry, dms: Dms, sister: Dms, stranger: Dms
) -> None:
    guid = await dms.submit(vin=VIN, km=50_000)
    await dms.outcome(guid)
    for other in (sister, stranger):
        for method, operation in (
            ("GET", "status"),
            ("GET", "status/vhr"),
            ("POST", "correction"),
            ("POST", "correct"),
            ("POST", "confirm"),
        ):
            for content in (None, b"{", b'{"vin": 1}', b"y" * 100_000):
                answers: list[httpx.Response] = [
                    await registry.http.request(
                        method, f"/api/observation/{each}/{operation}", content=content, headers=other.headers
                    )
                    for each in (guid, NOBODYS)
                ]
                assert {answer.status_code for answer in answers} == {404}
                assert answers[0].content == answers[1].content
    assert (await registry.count("request"), (await dms.status(guid)).status) == (1, "ISSUE")


@pytest.mark.requirement("W12")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("GET", "/api/", 404),
        ("POST", "/api/observation/", 404),
        ("GET", f"/api/observation/{NOBODYS}", 404),
        ("GET", f"/api/observation/{NOBODYS}/status/", 404),
        ("GET", "/api/swagger/none.js", 404),
        ("GET", "/api/observation", 405),
        ("PUT", "/api/observation", 405),
        ("DELETE", f"/api/observation/{NOBODYS}/status", 405),
        ("POST", f"/api/observation/{NOBODYS}/status", 405),
        ("GET", f"/api/observation/{NOBODYS}/confirm", 405),
        ("PATCH", f"/api/observation/{NOBODYS}/correction", 405),
    ],
)
async def test_a_wrong_address_or_method_is_told_in_the_error_shape(
    registry: Registry, dms: Dms, method: str, path: str, status: int
) -> None:
    answer = await registry.http.request(method, path, headers=dms.headers)
    assert (answer.status_code, fields(answer)) == (status, [""])
    if status == 405:
        assert set(answer.headers["allow"].replace(" ", "").split(",")) <= {"GET", "HEAD", "POST"}


@pytest.mark.requirement("W12", "W4")
@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/xml", "application/json; charset=latin1"]
)
@pytest.mark.usefixtures("car")
async def test_a_wrong_content_type_is_told(registry: Registry, dms: Dms, content_type: str | None) -> None:
    headers = dms.headers | ({} if content_type is None else {"Content-Type": content_type})
    request = registry.http.build_request("POST", "/api/observation", json=dms.body(vin=VIN), headers=headers)
    if content_type is None:
        del request.headers["content-type"]
    answer = await registry.http.send(request)
    assert (answer.status_code, fields(answer)) == (400, ["Content-Type"])


@pytest.mark.requirement("W1")
@pytest.mark.parametrize(
    "content_type", ["application/json", "Application/JSON;charset=UTF-8", 'application/json; charset="utf-8"']
)
@pytest.mark.usefixtures("car")
async def test_json_in_utf8_may_be_named_in_all_the_usual_ways(dms: Dms, content_type: str) -> None:
    answer = await dms.post("/api/observation", dms.body(vin=VIN), **{"Content-Type": content_type})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.requirement("W12")
async def test_a_body_that_is_too_large_is_told(registry: Registry, dms: Dms) -> None:
    body = dms.body(vin=VIN) | {"comment": "x" * 10_000_000}
    answer = await dms.post("/api/observation", body)
    assert answer.status_code == 400
    assert problems(answer)
    assert await registry.count("request") == 0


@pytest.mark.requirement("W18")
async def test_the_document_and_the_page_need_no_credentials(registry: Registry) -> None:
    document = await registry.http.get("/api/openapi.json")
    assert document.json()["openapi"].startswith("3.")
    page = await registry.http.get("/api/swagger-ui.html")
    assert page.headers["content-type"].startswith("text/html")


@pytest.mark.requirement("R13")
@pytest.mark.usefixtures("car")
async def test_readiness_tells_how_much_waits(registry: Registry, dms: Dms) -> None:
    assert (await registry.http.get("/health")).status_code == 200
    await dms.submit(vin=VIN)
    assert (await registry.http.get("/ready")).json()["vehiclesWaiting"] == 1
    await registry.judge()
    assert (await registry.http.get("/ready")).json() == {
        "ready": True,
        "vehiclesWaiting": 0,
        "oldestWaitsSeconds": 0.0,
        "reportsWaiting": 0,
        "oldestReportWaitsSeconds": 0.0,
        "journalGuarded": "ODOPASS_TEST_DATABASE_URL" not in os.environ,
    }
    assert "odopass_requests_settled_total" in (await registry.http.get("/metrics")).text
