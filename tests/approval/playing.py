"""A small DMS that does everything right, and what is needed to judge it, or worse ones, on the real sandbox.

It is driven as a vendor's program is: by steps in JSON. Where a DMS would wait it moves the sandbox's clock, so that
minutes take no time; `real_time` makes it wait in earnest.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from tests.acceptance.running_sandbox import Sandbox

from odopass.approval.control import Control, read_ready
from odopass.approval.driver import DriverTester
from odopass.approval.judging import judge
from odopass.approval.record import Record
from odopass.approval.running import Run
from odopass.approval.scenarios import SCENARIOS
from odopass.approval.vehicles import choose_vehicles
from odopass.approval.verdicts import Finding
from odopass.clock import SystemClock, belgian_day
from odopass.wire.dates import format_wire_date, parse_wire_date

EVERYTHING = tuple(SCENARIOS)


@dataclass
class Work:
    """A reading in the DMS's book."""

    vin: str
    km: int
    date: str
    type: str
    key: str = field(default_factory=lambda: str(uuid.uuid4()))
    guid: str | None = None
    given_at: float = 0.0
    asked_at: float | None = None
    state: str = "UNSENT"
    codes: list[str] = field(default_factory=list)
    vhr: bool = False


class GoodDms:
    """Does all that is asked of an approved DMS.

    Args:
        sandbox: that it reports to.
        garage: which of its garages it is.
        real_time: whether to wait in earnest.
    """

    first_s = 1.2
    interval_s = 10.2
    lasting_s = 3_600.0

    def __init__(self, sandbox: Sandbox, garage: int = 0, *, real_time: bool = False) -> None:
        self.account = sandbox.garages[garage]
        self.http = sandbox.client(garage)
        self.control = httpx.Client(base_url=sandbox.ready["control"], timeout=30)
        self.real_time = real_time
        self.moved = 0.0
        self.book: list[Work] = []
        self.last: dict[str, Any] = {}

    def close(self) -> None:
        self.control.post("/clock", json={"reset": True}).raise_for_status()
        self.control.close()
        self.http.close()

    # The tester's part

    def __call__(self, step: Mapping[str, Any]) -> Mapping[str, Any]:
        return getattr(self, "do_" + step["step"])(dict(step)) or {}

    def do_enter(self, step: dict[str, Any]) -> Mapping[str, Any] | None:
        self.last = {"warnings": self.warnings(step), "refused": self.refused(step)}
        if self.last["refused"] or self.excluded(step) or (self.last["warnings"] and not step["confirm"]):
            return None
        work = self.enter(step, "REPAIR_MAINTENANCE_SERVICE")
        self.send_at_entry(work)
        return None

    def do_history(self, step: dict[str, Any]) -> None:
        if any(each.vhr and each.vin == step["vin"] and each.km == step["km"] for each in self.book):
            return
        work = self.enter(step, "VEHICLE_HISTORY_DOCUMENT")
        work.vhr = True
        self.send(work)

    def do_close(self, step: dict[str, Any]) -> None:
        pass

    def do_invoice(self, step: dict[str, Any]) -> None:
        pass

    def do_restart(self, step: dict[str, Any]) -> None:
        pass

    def do_correct(self, step: dict[str, Any]) -> None:
        work = self.work(step["vin"])
        work.km, work.date = step["km"], step["date"]
        self.follow(work, "correction", self.body(work))

    def do_confirm(self, step: dict[str, Any]) -> None:
        self.follow(self.work(step["vin"]), "confirm", None)

    def do_wait(self, step: dict[str, Any]) -> Mapping[str, Any]:
        """What the DMS does by itself: sends what is overdue, and asks for what is awaited."""
        self.overdue()
        for work in self.book:
            self.ask_until_settled(work)
        return {"idle": True}

    def do_ask(self, step: dict[str, Any]) -> Mapping[str, Any]:
        question = step["name"]
        if question == "correction.shown":
            return {"answer": "yes", "shown": self.work(step["vin"]).codes}
        if question == "late.warned":
            return _yes("past" in self.last["warnings"])
        if question.startswith("warnings.") and question.endswith("-warned"):
            return _yes(question.removeprefix("warnings.").removesuffix("-warned") in self.last["warnings"])
        if question == "vin.short-warned":
            return _yes("short" in self.last["warnings"])
        if question.endswith("-refused"):
            return _yes(self.last["refused"])
        return _yes(True)

    # The checks before sending

    def warnings(self, step: Mapping[str, Any]) -> set[str]:
        found = set()
        today, day = belgian_day(datetime.now(UTC)), parse_wire_date(step["date"])
        earlier = [each for each in self.book if each.vin == step["vin"] and each.date != step["date"]]
        if any(step["km"] < each.km for each in earlier):
            found.add("lower")
        if any(step["km"] > each.km + 20_000 for each in earlier):
            found.add("higher")
        if any(step["km"] == each.km for each in earlier):
            found.add("same")
        if day != today:
            found.add("future" if day > today else "past")
        if len(step["vin"]) < 17:
            found.add("short")
        return found

    def refused(self, step: Mapping[str, Any]) -> bool:
        vin = step["vin"]
        again = any(each.vin == vin and each.date == step["date"] for each in self.book)
        return "typed" in step or len(vin) > 17 or not vin.isalnum() or len(set(vin)) == 1 or again

    def excluded(self, step: Mapping[str, Any]) -> bool:
        return bool(step["exclude"])

    # Sending and following

    def enter(self, step: Mapping[str, Any], kind: str) -> Work:
        work = Work(step["vin"], self.km_of(step), self.date_of(step), kind)
        self.book.append(work)
        return work

    def km_of(self, step: Mapping[str, Any]) -> int:
        return int(step["km"])

    def date_of(self, step: Mapping[str, Any]) -> str:
        return str(step["date"])

    def send_at_entry(self, work: Work) -> None:
        self.send(work)

    def body(self, work: Work) -> dict[str, Any]:
        return {
            "vin": work.vin,
            "odometerReading": work.km,
            "odometerReadingDate": work.date,
            "observationType": work.type,
            "enterpriseOrganisation": self.account["enterpriseOrganisation"],
            "enteredOrganisation": self.account["enteredOrganisation"],
        }

    def send(self, work: Work) -> None:
        answer = self.post("/observation", self.body(work), work.key)
        if answer is not None and answer.is_success:
            self.given(work, answer)

    def follow(self, work: Work, how: str, body: dict[str, Any] | None) -> None:
        answer = self.post(f"/observation/{work.guid}/{how}", body, str(uuid.uuid4()))
        assert answer is not None
        if answer.is_success:
            self.given(work, answer)

    def given(self, work: Work, answer: httpx.Response) -> None:
        work.guid, work.state = answer.json()["requestGuid"], "ONGOING"
        work.given_at, work.asked_at = self.now(), None

    def overdue(self) -> None:
        for work in self.book:
            if work.guid is None:
                self.send(work)

    def ask_until_settled(self, work: Work) -> None:
        while work.guid is not None and work.state == "ONGOING":
            since = work.given_at + self.first_s if work.asked_at is None else work.asked_at + self.interval_s
            if since - work.given_at > self.lasting_s:
                return
            self.wait_until(since)
            work.asked_at = self.now()
            if not self.ask(work):
                return
        if work.vhr and work.state == "PROCESSED":
            self.fetch_report(work)

    def ask(self, work: Work) -> bool:
        """Ask for the status once; False if the registry is away, or keeps the DMS waiting for a restart."""
        answer = self.http.get(f"/observation/{work.guid}/status")
        if answer.status_code != 200:
            return False
        told = answer.json()
        work.state, work.codes = told["status"], [each["type"] for each in told["issues"]]
        if work.state == "ISSUE":
            self.has_issue(work)
        # While a rule keeps a request ONGOING for good there is no end to wait for: the kit goes on.
        return work.state != "ONGOING" or not self.kept_for_good(work)

    def has_issue(self, work: Work) -> None:
        pass

    def kept_for_good(self, work: Work) -> bool:
        rules = self.control.get("/faults").json()["faults"]
        return any(each["kind"] == "ongoing" and "seconds" not in each and each["vin"] == work.vin for each in rules)

    def fetch_report(self, work: Work) -> None:
        for _ in range(20):
            answer = self.http.get(f"/observation/{work.guid}/status/vhr")
            if answer.status_code == 200:
                work.state = "REPORTED"
                return
            self.pass_time(self.interval_s)

    def work(self, vin: str) -> Work:
        return next(each for each in self.book if each.vin == vin)

    def post(self, path: str, body: dict[str, Any] | None, key: str) -> httpx.Response | None:
        try:
            return self.http.post(path, json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            return None

    # Time

    def now(self) -> float:
        return time.monotonic() + self.moved

    def wait_until(self, moment: float) -> None:
        self.pass_time(moment - self.now())

    def pass_time(self, seconds: float) -> None:
        if seconds <= 0:
            return
        if self.real_time:
            time.sleep(seconds)
            return
        self.control.post("/clock", json={"advance": f"PT{seconds:.3f}S"}).raise_for_status()
        self.moved += seconds
        self.let_it_judge()

    def let_it_judge(self) -> None:
        """Give the sandbox the moment of real time that judging mostly takes; if it takes longer, it is asked again."""
        time.sleep(0.15)


def _yes(said: object) -> Mapping[str, Any]:
    return {"answer": "yes" if said else "no"}


def play(
    dms: Callable[[Mapping[str, Any]], Mapping[str, Any]],
    sandbox: Sandbox,
    folder: Path,
    *,
    garage: int = 0,
    scenarios: tuple[str, ...] = EVERYTHING,
    used: set[str] | None = None,
) -> tuple[Record, dict[str, Finding]]:
    """Play scenarios with a DMS, and judge it.

    Args:
        dms: its driver.
        sandbox: that it reports to.
        folder: of the run.
        garage: which of the sandbox's garages it is.
        scenarios: what to play.
        used: VINs that are not to be used; those of this run are added.
    """
    ready = read_ready(sandbox.ready_file)
    used = set() if used is None else used
    control = Control(ready.control)
    try:
        began = SystemClock().now()
        record = Record(
            began=began.isoformat(),
            garage=ready.garages[garage]["username"],
            today=format_wire_date(belgian_day(began)),
            vehicles=choose_vehicles(ready, used, began),
        )
        Run(record, folder, control, DriverTester(dms), SystemClock(), scenarios=scenarios).play()
    finally:
        control.close()
    spoilt = {letter for name in scenarios for step in SCENARIOS[name].steps if (letter := step.vehicle)}
    used.update(record.vehicles[letter]["vin"] for letter in spoilt)
    return record, judge(record)
