"""A sandbox that is ended, killed and started again, or cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.acceptance.running_sandbox import (
    STOP_SECONDS,
    Sandbox,
    start_sandbox,
    wait_for_outcome,
    wait_until,
    wait_until_ready,
)

from odopass.clock import SystemClock, belgian_day
from odopass.wire.dates import format_wire_date


def report(sandbox: Sandbox, vehicle: dict[str, Any], km: int, day: str) -> dict[str, Any]:
    account = sandbox.garages[0]
    with sandbox.client() as client:
        answer = client.post(
            "/observation",
            json={
                "vin": vehicle["vin"],
                "odometerReadingDate": day,
                "odometerReading": km,
                "observationType": "REPAIR_MAINTENANCE_SERVICE",
                "enterpriseOrganisation": account["enterpriseOrganisation"],
                "enteredOrganisation": account["enteredOrganisation"],
            },
        )
        assert answer.status_code == 200, answer.text
        return wait_for_outcome(client, answer.json()["requestGuid"])


def belgian_today() -> str:
    return format_wire_date(belgian_day(SystemClock().now()))


def servers_below(folder: Path) -> list[int]:
    """The processes that work in a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                inside = (entry / "cwd").readlink().is_relative_to(folder)
            except OSError:
                continue
            if inside:
                found.append(int(entry.name))
    return found


@pytest.mark.requirement("K1")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_cleanly_and_goes_on_where_it_ended(tmp_path: Path, number: signal.Signals) -> None:
    with start_sandbox(tmp_path / "data") as first:
        vehicle = first.ordinary()[0]
        day, km = vehicle["lastReading"]["date"], vehicle["lastReading"]["km"]
        # A reading of the same day as the last one, a little higher: it becomes the last one, whatever day it is now.
        assert report(first, vehicle, km + 7, day)["status"] == "PROCESSED"
        assert first.stop(number) == 0
    assert not first.ready_file.exists()
    assert servers_below(tmp_path) == []
    authority = Path(first.ready["ca"]).read_bytes()

    with start_sandbox(tmp_path / "data") as second:
        assert second.garages == first.garages
        assert Path(second.ready["ca"]).read_bytes() == authority
        expected = [{**each} for each in first.vehicles]
        expected[0]["lastReading"] = {"date": day, "km": km + 7}
        assert second.vehicles == expected
        with second.client(3) as client:
            assert client.get("/observation/00000000-0000-4000-8000-000000000000/status").status_code == 404
        assert second.stop() == 0


@pytest.mark.requirement("K1")
def test_after_a_kill_everything_accepted_is_there_and_the_old_ready_file_is_not_believed(tmp_path: Path) -> None:
    with start_sandbox(tmp_path / "data") as first:
        vehicle = first.ordinary()[1]
        km = vehicle["lastReading"]["km"] + 11
        assert report(first, vehicle, km, vehicle["lastReading"]["date"])["status"] == "PROCESSED"
        first.process.kill()
        first.process.wait()
    assert first.ready_file.exists(), "a killed sandbox cannot remove it"

    second = start_sandbox(tmp_path / "data", wait=False)
    with second:
        wait_until(lambda: not first.ready_file.exists())
        wait_until_ready(second)
        assert second.vehicles[1]["lastReading"]["km"] == km
        assert second.stop() == 0
    assert servers_below(tmp_path) == []


@pytest.mark.requirement("K1")
def test_passwords_and_locks_that_were_changed_are_put_back(tmp_path: Path) -> None:
    with start_sandbox(tmp_path / "data") as first:
        key = first.garages[0]["enteredOrganisation"]
        for command in ("reset", "lock"):
            done = subprocess.run(
                [sys.executable, "-m", "odopass.cli", "registry", "account", command, key, "--data", str(first.data)],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
        assert first.stop() == 0
    with start_sandbox(tmp_path / "data") as second, second.client(0) as client:
        assert client.get("/observation/00000000-0000-4000-8000-000000000000/status").status_code == 404


@pytest.mark.requirement("K1", "R12")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be tested as root")
def test_root_can_start_it_below_a_folder_that_others_cannot_enter(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with start_sandbox(closed / "deeper" / "data", ready_file=closed / "ready.json") as sandbox:
        vehicle = sandbox.ordinary()[0]
        assert report(sandbox, vehicle, vehicle["lastReading"]["km"] - 1, belgian_today())["status"] == "ISSUE"
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def server_of(sandbox: Sandbox) -> int | None:
    """The process id of its PostgreSQL, None while there is none."""
    try:
        first = (sandbox.data / "postgres" / "postmaster.pid").read_text().partition("\n")[0]
    except FileNotFoundError:
        return None
    return int(first) if first else None


def answers(sandbox: Sandbox, path: str) -> bool:
    try:
        return httpx.get(sandbox.ready["public"] + path, verify=sandbox.trust(), timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def refused(sandbox: Sandbox) -> str:
    """What a sandbox that cannot run tells; the exit code is the one that is documented."""
    assert sandbox.process.wait(STOP_SECONDS) == 3
    said = sandbox.printed()
    assert "Traceback" not in said
    assert "Why:" in said
    assert "What to do:" in said
    return said


def test_a_taken_port_is_told_and_the_other_program_is_left_alone(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        sandbox = start_sandbox(tmp_path / "data", port=taken.getsockname()[1], wait=False)
        assert "Another program listens there" in refused(sandbox)
    assert not sandbox.ready_file.exists()


def test_a_folder_in_use_is_told_and_the_ready_file_of_the_other_sandbox_stays(tmp_path: Path) -> None:
    with start_sandbox(tmp_path / "data") as first:
        before = first.ready_file.read_bytes()
        second = start_sandbox(tmp_path / "data", wait=False)
        assert f"process with id {first.process.pid}" in refused(second)
        assert first.ready_file.read_bytes() == before
        with first.client() as client:
            assert client.get("/observation/00000000-0000-4000-8000-000000000000/status").status_code == 404


def test_another_seed_is_refused_for_a_sandbox_that_is_filled(tmp_path: Path) -> None:
    with start_sandbox(tmp_path / "data", "--seed", "5") as first:
        vehicles = first.vehicles
        first.stop()
    assert "--seed 5" in refused(start_sandbox(tmp_path / "data", "--seed", "6", wait=False))
    with start_sandbox(tmp_path / "data") as again:
        assert again.vehicles == vehicles


def test_a_ready_file_that_cannot_be_written_is_told_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "ready").mkdir()
    assert "It is a folder" in refused(start_sandbox(tmp_path / "data", ready_file=tmp_path / "ready", wait=False))
    assert not (tmp_path / "data" / "postgres").exists()


def test_a_path_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused(
        start_sandbox(
            tmp_path / "file" / "data", ready_file=tmp_path / "ready.json", output=tmp_path / "output.txt", wait=False
        )
    )


@pytest.mark.requirement("R12")
def test_when_its_postgresql_dies_it_starts_another_and_goes_on(tmp_path: Path) -> None:
    with start_sandbox(tmp_path / "data") as sandbox:
        server = server_of(sandbox)
        os.kill(server, signal.SIGKILL)
        wait_until(lambda: server_of(sandbox) not in {None, server})
        wait_until(lambda: answers(sandbox, "/ready"))
        vehicle = sandbox.ordinary()[2]
        status = report(sandbox, vehicle, vehicle["lastReading"]["km"] + 5, vehicle["lastReading"]["date"])
        assert status["status"] == "PROCESSED"
        assert json.loads(sandbox.ready_file.read_text())["api"] == sandbox.api
        assert sandbox.stop() == 0


@pytest.mark.requirement("R12")
@pytest.mark.parametrize("seconds", [0.6, 1.0, 1.5, 2.0, 2.6])
def test_told_to_end_while_it_starts_it_ends_and_can_be_started_again(tmp_path: Path, seconds: float) -> None:
    sandbox = start_sandbox(tmp_path / "data", wait=False)
    wait_until((tmp_path / "data").exists)
    time.sleep(seconds)  # not for anything: the moment is what is tested
    assert sandbox.stop() == 0, sandbox.printed()
    assert not sandbox.ready_file.exists()
    assert "Traceback" not in sandbox.printed()
    wait_until(lambda: servers_below(tmp_path) == [])
    with start_sandbox(tmp_path / "data") as again:
        assert len(again.ordinary()) >= 60
