"""Files as authorities deliver them, written by tests, and the command that takes them in."""

from __future__ import annotations

import asyncio
import csv
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from odopass.registry.commands import registry

HEADER = "vin,unifier,make,model,category,max_mass_kg,first_use,plate,plate_from,plate_until"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    told: list[dict[str, Any]]
    said: str

    @property
    def counts(self) -> dict[str, int]:
        return dict(self.told[0]["counts"])

    @property
    def rejects(self) -> list[str]:
        """The lines of the file of rejected lines."""
        return Path(self.told[0]["rejects"]).read_text("utf-8").splitlines()

    @property
    def outcomes(self) -> dict[int, tuple[str, str, str]]:
        """Of the file of outcomes: outcome, issue types and reason by line."""
        with Path(self.told[0]["outcomes"]).open(encoding="utf-8", newline="") as file:
            return {int(row["line"]): (row["outcome"], row["issues"], row["why"]) for row in csv.DictReader(file)}


async def run(command: str, url: str, *arguments: str | Path) -> Ended:
    """Run `odopass registry COMMAND … --json`, in a thread since it runs an event loop of its own."""
    line = [command, *map(str, arguments), "--database-url", url, "--json"]
    result = await asyncio.to_thread(CliRunner().invoke, registry, line)
    told = json.loads(result.stdout) if result.stdout else []
    return Ended(result.exit_code, told, result.stderr)


async def import_vehicles(url: str, *arguments: str | Path) -> Ended:
    return await run("import-vehicles", url, *arguments)


def start(command: str, url: str, *arguments: str | Path, die_at: str = "") -> subprocess.Popen[str]:
    """The same as a process of its own, which may be killed."""
    return subprocess.Popen(
        [sys.executable, "-m", "odopass.cli", "registry", command, *map(str, arguments), "--json"],
        env=os.environ | {"ODOPASS_DATABASE_URL": url} | ({"ODOPASS_DIE_AT": die_at} if die_at else {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def vin(number: int) -> str:
    return f"TESTVIN{number:010}"


def line(number: int, *, make: str = "SKODA", plate: str = "", since: str = "", until: str = "") -> str:
    return f"{vin(number)},,{make},Fabia,M1,1600,2015-03-0{1 + number % 9},{plate},{since},{until}"


def write(path: Path, lines: Sequence[str], *, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path.write_bytes("".join(f"{each}\n" for each in (header, *lines)).encode(encoding))
    return path
