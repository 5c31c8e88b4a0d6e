"""`odopass registry serve`, `worker` and `migrate`: the processes of a registry, and what happens when they die."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest
from cryptography import x509
from tests.registry.population import PASSWORD, Garage, add_garage, add_vehicle

from odopass.clock import SystemClock, belgian_day
from odopass.registry.report.document.verifying import Verified, verify
from odopass.sandbox.certificates import ensure_certificates
from odopass.wire.dates import format_wire_date

PATIENCE_SECONDS = 60.0
VEHICLES = 60

Log = list[dict[str, Any]]


@dataclass
class Running:
    """A running `odopass registry …`."""

    process: subprocess.Popen[bytes]
    output: Path

    @property
    def log(self) -> Log:
        """Its lines; the last one may be half written."""
        lines = self.output.read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def events(self, event: str, **members: object) -> Log:
        return [each for each in self.log if each["event"] == event and members.items() <= each.items()]

    @property
    def address(self) -> str:
        return str(self.events("listening")[0]["address"])

    def pid(self, name: str) -> int:
        """The newest process of this name."""
        return int(self.events("process started", process=name)[-1]["pid"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)


async def until(condition: Callable[[], bool], running: Running) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert running.process.poll() is None, running.output.read_text()
        assert time.monotonic() < deadline, running.output.read_text()
        await asyncio.sleep(0.02)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    """Starts `odopass registry …` and ends it after the test, whatever became of it."""
    started: list[Running] = []

    def begin(*options: str, database_url: str | None = None) -> Running:
        output = tmp_path / f"output-{len(started)}.txt"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ODOPASS_")}
        if database_url is not None:
            environment["ODOPASS_DATABASE_URL"] = database_url
        with output.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "odopass.cli", "registry", *options],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        started.append(Running(process, output))
        return started[-1]

    yield begin
    for running in started:
        running.stop(signal.SIGKILL)


async def ready(running: Running) -> None:
    await until(lambda: bool(running.events("listening")), running)
    async with httpx.AsyncClient(base_url=running.address, timeout=5) as client:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                if (await client.get("/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            assert running.process.poll() is None, running.output.read_text()
            assert time.monotonic() < deadline, running.output.read_text()
            await asyncio.sleep(0.05)


@asynccontextmanager
async def garage_client(running: Running, garage: Garage) -> AsyncIterator[httpx.AsyncClient]:
    auth = httpx.BasicAuth(garage.username.encode(), PASSWORD.encode())
    async with httpx.AsyncClient(base_url=f"{running.address}/api", auth=auth, timeout=30) as client:
        yield client


def body(garage: Garage, vin: str, km: int) -> dict[str, object]:
    return {
        "vin": vin,
        "odometerReadingDate": format_wire_date(belgian_day(SystemClock().now())),
        "odometerReading": km,
        "observationType": "REPAIR_MAINTENANCE_SERVICE",
        "enterpriseOrganisation": garage.enterprise,
        "enteredOrganisation": garage.establishment,
    }


async def submit(client: httpx.AsyncClient, observation: dict[str, object], key: str) -> str:
    """As a garage's software does: with a key, again and again until it is answered."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = await client.post("/observation", json=observation, headers={"Idempotency-Key": key})
            if answer.status_code == 200:
                return str(answer.json()["requestGuid"])
            assert answer.status_code == 503, answer.text
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def outcome(client: httpx.AsyncClient, guid: str) -> str:
    deadline = time.monotonic() + PATIENCE_SECONDS
    status = "unanswered"
    while status in {"unanswered", "ONGOING"}:
        assert time.monotonic() < deadline, status
        await asyncio.sleep(0.1)
        try:
            answer = await client.get(f"/observation/{guid}/status")
        except httpx.TransportError:
            continue
        if answer.status_code == 200:
            status = str(answer.json()["status"])
    return status


def vin(number: int) -> str:
    return f"WVWTESTXXXX{number:06}"


async def populate(database: asyncpg.Pool) -> Garage:
    for number in range(VEHICLES):
        await add_vehicle(database, vin(number))
    return await add_garage(database, 1)


@pytest.mark.requirement("R12", "W7")
async def test_processes_that_are_killed_are_replaced_and_nothing_accepted_is_lost_or_doubled(
    start: Callable[..., Running], database_url: str, pool: asyncpg.Pool
) -> None:
    garage = await populate(pool)
    running = start(
        "serve", "--port", "0", "--api-processes", "2", "--workers", "1", "--environment", "beta",
        database_url=database_url,
    )  # fmt: skip
    await ready(running)
    before = {name: running.pid(name) for name in ("api 1", "api 2", "worker 1")}
    async with garage_client(running, garage) as client:
        guids = []
        for number in range(VEHICLES):
            if number == VEHICLES // 3:
                os.kill(before["api 1"], signal.SIGKILL)
            if number == VEHICLES // 2:
                os.kill(before["worker 1"], signal.SIGKILL)
            guids.append(await submit(client, body(garage, vin(number), 50_000 + number), f"key-{number}"))
        outcomes = {await outcome(client, guid) for guid in guids}
    assert outcomes == {"PROCESSED"}
    assert len(set(guids)) == VEHICLES
    for name in ("api 1", "worker 1"):
        await until(lambda name=name: running.pid(name) != before[name], running)  # type: ignore[misc]
    assert running.pid("api 2") == before["api 2"]
    assert await pool.fetchval("select count(*) from reading") == VEHICLES
    assert await pool.fetchval("select count(distinct vehicle_id) from reading") == VEHICLES
    assert running.stop() == 0


def arguments(pid: int) -> str:
    """What every user of the machine sees of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().decode()


@pytest.mark.requirement("R12", "R13")
async def test_the_database_s_password_is_in_no_argument_and_metrics_sum_up_all_processes(
    start: Callable[..., Running], database_url: str, pool: asyncpg.Pool
) -> None:
    garage = await populate(pool)
    running = start("serve", "--port", "0", "--api-processes", "2", "--workers", "1", database_url=database_url)
    await ready(running)
    for name in ("api 1", "api 2", "worker 1"):
        assert "postgresql" not in arguments(running.pid(name))
    async with garage_client(running, garage) as client:
        for number in range(12):
            guid = await submit(client, body(garage, vin(number), 60_000), f"key-{number}")
            assert await outcome(client, guid) == "PROCESSED"
    async with httpx.AsyncClient(base_url=running.address) as plain:
        # Whichever process answers, it tells of all of them, the worker included.
        for _ in range(4):
            metrics = (await plain.get("/metrics")).text
            assert 'odopass_requests_stored_total{kind="submission"} 12.0' in metrics
            assert 'odopass_requests_settled_total{status="PROCESSED"} 12.0' in metrics
    assert running.stop() == 0


@pytest.mark.requirement("R12")
async def test_children_end_when_the_supervisor_is_killed(start: Callable[..., Running], database_url: str) -> None:
    running = start("serve", "--port", "0", "--api-processes", "2", "--workers", "1", database_url=database_url)
    await ready(running)
    children = [Path(f"/proc/{running.pid(name)}") for name in ("api 1", "api 2", "worker 1")]
    running.process.kill()
    running.process.wait()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while any(_lives(child) for child in children):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


def _lives(process: Path) -> bool:
    try:
        state = (process / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.requirement("R12")
@pytest.mark.parametrize("crew", [(), ("--api-processes", "2", "--workers", "1")])
async def test_an_embedded_postgresql_that_dies_is_started_anew(
    start: Callable[..., Running], tmp_path: Path, crew: tuple[str, ...]
) -> None:
    running = start("serve", "--port", "0", "--data", str(tmp_path / "data"), *crew)
    await ready(running)
    server = tmp_path / "data" / "postgres" / "postmaster.pid"
    os.kill(int(server.read_text().partition("\n")[0]), signal.SIGKILL)
    await until(lambda: bool(running.events("PostgreSQL ended and is started anew")), running)
    await ready(running)
    assert running.stop(signal.SIGINT) == 0
    assert not server.exists(), "it was stopped cleanly"


@pytest.mark.requirement("R12")
async def test_a_worker_of_another_machine_judges_what_this_one_takes_in(
    start: Callable[..., Running], database_url: str, pool: asyncpg.Pool
) -> None:
    garage = await populate(pool)
    serving = start("serve", "--port", "0", "--workers", "1", database_url=database_url)
    await ready(serving)
    os.kill(serving.pid("worker 1"), signal.SIGSTOP)  # it lives, and judges nothing
    async with garage_client(serving, garage) as client:
        for number, many in enumerate(("1", "2")):
            guid = await submit(client, body(garage, vin(number), 70_000), f"key-{number}")
            assert (await client.get(f"/observation/{guid}/status")).json()["status"] == "ONGOING"
            helper = start("worker", "--workers", many, database_url=database_url)
            assert await outcome(client, guid) == "PROCESSED"
            assert helper.stop() == 0
    os.kill(serving.pid("worker 1"), signal.SIGCONT)
    assert serving.stop() == 0


async def test_migrate_makes_the_tables_once(start: Callable[..., Running], empty_database_url: str) -> None:
    first = start("migrate", database_url=empty_database_url)
    assert first.process.wait(PATIENCE_SECONDS) == 0
    assert "applied 0001_first_tables" in first.output.read_text()
    second = start("migrate", database_url=empty_database_url)
    assert second.process.wait(PATIENCE_SECONDS) == 0
    told = second.output.read_text()
    assert told.startswith("The database is up to date.\n")
    # The tables belong to the role that made them.
    assert "odopass registry guard-journal" in told


@pytest.mark.parametrize("command", ["serve", "worker", "migrate"])
def test_a_database_that_is_away_is_told_without_a_trace(start: Callable[..., Running], command: str) -> None:
    running = start(command, database_url="postgresql://nobody:secret@127.0.0.1:9/none")
    assert running.process.wait(PATIENCE_SECONDS) == 3
    said = running.output.read_text()
    assert "The database cannot be used." in said
    assert "What to do:" in said
    assert "secret" not in said
    assert "Traceback" not in said


@pytest.mark.requirement("R11", "W16")
@pytest.mark.parametrize("command", ["serve", "worker"])
@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (None, "No such file"),
        ("registry = ", "Invalid value"),
        ("[source.uk]", "source: there is no such setting"),
        ('signing = "key.pem"', "signing must be a table"),
        ('[signing]\nkey = "key.pem"', "'chain' is missing"),
        ('[signing]\nkey = "key.pem"\nchain = "chain.pem"', "key.pem"),
        ('[sources.uk]\nadapter = "none"\naddress = "https://uk.example/"', "sources.uk"),
    ],
)
def test_a_wrong_set_up_of_reports_is_told_before_anything_is_served(
    start: Callable[..., Running], tmp_path: Path, command: str, content: str | None, complaint: str
) -> None:
    path = tmp_path / "reports.toml"
    if content is not None:
        path.write_text(content)
    # Nothing is there: whoever looked at the database first would complain about it.
    running = start(command, "--reports", str(path), database_url="postgresql://nobody@127.0.0.1:9/none")
    assert running.process.wait(PATIENCE_SECONDS) == 3
    said = running.output.read_text()
    assert f"The set-up of reports in {path} cannot be used." in said
    assert complaint in said
    assert "set-up-reports.md" in said
    assert "Traceback" not in said


@pytest.mark.requirement("R11", "W11")
@pytest.mark.parametrize("workers", [0, 1])
async def test_reports_are_made_and_signed_as_the_file_says_by_one_process_or_several(
    start: Callable[..., Running], tmp_path: Path, database_url: str, workers: int
) -> None:
    certificates = ensure_certificates(tmp_path / "tls", datetime.now(UTC))
    setup = tmp_path / "tls" / "reports.toml"
    # Files are looked for beside the file that names them.
    name = certificates.documents.name
    setup.write_text(f'registry = "Registry of Nowhere"\n[signing]\nkey = "{name}"\nchain = "{name}"\n')
    connection = await asyncpg.connect(database_url)
    garage = await add_garage(connection, 1)
    await add_vehicle(connection, "SIGNED00000000001", first_use=None)
    await connection.close()
    options = ("serve", "--port", "0", "--reports", str(setup), "--workers", str(workers))
    running = start(*options, database_url=database_url)
    await ready(running)
    async with garage_client(running, garage) as client:
        asked = body(garage, "SIGNED00000000001", 1_000) | {"observationType": "VEHICLE_HISTORY_DOCUMENT"}
        guid = (await client.post("/observation", json=asked)).json()["requestGuid"]
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (answer := await client.get(f"/observation/{guid}/status/vhr")).status_code == 409:
                assert answer.json()["status"] == "ONGOING"
                await asyncio.sleep(0.05)
    pdf = base64.b64decode(answer.json()["file"])
    roots = [x509.load_pem_x509_certificate(certificates.authority.read_bytes())]
    found = await asyncio.to_thread(verify, pdf, roots, moment=datetime.now(UTC))
    assert isinstance(found, Verified), found
    assert running.stop() == 0


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("serve", "--data", "x", "--database-url", "postgresql://x"), "not both"),
        (("serve", "--tls-cert", __file__), "one key for each certificate"),
        (("worker",), "--database-url"),
    ],
)
def test_options_that_do_not_belong_together_are_told(
    start: Callable[..., Running], options: tuple[str, ...], complaint: str
) -> None:
    running = start(*options)
    assert running.process.wait(PATIENCE_SECONDS) == 2
    assert complaint in " ".join(running.output.read_text().replace("│", " ").split())


@pytest.mark.requirement("W19")
async def test_it_serves_with_certificates_of_one_s_own(
    start: Callable[..., Running], database_url: str, tmp_path: Path
) -> None:
    certificates = ensure_certificates(tmp_path / "tls", datetime.now(UTC))
    options = [
        each for pair in certificates.server for each in ("--tls-cert", str(pair.chain), "--tls-key", str(pair.key))
    ]
    running = start("serve", "--port", "0", "--api-processes", "2", *options, database_url=database_url)
    await until(lambda: len(running.events("serving")) == 2, running)
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    assert running.address.startswith("https://")
    async with httpx.AsyncClient(verify=trust) as client:
        assert (await client.get(f"{running.address}/health")).text == "ok"
    assert running.stop() == 0


@pytest.mark.requirement("W7", "R13")
@pytest.mark.parametrize("workers", [0, 1])
async def test_a_request_that_is_being_sent_when_the_registry_is_told_to_end_is_answered_and_stored(
    start: Callable[..., Running], database_url: str, pool: asyncpg.Pool, workers: int
) -> None:
    garage = await add_garage(pool, 1)
    await add_vehicle(pool, vin(0))
    running = start("serve", "--port", "0", "--workers", str(workers), database_url=database_url)
    await ready(running)
    content = json.dumps(body(garage, vin(0), 10_000)).encode()
    host, port = running.address.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /api/observation HTTP/1.1\r\nhost: {host}\r\nauthorization: {garage.authorization}\r\n"
    head += f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    writer.write(head.encode() + content[:10])
    await writer.drain()
    await until(lambda: "odopass_logins_total" in _metrics(running), running)  # the half request is there, too
    running.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await until(lambda: bool(running.events("Shutting down")), running)
        writer.write(content[10:])
        answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 200"), answer
    assert running.stop() == 0
    assert await pool.fetchval("select count(*) from request") == 1


def _metrics(running: Running) -> str:
    return httpx.get(f"{running.address}/metrics").text
