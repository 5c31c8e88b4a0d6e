from __future__ import annotations

import asyncio
import json
import ssl
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import asyncpg
import pyarrow.parquet as pq
import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.registry.population import PASSWORD, add_garage
from tests.registry.running import TODAY, running_registry
from typer.testing import CliRunner

from odopass.simulate.commands import app
from odopass.simulate.fleet import FleetPlan
from odopass.simulate.playlist import Account, PlayedReading, count_readings, load_accounts, readings_of
from odopass.simulate.traffic import Pace, Player, checked_api
from odopass.simulate.writing import Format, write_fleet

IMPATIENT = Pace(first_status=0.1, next_status=0.1, give_up=60, tries=8, pause=0.05, longest_pause=1)
SINCE = TODAY - timedelta(days=300)


class Unreliable:
    """Takes every other submission to the registry and then loses the first answer; remembers what was asked."""

    def __init__(self, registry: ASGIApp) -> None:
        self.registry = registry
        self.posts: list[tuple[str, bytes]] = []
        self.lost = 0
        self.asked: dict[str, list[float]] = defaultdict(list)
        self.answered: dict[str, float] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        now = asyncio.get_running_loop().time()
        if scope["method"] == "GET":
            self.asked[scope["path"].split("/")[-2]].append(now)
            await self.registry(scope, receive, send)
            return
        key = dict(scope["headers"])[b"idempotency-key"].decode()
        first = key not in {seen for seen, _ in self.posts}
        body = b""
        taken: list[Message] = []

        async def overheard() -> Message:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        async def kept(message: Message) -> None:
            taken.append(message)

        await self.registry(scope, overheard, kept)
        self.posts.append((key, body))
        if first and len(self.posts) % 2:
            self.lost += 1
            await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"0")]})
            await send({"type": "http.response.body", "body": b"{}"})
            return
        for message in taken:
            await send(message)
        told = json.loads(b"".join(message.get("body", b"") for message in taken))
        if "requestGuid" in told:
            self.answered[told["requestGuid"]] = asyncio.get_running_loop().time()


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for this machine and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "registry under test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=12))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "ca.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(secret)
    return folder / "ca.pem", folder / "key.pem"


@asynccontextmanager
async def served(application: ASGIApp, folder: Path) -> AsyncIterator[tuple[str, Path]]:
    """The application over TLS on a free port; its base address and its CA."""
    ca, key = certificate(folder)
    server = uvicorn.Server(
        uvicorn.Config(
            application, host="127.0.0.1", port=0, ssl_certfile=ca, ssl_keyfile=key, lifespan="off", log_level="warning"
        )
    )
    serving = asyncio.create_task(server.serve())
    try:
        while not server.started:
            assert not serving.done()
            await asyncio.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"https://127.0.0.1:{port}/api", ca
    finally:
        server.should_exit = True
        await serving


async def fill(pool: asyncpg.Pool, fleet: Path) -> None:
    """What the registration authority knows of the fleet."""
    columns = ["vin", "unifier", "category", "max_mass_kg", "first_use"]
    vehicles = pq.read_table(fleet / "vehicles.parquet").select(columns).to_pylist()
    ids = [
        await pool.fetchval(
            f"insert into vehicle ({', '.join(columns)}) values ($1, $2, $3, $4, $5) returning id", *row.values()
        )
        for row in vehicles
    ]
    plates = pq.read_table(fleet / "plates.parquet").to_pylist()
    await pool.executemany(
        "insert into plate (plate, vehicle_id, valid_from, valid_until) values ($1, $2, $3, $4)",
        [(row["plate"].replace("-", ""), ids[row["vehicle"]], row["valid_from"], row["valid_until"]) for row in plates],
    )


@pytest.mark.requirement("W7", "G4")
async def test_a_fleet_is_played_once_in_order_over_tls_though_answers_get_lost(
    database_url: str, tmp_path: Path
) -> None:
    fleet = tmp_path / "fleet"
    write_fleet(FleetPlan(seed=5, vehicles=250, until=TODAY), fleet, Format.PARQUET)
    readings = list(readings_of(fleet, SINCE))
    assert len(readings) == count_readings(fleet, SINCE) > 100
    async with running_registry(database_url) as registry:
        await fill(registry.pool, fleet)
        garages = [await add_garage(registry.pool, number) for number in (1, 2, 3)]
        accounts = [Account(each.username, PASSWORD, each.enterprise, each.establishment) for each in garages]
        unreliable = Unreliable(registry.app)
        judging = asyncio.create_task(registry.worker.run())
        try:
            async with served(unreliable, tmp_path) as (api, ca):
                player = Player(
                    api, ssl.create_default_context(cafile=ca), accounts, today=lambda: TODAY, pace=IMPATIENT
                )
                tally = await asyncio.wait_for(player.play(readings, rate=None), timeout=120)
        finally:
            registry.worker.stop()
            await judging
        stored = await registry.pool.fetchval("select count(*) from request where kind = 'submission'")

    assert unreliable.lost > 10
    assert stored == len(readings) == tally.settled
    assert len({key for key, _ in unreliable.posts}) == len(readings)
    assert len({(key, body) for key, body in unreliable.posts}) == len(readings)
    assert tally.outcomes["honest"]["PROCESSED"] > 0.8 * tally.outcomes["honest"].total()
    ended = {outcome for counter in tally.outcomes.values() for outcome in counter}
    assert ended <= {"PROCESSED", "ISSUE", "ERROR", "REVIEWING"}
    past = [r for r in readings if r.observation_type == "VEHICLE_HISTORY_DOCUMENT" and r.reading_date != TODAY]
    assert tally.as_ordinary == len(past) > 0
    assert_in_order(readings, [json.loads(body) for _, body in unreliable.posts])
    assert unreliable.asked.keys() == unreliable.answered.keys()
    for guid, times in unreliable.asked.items():
        assert times[0] - unreliable.answered[guid] >= IMPATIENT.first_status * 0.9


def assert_in_order(readings: list[PlayedReading], bodies: list[dict[str, object]]) -> None:
    """The first sending of each reading of a vehicle comes after that of the reading before it."""
    first: dict[tuple[object, ...], int] = {}
    for turn, body in enumerate(bodies):
        name = (body.get("vin") or body.get("licensePlate"), body["odometerReadingDate"], body["odometerReading"])
        first.setdefault(name, turn)
    of_vehicle: dict[int, list[int]] = defaultdict(list)
    for reading in readings:
        day = reading.reading_date.strftime("%d/%m/%Y")
        of_vehicle[reading.vehicle].append(first[reading.vin or reading.license_plate, day, reading.km])
    assert any(len(turns) > 3 for turns in of_vehicle.values())
    assert all(turns == sorted(turns) for turns in of_vehicle.values())


async def test_a_registry_that_is_away_is_told_apart_from_one_that_refuses(tmp_path: Path) -> None:
    ca, _ = certificate(tmp_path)
    reading = PlayedReading(1, "VIN", None, None, None, date(2026, 1, 5), "REPAIR_MAINTENANCE_SERVICE", 5, 0, "honest")
    account = Account("2000000000", "secret", "0000000000", "2000000000")
    hasty = Pace(tries=2, pause=0.01)
    player = Player(
        "https://127.0.0.1:9/api",
        ssl.create_default_context(cafile=ca),
        [account],
        today=lambda: TODAY,
        pace=hasty,
    )
    tally = await player.play([reading], rate=100)
    assert tally.as_json()["outcomes"] == {"honest": {"UNREACHABLE": 1}}
    assert "secret" not in repr(account)


@pytest.fixture
def fleet_folder(tmp_path: Path) -> Path:
    write_fleet(FleetPlan(seed=1, vehicles=5, until=TODAY), tmp_path / "fleet", Format.CSV)
    return tmp_path


@pytest.mark.parametrize(
    ("garages", "api", "complaint"),
    [
        ("[]", "https://127.0.0.1:9/api", "lists no garages"),
        ('{"garages": [{"username": "x"}]}', "https://127.0.0.1:9/api", "lacks password, enterpriseOrganisation"),
        ("no json", "https://127.0.0.1:9/api", "is no JSON"),
    ],
)
def test_unusable_files_are_explained(fleet_folder: Path, garages: str, api: str, complaint: str) -> None:
    ca, _ = certificate(fleet_folder)
    path = fleet_folder / "garages.json"
    path.write_text(garages, encoding="utf-8")
    with pytest.raises(ValueError, match=complaint):
        load_accounts(path)
    options = ["--api", api, "--ca", str(ca), "--garages", str(path), "--fleet", str(fleet_folder / "fleet")]
    done = CliRunner().invoke(app, ["play", *options])
    assert done.exit_code == 1
    assert complaint.rpartition(" ")[2] in done.stderr
    assert "Traceback" not in done.output


def test_a_fleet_without_parquet_cannot_be_played(fleet_folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="--format parquet"):
        count_readings(fleet_folder / "fleet")


def test_passwords_are_never_sent_in_the_clear() -> None:
    with pytest.raises(ValueError, match="no HTTPS address"):
        checked_api("http://127.0.0.1:8000/api")
    assert checked_api("https://127.0.0.1:8443/api/") == "https://127.0.0.1:8443/api"
