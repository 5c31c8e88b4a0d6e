from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from tests.integration.flow.conftest import VIN
from tests.registry.population import Garage
from tests.registry.running import REPAIR, ROADSIDE, Dms, Registry, fields, new_key, problems, taken_in

from odopass.registry.intake.requests import digest_of


def encoded(headers: dict[str, str]) -> dict[bytes, bytes]:
    return {name.encode(): value.encode("latin-1") for name, value in headers.items()}


@pytest.mark.requirement("W4", "W7", "W8", "R1")
async def test_a_reading_is_stored_before_its_guid_is_answered_and_processed_after(
    registry: Registry, dms: Dms, car: int
) -> None:
    guid = await dms.submit(vin=VIN, km=101_234)
    assert await registry.pool.fetchval("select count(*) from request where guid = $1", guid) == 1
    waiting = await dms.status(guid)
    assert (waiting.status, waiting.issues) == ("ONGOING", [])
    settled = await dms.outcome(guid)
    assert (settled.status, settled.issues) == ("PROCESSED", [])
    assert await registry.readings(car) == [(registry.clock.today, 101_234)]


@pytest.mark.requirement("R1", "W21")
@pytest.mark.usefixtures("car")
async def test_who_sent_what_and_when_with_which_software_is_kept_with_the_request(
    registry: Registry, dms: Dms
) -> None:
    software = {
        b"client-software-builder": "Müller Söhne".encode(),
        b"client-software-name": b"Atelier",
        b"client-software-version": b"4.2",
    }
    answer = await registry.http.post(
        "/api/observation", json=dms.body(vin=VIN.lower(), km=101_234), headers={**encoded(dms.headers), **software}
    )
    row = await registry.pool.fetchrow(
        "select r.*, s.builder, s.name, s.version from request r join client_software s on s.id = r.software_id "
        "where guid = $1",
        taken_in(answer),
    )
    assert row is not None
    assert (row["builder"], row["name"], row["version"]) == ("Müller Söhne", "Atelier", "4.2")
    assert row["account_id"] == dms.garage.account_id
    assert row["received_at"] == registry.clock.moment
    assert row["body"].encode() == answer.request.content
    assert (row["identifier"], row["km"], row["observation_type"]) == (VIN, 101_234, REPAIR)


@pytest.mark.requirement("W21")
@pytest.mark.usefixtures("car")
async def test_software_headers_of_any_shape_refuse_nothing(registry: Registry, dms: Dms) -> None:
    odd = {"client-software-builder": "x" * 5_000, "client-software-name": "\t", "client-software-version": "é"}
    headers = encoded(dms.headers | odd)
    for _ in range(2):
        taken_in(await registry.http.post("/api/observation", json=dms.body(vin=VIN), headers=headers))
    assert await registry.count("client_software") == 1


@pytest.mark.requirement("W3", "W4", "W5", "W6", "W12")
async def test_every_problem_of_a_body_is_told_in_one_answer(registry: Registry, dms: Dms) -> None:
    answer = await dms.post(
        "/api/observation",
        {
            "licensePlate": "1-ABC-234-TOO-LONG",
            "vin": "IN VALID",
            "odometerReadingDate": "29/02/2025",
            "odometerReading": "12000",
            "observationType": "SALE",
            "enterpriseOrganisation": "0123456789",
        },
    )
    assert answer.status_code == 400
    assert sorted(fields(answer)) == sorted(
        [
            "vin",
            "licensePlate",
            "vin, licensePlate",
            "odometerReadingDate",
            "odometerReading",
            "observationType",
            "enterpriseOrganisation",
            "enteredOrganisation",
        ]
    )
    assert await registry.count("request") == 0


@pytest.mark.requirement("W6")
async def test_a_garage_submits_for_its_own_establishment_and_enterprise_only(
    registry: Registry, dms: Dms, sister: Dms, stranger: Dms
) -> None:
    for_sister = await dms.post("/api/observation", sister.body(vin=VIN))
    assert (for_sister.status_code, fields(for_sister)) == (400, ["enteredOrganisation"])
    body = dms.body(vin=VIN) | {"enterpriseOrganisation": stranger.garage.enterprise}
    of_another_enterprise = await dms.post("/api/observation", body)
    assert of_another_enterprise.status_code == 400
    assert fields(of_another_enterprise) == ["enterpriseOrganisation, enteredOrganisation"]
    assert await registry.count("request") == 0


@pytest.mark.requirement("W5")
@pytest.mark.parametrize("kind", [REPAIR, ROADSIDE, "ODOMETER_REPLACED", "VEHICLE_HISTORY_DOCUMENT"])
@pytest.mark.usefixtures("car")
async def test_every_type_of_observation_is_taken(dms: Dms, kind: str) -> None:
    km = 12 if kind == "ODOMETER_REPLACED" else 101_000
    assert (await dms.submitted(vin=VIN, kind=kind, km=km)).status == "PROCESSED"


@pytest.mark.requirement("W4")
@pytest.mark.parametrize("km", [-1, 10_000_000, 100.0, "100", True, None, 10**400])
@pytest.mark.usefixtures("car")
async def test_a_reading_is_a_json_integer_from_0_to_9_999_999(dms: Dms, km: object) -> None:
    body = dms.body(vin=VIN) | {"odometerReading": km}
    answer = await dms.post("/api/observation", body)
    assert (answer.status_code, fields(answer)) == (400, ["odometerReading"])


@pytest.mark.requirement("W3")
@pytest.mark.parametrize("day", ["01/01/0001", "31/12/9999", "28/02/1900"])
@pytest.mark.usefixtures("car")
async def test_the_most_distant_days_of_the_calendar_are_judged_like_others(dms: Dms, day: str) -> None:
    body = dms.body(vin=VIN) | {"odometerReadingDate": day, "firstUseDate": day}
    outcome = await dms.outcome(taken_in(await dms.post("/api/observation", body)))
    assert outcome.status == "ISSUE"
    plate = dms.body(licensePlate="1ABC234") | {"odometerReadingDate": day}
    outcome = await dms.outcome(taken_in(await dms.post("/api/observation", plate)))
    assert outcome.status in {"ISSUE", "ERROR"}


@pytest.mark.requirement("W7")
@pytest.mark.usefixtures("car")
async def test_the_same_key_and_body_give_the_same_guid_for_good(registry: Registry, dms: Dms) -> None:
    key, body = new_key(), dms.body(vin=VIN)
    first = taken_in(await dms.post("/api/observation", body, key=key))
    assert taken_in(await dms.post("/api/observation", body, key=key)) == first
    assert (await dms.outcome(first)).status == "PROCESSED"
    registry.clock.put(registry.clock.today + timedelta(days=400))
    assert taken_in(await dms.post("/api/observation", body, key=key)) == first
    assert await registry.count("request") == 1


@pytest.mark.requirement("W7")
@pytest.mark.usefixtures("car")
async def test_the_same_key_with_another_body_is_a_conflict_and_stores_nothing(registry: Registry, dms: Dms) -> None:
    key = new_key()
    taken_in(await dms.post("/api/observation", dms.body(vin=VIN), key=key))
    answer = await dms.post("/api/observation", dms.body(vin=VIN, km=100_001), key=key)
    assert (answer.status_code, fields(answer)) == (409, ["Idempotency-Key"])
    assert await registry.count("request") == 1


@pytest.mark.requirement("W7")
@pytest.mark.usefixtures("car")
async def test_two_garages_may_happen_to_use_one_key(dms: Dms, stranger: Dms) -> None:
    key = new_key()
    guids = {taken_in(await each.post("/api/observation", each.body(vin=VIN), key=key)) for each in (dms, stranger)}
    assert len(guids) == 2


@pytest.mark.requirement("W7", "W13")
async def test_fifty_equal_submissions_at_once_with_one_key_are_one_row_and_one_guid(
    registry: Registry, dms: Dms, car: int
) -> None:
    key, body = new_key(), dms.body(vin=VIN)
    answers = await asyncio.gather(*(dms.post("/api/observation", body, key=key) for _ in range(50)))
    assert len({taken_in(answer) for answer in answers}) == 1
    assert await registry.count("request") == 1
    await registry.judge()
    assert len(await registry.readings(car)) == 1


@pytest.mark.requirement("W7", "W9", "W10")
@pytest.mark.parametrize("operation", ["correction", "confirm"])
@pytest.mark.usefixtures("car")
async def test_fifty_equal_follow_ups_at_once_with_one_key_are_one_row_and_one_guid(
    registry: Registry, dms: Dms, operation: str
) -> None:
    guid = await dms.submit(vin=VIN, km=50_000)
    await registry.judge()
    key, body = new_key(), dms.body(vin=VIN, km=96_000) if operation == "correction" else None
    path = f"/api/observation/{guid}/{operation}"
    answers = await asyncio.gather(*(dms.post(path, body, key=key) for _ in range(50)))
    assert len({taken_in(answer) for answer in answers}) == 1
    assert await registry.count("request") == 2
    followed = taken_in(answers[0])
    await registry.judge()
    assert taken_in(await dms.post(path, body, key=key)) == followed
    other = await dms.post(path, dms.body(vin=VIN, km=96_001), key=key)
    # A confirmation's body is ignored, so another one says nothing else.
    assert other.status_code == (409 if operation == "correction" else 200)


@pytest.mark.requirement("W7", "W9")
@pytest.mark.usefixtures("car")
async def test_a_key_stands_for_one_operation_on_one_request(registry: Registry, dms: Dms) -> None:
    key, body = new_key(), dms.body(vin=VIN, km=50_000)
    guid = taken_in(await dms.post("/api/observation", body, key=key))
    await registry.judge()
    for path in ("correction", "correct", "confirm"):
        answer = await dms.post(f"/api/observation/{guid}/{path}", body, key=key)
        assert (answer.status_code, fields(answer)) == (409, ["Idempotency-Key"])
    assert await registry.count("request") == 1


@pytest.mark.requirement("W7")
@pytest.mark.usefixtures("car")
async def test_a_refused_request_does_not_use_up_its_key(registry: Registry, dms: Dms) -> None:
    key = new_key()
    assert (await dms.post("/api/observation", dms.body(vin=VIN, km=-1), key=key)).status_code == 400
    guid = taken_in(await dms.post("/api/observation", dms.body(vin=VIN, km=50_000), key=key))
    key = new_key()
    early = await dms.post(f"/api/observation/{guid}/confirm", key=key)
    assert early.status_code == 409
    await registry.judge()
    taken_in(await dms.post(f"/api/observation/{guid}/confirm", key=key))


@pytest.mark.requirement("W12")
@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel"])
@pytest.mark.usefixtures("car")
async def test_a_key_that_is_none_is_told(registry: Registry, dms: Dms, key: str) -> None:
    headers = encoded(dms.headers) | {b"Idempotency-Key": key.encode()}
    answer = await registry.http.post("/api/observation", json=dms.body(vin=VIN), headers=headers)
    assert (answer.status_code, fields(answer)) == (400, ["Idempotency-Key"])
    assert await registry.count("request") == 0


@pytest.mark.requirement("W7")
@pytest.mark.usefixtures("car")
async def test_equal_submissions_without_a_key_are_two_requests(registry: Registry, dms: Dms) -> None:
    body = dms.body(vin=VIN)
    guids = {taken_in(await dms.post("/api/observation", body)) for _ in range(2)}
    assert len(guids) == 2
    await registry.judge()
    assert sorted([(await dms.status(guid)).status for guid in guids]) == ["ERROR", "PROCESSED"]


@pytest.mark.requirement("W7")
@pytest.mark.usefixtures("car")
async def test_a_group_that_mixes_new_repeated_and_conflicting_keys_answers_each_rightly(
    registry: Registry, dms: Dms, stranger: Dms
) -> None:
    key, used = new_key(), new_key()
    first = taken_in(await dms.post("/api/observation", dms.body(vin=VIN), key=used))
    answers = await asyncio.gather(
        dms.post("/api/observation", dms.body(vin=VIN), key=used),
        dms.post("/api/observation", dms.body(vin=VIN, km=2), key=used),
        dms.post("/api/observation", dms.body(vin=VIN, km=3), key=key),
        dms.post("/api/observation", dms.body(vin=VIN, km=4), key=key),
        stranger.post("/api/observation", stranger.body(vin=VIN), key=used),
        dms.post("/api/observation", dms.body(vin=VIN, km=5)),
    )
    assert taken_in(answers[0]) == first
    assert answers[1].status_code == 409
    assert sorted(answer.status_code for answer in answers[2:4]) == [200, 409]
    guids = {taken_in(answer) for answer in answers if answer.status_code == 200}
    assert {row[0] for row in await registry.pool.fetch("select guid from request")} == guids
    listed = await registry.pool.fetchval("select array_agg(guid) from waiting, unnest(requests) as guid")
    assert set(listed) == guids
    assert len(listed) == len(guids)


@pytest.mark.requirement("W7")
async def test_a_garage_that_hangs_up_has_submitted_all_the_same_or_not_at_all(
    registry: Registry, dms: Dms, car: int
) -> None:
    sending = asyncio.create_task(dms.post("/api/observation", dms.body(vin=VIN), key="hung-up"))
    while not await registry.count("request"):
        if sending.done():
            break
        await asyncio.sleep(0)
    sending.cancel()
    await asyncio.gather(sending, return_exceptions=True)
    taken_in(await dms.post("/api/observation", dms.body(vin=VIN), key="hung-up"))
    assert await registry.count("request") == 1
    await registry.judge()
    assert len(await registry.readings(car)) == 1


@pytest.mark.requirement("R5", "W7")
async def test_requests_that_share_a_commit_wait_in_the_order_in_which_they_arrived(
    registry: Registry, dms: Dms, car: int
) -> None:
    await dms.submitted(vin=VIN, day=registry.clock.today - timedelta(days=1), km=99_000)
    arrived = list(range(100_000, 100_020))
    await asyncio.gather(*(dms.submit(vin=VIN, km=km) for km in arrived))
    waiting = await registry.pool.fetch(
        "select km from waiting, unnest(requests) with ordinality as r (guid, n) join request using (guid) order by n"
    )
    assert [row["km"] for row in waiting] == arrived
    await registry.judge()
    assert [km for _, km in await registry.readings(car)][-1] == arrived[0]


def test_the_digest_tells_operation_and_body_apart() -> None:
    assert digest_of("a", b"b") == digest_of("a", b"b")
    assert len({digest_of("a", b"b"), digest_of("a", b"c"), digest_of("b", b"b"), digest_of("ab", b"")}) == 4


@pytest.mark.requirement("W8", "W12")
@pytest.mark.usefixtures("car")
async def test_a_guid_is_known_however_its_letters_are_written(dms: Dms) -> None:
    guid = await dms.submit(vin=VIN)
    assert (await dms.get(f"/api/observation/{str(guid).upper()}/status")).status_code == 200
    unknown = await dms.get(f"/api/observation/{UUID(int=0)}/status")
    assert unknown.status_code == 404
    assert problems(unknown)[0]["field"] == "requestGuid"


@pytest.mark.requirement("W2", "W6")
async def test_a_locked_account_is_let_in_no_more(registry: Registry, garage: Garage, dms: Dms) -> None:
    await registry.pool.execute("update account set state = 'locked' where id = $1", garage.account_id)
    answer = await dms.post("/api/observation", dms.body(vin=VIN))
    assert answer.status_code == 403
    assert problems(answer)
