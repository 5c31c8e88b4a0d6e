"""When the status is asked for (G4). Times are those of the sandbox, which may have been moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from odopass.approval.record import Record
from odopass.approval.traffic import Exchange, cases_in
from odopass.approval.verdicts import Finding, failed, missed, not_shown, passed

if TYPE_CHECKING:
    from odopass.approval.judging import Rule

FIRST_S: Final = 1.0
FIRST_TOLERANCE_S: Final = 0.1
INTERVAL_S: Final = 10.0
LASTING_S: Final = 90.0
TOLERANCE_S: Final = 0.5

ONGOING: Final = "ONGOING"


def first_status(record: Record) -> Finding:
    """The first question about a GUID comes a second after it was given."""
    seen = []
    for given, questions in _questions(record):
        waited = _seconds(questions[0].began - given.ended)
        if waited < FIRST_S - FIRST_TOLERANCE_S:
            return failed(
                "The first question came {seconds} seconds after the answer.",
                questions[0],
                given,
                seconds=f"{max(waited, 0):.2f}",
            )
        seen += [given, questions[0]]
    return passed(seen[:2]) if seen else not_shown("No status was asked for.")


def status_interval(record: Record) -> Finding:
    """Questions about a GUID are ten seconds apart while the answer is ONGOING."""
    restarts = [each for each in record.played if each.step == "restart.restart" and not each.skipped]
    seen: tuple[Exchange, ...] = ()
    for _, questions in _questions(record):
        for earlier, later in pairwise(questions):
            if earlier.state != ONGOING:
                continue
            if any(earlier.number <= restart.upto and later.number > restart.after for restart in restarts):
                continue  # a program that has just started may not know when it asked last
            apart = _seconds(later.began - earlier.began)
            if apart < INTERVAL_S - TOLERANCE_S:
                return failed(
                    "Two questions were {seconds} seconds apart while the answer was ONGOING.",
                    later,
                    earlier,
                    seconds=f"{apart:.2f}",
                )
            seen = seen or (earlier, later)
    return passed(seen) if seen else not_shown("No request was asked about twice while it was ONGOING.")


def status_lasting(record: Record) -> Finding:
    """A request that stays ONGOING is asked about for ninety seconds, and its outcome fetched."""
    step = record.step("long-wait.outcome")
    entered = record.step("long-wait.enter")
    if entered is None or step is None:
        return not_shown()
    vin = str(entered.asked["vin"])
    case = next((each for each in cases_in(record.exchanges) if each.submission.vehicle == vin), None)
    if case is None:
        return not_shown("The reading was not sent.", step=entered.step)
    if not case.questions:
        return not_shown("No status was asked for.", step=step.step)
    last = case.questions[-1]
    lasted = _seconds(last.began - case.submission.ended)
    if lasted < LASTING_S - TOLERANCE_S and last.state in {ONGOING, None}:
        return missed(
            "The last question came {seconds} seconds after the submission, and the answer was still ONGOING.",
            last,
            case.submission,
            step=step.step,
            seconds=f"{lasted:.0f}",
        )
    if last.state in {ONGOING, None}:
        return missed("The outcome was never fetched.", last, case.submission, step=step.step)
    if lasted < LASTING_S - TOLERANCE_S:
        return not_shown("The request was not ONGOING for 90 seconds.", step=step.step)
    return passed([last, case.submission], step.step)


def _questions(record: Record) -> Iterator[tuple[Exchange, list[Exchange]]]:
    """For each GUID that was given the exchange that gave it, and the questions about it; only if there are any."""
    for case in cases_in(record.exchanges):
        for guid in case.guids:
            questions = case.asked_about(guid)
            if questions:
                yield case.given_by(guid), sorted(questions, key=lambda each: each.began)


def _seconds(length: timedelta) -> float:
    return length.total_seconds()


RULES: Final[Mapping[str, Rule]] = {
    "first-status": first_status,
    "status-interval": status_interval,
    "status-lasting": status_lasting,
}
