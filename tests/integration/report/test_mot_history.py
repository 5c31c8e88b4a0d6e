"""The United Kingdom's MOT history API, played from its documentation, over real sockets."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import Response

from odopass.clock import SystemClock
from odopass.registry.report.content import SourceState
from odopass.registry.report.sources import ForeignReading, Question, Source, enquire, open_client, sources_from
from odopass.sandbox.played_sources.mot import MotPlayer, played_mot_history, problem

pytestmark = pytest.mark.requirement("W16")

VIN = "WF0AXXGCDA7K12345"
QUESTION = Question(VIN, imported_used=True, country="GB")
VEHICLE: dict[str, Any] = {
    "registration": "AB12CDE",
    "make": "FORD",
    "model": "FOCUS",
    "firstUsedDate": "2012-03-01",
    "fuelType": "Petrol",
    "primaryColour": "Blue",
    "registrationDate": "2012-03-01",
    "manufactureDate": "2012-01-31",
    "engineSize": "1596",
    "hasOutstandingRecall": "Unknown",
    "motTests": [
        {
            "completedDate": "2019-02-21T10:05:11.000Z",
            "testResult": "PASSED",
            "expiryDate": "2020-02-28",
            "odometerValue": "61043",
            "odometerUnit": "MI",
            "odometerResultType": "READ",
            "motTestNumber": "700012345678",
            "dataSource": "DVSA",
            "defects": [{"text": "Rear tyre worn", "type": "ADVISORY", "dangerous": False}],
        },
        {
            "completedDate": "2018-02-20T09:00:00.000Z",
            "testResult": "FAILED",
            "expiryDate": None,
            "odometerValue": None,
            "odometerUnit": None,
            "odometerResultType": "UNREADABLE",
            "motTestNumber": "700012345677",
            "dataSource": "DVSA",
            "defects": [{"text": "Odometer display defective", "type": "MAJOR", "dangerous": False}],
        },
        {
            "completedDate": "2016-02-19T09:00:00.000Z",
            "testResult": "PASSED",
            "expiryDate": "2017-02-28",
            "odometerValue": "55210",
            "odometerUnit": "KM",
            "odometerResultType": "READ",
            "motTestNumber": "1234",
            "dataSource": "DVA NI",
        },
    ],
}
READINGS = (
    ForeignReading(date(2019, 2, 21), 98_239, "GB", 61_043, "uk"),
    ForeignReading(date(2016, 2, 19), 55_210, "GB", None, "uk"),
)


@asynccontextmanager
async def asking(player: MotPlayer, **changed: Any) -> AsyncIterator[tuple[Source, ...]]:
    async with played_mot_history(player) as table, open_client() as client:
        yield sources_from(
            {"sources": {"uk": {**table, "retries": 0, "timeout_seconds": 10.0, **changed}}},
            client=client,
            clock=SystemClock(),
            chance=random.Random(1),
        )


async def test_tests_in_the_united_kingdom_are_readings() -> None:
    async with asking(MotPlayer({VIN: VEHICLE})) as sources:
        enquiry = await enquire(sources, QUESTION)
    assert enquiry.readings == READINGS
    (line,) = enquiry.lines
    assert (line.name, line.kind, line.state, line.left_out) == ("uk", "foreign_registry", SourceState.ANSWERED, 0)


async def test_a_vehicle_that_was_never_there_has_none() -> None:
    async with asking(MotPlayer({})) as sources:
        enquiry = await enquire(sources, QUESTION)
    assert (enquiry.readings, enquiry.lines[0].state) == ((), SourceState.ANSWERED)


async def test_one_token_serves_all_until_it_expires() -> None:
    player = MotPlayer({VIN: VEHICLE})
    async with asking(player) as sources:
        enquiries = await asyncio.gather(*(enquire(sources, QUESTION) for _ in range(20)))
        await enquire(sources, QUESTION)
    assert all(enquiry.readings == READINGS for enquiry in enquiries)
    assert (player.issued, player.asked) == (1, 21)


async def test_a_token_in_its_last_moments_is_not_used_any_more() -> None:
    player = MotPlayer({VIN: VEHICLE}, token_seconds=59)
    async with asking(player) as sources:
        for _ in range(2):
            assert (await enquire(sources, QUESTION)).readings == READINGS
    assert (player.issued, player.asked) == (2, 2)


async def test_a_token_that_was_revoked_is_renewed_once_for_all_who_hold_it() -> None:
    player = MotPlayer({VIN: VEHICLE})
    async with asking(player) as sources:
        await enquire(sources, QUESTION)
        player.revoke()
        enquiries = await asyncio.gather(*(enquire(sources, QUESTION) for _ in range(10)))
    assert all(enquiry.readings == READINGS for enquiry in enquiries)
    assert player.issued == 2


async def test_a_token_that_expired_sooner_than_it_said_is_renewed() -> None:
    hours = [0.0]
    player = MotPlayer({VIN: VEHICLE}, now=lambda: hours[0])
    async with asking(player) as sources:
        await enquire(sources, QUESTION)
        hours[0] = 10_000.0  # theirs, not ours: MOTH-FB-02
        assert (await enquire(sources, QUESTION)).readings == READINGS
    assert player.issued == 2


async def test_a_new_token_that_is_refused_as_well_is_not_renewed_for_ever() -> None:
    def refuse(_: Request) -> Response:
        return problem(401, "MOTH-UA-01", "Authorisation failed")

    player = MotPlayer({VIN: VEHICLE}, fault=refuse)
    async with asking(player) as sources:
        enquiry = await enquire(sources, QUESTION)
    assert enquiry.lines[0].state is SourceState.UNAVAILABLE
    assert (player.issued, player.asked) == (2, 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"secrets": {"client_secret": "expired"}},
        {"key": "wrong"},
        {"options": {"token_address": "http://127.0.0.1:9/token", "client_id": "played-client"}},
    ],
)
async def test_credentials_that_do_not_let_in_make_the_source_unavailable(changed: dict[str, Any]) -> None:
    async with asking(MotPlayer({VIN: VEHICLE}), **changed) as sources:
        enquiry = await enquire(sources, QUESTION)
    assert (enquiry.readings, enquiry.lines[0].state) == ((), SourceState.UNAVAILABLE)


async def test_too_many_requests_are_not_answered_with_more() -> None:
    def refuse(_: Request) -> Response:
        return problem(429, "MOTH-RL-02", "Too many requests")

    player = MotPlayer({VIN: VEHICLE}, fault=refuse)
    async with asking(player, retries=5) as sources:
        enquiry = await enquire(sources, QUESTION)
    assert enquiry.lines[0].state is SourceState.UNAVAILABLE
    assert player.asked == 1


async def test_a_vehicle_from_elsewhere_is_not_asked_for() -> None:
    player = MotPlayer({VIN: VEHICLE})
    async with asking(player) as sources:
        assert (await enquire(sources, Question(VIN, imported_used=True, country="DE"))).lines == ()
    assert player.issued == 0
