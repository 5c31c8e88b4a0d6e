"""The local HTTP interface: what another program gets for what it sends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from odopass.garage.app import feed_interface
from odopass.garage.app.application import application
from odopass.garage.app.running import running_workshop
from odopass.garage.app.workshop import Workshop
from odopass.garage.book import Book, BookFault
from odopass.garage.book.entries import State

pytestmark = pytest.mark.requirement("G15")

HOME = "http://127.0.0.1:8090"


@pytest.fixture
def workshop(tmp_path: Path) -> Iterator[Workshop]:
    (tmp_path / "data").mkdir()
    with running_workshop(tmp_path / "data", tmp_path / "config") as running:
        yield running


@pytest.fixture
async def stranger(workshop: Workshop) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(workshop))
    async with httpx.AsyncClient(transport=transport, base_url=HOME) as made:
        yield made


@pytest.fixture
def client(stranger: httpx.AsyncClient, workshop: Workshop) -> httpx.AsyncClient:
    stranger.headers["authorization"] = f"Bearer {workshop.feeds.make_token()}"
    del stranger.headers["accept-encoding"]
    return stranger


def reading(workshop: Workshop, key: str = "dms-1", **said: Any) -> dict[str, Any]:
    day = workshop.today().isoformat()
    return {"key": key, "vin": "WVWZZZ1JZXW000001", "day": day, "km": 120_000, "readBy": "Bench 1"} | said


async def test_without_the_token_nothing_is_taken_and_nothing_told(
    stranger: httpx.AsyncClient, workshop: Workshop
) -> None:
    token = workshop.feeds.make_token()
    for headers in ({}, {"authorization": "Bearer x"}, {"authorization": f"Basic {token}"}, {"authorization": token}):
        answer = await stranger.post("/feed/readings", json=reading(workshop), headers=headers)
        assert (answer.status_code, answer.headers["www-authenticate"].split()[0]) == (401, "Bearer")
        assert (await stranger.get("/feed/readings/1", headers=headers)).status_code == 401
        assert (await stranger.get("/feed/readings?key=x", headers=headers)).status_code == 401
    assert workshop.book.readings.find() == []


async def test_a_token_ends_when_it_is_revoked_or_another_is_made(
    client: httpx.AsyncClient, workshop: Workshop
) -> None:
    assert (await client.get("/feed/readings/1")).status_code == 404
    second = workshop.feeds.make_token()
    assert (await client.get("/feed/readings/1")).status_code == 401
    client.headers["authorization"] = f"bearer {second}"
    assert (await client.get("/feed/readings/1")).status_code == 404
    workshop.feeds.revoke_token()
    assert (await client.get("/feed/readings/1")).status_code == 401
    assert workshop.feeds.token_made() is None


async def test_a_strange_name_of_this_machine_is_not_answered_to(client: httpx.AsyncClient, workshop: Workshop) -> None:
    answer = await client.post("/feed/readings", json=reading(workshop), headers={"host": "evil.example"})
    assert answer.status_code == 421


async def test_a_reading_is_taken_once_under_its_key(client: httpx.AsyncClient, workshop: Workshop) -> None:
    first = await client.post("/feed/readings", json=reading(workshop))
    assert (first.status_code, first.json()) == (
        201,
        {"key": "dms-1", "outcome": "taken", "number": 1, "state": "to_send", "findings": []},
    )
    again = await client.post("/feed/readings", json=reading(workshop))
    assert (again.status_code, again.json()["outcome"], again.json()["number"]) == (200, "known", 1)
    assert len(workshop.book.readings.find()) == 1


async def test_a_warning_waits_for_a_person_and_an_error_is_explained(
    client: httpx.AsyncClient, workshop: Workshop
) -> None:
    check = await client.post("/feed/readings", json=reading(workshop, vin="WVWZZZ1JZXW00000O"))
    assert (check.status_code, check.json()["outcome"], check.json()["state"]) == (201, "check", "check")
    assert [each["code"] for each in check.json()["findings"]] == ["vin_letter"]
    refused = await client.post("/feed/readings", json=reading(workshop, "dms-2", km="12.000", colour="red"))
    assert refused.status_code == 422
    assert refused.json() == {
        "key": "dms-2",
        "outcome": "refused",
        "findings": [
            {
                "code": "km_digits",
                "severity": "error",
                "field": "km",
                "text": "Enter only the digits 0 to 9: no dots, blanks, commas or letters.",
            }
        ],
        "ignored": ["colour"],
    }


async def test_each_reading_of_a_list_has_its_own_outcome(client: httpx.AsyncClient, workshop: Workshop) -> None:
    sent = [
        reading(workshop),
        reading(workshop, "dms-2", km=120_001),
        reading(workshop, "dms-3", vin="WVWZZZ1JZXW000003", operation="till_sale", workOrder="W3"),
        reading(workshop, ""),
        reading(workshop, "dms-5", vin="WVWZZZ1JZXW000005", km=None),
        reading(workshop),
    ]
    answer = await client.post("/feed/readings", json=sent)
    assert answer.status_code == 200
    assert [each["outcome"] for each in answer.json()] == [
        "taken",
        "refused",
        "excluded",
        "refused",
        "refused",
        "known",
    ]
    assert [[found["code"] for found in each["findings"]] for each in answer.json()] == [
        [],
        ["second_that_day"],
        [],
        ["key_missing"],
        ["km_missing"],
        [],
    ]


@pytest.mark.parametrize("value", [1.5, [1], {"a": 1}])
@pytest.mark.parametrize("name", ["km", "vin", "day", "for_sale"])
async def test_a_value_of_another_kind_is_refused(
    client: httpx.AsyncClient, workshop: Workshop, name: str, value: Any
) -> None:
    answer = await client.post("/feed/readings", json=reading(workshop, **{name: value}))
    assert (answer.status_code, [each["code"] for each in answer.json()["findings"]]) == (422, ["value_form"])


@pytest.mark.parametrize("km", [-1, True, 10_000_000])
async def test_km_that_are_no_reading_are_refused(client: httpx.AsyncClient, workshop: Workshop, km: int) -> None:
    assert (await client.post("/feed/readings", json=reading(workshop, km=km))).status_code == 422


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"12",
        b"[]",
        b"[1]",
        b'{"km": NaN}',
        b"[" * 100_000,
        b'{"km": ' + b"9" * 5_000 + b"}",
        json.dumps([{}] * 501).encode(),
    ],
    ids=["nothing", "cut off", "no UTF-8", "a number", "an empty list", "no objects", "NaN", "deep", "huge", "many"],
)
async def test_a_body_that_is_no_reading_is_told(client: httpx.AsyncClient, body: bytes) -> None:
    answer = await client.post("/feed/readings", content=body)
    assert (answer.status_code, "error" in answer.json()) == (400, True)


async def test_a_body_that_is_too_large_is_told(client: httpx.AsyncClient) -> None:
    answer = await client.post("/feed/readings", content=b" " * (feed_interface.MOST_BYTES + 1))
    assert answer.status_code == 413


@pytest.mark.parametrize("place", ["key", "vin", "operation", "\\ud800"])
async def test_half_a_surrogate_pair_breaks_nothing(client: httpx.AsyncClient, workshop: Workshop, place: str) -> None:
    said = json.dumps(reading(workshop))[:-1] + f', "{place}": "\\ud800"}}'
    answer = await client.post("/feed/readings", content=said.encode())
    assert answer.status_code in {201, 422}
    assert answer.json()["outcome"] in {"taken", "refused"}


async def test_reasons_come_in_the_language_that_is_asked_for(client: httpx.AsyncClient, workshop: Workshop) -> None:
    plain = await client.post("/feed/readings", json=reading(workshop, km=""), headers={"accept-language": "*"})
    assert plain.json()["findings"][0]["text"] == "Enter the reading as it stands on the odometer."
    dutch = await client.post("/feed/readings", json=reading(workshop, km=""), headers={"accept-language": "nl-BE"})
    assert dutch.json()["findings"][0]["code"] == "km_missing"


async def test_a_readings_standing_is_told_by_number_and_by_key(client: httpx.AsyncClient, workshop: Workshop) -> None:
    await client.post("/feed/readings", json=reading(workshop, "Auftrag 7/ä", workOrder="W7", plate="1-ABC-234"))
    by_number = await client.get("/feed/readings/1")
    by_key = await client.get("/feed/readings", params={"key": "Auftrag 7/ä"})
    assert by_number.status_code == by_key.status_code == 200
    standing = by_key.json()
    assert (
        standing
        == by_number.json()
        == standing
        | {
            "number": 1,
            "key": "Auftrag 7/ä",
            "state": "to_send",
            "plate": "1ABC234",
            "vin": "WVWZZZ1JZXW000001",
            "km": 120_000,
            "day": workshop.today().isoformat(),
            "work_order": "W7",
            "request": None,
            "issues": [],
            "page": f"{HOME}/readings/1",
        }
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/feed/readings/7", 404),
        ("GET", "/feed/readings?key=x", 404),
        ("GET", "/feed/readings", 400),
        ("GET", "/feed/nothing", 404),
        ("DELETE", "/feed/readings/7", 404),
        ("GET", "/feed/readings/99999999999999999999", 404),
    ],
)
async def test_what_is_not_there_is_told_in_json(
    client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])


async def test_a_book_that_cannot_be_written_is_told_and_may_be_tried_again(
    client: httpx.AsyncClient, workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise BookFault("full", "The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(Book, "at_once", refuse)
        answer = await client.post("/feed/readings", json=reading(workshop))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert answer.json() == {"error": "The disk is full."}
    assert (await client.post("/feed/readings", json=reading(workshop))).status_code == 201


@pytest.mark.requirement("G10")
async def test_an_exclusion_that_is_undone_does_not_pass_by_the_warnings(
    client: httpx.AsyncClient, workshop: Workshop
) -> None:
    sent = [
        reading(workshop, vin="WVWZZZ1JZXW00000O", category="truck"),
        reading(workshop, "dms-2", category="truck"),
    ]
    await client.post("/feed/readings", json=sent)
    for number, state in ((1, State.CHECK), (2, State.TO_SEND)):
        await client.post(f"/readings/{number}/include", headers={"origin": HOME})
        found = workshop.book.readings.one(number)
        assert found is not None
        assert found.state is state
    page = await client.get("/readings/1", headers={"accept-language": "en"})
    assert "No VIN has the letters I, O or Q" in page.text
