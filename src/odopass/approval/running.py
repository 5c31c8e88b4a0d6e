"""Plays the scenarios: leads the tester, sets the sandbox's faults, and waits for the DMS's calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Protocol

from odopass.approval.awaiting import arrived, case_of, holds, issues_told
from odopass.approval.control import Control, SandboxError
from odopass.approval.record import Played, Record, write_record
from odopass.approval.scenarios import SCENARIOS, Awaited, Kind, Scenario, Step, fault_at
from odopass.approval.vehicles import vin_of_plate, what_is_asked
from odopass.clock import Clock, belgian_day
from odopass.wire.dates import format_wire_date

#: How long one look at the traffic waits for something new, in seconds.
_LOOK_S: Final = 1.0
#: How long the traffic is looked at once more after a driver said that nothing more will come, in seconds.
_LAST_LOOK_S: Final = 0.2


class RunStoppedError(Exception):
    """The run was interrupted; what was played is kept."""


class DriverFaultError(Exception):
    """The driver that plays the tester failed; the message says how."""


@dataclass(frozen=True, slots=True)
class Task:
    """What the tester has to do now.

    Attributes:
        step: the step.
        scenario: it is part of.
        asked: with which vehicle, reading and day; see `vehicles.what_is_asked`.
        number: of the step among all, from 1.
        of: how many there are.
    """

    step: Step
    scenario: Scenario
    asked: Mapping[str, Any]
    number: int
    of: int


class Tester(Protocol):
    """Whoever uses the DMS: a person with the kit's page, or a driver."""

    def do(self, task: Task) -> dict[str, Any]:
        """Do it, or answer it; returns when it is done.

        Raises:
            RunStoppedError: the run is to end.
            DriverFaultError: it cannot be done, by no fault of the DMS.
        """
        ...

    def begin_waiting(self, task: Task) -> None:
        """From now on the kit waits for the DMS's call."""
        ...

    def gives_up(self) -> bool:
        """Whether nothing more will come. May raise `RunStoppedError`."""
        ...

    def end_waiting(self) -> None:
        """The wait is over."""
        ...


class Run:
    """One approval run, from where it is to its end.

    Args:
        record: what was seen so far; it is added to.
        folder: where it is kept.
        control: of the sandbox.
        tester: does what is asked.
        clock: the machine's.
        scenarios: those to play, by name.
        patience: by what the time that is waited is multiplied.
        told: called when a step has been played.
    """

    def __init__(
        self,
        record: Record,
        folder: Path,
        control: Control,
        tester: Tester,
        clock: Clock,
        *,
        scenarios: Collection[str] = tuple(SCENARIOS),
        patience: float = 1.0,
        told: Callable[[Played], None] = lambda _: None,
    ) -> None:
        self.record = record
        self._folder = folder
        self._control = control
        self._tester = tester
        self._clock = clock
        self._scenarios = [each for name, each in SCENARIOS.items() if name in scenarios]
        self._patience = patience
        self._told = told
        self._cursor = control.last()
        self._days: dict[str, str] = {}
        self._rule: tuple[Mapping[str, Any], str] | None = None

    def play(self) -> None:
        """Play all steps that have not been played.

        Raises:
            RunStoppedError: interrupted; the record is kept and can be gone on with.
            SandboxError: the sandbox is away.
            OSError: the record cannot be written.
        """
        self._control.clear_faults()
        steps = [(scenario, step) for scenario in self._scenarios for step in scenario.steps]
        done = {each.step for each in self.record.played}
        try:
            for number, (scenario, step) in enumerate(steps, 1):
                if step.name not in done:
                    self._keep(self._play(step, scenario, number, len(steps)))
        finally:
            try:
                self._fault({})
            except SandboxError:
                self._rule = None  # the reason why the run ends is told, not this
        self.record.ended = self._clock.now().isoformat()
        write_record(self._folder, self.record)

    def _play(self, step: Step, scenario: Scenario, number: int, of: int) -> Played:
        record = self.record
        # A scenario keeps its day, since its steps belong together; after midnight the next one has the DMS's new day.
        today = self._days.setdefault(scenario.name, format_wire_date(belgian_day(self._clock.now())))
        asked = what_is_asked(step, record.vehicles, today)
        self._look(0)
        if not holds(step.needs, record, step, asked):
            return Played(step.name, asked, record.last_number(), record.last_number(), skipped=step.needs.value)
        if step.kind is Kind.ASK and step.vehicle:
            asked |= issues_told(record, str(asked["vin"]))
        case = case_of(record, str(asked.get("vin", "")))
        if case is not None:
            asked |= {"requestGuid": case.guids[-1]}
        played = Played(step.name, asked, after=record.last_number())
        try:
            self._fault(fault_at(step))
            task = Task(step, scenario, asked, number, of)
            answer = {} if step.kind is Kind.WAIT else self._tester.do(task)
            came = self._await(task, played)
        except DriverFaultError as fault:
            self._look(0)
            return replace(played, upto=record.last_number(), came=False, fault=str(fault))
        self._look(0)
        return replace(played, upto=record.last_number(), came=came, answer=answer)

    def _await(self, task: Task, played: Played) -> bool:
        step = task.step
        if step.wait is Awaited.NOTHING:
            return True
        vin = str(task.asked["vin"])
        deadline = time.monotonic() + step.patience * self._patience
        self._look(0)
        if arrived(step, self.record, vin, played.after):
            return True
        self._tester.begin_waiting(task)
        try:
            while time.monotonic() < deadline:
                given_up = self._tester.gives_up()
                self._look(_LAST_LOOK_S if given_up else _LOOK_S)
                if arrived(step, self.record, vin, played.after):
                    return True
                if given_up:
                    return False
            return False
        finally:
            self._tester.end_waiting()

    def _look(self, wait: float) -> None:
        """Take in the traffic since the last look."""
        exchanges, last = self._control.traffic(self._cursor, wait=wait)
        if last < self._cursor:  # the sandbox was started anew
            exchanges, last = self._control.traffic(0)
        self._cursor = last
        for each in exchanges:
            if each.garage == self.record.garage:
                known = replace(
                    each, number=self.record.last_number() + 1, vin=vin_of_plate(each, self.record.vehicles)
                )
                self.record.exchanges.append(known)
                self.record.software = self.record.software or _software(each.headers)

    def _fault(self, wanted: Mapping[str, Any]) -> None:
        """Let the sandbox misbehave as the step wants, for this garage alone."""
        if (self._rule[0] if self._rule else {}) == wanted:
            return
        if self._rule is not None:
            self._control.remove_fault(self._rule[1])
            self._rule = None
        if wanted:
            rule = dict(wanted) | {"garage": self.record.garage}
            if "vin" in wanted:
                rule["vin"] = self.record.vehicles[wanted["vin"]]["vin"]
            self._rule = wanted, self._control.add_fault(rule)

    def _keep(self, played: Played) -> None:
        self.record.played.append(played)
        write_record(self._folder, self.record)
        self._told(played)


def _software(headers: Mapping[str, str]) -> str:
    parts = (headers.get(f"client-software-{name}", "") for name in ("builder", "name", "version"))
    return " ".join(part for part in parts if part) or headers.get("user-agent", "")
