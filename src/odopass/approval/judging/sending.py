"""Whether readings are sent, when, how often and with what in them (G2, G3, G5, G8, G11)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from odopass.approval.record import Played, Record
from odopass.approval.traffic import Exchange, Operation, cases_in, submissions_in
from odopass.approval.verdicts import Finding, failed, missed, not_shown, passed

if TYPE_CHECKING:
    from odopass.approval.judging import Rule

VHR_TYPE: Final = "VEHICLE_HISTORY_DOCUMENT"
_OUTAGES: Final = ("outage", "lost-answer")
#: Steps in which what is sent is judged by a criterion of its own.
_OWN_CRITERION: Final = ("warnings.", "twice.", "invoice.", "exclusion.", "vin.", "history.again")


def sent_in_workshop(record: Record) -> Finding:
    """The submission comes before the work order is closed."""
    enter, close = record.step("ordinary.enter"), record.step("ordinary.close")
    if enter is None or close is None:
        return not_shown()
    sent = _about(record, enter)
    if not sent:
        return missed("The reading was not sent.", step=enter.step)
    if sent[0].number > close.after:
        return failed("The reading was sent only when the work order was closed.", sent[0], step=close.step)
    return passed(sent[:1], enter.step)


def guid_kept(record: Record) -> Finding:
    """After the restart the request is asked about under its GUID."""
    enter, restart, asked = (record.step(f"restart.{name}") for name in ("enter", "restart", "asked"))
    if enter is None or restart is None or asked is None:
        return not_shown()
    vin = str(enter.asked["vin"])
    case = next((each for each in cases_in(record.exchanges) if each.submission.vehicle == vin), None)
    if case is None:
        return not_shown("The reading was not sent.", step=enter.step)
    later = [each for each in case.questions if each.number > restart.upto]
    if later:
        return passed([later[0], case.submission], asked.step)
    return missed("After the restart nobody asked about the request.", case.submission, step=asked.step)


def sent_after_outage(record: Record) -> Finding:
    """What met an outage is sent when the registry is back."""
    seen: list[Exchange] = []
    for scenario in _OUTAGES:
        enter, sent = record.step(f"{scenario}.enter"), record.step(f"{scenario}.sent")
        if enter is None or sent is None:
            continue
        tries = _about(record, enter)
        taken = [each for each in tries if each.gave is not None]
        if not taken:
            return missed("The reading was not sent when the registry was back.", *tries[-1:], step=sent.step)
        seen += taken[:1]
    return passed(seen) if seen else not_shown()


def overdue_date(record: Record) -> Finding:
    """What is sent late carries the day on which it was read."""
    enter = record.step("outage.enter")
    taken = [] if enter is None else [each for each in _about(record, enter) if each.gave is not None]
    if enter is None or not taken:
        return not_shown()
    return _dates_are(enter, taken) or passed(taken, enter.step)


def sent_once(record: Record) -> Finding:
    """What was taken is not submitted again."""
    apart = [each for each in record.played if each.step in {"invoice.invoice", "history.again"}]
    taken: dict[tuple[str, object, bool], Exchange] = {}
    for each in submissions_in(record.exchanges):
        if any(step.after < each.number <= step.upto and step.asked.get("vin") == each.vehicle for step in apart):
            continue
        report = each.sent.get("observationType") == VHR_TYPE
        key = each.vehicle, each.sent.get("odometerReadingDate"), report
        if key in taken:
            return failed("The vehicle was submitted again for the same day.", each, taken[key])
        if each.gave is not None:
            taken[key] = each
    return passed(list(taken.values())[:1]) if taken else not_shown("Nothing was sent.")


def km_as_read(record: Record) -> Finding:
    """The reading on the wire is the one that was entered."""
    seen: list[Exchange] = []
    for step, sent in _entered(record):
        for each in sent:
            if each.sent.get("odometerReading") != step.asked["km"]:
                return failed(
                    "Entered were {entered} km, sent were {sent}.",
                    each,
                    step=step.step,
                    entered=str(step.asked["km"]),
                    sent=str(each.sent.get("odometerReading")),
                )
            seen.append(each)
    return passed(seen[:1]) if seen else not_shown("Nothing was sent.")


def date_as_read(record: Record) -> Finding:
    """The day on the wire is the one that was entered."""
    seen: list[Exchange] = []
    for step, sent in _entered(record):
        if step.step.startswith("outage."):
            continue  # has a criterion of its own
        wrong = _dates_are(step, sent)
        if wrong is not None:
            return wrong
        seen += sent
    return passed(seen[:1]) if seen else not_shown("Nothing was sent.")


def structure(record: Record) -> Finding:
    """No request is refused as structurally wrong; those with an impossible VIN are judged elsewhere."""
    own = {str(each.asked.get("vin")) for each in record.played if each.step.startswith("vin.")}
    posted = [each for each in record.exchanges if each.operation is not Operation.OTHER]
    for each in posted:
        if each.malformed and each.vehicle not in own:
            again = [later for later in posted if later.number > each.number and later.malformed]
            same = [later for later in again if later.body == each.body and later.path == each.path]
            if same:
                return failed("A request that was refused with 400 was sent again.", same[0], each)
            return failed("The registry refused a request as structurally wrong (400).", each)
    return passed(posted[:1]) if posted else not_shown("Nothing was sent.")


def invoice(record: Record) -> Finding:
    """Invoice and credit note send nothing."""
    step = record.step("invoice.invoice")
    if step is None:
        return not_shown()
    sent = [
        each
        for each in submissions_in(record.exchanges)
        if each.vehicle == step.asked["vin"] and step.after < each.number <= step.upto
    ]
    return failed("The reading was sent again.", sent[0], step=step.step) if sent else passed(step=step.step)


def _entered(record: Record) -> Iterator[tuple[Played, list[Exchange]]]:
    """The steps in which an ordinary reading was entered to be sent, and its submissions and corrections.

    Submissions that were refused for their structure say nothing about what was meant.
    """
    for step in record.played:
        if step.skipped or "km" not in step.asked or step.step.startswith(_OWN_CRITERION):
            continue
        if step.step.endswith(".correct"):
            yield step, [each for each in record.of_vehicle(str(step.asked["vin"])) if _corrects(each, step)]
        elif step.asked.get("send", True):
            yield step, [each for each in _about(record, step) if not each.malformed]


def _corrects(each: Exchange, step: Played) -> bool:
    return each.operation is Operation.CORRECTION and each.number > step.after


def _about(record: Record, step: Played) -> list[Exchange]:
    """Submissions of the vehicle that a step was about, from the step on until another one enters it."""
    later = [
        each.after
        for each in record.played
        if each.after >= step.upto and each is not step and not each.skipped
        if each.asked.get("vin") == step.asked["vin"] and "km" in each.asked
    ]
    end = min(later, default=record.last_number())
    return [
        each
        for each in submissions_in(record.exchanges)
        if each.vehicle == step.asked["vin"] and step.after < each.number <= end
    ]


def _dates_are(step: Played, sent: list[Exchange]) -> Finding | None:
    for each in sent:
        if each.sent.get("odometerReadingDate") != step.asked["date"]:
            return failed(
                "The odometer was read on {entered}, sent was {sent}.",
                each,
                step=step.step,
                entered=str(step.asked["date"]),
                sent=str(each.sent.get("odometerReadingDate")),
            )
    return None


RULES: Final[Mapping[str, Rule]] = {
    "sent-in-workshop": sent_in_workshop,
    "guid-kept": guid_kept,
    "sent-after-outage": sent_after_outage,
    "overdue-date": overdue_date,
    "sent-once": sent_once,
    "km-as-read": km_as_read,
    "date-as-read": date_as_read,
    "structure": structure,
    "invoice": invoice,
}
