"""What is played with the tester, as data."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib.resources import files
from typing import Any, Final


class Kind(StrEnum):
    """What the tester does in a step."""

    ENTER = "enter"
    CLOSE = "close"
    INVOICE = "invoice"
    RESTART = "restart"
    CORRECT = "correct"
    CONFIRM = "confirm"
    HISTORY = "history"
    WAIT = "wait"
    ASK = "ask"


class Awaited(StrEnum):
    """What the kit waits for at the end of a step, all about the step's vehicle."""

    NOTHING = ""
    TRIED = "tried"  # a submission, whatever became of it
    SUBMITTED = "submitted"  # a submission that was taken
    SETTLED = "settled"  # the answer to the newest request is no longer ONGOING, and the DMS knows
    ASKED = "asked"  # a question after the step began
    CORRECTED = "corrected"
    CONFIRMED = "confirmed"
    REPORT = "report"  # the document of a vehicle history was fetched


class Needs(StrEnum):
    """What a step is played for only if it holds."""

    NOTHING = ""
    SENT = "sent"  # the scenario's reading was taken
    ISSUE = "issue"  # the registry has told the DMS of an issue
    SHOWN = "shown"  # that, and the tester sees it
    CORRECTED = "corrected"  # the correction was taken
    OFFERED = "offered"  # the DMS has what the scenario is about


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the tester does, or is asked.

    Attributes:
        name: with the scenario's before it: ``outage.enter``.
        kind: what it is.
        text: what the tester reads, in English; the key of the catalogue.
        vehicle: the letter of its vehicle; "" for none.
        vin: which made-up chassis number is entered instead: short, long, zeros, signs, empty; "" for none.
        km: added to the vehicle's last reading; None if the step has no reading.
        days: before today on which it was read; -1 is tomorrow.
        typed: whether the reading is to be typed with signs and blanks.
        confirm: whether warnings are to be confirmed.
        exclude: whether the reading is to be excluded.
        again: whether it repeats what was done before.
        optional: whether "not offered" may be answered.
        wait: what is waited for.
        patience: for how many seconds at most.
        needs: what it needs.
        fault: a rule for the sandbox while the scenario lasts; its ``vin`` is the letter of a vehicle.
        clear: whether the fault ends with the step.
        clear_first: whether the fault ends before the step.
    """

    name: str
    kind: Kind
    text: str
    vehicle: str = ""
    vin: str = ""
    km: int | None = None
    days: int = 0
    typed: bool = False
    confirm: bool = True
    exclude: bool = False
    again: bool = False
    optional: bool = False
    wait: Awaited = Awaited.NOTHING
    patience: float = 0.0
    needs: Needs = Needs.NOTHING
    fault: Mapping[str, Any] = field(default_factory=dict)
    clear: bool = False
    clear_first: bool = False

    @property
    def scenario(self) -> str:
        """The name of its scenario."""
        return self.name.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Scenario:
    """Steps that belong together.

    Attributes:
        name: of the scenario.
        title: what the tester reads, in English.
        steps: in order.
    """

    name: str
    title: str
    steps: tuple[Step, ...]


def _read() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("scenarios.toml").read_text("utf-8"))


_STORED: Final = _read()
#: What the tester reads in steps that say nothing of their own.
TEXTS: Final[Mapping[str, str]] = _STORED["texts"]


def _step(scenario: str, stored: Mapping[str, Any]) -> Step:
    told = {name.replace("-", "_"): value for name, value in stored.items()}
    kind = Kind(told.pop("kind"))
    default = TEXTS.get("enter-unconfirmed" if kind is Kind.ENTER and told.get("confirm") is False else kind.value, "")
    return Step(
        name=f"{scenario}.{told.pop('name')}",
        kind=kind,
        text=told.pop("text", default),
        wait=Awaited(told.pop("wait", "")),
        needs=Needs(told.pop("needs", "")),
        **told,
    )


#: By name, in the order in which they are played.
SCENARIOS: Final[Mapping[str, Scenario]] = {
    name: Scenario(name, stored["title"], tuple(_step(name, each) for each in stored["steps"]))
    for name, stored in _STORED["scenarios"].items()
}


def fault_at(step: Step) -> Mapping[str, Any]:
    """The rule that stands while a step is played; empty if none does."""
    fault: Mapping[str, Any] = {}
    for each in SCENARIOS[step.scenario].steps:
        if each.clear_first:
            fault = {}
        fault = each.fault or fault
        if each == step:
            break
        if each.clear:
            fault = {}
    return fault


def steps_of(scenarios: Mapping[str, Scenario] = SCENARIOS) -> Iterator[Step]:
    """All steps in order."""
    return (step for scenario in scenarios.values() for step in scenario.steps)
