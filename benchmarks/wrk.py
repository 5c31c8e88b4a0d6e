"""The load generator: wrk, with the scripts in `lua/`."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

from benchmarks import observations
from odopass.wire import paths
from odopass.wire.dates import format_wire_date

_SCRIPTS = Path(__file__).with_name("lua")


@dataclass(frozen=True, slots=True)
class Posted:
    """What came of requests without a pause.

    Attributes:
        sent: how many observations were used up.
        per_second: answers a second.
        errors: answers that were none, or not 200.
        p50_ms: half of the answers took at most so many milliseconds.
        p99_ms: 99 in 100 did.
    """

    sent: int
    per_second: float
    errors: int
    p50_ms: float
    p99_ms: float


def ensure_wrk() -> str:
    """The path of wrk; installed by apt if it is missing and we may.

    Raises:
        SystemExit: it is missing and cannot be installed.
    """
    if (found := shutil.which("wrk")) is not None:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get") is not None:
        subprocess.run(["apt-get", "install", "--yes", "--quiet", "wrk"], check=False, stdout=subprocess.DEVNULL)
    if (found := shutil.which("wrk")) is not None:
        return found
    raise SystemExit("wrk, which makes the load, is missing. Install it (Debian, Ubuntu: sudo apt install wrk).")


def log_in(url: str) -> None:
    """Let every garage be known to the service, so that no measurement pays for the first look at a password.

    Raises:
        RuntimeError: one is not let in.
    """
    with httpx.Client(base_url=url, timeout=30) as client:
        for garage in observations.garages():
            headers = {"authorization": garage.authorization}
            answer = client.get(paths.STATUS.format(requestGuid=uuid4()), headers=headers)
            if answer.status_code != httpx.codes.NOT_FOUND:
                raise RuntimeError(f"{garage.establishment} is answered with {answer.status_code}: {answer.text}")


def post(url: str, *, clients: int, seconds: float, first: int) -> Posted:
    """Submit observations on so many connections without a pause.

    Args:
        url: of the service, without a path.
        clients: connections.
        seconds: for how long.
        first: the number of the first observation; see `observations`.
    """
    found = _run("post.lua", url, threads=1, connections=clients, seconds=seconds, settings={"first": first})
    return Posted(
        sent=found["sent"],
        per_second=found["answered"] / found["seconds"],
        errors=found["errors"],
        p50_ms=found["p50_ms"],
        p99_ms=found["p99_ms"],
    )


def get(url: str, *, clients: int, seconds: float) -> Posted:
    """Get one address on so many connections without a pause."""
    found = _run("get.lua", url, threads=1, connections=clients, seconds=seconds, settings={})
    return Posted(
        sent=0,
        per_second=found["answered"] / found["seconds"],
        errors=found["errors"],
        p50_ms=found["p50_ms"],
        p99_ms=found["p99_ms"],
    )


def play_garages(
    url: str, *, garages: int, connections: int, pause_ms: int, seconds: float, first: int
) -> dict[str, Any]:
    """Let garages submit and ask for outcomes over so many connections; what is counted is in `lua/garages.lua`."""
    settings = {"first": first, "garages": garages // connections, "pause": pause_ms, "threads": connections}
    return _run("garages.lua", url, threads=connections, connections=connections, seconds=seconds, settings=settings)


def _run(
    script: str, url: str, *, threads: int, connections: int, seconds: float, settings: Mapping[str, int]
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="odopass-bench-") as folder:
        path = Path(folder) / "settings.lua"
        path.write_text(_settings(settings))
        command = [
            ensure_wrk(), f"-t{threads}", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--timeout", "15s",
            "-s", str(_SCRIPTS / script), url, "--", str(path),
        ]  # fmt: skip
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        if line.startswith("RESULT "):
            result: dict[str, Any] = json.loads(line.removeprefix("RESULT "))
            return result
    raise RuntimeError(f"wrk gave no result:\n{done.stdout}\n{done.stderr}")


def _settings(chosen: Mapping[str, int]) -> str:
    accounts = ",\n".join(
        f'{{authorization="{each.authorization}", enterprise="{each.enterprise}", '
        f'establishment="{each.establishment}"}}'
        for each in observations.garages()
    )
    days = ", ".join(f'"{format_wire_date(day)}"' for day in observations.days())
    numbers = "".join(f"{name} = {value}, " for name, value in chosen.items())
    return (
        f'return {{ scripts = "{_SCRIPTS}", vin = "{observations.VIN}", vehicles = {observations.VEHICLES}, '
        f"km = {observations.next_km()}, {numbers}\ndays = {{{days}}},\naccounts = {{{accounts}}} }}\n"
    )
