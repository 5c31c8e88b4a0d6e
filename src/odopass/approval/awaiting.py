"""Whether what the kit waits for has come, and whether a step can be played: looks at what the run has seen."""

from __future__ import annotations

from typing import Any

from odopass.approval.judging.pace import ONGOING
from odopass.approval.record import Record
from odopass.approval.scenarios import SCENARIOS, Awaited, Needs, Step
from odopass.approval.traffic import Case, Operation, cases_in, submissions_in

_ISSUE = "ISSUE"


def case_of(record: Record, vin: str) -> Case | None:
    """The case of a vehicle; None if nothing about it was taken."""
    return next((each for each in cases_in(record.exchanges) if each.submission.vehicle == vin), None)


def arrived(step: Step, record: Record, vin: str, after: int) -> bool:
    """Whether what a step waits for has come.

    Args:
        step: the step.
        record: what was seen.
        vin: of the step's vehicle.
        after: the number of the last exchange before the step.
    """
    if step.wait is Awaited.NOTHING:
        return True
    sent = [
        each
        for each in submissions_in(record.exchanges)
        if each.vehicle == vin and each.number > _began(step, record, after)
    ]
    if step.wait is Awaited.TRIED:
        return bool(sent)
    case = case_of(record, vin)
    if case is None:
        return False
    if step.wait is Awaited.REPORT:
        given = {each.gave for each in sent}
        return any(each.operation is Operation.VHR and each.good and each.about in given for each in record.exchanges)
    if step.wait is Awaited.SUBMITTED:
        return any(each.gave is not None for each in sent)
    if step.wait is Awaited.SETTLED:
        return any(each.state not in {ONGOING, None} for each in case.asked_about(case.guids[-1]))
    if step.wait is Awaited.ASKED:
        return any(each.number > after for each in case.questions)
    wanted = Operation.CORRECTION if step.wait is Awaited.CORRECTED else Operation.CONFIRM
    return any(each.operation is wanted and each.number > after for each in case.follow_ups)


def holds(needs: Needs, record: Record, step: Step, asked: dict[str, Any]) -> bool:
    """Whether what a step needs is there."""
    vin = str(asked.get("vin") or _vin_of_scenario(step, record))
    case = case_of(record, vin)
    if needs is Needs.NOTHING:
        return True
    if needs is Needs.OFFERED:
        offered = record.step("history.offered")
        return offered is not None and offered.said == "yes"
    if case is None:
        return False
    if needs is Needs.SENT:
        return True
    if needs is Needs.CORRECTED:
        return any(each.operation is Operation.CORRECTION and each.gave for each in case.follow_ups)
    told = any(each.state == _ISSUE for each in case.questions)
    shown = record.step("correction.shown")
    return told and (needs is Needs.ISSUE or (shown is not None and shown.said == "yes"))


def issues_told(record: Record, vin: str) -> dict[str, Any]:
    """The issues that the registry told about a vehicle last: ``codes`` and ``descriptions``."""
    case = case_of(record, vin)
    told = [] if case is None else [each for each in case.questions if each.state == _ISSUE]
    issues = told[-1].told.get("issues", []) if told else []
    return {
        "codes": [str(each.get("type")) for each in issues],
        "descriptions": [each.get("description", {}) for each in issues],
    }


def _began(step: Step, record: Record, after: int) -> int:
    """The number of the last exchange before the scenario."""
    first = SCENARIOS[step.scenario].steps[0].name
    return next((each.after for each in record.played if each.step == first), after)


def _vin_of_scenario(step: Step, record: Record) -> str:
    letters = [each.vehicle for each in SCENARIOS[step.scenario].steps if each.vehicle]
    return str(record.vehicles[letters[0]]["vin"]) if letters else ""
