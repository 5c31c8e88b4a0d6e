"""The workshop's application beside the demo's registry, used as its pages are used."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import httpx

from odopass.clock import Clock, belgian_day
from odopass.domain.outcome import Status
from odopass.garage.book import Book
from odopass.garage.book.entries import Reading
from odopass.registry.postgres import ExplainedError
from odopass.sandbox.demo.beside import program_beside
from odopass.sandbox.demo.garage import Told, Unexpected
from odopass.sandbox.demo.screen import Screen
from odopass.sandbox.ready_file import GarageEntry, Ready, VehicleEntry

_GIVE_UP_S: Final = 60.0
_LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class WorkshopApplication:
    """The application of a garage that has no software of its own.

    Attributes:
        address: of its first page.
        book: the garage's, which the application keeps.
        today: the day in Europe/Brussels.
    """

    address: str
    book: Book
    today: date

    def enter(self, vehicle: VehicleEntry, km: int) -> int:
        """Fill in the form for a reading and save it; return the number that the book gives it.

        Raises:
            Unexpected: the page did not take it.
        """
        form = {
            "once": str(uuid.uuid4()),
            "vin": vehicle["vin"],
            "km": str(km),
            "reading_date": self.today.isoformat(),
            "type": "REPAIR_MAINTENANCE_SERVICE",
            "read_by": "Lift 2",
        }
        page = f"{self.address}readings/new"
        answer = httpx.post(page, data=form, headers={"origin": self.address.rstrip("/")}, timeout=30, trust_env=False)
        number = answer.headers.get("location", "").rpartition("/")[2]
        if not number.isdigit():
            raise Unexpected(f"The page {page} did not take {km} km for {vehicle['vin']}: {answer.status_code}.")
        return int(number)

    def outcome(self, number: int) -> Told:
        """Wait until the application has fetched what the registry says about a reading.

        Raises:
            Unexpected: it has not after a minute.
        """
        deadline = time.monotonic() + _GIVE_UP_S
        while (told := _told(self.book.readings.one(number))) is None:
            if time.monotonic() > deadline:
                raise Unexpected(f"Reading {number} of the workshop's application has no outcome after a minute.")
            time.sleep(_LOOK_S)
        return told


@contextmanager
def workshop_beside(
    screen: Screen, folder: Path, ready: Ready, garage: GarageEntry, clock: Clock
) -> Iterator[WorkshopApplication]:
    """Run `odopass garage` with the account of a garage of the sandbox.

    Args:
        screen: to tell on what is waited for.
        folder: for its book, which begins anew with the sandbox.
        ready: where the registry is and which authority to believe.
        garage: whose account it has.
        clock: the time of day.

    Raises:
        ExplainedError: it does not start.
    """
    data = folder / "workshop"
    environment = {
        "XDG_CONFIG_HOME": str(folder / "config"),
        # The password of a test garage has no business in the user's own key store.
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    _set_account_up(data, ready, garage, environment)
    arguments = ["garage", "--data", str(data), "--port", "0", "--no-browser"]
    with (
        program_beside(
            screen,
            arguments,
            folder,
            name="workshop",
            waiting="starting the workshop's application",
            environment=environment,
        ) as (content, _),
        Book.open(data / "book.sqlite3", clock) as book,
    ):
        yield WorkshopApplication(str(content["address"]), book, belgian_day(clock.now()))


def _set_account_up(data: Path, ready: Ready, garage: GarageEntry, environment: Mapping[str, str]) -> None:
    options = {
        "--establishment": garage["enteredOrganisation"],
        "--username": garage["username"],
        "--enterprise": garage["enterpriseOrganisation"],
        "--environment": "own",
        "--address": ready["api"],
        "--ca-file": ready["ca"],
    }
    command = [sys.executable, "-m", "odopass.cli", "garage", "--data", str(data), "account"]
    done = subprocess.run(
        [*command, *(part for option in options.items() for part in option)],
        input=f"{garage['password']}\n",
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    if done.returncode != 0:
        raise ExplainedError(
            "The account of the workshop's application cannot be set up.",
            f"It says: {(done.stderr or done.stdout).strip()}",
            "Put that right and start the demo again.",
        )


def _told(reading: Reading | None) -> Told | None:
    """What the registry has decided; None while nothing is decided."""
    if reading is None or reading.told not in set(Status) or reading.told == Status.ONGOING:
        return None
    return Told(Status(reading.told), reading.issues)
