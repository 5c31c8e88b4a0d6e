"""Outside sources that behave in every way they can, over real sockets."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from prometheus_client import REGISTRY

from odopass.clock import SystemClock, belgian_day
from odopass.registry.logs import configure_logs
from odopass.registry.report.content import Recall, SourceState, VehicleData
from odopass.registry.report.sources import (
    Enquiry,
    ForeignReading,
    Question,
    Source,
    enquire,
    open_client,
    sources_from,
)
from odopass.registry.report.sources.question import Answer
from odopass.registry.serving.tls import server_context
from odopass.sandbox.certificates import ensure_certificates
from odopass.sandbox.played_sources import (
    SOURCES,
    Addresses,
    Behaviour,
    Manner,
    PlayedReading,
    PlayedVehicle,
    played_sources,
    played_sources_beside,
)
from odopass.sandbox.played_sources.serving import served

pytestmark = pytest.mark.requirement("W16")

VIN = "WVWZZZ1KZAW000017"
QUESTION = Question(VIN, unifier=4, first_use=date(2016, 5, 4), imported_used=True)
DATA = VehicleData(VIN, make="SEAT", model="LEÓN", first_use=date(2016, 5, 4), fuel="petrol", co2_nedc_g_km=112)
RECALLS = (Recall("69Q1", date(2019, 11, 4), "Airbag"),)
READINGS = (
    PlayedReading(date(2017, 5, 2), 15_400, "NL"),
    PlayedReading(date(2018, 5, 9), 31_950, "NL"),
    PlayedReading(date(2019, 3, 1), 40_000, "DE"),
    PlayedReading(date(2019, 9, 1), 30_000, "GB", "mi"),
)
STATES = dict.fromkeys(SOURCES, SourceState.ANSWERED)

#: Long enough for any answer that comes on a busy machine, short enough to wait for what never comes.
SHORT = 0.6


def vehicle(**behaviours: Behaviour) -> PlayedVehicle:
    return PlayedVehicle(DATA, RECALLS, accident_inspection_due=True, readings=READINGS, behaviours=behaviours)


async def no_rest(_: float) -> None:
    await asyncio.sleep(0)


@asynccontextmanager
async def asking(
    addresses: Addresses, *, seconds: float = 10.0, rest: Callable[[float], Any] = no_rest, **changed: Any
) -> AsyncIterator[tuple[Source, ...]]:
    configuration = addresses.configuration(timeout_seconds=seconds)
    for table in configuration["sources"].values():
        table.update(changed)
    async with open_client() as client:
        yield sources_from(configuration, client=client, clock=SystemClock(), chance=random.Random(1), sleep=rest)


async def ask(played: PlayedVehicle, *, seconds: float = 10.0, **changed: Any) -> Enquiry:
    async with played_sources({VIN: played}) as addresses, asking(addresses, seconds=seconds, **changed) as sources:
        return await enquire(sources, QUESTION)


def states(enquiry: Enquiry) -> dict[str, SourceState]:
    return {line.name: line.state for line in enquiry.lines}


async def test_sources_that_answer_are_put_together() -> None:
    enquiry = await ask(vehicle())
    assert states(enquiry) == STATES
    assert [line.kind for line in enquiry.lines] == [
        "registration",
        "manufacturer",
        "accident_inspection",
        "foreign_registry",
    ]
    assert enquiry.vehicle == {
        "make": "SEAT",
        "model": "LEÓN",
        "first_use": date(2016, 5, 4),
        "fuel": "petrol",
        "co2_nedc_g_km": 112,
    }
    assert enquiry.recalls == RECALLS
    assert enquiry.accident_inspection_due is True
    assert set(enquiry.readings) == {
        ForeignReading(date(2017, 5, 2), 15_400, "NL", None, "dutch_registry"),
        ForeignReading(date(2018, 5, 9), 31_950, "NL", None, "dutch_registry"),
        ForeignReading(date(2019, 3, 1), 40_000, "DE", None, "manufacturer"),
        ForeignReading(date(2019, 9, 1), 48_280, "GB", 30_000, "manufacturer"),
    }


async def test_a_vehicle_that_no_source_knows_has_an_answer_each_and_nothing_in_it() -> None:
    async with played_sources({}) as addresses, asking(addresses) as sources:
        enquiry = await enquire(sources, QUESTION)
    assert states(enquiry) == STATES
    assert (enquiry.vehicle, enquiry.recalls, enquiry.accident_inspection_due, enquiry.readings) == ({}, None, None, ())


async def test_the_dutch_registry_is_not_asked_about_a_vehicle_that_was_never_there() -> None:
    async with played_sources({VIN: vehicle()}) as addresses, asking(addresses) as sources:
        enquiry = await enquire(sources, Question(VIN))
    assert "dutch_registry" not in states(enquiry)


async def test_a_registry_without_sources_asks_nobody() -> None:
    assert await enquire((), QUESTION) == Enquiry()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(
    "manner",
    [
        Manner.SILENT,
        Manner.DRIBBLING,
        Manner.BROKEN,
        Manner.UNREACHABLE,
        Manner.FAILING,
        Manner.REFUSING,
        Manner.MOVED,
        Manner.MALFORMED,
        Manner.LATIN_1,
        Manner.UTF_16,
        Manner.PACKED,
        Manner.HUGE,
        Manner.ANOTHER,
    ],
)
async def test_a_source_that_cannot_be_had_is_named_and_harms_no_other(manner: Manner, source: str) -> None:
    began = time.monotonic()
    enquiry = await ask(vehicle(**{source: Behaviour(manner)}), seconds=SHORT)
    assert time.monotonic() - began < SHORT + 2
    assert states(enquiry) == {**STATES, source: SourceState.UNAVAILABLE}
    assert (enquiry.vehicle == {}) is (source == "registration")
    assert (enquiry.recalls is None) is (source == "manufacturer")
    assert (enquiry.accident_inspection_due is None) is (source == "accident_inspection")
    assert len(enquiry.readings) == (2 if source in {"manufacturer", "dutch_registry"} else 4)


async def test_an_answer_is_kept_out_if_its_encoding_is_wrong_but_its_figures_look_right() -> None:
    enquiry = await ask(vehicle(dutch_registry=Behaviour(Manner.UTF_16)))
    assert [line.left_out for line in enquiry.lines] == [0, 0, 0, 1]


async def test_a_slow_source_is_waited_for() -> None:
    enquiry = await ask(vehicle(manufacturer=Behaviour(Manner.SLOW, seconds=0.3)))
    assert states(enquiry) == STATES


async def test_a_source_that_is_slower_than_its_limit_is_not() -> None:
    enquiry = await ask(vehicle(manufacturer=Behaviour(Manner.SLOW, seconds=30)), seconds=SHORT)
    assert states(enquiry)["manufacturer"] is SourceState.UNAVAILABLE


async def test_sources_are_asked_side_by_side() -> None:
    slow = Behaviour(Manner.SLOW, seconds=0.5)
    began = time.monotonic()
    enquiry = await ask(vehicle(**dict.fromkeys(SOURCES, slow)))
    assert time.monotonic() - began < 1.6
    assert states(enquiry) == STATES


async def test_all_silent_sources_together_take_no_longer_than_one() -> None:
    table = {VIN: vehicle(**dict.fromkeys(SOURCES, Behaviour(Manner.SILENT)))}
    async with played_sources(table) as addresses, asking(addresses) as sources:
        began = time.monotonic()
        enquiry = await enquire(sources, QUESTION, seconds=SHORT)
        assert SHORT <= time.monotonic() - began < SHORT + 1
    assert set(states(enquiry).values()) == {SourceState.UNAVAILABLE}
    assert enquiry == Enquiry(lines=enquiry.lines)


async def test_readings_that_contradict_are_readings_like_others() -> None:
    enquiry = await ask(vehicle(dutch_registry=Behaviour(Manner.CONTRADICTORY)))
    assert states(enquiry) == STATES
    assert [each.km for each in enquiry.readings if each.country == "NL"] == [165_400, 181_950]


async def test_absurd_values_are_left_out_and_the_rest_stands() -> None:
    enquiry = await ask(vehicle(**dict.fromkeys(SOURCES, Behaviour(Manner.ABSURD))))
    assert [(line.name, line.state, line.left_out) for line in enquiry.lines] == [
        ("registration", SourceState.INCOMPLETE, 4),
        ("manufacturer", SourceState.INCOMPLETE, 12),
        ("accident_inspection", SourceState.UNAVAILABLE, 1),
        ("dutch_registry", SourceState.INCOMPLETE, 10),
    ]
    assert enquiry.vehicle == {"make": "SEAT", "model": "LEÓN", "co2_nedc_g_km": 112}
    assert enquiry.recalls == RECALLS
    assert enquiry.accident_inspection_due is None
    assert len(enquiry.readings) == 4


@pytest.mark.parametrize(("times", "state"), [(2, SourceState.ANSWERED), (3, SourceState.UNAVAILABLE)])
async def test_a_passing_failure_is_tried_again_so_often_and_no_oftener(times: int, state: SourceState) -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    enquiry = await ask(vehicle(manufacturer=Behaviour(Manner.FAILING, times=times)), rest=rest, retries=2)
    assert states(enquiry)["manufacturer"] is state
    assert len(rests) == 2
    assert 0.1 <= rests[0] <= 0.3
    assert 0.2 <= rests[1] <= 0.6


async def test_what_repeating_cannot_mend_is_not_repeated() -> None:
    rests: list[float] = []

    async def rest(seconds: float) -> None:
        rests.append(seconds)

    for manner in (Manner.REFUSING, Manner.MOVED, Manner.MALFORMED, Manner.HUGE, Manner.ANOTHER):
        await ask(vehicle(manufacturer=Behaviour(manner)), rest=rest)
    assert rests == []


async def test_retries_are_within_the_time_limit_too() -> None:
    began = time.monotonic()
    enquiry = await ask(vehicle(manufacturer=Behaviour(Manner.FAILING)), seconds=SHORT, retries=5, rest=asyncio.sleep)
    assert time.monotonic() - began < SHORT + 2
    assert states(enquiry)["manufacturer"] is SourceState.UNAVAILABLE


async def test_a_source_nobody_listens_at_is_not_available() -> None:
    async with played_sources({}) as addresses:
        pass
    async with asking(addresses) as sources:
        enquiry = await enquire(sources, QUESTION)
    assert set(states(enquiry).values()) == {SourceState.UNAVAILABLE}


async def test_a_source_that_is_away_is_left_in_peace_and_asked_again_later() -> None:
    table = {VIN: vehicle(manufacturer=Behaviour(Manner.FAILING, times=3))}
    hours = [0.0]
    async with played_sources(table) as addresses, open_client() as client:
        configuration = addresses.configuration()
        configuration["sources"]["manufacturer"] |= {"breaker_failures": 3, "breaker_seconds": 30, "retries": 0}
        sources = sources_from(configuration, client=client, clock=SystemClock(), now=lambda: hours[0])
        came = [states(await enquire(sources, QUESTION))["manufacturer"] for _ in range(5)]
        hours[0] = 100.0
        came.append(states(await enquire(sources, QUESTION))["manufacturer"])
    # The player would have answered the fourth time; it was not asked.
    assert came == [SourceState.UNAVAILABLE] * 5 + [SourceState.ANSWERED]


async def test_a_silent_source_opens_its_breaker_and_reports_wait_no_longer() -> None:
    table = {VIN: vehicle(manufacturer=Behaviour(Manner.SILENT))}
    async with played_sources(table) as addresses, asking(addresses, seconds=0.2, breaker_failures=2) as sources:
        for _ in range(2):
            await enquire(sources, QUESTION)
        began = time.monotonic()
        enquiry = await enquire(sources, QUESTION)
        assert time.monotonic() - began < 0.19
    assert states(enquiry) == {**STATES, "manufacturer": SourceState.UNAVAILABLE}


async def test_a_silent_source_takes_no_places_from_others() -> None:
    table = {VIN: vehicle(manufacturer=Behaviour(Manner.SILENT))}
    async with played_sources(table) as addresses, asking(addresses, seconds=SHORT, at_once=3) as sources:
        enquiries = await asyncio.gather(*(enquire(sources, QUESTION) for _ in range(20)))
    expected = {**STATES, "manufacturer": SourceState.UNAVAILABLE}
    assert all(states(enquiry) == expected for enquiry in enquiries)


@asynccontextmanager
async def answering(answer: Callable[[Any], Any], **changed: Any) -> AsyncIterator[tuple[Source, ...]]:
    """One registration authority that answers with what a function sends."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        await receive()
        await answer(send)

    async with served(app, asyncio.Event()) as base, open_client() as client:
        table = {"adapter": "registration", "address": base, **changed}
        yield sources_from({"sources": {"one": table}}, client=client, clock=SystemClock(), sleep=no_rest)


async def test_no_more_ask_a_source_at_once_than_it_has_places() -> None:
    under_way: list[int] = [0]
    most: list[int] = [0]

    async def answer(send: Any) -> None:
        under_way[0] += 1
        most[0] = max(most[0], under_way[0])
        await asyncio.sleep(0.02)
        under_way[0] -= 1
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b'{"error": "vehicle_unknown"}'})

    async with answering(answer, at_once=3) as sources:
        enquiries = await asyncio.gather(*(enquire(sources, QUESTION) for _ in range(12)))
    assert {states(enquiry)["one"] for enquiry in enquiries} == {SourceState.ANSWERED}
    assert most[0] == 3


@pytest.mark.parametrize(
    ("wanted", "asked"), [(b"1", 3), (b"5", 3), (b"6", 1), (b"3600", 1), (b"99999999999999", 1), (b"soon", 3)]
)
async def test_a_source_that_wants_to_be_left_in_peace_for_long_is(wanted: bytes, asked: int) -> None:
    came: list[int] = []

    async def answer(send: Any) -> None:
        came.append(1)
        await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", wanted)]})
        await send({"type": "http.response.body", "body": b""})

    async with answering(answer, retries=2, breaker_failures=0) as sources:
        enquiry = await enquire(sources, QUESTION)
    assert states(enquiry) == {"one": SourceState.UNAVAILABLE}
    assert len(came) == asked


class Faulty:
    """A source whose adapter has a fault."""

    name = "faulty"
    kind = "manufacturer"

    def __init__(self, fault: Callable[[], Any]) -> None:
        self.fault = fault

    def concerns(self, question: Question) -> bool:
        if self.fault is fail_at_once:
            raise ValueError(question.vin)
        return True

    async def ask(self, question: Question, *, seconds: float) -> Answer:
        assert seconds
        result = self.fault()
        if asyncio.iscoroutine(result):
            await result
        raise KeyError(question.vin)


def fail_at_once() -> None:
    raise RecursionError(VIN)


async def never_end() -> None:
    while True:
        try:
            await asyncio.sleep(30)
        except asyncio.CancelledError:
            if released.is_set():
                raise


released = asyncio.Event()


async def give_itself_up() -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("fault", [lambda: None, fail_at_once, give_itself_up, lambda: json.loads("{")])
async def test_a_fault_in_an_adapter_fails_no_report(fault: Callable[[], Any]) -> None:
    async with played_sources({VIN: vehicle()}) as addresses, asking(addresses) as sources:
        enquiry = await enquire((Faulty(fault), *sources), QUESTION)
    assert states(enquiry) == {"faulty": SourceState.UNAVAILABLE, **STATES}
    # One manufacturer told of a recall; what the other one would have told is not known.
    assert enquiry.recalls == RECALLS


async def test_an_adapter_that_does_not_give_up_is_left_behind() -> None:
    began = time.monotonic()
    enquiry = await enquire((Faulty(never_end),), QUESTION, seconds=0.1)
    assert time.monotonic() - began < 4
    assert states(enquiry) == {"faulty": SourceState.UNAVAILABLE}
    released.set()
    for task in asyncio.all_tasks():
        if task.get_name() == "asking faulty":
            task.cancel()
            await asyncio.wait({task})


async def test_that_no_recall_is_open_is_said_only_if_all_makers_could_be_had() -> None:
    none = PlayedVehicle(DATA)
    async with played_sources({VIN: none}) as addresses, asking(addresses) as sources:
        assert (await enquire(sources, QUESTION)).recalls == ()
        assert (await enquire((*sources, Faulty(fail_at_once)), QUESTION)).recalls is None


async def test_of_two_sources_that_tell_a_field_the_first_counts_and_a_reading_joins_once() -> None:
    other = PlayedVehicle(VehicleData(VIN, make="VW", euro_standard="EURO 6"), readings=READINGS)
    async with (
        played_sources({VIN: vehicle()}) as first,
        played_sources({VIN: other}) as second,
        asking(first) as sources,
        asking(second) as others,
    ):
        enquiry = await enquire((*sources, *others), QUESTION)
    assert (enquiry.vehicle["make"], enquiry.vehicle["euro_standard"]) == ("SEAT", "EURO 6")
    assert len(enquiry.readings) == 4


async def test_an_enquiry_that_is_given_up_leaves_nothing_running() -> None:
    table = {VIN: vehicle(**dict.fromkeys(SOURCES, Behaviour(Manner.SILENT)))}
    async with played_sources(table) as addresses, asking(addresses) as sources:
        task = asyncio.create_task(enquire(sources, QUESTION))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert [each for each in asyncio.all_tasks() if each.get_name().startswith("asking")] == []


@pytest.mark.requirement("R13")
async def test_each_source_has_a_line_in_the_log_with_the_request_s_guid_and_nothing_of_the_vehicle() -> None:
    log = io.StringIO()
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    behaviours = {
        "registration": Behaviour(Manner.ABSURD),
        "manufacturer": Behaviour(Manner.ANOTHER),
        "accident_inspection": Behaviour(Manner.BROKEN),
    }
    try:
        configure_logs("debug", stream=log)
        with structlog.contextvars.bound_contextvars(request="4f0c"):
            await ask(vehicle(**behaviours))
    finally:
        structlog.configure(**before)
        root.handlers = handlers
        root.setLevel(level)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    asked = {line["source"]: line for line in lines if line["event"] == "source asked"}
    assert set(asked) == set(SOURCES)
    assert all(line["request"] == "4f0c" and line["seconds"] >= 0 for line in asked.values())
    assert asked["registration"]["left_out"]["firstUse: long before it can be"] == 1
    assert asked["manufacturer"]["reason"] == "not about this vehicle"
    assert asked["accident_inspection"]["state"] == "unavailable"
    assert asked["dutch_registry"]["level"] == "info"
    assert VIN not in log.getvalue()


@pytest.mark.requirement("R13")
async def test_answers_are_counted_and_measured_by_source() -> None:
    def measured(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, {"source": "dutch_registry", **labels}) or 0.0

    def figures() -> list[float]:
        return [
            measured("odopass_source_answers_total", state="answered"),
            measured("odopass_source_answers_total", state="incomplete"),
            measured("odopass_source_answers_total", state="unavailable"),
            measured("odopass_source_seconds_count"),
            measured("odopass_source_left_out_total"),
        ]

    before = figures()
    for manner in (Manner.FAST, Manner.FAST, Manner.ABSURD, Manner.REFUSING):
        await ask(vehicle(dutch_registry=Behaviour(manner)))
    assert [now - then for now, then in zip(figures(), before, strict=True)] == [2, 1, 1, 4, 10]


async def test_the_key_is_shown_to_the_source_and_not_taken_along_by_a_redirect() -> None:
    shown: list[tuple[str, str | None]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        shown.append((scope["path"], headers.get(b"authorization", b"").decode()))
        assert headers[b"accept-encoding"] == b"identity"
        await receive()
        await send({"type": "http.response.start", "status": 307, "headers": [(b"location", b"/elsewhere")]})
        await send({"type": "http.response.body", "body": b""})

    async with served(app, asyncio.Event()) as base, asking(Addresses(base), key="let-me-in") as sources:
        await enquire(sources, Question("A B/../C?"))
    assert sorted(shown) == [
        (f"/{source}/vehicles/A B/../C?", "Bearer let-me-in")
        for source in ("accident_inspection", "manufacturer", "registration")
    ]


async def test_a_source_with_a_certificate_of_nobody_knows_whom_is_not_asked(tmp_path: Path) -> None:
    certificates = ensure_certificates(tmp_path / "tls", SystemClock().now())
    tls = server_context(certificates.server)
    body = json.dumps({"vin": VIN, "make": "SEAT"}).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    table = {"adapter": "registration", "address": f"https://127.0.0.1:{port}", "retries": 0}
    came = []
    async with server:
        for trusted in (None, certificates.authority):
            async with open_client(ca_file=trusted) as client:
                sources = sources_from({"sources": {"one": table}}, client=client, clock=SystemClock())
                came.append((await enquire(sources, QUESTION)).lines[0].state)
    assert came == [SourceState.UNAVAILABLE, SourceState.ANSWERED]


async def test_proxies_and_passwords_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password word\n", "utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert states(await ask(vehicle())) == STATES


@pytest.mark.parametrize("manner", [Manner.SILENT, Manner.DRIBBLING, Manner.SLOW, Manner.HUGE])
async def test_the_player_ends_at_once_whoever_still_waits(manner: Manner) -> None:
    table = {VIN: vehicle(manufacturer=Behaviour(manner, seconds=300))}
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        async with played_sources(table) as addresses:
            waiting = [
                asyncio.create_task(client.get(f"{addresses.of('manufacturer')}/vehicles/{VIN}")) for _ in range(5)
            ]
            await asyncio.sleep(0.3)
            began = time.monotonic()
        assert time.monotonic() - began < 2
        await asyncio.gather(*waiting, return_exceptions=True)


def test_the_player_can_run_beside_a_program_without_an_event_loop() -> None:
    with played_sources_beside({VIN: vehicle()}) as addresses:
        answer = httpx.get(f"{addresses.of('registration')}/vehicles/{VIN}", trust_env=False)
        assert answer.json()["make"] == "SEAT"
    gc.collect()
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{addresses.of('registration')}/vehicles/{VIN}", trust_env=False)


async def test_a_reading_of_tomorrow_is_left_out() -> None:
    today = belgian_day(SystemClock().now())
    readings = (PlayedReading(today, 70_000, "NL"), PlayedReading(today + timedelta(days=1), 70_010, "NL"))
    enquiry = await ask(PlayedVehicle(DATA, readings=readings))
    assert [each.date for each in enquiry.readings] == [today]
