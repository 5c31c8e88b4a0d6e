"""The commands of "Go live" lead from nothing to a registry in which garages have accounts, kept and restored."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "go-live.md"
#: What runs for as long as the registry does.
SERVICES = ("serve", "archive")
PATIENCE_SECONDS = 120


def commands() -> list[str]:
    """What the tested part of the page tells to type, in order."""
    (tested,) = re.findall(r"<!-- tested: begin -->(.*?)<!-- tested: end -->", PAGE.read_text("utf-8"), flags=re.DOTALL)
    blocks = re.findall(r"```console\n(.*?)```", tested, flags=re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


class Machine:
    """Types the page's commands, with the folders of a machine below one of the test's, and a free port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.services: list[subprocess.Popen[bytes]] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        for name in ("var/lib/odopass", "srv/backup"):
            (folder / name).mkdir(parents=True)

    def type(self, line: str) -> str:
        here = line.replace("/var/lib/", f"{self.folder}/var/lib/").replace("/srv/", f"{self.folder}/srv/")
        here = here.replace("--port 8080", f"--port {self.port}").replace(":8080/", f":{self.port}/")
        program, *words = shlex.split(here)
        if program == "curl":
            return self.fetch(words[0])
        assert program == "odopass", line
        command = [sys.executable, "-m", "odopass.cli", *words]
        if words[1] in SERVICES:
            with (self.folder / f"{words[1]}.log").open("wb") as log:
                self.services.append(subprocess.Popen(command, stdout=log, stderr=log))
            return ""
        ran = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False)
        assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}\n{self.logs()}"
        return ran.stdout

    def fetch(self, address: str) -> str:
        """Ask until the service that was just started answers."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with urllib.request.urlopen(address, timeout=5) as answer:
                    return str(answer.read().decode())
            except (urllib.error.URLError, OSError):
                assert time.monotonic() < end, self.logs()
                time.sleep(0.1)

    def logs(self) -> str:
        return "\n".join(f"{path.name}: {path.read_text()[-2000:]}" for path in self.folder.glob("*.log"))

    def stop(self) -> list[int]:
        for service in reversed(self.services):
            service.send_signal(signal.SIGTERM)
        return [service.wait(PATIENCE_SECONDS) for service in reversed(self.services)]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.stop()


@pytest.mark.requirement("R12", "R14")
def test_an_empty_machine_becomes_a_registry_that_is_kept_and_can_be_put_back(machine: Machine) -> None:
    told = {line: machine.type(line) for line in commands()}
    (ready,) = [text for line, text in told.items() if line.startswith("curl")]
    assert '"ready":true' in ready.replace(" ", "")
    # The account was added after the backup: it is in the restored registry because of the archive.
    running, restored = [text for line, text in told.items() if "account list" in line]
    assert "8990001174" in running
    assert "8990001174" in restored
    assert machine.stop() == [0, 0], machine.logs()
    machine.services.clear()
