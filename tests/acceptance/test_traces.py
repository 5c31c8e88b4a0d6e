"""Traces reach a collector by OTLP over HTTP, and tell of a request's way without telling what was in it."""

from __future__ import annotations

import asyncio
import http.server
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import asyncpg
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from tests.acceptance.test_registry_serve import (
    PATIENCE_SECONDS,
    Running,
    body,
    garage_client,
    outcome,
    ready,
    start,
    submit,
)
from tests.registry.population import PASSWORD, add_garage, add_vehicle

__all__ = ["start"]  # the fixture

pytestmark = pytest.mark.requirement("R13")

VIN = "TRACED00000000001"


class Collector:
    """Takes what an OpenTelemetry collector takes, and keeps it."""

    def __init__(self) -> None:
        kept: list[bytes] = []
        self.kept = kept

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                assert self.path == "/v1/traces"
                kept.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"

    def spans(self) -> list[tuple[str, dict[str, Any]]]:
        found = []
        for message in self.kept:
            for resource in ExportTraceServiceRequest.FromString(message).resource_spans:
                for scope in resource.scope_spans:
                    found += [
                        (span.name, {each.key: _value(each.value) for each in span.attributes}) for span in scope.spans
                    ]
        return found


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(each) for each in value.array_value.values] if kind == "array_value" else getattr(value, kind)


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


async def test_a_request_can_be_followed_by_its_guid_from_its_arrival_to_its_report(
    start: Callable[..., Running],
    collector: Collector,
    database_url: str,
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "100")
    garage = await add_garage(pool, 1)
    await add_vehicle(pool, VIN, first_use=date(2015, 6, 1))
    running = start("serve", "--port", "0", "--workers", "1", database_url=database_url)
    await ready(running)
    async with garage_client(running, garage) as client:
        asked = body(garage, VIN, 1_234_567 % 300_000) | {"observationType": "VEHICLE_HISTORY_DOCUMENT"}
        guid = await submit(client, asked, "traced")
        assert await outcome(client, guid) == "PROCESSED"
    wanted = {"request", "intake commit", "judging batch", "enquiry"}
    end = time.monotonic() + PATIENCE_SECONDS
    while not wanted <= {name for name, attributes in collector.spans() if guid in str(attributes)}:
        assert time.monotonic() < end, collector.spans()
        await asyncio.sleep(0.05)
    assert running.stop() == 0
    spans = collector.spans()
    assert {"claim", "reading histories", "settling"} <= {name for name, _ in spans}
    posted = [each for name, each in spans if name == "request" and each.get("odopass.stored") == guid]
    assert [(each["odopass.operation"], each["http.response.status_code"]) for each in posted] == [
        ("post_observation", 200)
    ]
    sent = b"".join(collector.kept)
    for secret in (PASSWORD, garage.authorization, garage.authorization.split()[1], VIN):
        assert secret.encode() not in sent


async def test_a_collector_that_is_away_harms_nothing(
    start: Callable[..., Running], database_url: str, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    garage = await add_garage(pool, 1)
    await add_vehicle(pool, VIN)
    running = start("serve", "--port", "0", database_url=database_url)
    await ready(running)
    async with garage_client(running, garage) as client:
        guid = await submit(client, body(garage, VIN, 100_000), "untraced")
        assert await outcome(client, guid) == "PROCESSED"
    assert running.stop() == 0


def test_nothing_of_opentelemetry_is_loaded_by_the_registry_if_traces_are_not_asked_for() -> None:
    program = (
        "import sys; import odopass.registry.serving.child as child; from odopass.registry import tracing; "
        "tracing.configure('api'); list(map(lambda span: span.__enter__(), [tracing.span('x', request='y')])); "
        "sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
