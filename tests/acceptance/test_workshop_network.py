"""The application for a whole workshop: other computers may use it once there is somebody to log in as."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from tests.acceptance.running_garage import running_garage

from odopass.clock import SystemClock
from odopass.garage.account import Workplaces
from odopass.garage.book import Book

#: An address of this machine that is not one of the application's own.
NETWORK = "127.0.0.2"


@pytest.mark.requirement("G12")
def test_the_network_is_let_in_only_when_one_has_to_log_in(tmp_path: Path) -> None:
    data = tmp_path / "data"
    command = [sys.executable, "-m", "odopass.cli", "garage", "--data", str(data), "--port", "0", "--no-browser"]
    command += ["--host", NETWORK]
    open_to_all = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert open_to_all.returncode == 3
    assert "add a workplace with a PIN" in open_to_all.stderr
    with Book.open(data / "book.sqlite3", SystemClock()) as book:
        Workplaces(book.settings, SystemClock()).set("Bench 1", "2468")
    with running_garage(tmp_path, "--host", NETWORK) as home, httpx.Client(base_url=home) as client:
        assert home.startswith(f"http://{NETWORK}:")
        assert client.get("/account").headers["location"] == "/login"
        right = client.post("/login", data={"name": "Bench 1", "secret": "2468"}, headers={"origin": home.rstrip("/")})
        assert right.headers["location"] == "/"
        assert client.get("/account").status_code == 200
