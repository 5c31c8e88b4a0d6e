"""What becomes of requests: outcomes, corrections, confirmations, vehicle histories (G4, G7, G13)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from odopass.approval.judging.pace import LASTING_S, ONGOING
from odopass.approval.judging.sending import VHR_TYPE
from odopass.approval.record import Record
from odopass.approval.traffic import Case, Exchange, Operation, cases_in, submissions_in
from odopass.approval.verdicts import Finding, Verdict, error, failed, missed, not_shown, passed

if TYPE_CHECKING:
    from odopass.approval.judging import Rule

_ISSUE: Final = "ISSUE"
#: Scenarios whose outcome is judged by a criterion of its own.
_OWN_CRITERION: Final = ("long-wait.enter", "restart.enter")


def outcome_fetched(record: Record) -> Finding:
    """The status of what was taken is asked for until it is settled."""
    waited = [each for each in record.played if each.step.endswith(".outcome") and not each.skipped]
    seen: list[Exchange] = []
    for step in waited:
        if step.step in {"long-wait.outcome", "correction.after", "confirmation.after"}:
            continue
        case = _case_of(record, step.asked.get("vin"))
        if case is None:
            continue
        asked = case.asked_about(case.guids[0])
        settled = [each for each in asked if each.state not in {ONGOING, None}]
        if not settled:
            return _kept_waiting(case.submission, asked, step.step) or missed(
                "The outcome was never fetched.", case.submission, step=step.step
            )
        seen += settled[:1]
    return passed(seen[:1]) if seen else not_shown("Nothing was sent.")


def correction(record: Record) -> Finding:
    """The correction goes to the newest GUID of its request."""
    return _follows(record, "correction", Operation.CORRECTION)


def confirmation(record: Record) -> Finding:
    """The confirmation goes to the newest GUID of its request."""
    return _follows(record, "confirmation", Operation.CONFIRM)


def confirm_on_purpose(record: Record) -> Finding:
    """Nothing is confirmed that the tester was not asked to confirm."""
    step = record.step("confirmation.confirm")
    asked = None if step is None else _case_of(record, step.asked.get("vin"))
    for each in record.exchanges:
        if each.operation is not Operation.CONFIRM:
            continue
        if (
            step is not None
            and each.number > step.after
            and (each.number <= step.upto or asked is None or each.about in asked.guids)
        ):
            continue
        return failed("A request was confirmed though nobody had said so.", each)
    shown = any(_issue(case) for case in cases_in(record.exchanges))
    return passed() if shown else not_shown("No request had an issue.")


def outcome_of_correction(record: Record) -> Finding:
    """The status is asked for under the new GUID."""
    seen: list[Exchange] = []
    for scenario, operation in (("correction", Operation.CORRECTION), ("confirmation", Operation.CONFIRM)):
        after = record.step(f"{scenario}.after")
        case = None if after is None else _case_of(record, after.asked.get("vin"))
        given = [] if case is None else [each for each in case.follow_ups if each.operation is operation and each.gave]
        if after is None or case is None or not given:
            continue
        asked = case.asked_about(str(given[-1].gave))
        settled = [each for each in asked if each.state not in {ONGOING, None}]
        if not settled:
            return _kept_waiting(given[-1], asked, after.step) or missed(
                "The outcome was not fetched under the new GUID.", given[-1], step=after.step
            )
        seen.append(settled[0])
    return passed(seen) if seen else not_shown("Nothing was corrected or confirmed.")


def vhr_fetched(record: Record) -> Finding:
    """The document of a vehicle history is fetched."""
    offered, asked = record.step("history.offered"), record.step("history.enter")
    if offered is not None and offered.said != "yes":
        return Finding(Verdict.NOT_OFFERED, step=offered.step)
    if asked is None:
        return not_shown()
    reports = _reports(record, asked.asked.get("vin"))
    if not reports:
        return missed("No vehicle history was asked for.", step=asked.step)
    guid = reports[0].gave
    questions = [each for each in record.exchanges if each.operation is Operation.VHR and each.about == guid]
    fetched = [each for each in questions if each.good]
    if fetched:
        return passed([fetched[0], reports[0]], asked.step)
    return _kept_waiting(reports[0], questions, asked.step) or missed(
        "The document was never fetched.", *questions[-1:], reports[0], step=asked.step
    )


def vhr_once(record: Record) -> Finding:
    """No second vehicle history is asked for with the same reading."""
    offered, again = record.step("history.offered"), record.step("history.again")
    if offered is not None and offered.said != "yes":
        return Finding(Verdict.NOT_OFFERED, step=offered.step)
    if again is None:
        return not_shown()
    reports = _reports(record, again.asked.get("vin"))
    if not reports:
        return not_shown("No vehicle history was asked for.", step=again.step)
    if len(reports) > 1:
        return failed("A second vehicle history was asked for.", reports[1], reports[0], step=again.step)
    return passed(reports, again.step)


def _follows(record: Record, scenario: str, operation: Operation) -> Finding:
    step = record.step(f"{scenario}.{'correct' if operation is Operation.CORRECTION else 'confirm'}")
    if step is None:
        return _no_issue(record, scenario)
    case = _case_of(record, step.asked.get("vin"))
    if case is None:
        return not_shown("The reading was not sent.", step=step.step)
    if any(each.operation is Operation.CONFIRM and each.number <= step.after for each in case.follow_ups):
        return not_shown("The request had been confirmed before.", step=step.step)
    made = [each for each in record.exchanges if each.operation is operation and step.after < each.number <= step.upto]
    if not made:
        return missed("Nothing was sent.", case.submission, step=step.step)
    for each in made:
        wrong = _wrong(each, case, step.step)
        if wrong is not None:
            return wrong
    if made[-1].gave is None:
        return failed("The registry did not take it.", made[-1], step=step.step)
    return passed([made[-1], case.submission], step.step)


def _kept_waiting(given: Exchange, questions: Sequence[Exchange], step: str) -> Finding | None:
    """An error of the sandbox: it says ONGOING, by no rule, to a DMS that has asked for as long as it has to."""
    if not questions:
        return None
    last = questions[-1]
    by_itself = last.state == ONGOING and last.fault is None
    if by_itself and (last.began - given.ended).total_seconds() >= LASTING_S:
        return error("The sandbox kept the request ONGOING, by no rule.", last, given, step=step)
    return None


def _no_issue(record: Record, scenario: str) -> Finding:
    """Why there was nothing to correct or confirm; if the sandbox found nothing wrong, that is not the DMS's fault."""
    name = f"{scenario}.outcome"
    issue = record.step(name)
    case = None if issue is None else _case_of(record, issue.asked.get("vin"))
    settled = [] if case is None else [each for each in case.questions if each.state not in {ONGOING, None}]
    entered = record.step(f"{scenario}.enter")
    as_asked = case is not None and entered is not None and _same_reading(case.submission, entered.asked)
    if as_asked and settled and settled[-1].state != _ISSUE:
        return error("The sandbox found no issue in the reading.", settled[-1], step=name)
    return not_shown()


def _same_reading(sent: Exchange, asked: Mapping[str, object]) -> bool:
    return (sent.sent.get("odometerReading"), sent.sent.get("odometerReadingDate")) == (asked["km"], asked["date"])


def _wrong(each: Exchange, case: Case, step: str) -> Finding | None:
    """What is wrong with the target or the type of a correction or confirmation; None if nothing is."""
    if each.about not in case.guids:
        return failed("It was sent under a GUID that is not the request's.", each, case.submission, step=step)
    if each.about != _newest_at(case, each.number):
        return failed("It was sent under an older GUID of the request.", each, case.submission, step=step)
    sent, first = each.sent.get("observationType"), case.submission.sent.get("observationType")
    if each.operation is Operation.CORRECTION and sent != first:
        return failed(
            "The observation type was changed from {first} to {sent}.",
            each,
            case.submission,
            step=step,
            first=str(first),
            sent=str(sent),
        )
    return None


def _newest_at(case: Case, number: int) -> str:
    """The newest GUID of a case just before an exchange."""
    given = [each.gave for each in case.follow_ups if each.number < number and each.gave is not None]
    return given[-1] if given else case.guids[0]


def _case_of(record: Record, vin: object) -> Case | None:
    return next((each for each in cases_in(record.exchanges) if each.submission.vehicle == vin), None)


def _issue(case: Case) -> bool:
    return any(each.state == _ISSUE for each in case.questions)


def _reports(record: Record, vin: object) -> list[Exchange]:
    """The requests for a vehicle's history that were taken."""
    return [
        each
        for each in submissions_in(record.exchanges)
        if each.vehicle == vin and each.sent.get("observationType") == VHR_TYPE and each.gave is not None
    ]


RULES: Final[Mapping[str, Rule]] = {
    "outcome-fetched": outcome_fetched,
    "correction": correction,
    "confirmation": confirmation,
    "confirm-on-purpose": confirm_on_purpose,
    "outcome-of-correction": outcome_of_correction,
    "vhr-fetched": vhr_fetched,
    "vhr-once": vhr_once,
}
