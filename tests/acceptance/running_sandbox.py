"""Start a sandbox as a person does, and reach it as a garage's software does."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

READY_SECONDS = 30  # what the sandbox promises
STOP_SECONDS = 30


@dataclass
class Sandbox:
    """A running `odopass sandbox`.

    Attributes:
        process: the program.
        data: its folder.
        ready_file: where it says that it is ready.
        ready: what that file says.
        seconds: how long it took to get ready.
        output: where what it prints goes.
    """

    process: subprocess.Popen[bytes]
    data: Path
    ready_file: Path
    output: Path
    ready: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self.process.kill()
            self.process.wait()

    @property
    def api(self) -> str:
        return str(self.ready["api"])

    @property
    def garages(self) -> list[dict[str, str]]:
        return list(self.ready["garages"])

    @property
    def vehicles(self) -> list[dict[str, Any]]:
        return list(self.ready["vehicles"])

    def ordinary(self) -> list[dict[str, Any]]:
        return [vehicle for vehicle in self.vehicles if vehicle["case"].startswith("ordinary")]

    def trust(self) -> ssl.SSLContext:
        """Believes this sandbox's authority and no other."""
        return ssl.create_default_context(cafile=self.ready["ca"])

    def client(self, garage: int = 0) -> httpx.Client:
        """An HTTPS client with a garage's credentials; its addresses are relative to the API's."""
        account = self.garages[garage]
        auth = httpx.BasicAuth(account["username"].encode(), account["password"].encode())
        return httpx.Client(base_url=self.api, auth=auth, verify=self.trust(), timeout=30)

    def printed(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


def start_sandbox(
    data: Path,
    *options: str,
    ready_file: Path | None = None,
    port: int = 0,
    output: Path | None = None,
    wait: bool = True,
    gentle: bool = True,
) -> Sandbox:
    """Start a sandbox and wait until its ready file is there.

    Args:
        data: its folder.
        options: further ones for the command line.
        ready_file: by default one that does not exist, beside the folder.
        port: 0 for any free one.
        output: where what it prints goes; by default beside the folder.
        wait: False to return at once.
        gentle: False to let it misbehave.
    """
    ready_file = ready_file or data.with_name(f"{data.name}.ready.json")
    output = output or data.with_name(f"{data.name}.output.txt")
    output.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "odopass.cli", "sandbox", "--data", str(data), "--port", str(port)]
    with output.open("ab") as file:
        process = subprocess.Popen(
            [*command, "--ready-file", str(ready_file), *(["--gentle"] if gentle else []), *options],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "COLUMNS": "140"},
        )
    sandbox = Sandbox(process, data, ready_file, output)
    if wait:
        try:
            wait_until_ready(sandbox)
        except BaseException:
            process.kill()
            process.wait()
            raise
    return sandbox


def wait_until(condition: Callable[[], bool], *, patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def wait_until_ready(sandbox: Sandbox) -> None:
    began = time.monotonic()
    while not sandbox.ready_file.exists():
        sandbox.seconds = time.monotonic() - began
        if sandbox.process.poll() is not None:
            pytest.fail(f"the sandbox ended with {sandbox.process.returncode}: {sandbox.printed()}")
        if sandbox.seconds > READY_SECONDS:
            sandbox.process.kill()
            sandbox.process.wait()
            pytest.fail(f"the sandbox is not ready after {READY_SECONDS} s: {sandbox.printed()}")
        time.sleep(0.02)
    sandbox.ready = json.loads(sandbox.ready_file.read_text(encoding="utf-8"))


def wait_for_outcome(client: httpx.Client, guid: str, *, patience: float = 30.0) -> dict[str, Any]:
    """Ask for a request's status until it is no longer ONGOING; return the last answer."""
    deadline = time.monotonic() + patience
    while True:
        answer = client.get(f"/observation/{guid}/status")
        assert answer.status_code == 200, answer.text
        status: dict[str, Any] = answer.json()
        if status["status"] != "ONGOING" or time.monotonic() > deadline:
            return status
        time.sleep(0.05)
