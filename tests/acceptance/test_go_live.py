"""The commands of "Go live" lead from nothing to a registry with vehicles and an employee's first decision."""

from __future__ import annotations

import csv
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
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from odopass.clock import SystemClock, belgian_day
from odopass.domain.observation import ObservationType
from odopass.garage.client import Endpoint, Maintenance, RegistryClient, new_key
from odopass.wire.basic_auth import Credentials
from odopass.wire.observation import ObservationRequest

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "go-live.md"
#: What runs for as long as the registry does.
SERVICES = ("serve", "archive")
PATIENCE_SECONDS = 120
#: How many vehicles instead of the page's million, unless --long is given.
VEHICLES = 1_000


def commands() -> list[str]:
    """What the tested part of the page tells to type, in order."""
    (tested,) = re.findall(r"<!-- tested: begin -->(.*?)<!-- tested: end -->", PAGE.read_text("utf-8"), flags=re.DOTALL)
    blocks = re.findall(r"```console\n(.*?)```", tested, flags=re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


class Machine:
    """Types the page's commands, with the folders of a machine below one of the test's, and a free port."""

    def __init__(self, folder: Path, vehicles: int) -> None:
        self.folder = folder
        self.vehicles = vehicles
        self.patience = PATIENCE_SECONDS + vehicles / 1_000
        self.services: list[subprocess.Popen[bytes]] = []
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        for name in ("var/lib/odopass", "srv/backup"):
            (folder / name).mkdir(parents=True)

    def type(self, line: str) -> str:
        here = line.replace("/var/lib/", f"{self.folder}/var/lib/").replace("/srv/", f"{self.folder}/srv/")
        here = here.replace("--vehicles 1000000", f"--vehicles {self.vehicles}")
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
        ran = subprocess.run(command, capture_output=True, text=True, timeout=self.patience, check=False)
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
def machine(tmp_path: Path, long_form: bool) -> Iterator[Machine]:
    made = Machine(tmp_path, 1_000_000 if long_form else VEHICLES)
    yield made
    made.stop()


def password_in(told: str) -> str:
    (password,) = re.findall(r"Password: +(\S+)", told)
    return str(password)


def garage_of(machine: Machine, told: dict[str, str]) -> Endpoint:
    (added,) = [text for line, text in told.items() if "account add" in line]
    return Endpoint(f"http://127.0.0.1:{machine.port}/api", Credentials("8990001174", password_in(added)))


def some_vehicle(machine: Machine) -> str:
    """The VIN of a passenger car of the extract that is in the country."""
    with (machine.folder / "srv/extract/vehicles.csv").open(encoding="utf-8") as file:
        return next(
            row["vin"]
            for row in csv.DictReader(file)
            if row["category"] == "M1" and not row["left_on"] and len(row["vin"]) == 17 and not row["unifier"]
        )


def settled(client: RegistryClient, guid: str) -> str:
    end = time.monotonic() + PATIENCE_SECONDS
    while (told := client.status(guid).status) == "ONGOING":
        assert time.monotonic() < end
        time.sleep(0.2)
    return told


def wait_until_open(client: RegistryClient) -> None:
    """Each process notices within a second or so that maintenance was switched off."""
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return client.check_connection()
        except Maintenance:
            assert time.monotonic() < end
            time.sleep(0.1)


def doubtful_reading(client: RegistryClient, vin: str) -> str:
    """Report a vehicle, then a day before with far more km, and confirm that; return the GUID of the confirmation."""
    today = belgian_day(SystemClock().now())
    ordinary = ObservationRequest(
        vin=vin,
        license_plate=None,
        unifier=None,
        first_use_date=None,
        reading_date=today,
        km=100_000,
        type=ObservationType.REPAIR_MAINTENANCE_SERVICE,
        enterprise="1990001025",
        establishment="8990001174",
    )
    assert settled(client, client.submit(ordinary, key=new_key())) == "PROCESSED"
    doubtful = replace(ordinary, reading_date=today - timedelta(days=1), km=400_000)
    guid = client.submit(doubtful, key=new_key())
    assert settled(client, guid) == "ISSUE"
    confirmed = client.confirm(guid, key=new_key())
    assert settled(client, confirmed) == "REVIEWING"
    return confirmed


def reject_the_oldest(page: Page, desk: str, password: str) -> None:
    """What the page tells an employee to do, in a browser."""
    page.goto(desk)
    page.get_by_label("User name").fill("anna")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Begin with the oldest").or_(
        page.get_by_role("button", name="Begin with the oldest")
    ).click()
    page.locator("svg").first.wait_for()
    page.locator("input[name=kind][value=reject]").check()
    page.get_by_label("Reason").select_option("fraud")
    page.get_by_label("In words").fill("The display of the day after shows 300,000 km less.")
    page.get_by_role("button", name="Decide and open the next").click()
    page.get_by_text("Nothing waits for review.").wait_for()


@pytest.mark.requirement("R2", "R7", "R8", "R12", "R14")
def test_an_empty_machine_becomes_a_registry_with_its_first_decision_that_is_kept_and_can_be_put_back(
    machine: Machine, browser: Browser
) -> None:
    told = {line: machine.type(line) for line in commands()}
    (ready,) = [text for line, text in told.items() if line.startswith("curl")]
    assert '"ready":true' in ready.replace(" ", "")
    # The account was added after the backup: it is in the restored registry because of the archive.
    running, restored = [text for line, text in told.items() if "account list" in line]
    assert "8990001174" in running
    assert "8990001174" in restored
    (employee,) = [text for line, text in told.items() if "employee add" in line]
    context = browser.new_context(locale="en-GB")
    with RegistryClient(garage_of(machine, told)) as client:
        wait_until_open(client)
        guid = doubtful_reading(client, some_vehicle(machine))
        reject_the_oldest(context.new_page(), f"http://127.0.0.1:{machine.port}/desk/", password_in(employee))
        outcome = client.status(guid)
        assert (outcome.status, [issue.type for issue in outcome.issues]) == ("ERROR", ["301"])
    context.close()
    assert machine.stop() == [0, 0], machine.logs()
    machine.services.clear()
