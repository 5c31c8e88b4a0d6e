"""TLS as the wire asks for it, on the running program and on HAProxy in front of it (W19)."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import asyncpg
import httpx
import pytest
from tests.acceptance.test_registry_serve import PATIENCE_SECONDS, Running, ready, start, until
from tests.registry.population import Garage, add_garage
from tests.tls.scan import SUITES_OF_1_3, scan

from odopass.registry.serving.tls import SUITES
from odopass.sandbox.certificates import Certificates, ensure_certificates

__all__ = ["start"]  # the fixture

pytestmark = pytest.mark.requirement("W19")

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "haproxy" / "haproxy.cfg"
HAPROXY = shutil.which("haproxy") or ("/usr/sbin/haproxy" if Path("/usr/sbin/haproxy").exists() else None)


def options(certificates: Certificates) -> list[str]:
    return [
        each for pair in certificates.server for each in ("--tls-cert", str(pair.chain), "--tls-key", str(pair.key))
    ]


def shown_certificate(address: str, authority: Path, kind: str) -> bytes:
    """The certificate that a client of TLS 1.2 is shown that speaks one kind only; it must be believable."""
    host, port = address.removeprefix("https://").split(":")
    trust = ssl.create_default_context(cafile=str(authority))
    trust.maximum_version = ssl.TLSVersion.TLSv1_2
    trust.set_ciphers(f"ECDHE-{kind}-AES128-GCM-SHA256")
    with (
        socket.create_connection((host, int(port)), timeout=30) as plain,
        trust.wrap_socket(plain, server_hostname=host) as encrypted,
    ):
        shown = encrypted.getpeercert(binary_form=True)
    assert shown is not None
    return shown


async def test_the_program_speaks_exactly_the_versions_and_suites_of_the_wire_and_has_no_known_weakness(
    start: Callable[..., Running], database_url: str, tmp_path: Path
) -> None:
    certificates = ensure_certificates(tmp_path / "tls", datetime.now(UTC))
    running = start("serve", "--port", "0", *options(certificates), database_url=database_url)
    await until(lambda: bool(running.events("serving")), running)
    found = scan(running.address.removeprefix("https://"), tmp_path)
    assert found.suites == set(SUITES)
    assert found.suites_1_3 == SUITES_OF_1_3
    assert found.old == set()
    assert found.weak == set()
    assert len(found.key_kinds) == 2
    assert running.stop() == 0


async def test_renewed_certificates_are_used_without_a_restart_and_bad_ones_are_refused_loudly(
    start: Callable[..., Running], database_url: str, tmp_path: Path
) -> None:
    certificates = ensure_certificates(tmp_path / "tls", datetime.now(UTC))
    others = ensure_certificates(tmp_path / "others", datetime.now(UTC))
    running = start("serve", "--port", "0", "--api-processes", "2", *options(certificates), database_url=database_url)
    await until(lambda: len(running.events("serving")) == 2, running)
    before = {kind: shown_certificate(running.address, certificates.authority, kind) for kind in ("RSA", "ECDSA")}
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    forever = httpx.Limits(keepalive_expiry=None)
    async with httpx.AsyncClient(verify=trust, base_url=running.address, limits=forever) as kept_open:
        assert (await kept_open.get("/health")).text == "ok"
        # Half a file, as one that is being written.
        rsa, ecdsa = certificates.server
        good = ecdsa.chain.read_bytes()
        ecdsa.chain.write_bytes(good[: len(good) // 2])
        await until(lambda: len(running.events("certificates refused")) == 2, running)
        for kind, shown in before.items():
            assert shown_certificate(running.address, certificates.authority, kind) == shown
        for new, old in zip(others.server, (rsa, ecdsa), strict=True):
            temporary = old.chain.with_suffix(".new")
            temporary.write_bytes(new.chain.read_bytes())
            temporary.replace(old.chain)
        await until(lambda: len(running.events("certificates renewed")) == 2, running)
        for kind, shown in before.items():
            assert shown_certificate(running.address, others.authority, kind) != shown
        assert (await kept_open.get("/health")).text == "ok"  # a connection that stood before still stands
    assert running.stop() == 0


@contextmanager
def haproxy(folder: Path, certificates: Certificates, backends: list[str]) -> Iterator[str]:
    """HAProxy with the configuration of `deploy`, on ports of its own; yields its address."""
    if HAPROXY is None:
        pytest.skip("HAProxy is not installed: run tools/install-test-tools.sh")
    crt = folder / "crt"
    crt.mkdir()
    for number, pair in enumerate(certificates.server):
        (crt / f"{number}.pem").write_bytes(pair.chain.read_bytes())
    group = folder / "ffdhe3072.pem"
    group.write_bytes((files("odopass.registry.serving") / "ffdhe3072.pem").read_bytes())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = CONFIGURATION.read_text()
    for deployed, here in {
        "log /dev/log local0": "log stdout format raw local0",
        "bind :443": f"bind 127.0.0.1:{port}",
        "crt /etc/odopass/tls/": f"crt {crt}/",
        "/etc/odopass/ffdhe3072.pem\n": f"{group}\n",
        "server one 127.0.0.1:8080": f"server one {backends[0]}",
        "server two 127.0.0.1:8081": f"server two {backends[1]}",
    }.items():
        assert deployed in text
        text = text.replace(deployed, here)
    path = folder / "haproxy.cfg"
    path.write_text(text)
    checked = subprocess.run([HAPROXY, "-c", "-f", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "WARNING" not in checked.stderr
    with (folder / "haproxy.log").open("wb") as log:
        process = subprocess.Popen([HAPROXY, "-db", "-f", path], stdout=log, stderr=log)
    try:
        yield f"https://127.0.0.1:{port}"
        assert process.poll() is None, (folder / "haproxy.log").read_text()
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


async def answers(client: httpx.AsyncClient, path: str, status: int) -> httpx.Response:
    """The first answer with this status."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = await client.get(path)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == status:
            return answer
        assert time.monotonic() < end, None if answer is None else f"{answer.status_code} {answer.text}"


async def slowed(running: Running, garage: Garage, client: httpx.AsyncClient) -> None:
    """What the registry notes of a wrong login is the client's own address, not the one that it made up."""
    forged = {"X-Forwarded-For": "192.0.2.77", "Forwarded": "for=192.0.2.77"}
    wrong = httpx.BasicAuth(garage.username, "wrong-password")
    assert (await client.get("/api/observation/x/status", auth=wrong, headers=forged)).status_code == 401
    await until(lambda: bool(running.events("login_refused")), running)
    assert {line["address"] for line in running.events("login_refused")} == {"127.0.0.1"}


@pytest.mark.requirement("R12", "R13")
async def test_haproxy_in_front_ends_tls_alike_publishes_what_is_public_and_goes_round_processes_that_are_away(
    start: Callable[..., Running], database_url: str, pool: asyncpg.Pool, tmp_path: Path
) -> None:
    certificates = ensure_certificates(tmp_path / "tls", datetime.now(UTC))
    garage = await add_garage(pool, 1)
    one, two = (start("serve", "--port", "0", database_url=database_url) for _ in range(2))
    for running in (one, two):
        await ready(running)
    backends = [running.address.removeprefix("http://") for running in (one, two)]
    trust = ssl.create_default_context(cafile=str(certificates.authority))
    with haproxy(tmp_path, certificates, backends) as address:
        async with httpx.AsyncClient(verify=trust, base_url=address, timeout=30) as client:
            page = await answers(client, "/check", 200)
            assert page.headers["strict-transport-security"]
            for inside in ("/metrics", "/ready", "/health", "/api"):
                hidden = await client.get(inside)
                assert hidden.status_code == 404
                assert hidden.json()["errors"]
            two.stop()
            for _ in range(10):
                assert (await client.get("/api/openapi.json")).status_code == 200
            await slowed(one, garage, client)
            found = scan(address.removeprefix("https://"), tmp_path)
            assert (found.suites, found.suites_1_3, found.old) == (set(SUITES), SUITES_OF_1_3, set())
            assert (found.weak, len(found.key_kinds)) == (set(), 2)
            one.stop()
            away = await answers(client, "/api/openapi.json", 503)
            assert int(away.headers["retry-after"]) > 0
            assert away.json()["errors"][0]["message"]
