"""Reports as dealers and buyers wait for them: from the request to the signed file, and the public page.

One process of the registry does it all: it takes requests, judges, asks the sources, sets and signs documents, and
serves pages. The sources are played by the benchmark's own process and answer at once.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks import observations, wrk
from benchmarks.children import child
from benchmarks.databases import Databases
from benchmarks.history_documents import document_key
from odopass.clock import SystemClock, belgian_day
from odopass.registry.report.content import VehicleData
from odopass.sandbox.played_sources import Addresses, PlayedVehicle, played_sources_beside
from odopass.wire.dates import format_wire_date

LATENCY, PAGE = "e", "f"

#: How many dealers ask side by side, each for its next report when it has the one before.
DEALERS: Final = (1, 8)
READERS: Final = 32
#: So far apart are two questions of a dealer; a garage's software waits much longer.
_PAUSE_SECONDS: Final = 0.01
_DRIVEN_KM: Final = 8_000
_PLAYED: Final = 20_000
_WARM_UP: Final = 3


@dataclass(frozen=True, slots=True)
class Latency:
    """From POST to the file, with so many dealers.

    Attributes:
        reports: how many were measured.
        per_second: all dealers together.
    """

    dealers: int
    reports: int
    per_second: float
    p50_s: float
    p99_s: float


class Registry:
    """A running registry, to ask for reports."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._garages = observations.garages()
        self._vehicles = count()
        self._today = format_wire_date(belgian_day(SystemClock().now()))

    def latency(self, dealers: int, seconds: float) -> Latency:
        """Let dealers ask for reports without a pause between them."""
        return asyncio.run(self._latency(dealers, seconds))

    def page(self, seconds: float) -> wrk.Posted:
        """Let readers open one public page without a pause."""
        return wrk.get(asyncio.run(self._public_page()), clients=READERS, seconds=seconds)

    async def _public_page(self) -> str:
        async with self._client() as http:
            return await self._report(http, 0)

    async def _latency(self, dealers: int, seconds: float) -> Latency:
        taken: list[float] = []
        async with self._client() as http:
            for _ in range(_WARM_UP):
                await self._report(http, 0)
            began = time.perf_counter()

            async def dealer(number: int) -> None:
                while time.perf_counter() - began < seconds:
                    asked = time.perf_counter()
                    await self._report(http, number)
                    taken.append(time.perf_counter() - asked)

            async with asyncio.TaskGroup() as group:
                for number in range(dealers):
                    group.create_task(dealer(number))
            lasted = time.perf_counter() - began
        return Latency(dealers, len(taken), len(taken) / lasted, _percentile(taken, 0.5), _percentile(taken, 0.99))

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._address, timeout=30, trust_env=False)

    async def _report(self, http: httpx.AsyncClient, dealer: int) -> str:
        """Ask for the report of a vehicle that nobody has asked for, and wait for the file; its public address."""
        garage = self._garages[dealer]
        number = next(self._vehicles)
        headers = {"Authorization": garage.authorization}
        body = {
            "vin": f"{observations.VIN}{number:08}",
            "odometerReadingDate": self._today,
            "odometerReading": observations.next_km() + number % 1_000 + _DRIVEN_KM,
            "observationType": "VEHICLE_HISTORY_DOCUMENT",
            "enterpriseOrganisation": garage.enterprise,
            "enteredOrganisation": garage.establishment,
        }
        posted = await http.post("/api/observation", json=body, headers=headers)
        path = f"/api/observation/{posted.raise_for_status().json()['requestGuid']}/status/vhr"
        while (answer := await http.get(path, headers=headers)).status_code == httpx.codes.CONFLICT:
            if answer.json()["status"] != "ONGOING":
                raise RuntimeError(f"no report: {answer.text}")
            await asyncio.sleep(_PAUSE_SECONDS)
        return str(answer.raise_for_status().json()["publicUrl"])


@contextmanager
def started(databases: Databases, *, template: str, logs: Path) -> Iterator[Registry]:
    """A registry with fast sources and a key, on a copy of the template."""
    vins = [f"{observations.VIN}{number:08}" for number in range(_PLAYED)]
    table = {vin: PlayedVehicle(VehicleData(vin, make="VOLKSWAGEN", model="GOLF", fuel="petrol")) for vin in vins}
    setup = logs / "reports.toml"
    with played_sources_beside(table) as sources:
        _write_setup(setup, sources, logs)
        arguments = ["both", databases.copy("bench_reports", template), str(setup)]
        with child("benchmarks.registry_process", arguments, logs / "reports.log") as address:
            yield Registry(address)


def _write_setup(path: Path, sources: Addresses, folder: Path) -> None:
    key = document_key(folder)
    lines = ['registry = "Benchmark"', "[signing]", f"key = {json.dumps(str(key.key))}"]
    lines.append(f"chain = {json.dumps(str(key.chain))}")
    for name, table in sources.configuration()["sources"].items():
        lines += [f"[sources.{name}]", *(f"{setting} = {json.dumps(value)}" for setting, value in table.items())]
    path.write_text("\n".join(lines), "utf-8")


def measure(
    databases: Databases,
    parts: Collection[str],
    *,
    template: str,
    seconds: float,
    tell: Callable[[str], None],
    logs: Path,
) -> dict[str, Any]:
    """Measure those parts that are named; nothing is started if there are none.

    Args:
        databases: where the registry stores.
        parts: some of e and f; others are passed over.
        template: a database with accounts, vehicles and their history.
        seconds: of one measurement.
        tell: is told what comes.
        logs: a folder for what the process logs.
    """
    found: dict[str, Any] = {}
    if not {LATENCY, PAGE} & set(parts):
        return found
    with started(databases, template=template, logs=logs) as registry:
        if LATENCY in parts:
            found["reports"] = []
            for dealers in DEALERS:
                tell(f"({LATENCY}) reports, {dealers} dealers")
                found["reports"].append(asdict(registry.latency(dealers, seconds)))
        if PAGE in parts:
            tell(f"({PAGE}) public page, {READERS} readers")
            found["page"] = asdict(registry.page(seconds))
    return found


def _percentile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]
