"""Clients that are wrong in one way each, the criterion that each fails, and the scenarios that show it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tests.approval.playing import GoodDms, Work

from odopass.clock import belgian_day
from odopass.wire.dates import format_wire_date


def _today() -> str:
    return format_wire_date(belgian_day(datetime.now(UTC)))


class SendsAtInvoicing(GoodDms):
    def send_at_entry(self, work: Work) -> None:
        pass

    def do_wait(self, step: dict[str, Any]) -> Mapping[str, Any]:
        return super().do_wait(step) if step["name"] != "ordinary.enter" else {"idle": True}

    def do_close(self, step: dict[str, Any]) -> None:
        self.send(self.work(step["vin"]))


class LosesTheGuidOnRestart(GoodDms):
    def do_restart(self, step: dict[str, Any]) -> None:
        self.book.clear()


class AsksAtOnce(GoodDms):
    first_s = 0.0


class AsksTooOften(GoodDms):
    interval_s = 3.0


class GivesUpAfterHalfAMinute(GoodDms):
    lasting_s = 30.0


class NeverAsks(GoodDms):
    def do_wait(self, step: dict[str, Any]) -> Mapping[str, Any]:
        self.overdue()
        return {"idle": True}


class IgnoresAnOutage(GoodDms):
    """Takes any answer for a success, and never looks back."""

    def overdue(self) -> None:
        pass


class ForgetsWhatWasCut(GoodDms):
    """Sends again after 503, but not when the connection broke."""

    def post(self, path: str, body: dict[str, Any] | None, key: str) -> Any:
        answer = super().post(path, body, key)
        if answer is None:
            self.book.pop()
        return answer


class SendsOverdueWithTheDayOfSending(GoodDms):
    def overdue(self) -> None:
        for work in self.book:
            if work.guid is None:
                work.date = _today()
        super().overdue()


class NeverTellsOfAnOutage(GoodDms):
    def do_ask(self, step: dict[str, Any]) -> Mapping[str, Any]:
        return {"answer": "no"} if step["name"] == "outage.warned" else super().do_ask(step)


class SwallowsIssues(GoodDms):
    def do_ask(self, step: dict[str, Any]) -> Mapping[str, Any]:
        return {"answer": "no"} if step["name"] == "correction.shown" else super().do_ask(step)


class ShowsAnotherIssue(GoodDms):
    """Says that it shows the problem, but under a type of its own."""

    def do_ask(self, step: dict[str, Any]) -> Mapping[str, Any]:
        answer = super().do_ask(step)
        return {**answer, "shown": ["E42"]} if "shown" in answer else answer


class Answers(GoodDms):
    """What only a screen shows is missing: the tester answers `question` with no."""

    question = ""

    def do_ask(self, step: dict[str, Any]) -> Mapping[str, Any]:
        return {"answer": "no"} if step["name"] == self.question else super().do_ask(step)


class HasNoViewOfProblems(Answers):
    question = "correction.overview"


class HidesTheAccount(Answers):
    question = "account.shown"


class ChangesThePasswordSilently(Answers):
    question = "account.changed"


class CannotPrintTheHistory(Answers):
    question = "history.shown"


class CorrectsUnderAnotherGuid(GoodDms):
    def do_correct(self, step: dict[str, Any]) -> None:
        work, other = self.work(step["vin"]), self.book[0]
        assert other is not work
        body = {**self.body(work), "odometerReading": step["km"]}
        self.post(f"/observation/{other.guid}/correction", body, "other")


class CorrectsWithAnotherType(GoodDms):
    def do_correct(self, step: dict[str, Any]) -> None:
        self.work(step["vin"]).type = "ODOMETER_REPLACED"
        super().do_correct(step)


class ConfirmsUnderAnotherGuid(GoodDms):
    def do_confirm(self, step: dict[str, Any]) -> None:
        self.post(f"/observation/{self.book[0].guid}/confirm", None, "other")


class ConfirmsBlindly(GoodDms):
    def has_issue(self, work: Work) -> None:
        self.follow(work, "confirm", None)

    def do_correct(self, step: dict[str, Any]) -> None:
        pass

    def do_confirm(self, step: dict[str, Any]) -> None:
        pass


class ForgetsCorrections(GoodDms):
    def follow(self, work: Work, how: str, body: dict[str, Any] | None) -> None:
        super().follow(work, how, body)
        work.state = "DONE"


class KeepsTheOldReading(GoodDms):
    def do_ask(self, step: dict[str, Any]) -> Mapping[str, Any]:
        return {"answer": "no"} if step["name"] == "correction.followed" else super().do_ask(step)


class WithoutWarning(GoodDms):
    missing = ""

    def warnings(self, step: Mapping[str, Any]) -> set[str]:
        return super().warnings(step) - {self.missing}


class NeverWarnsOfLower(WithoutWarning):
    missing = "lower"


class NeverWarnsOfTheSame(WithoutWarning):
    missing = "same"


class NeverWarnsOfTheFuture(WithoutWarning):
    missing = "future"


class NeverWarnsOfThePast(WithoutWarning):
    missing = "past"


class WarnsAndSendsAllTheSame(GoodDms):
    """Shows that a reading is far too high, and sends it without waiting for the answer."""

    def do_enter(self, step: dict[str, Any]) -> Mapping[str, Any] | None:
        super().do_enter(step)
        if "higher" in self.last["warnings"]:
            self.send(self.enter(step, "REPAIR_MAINTENANCE_SERVICE"))
            self.book.pop()
        return None


class TakesAnySign(GoodDms):
    def do_ask(self, step: dict[str, Any]) -> Mapping[str, Any]:
        return {"answer": "no"} if step["name"] == "warnings.digits-refused" else super().do_ask(step)


class SendsTwice(GoodDms):
    def send_at_entry(self, work: Work) -> None:
        self.send(work)
        self.post("/observation", self.body(work), "once more " + work.key)


class RoundsTheReading(GoodDms):
    def km_of(self, step: Mapping[str, Any]) -> int:
        return round(super().km_of(step), -2) + 100


class SendsTheDayOfTheInvoice(GoodDms):
    def date_of(self, step: Mapping[str, Any]) -> str:
        return _today()


class RepeatsWhatWasRefused(GoodDms):
    """Sends the reading as text first, twice, and then as it should be."""

    def send_at_entry(self, work: Work) -> None:
        for _ in range(2):
            self.post("/observation", {**self.body(work), "odometerReading": str(work.km)}, work.key + "?")
        self.send(work)


class RefusesOldtimers(GoodDms):
    def refused(self, step: Mapping[str, Any]) -> bool:
        return super().refused(step) or len(step["vin"]) < 17


class SendsLongVins(GoodDms):
    def refused(self, step: Mapping[str, Any]) -> bool:
        return super().refused(step) and len(step["vin"]) <= 17


class SendsZeros(GoodDms):
    def refused(self, step: Mapping[str, Any]) -> bool:
        return super().refused(step) and set(step["vin"]) != {"0"}


class SendsWithoutVehicle(GoodDms):
    """Submits an entry that names no vehicle."""

    def refused(self, step: Mapping[str, Any]) -> bool:
        return super().refused(step) and step["vin"] != ""

    def warnings(self, step: Mapping[str, Any]) -> set[str]:
        return super().warnings(step) if step["vin"] else set()


class SendsWhatIsExcluded(GoodDms):
    def excluded(self, step: Mapping[str, Any]) -> bool:
        return False

    def do_enter(self, step: dict[str, Any]) -> Mapping[str, Any] | None:
        return super().do_enter(step | {"confirm": True})


class SendsWithTheCreditNote(GoodDms):
    def do_invoice(self, step: dict[str, Any]) -> None:
        self.post("/observation", self.body(self.work(step["vin"])), "credit note")


class AsksForTheHistoryTwice(GoodDms):
    def do_history(self, step: dict[str, Any]) -> None:
        work = self.enter(step, "VEHICLE_HISTORY_DOCUMENT")
        work.vhr = True
        self.send(work)


class NeverFetchesTheHistory(GoodDms):
    def fetch_report(self, work: Work) -> None:
        pass


_ORDINARY: Final = ("ordinary",)
_LATE: Final = ("late", "warnings")
_OUTAGE: Final = ("outage",)
_CORRECTION: Final = ("ordinary", "correction")
_CONFIRMATION: Final = ("ordinary", "confirmation")

WRONG: Final[dict[type[GoodDms], tuple[str, tuple[str, ...]]]] = {
    SendsAtInvoicing: ("sent-in-workshop", _ORDINARY),
    LosesTheGuidOnRestart: ("guid-kept", ("restart",)),
    AsksAtOnce: ("first-status", _ORDINARY),
    AsksTooOften: ("status-interval", ("long-wait",)),
    GivesUpAfterHalfAMinute: ("status-lasting", ("long-wait",)),
    NeverAsks: ("outcome-fetched", _ORDINARY),
    IgnoresAnOutage: ("sent-after-outage", _OUTAGE),
    ForgetsWhatWasCut: ("sent-after-outage", ("lost-answer",)),
    SendsOverdueWithTheDayOfSending: ("overdue-date", _OUTAGE),
    NeverTellsOfAnOutage: ("outage-warned", _OUTAGE),
    SwallowsIssues: ("issue-shown", _CORRECTION),
    ShowsAnotherIssue: ("issue-shown", _CORRECTION),
    HasNoViewOfProblems: ("overview", _CORRECTION),
    CorrectsUnderAnotherGuid: ("correction", _CORRECTION),
    CorrectsWithAnotherType: ("correction", _CORRECTION),
    ConfirmsUnderAnotherGuid: ("confirmation", _CONFIRMATION),
    ConfirmsBlindly: ("confirm-on-purpose", _CONFIRMATION),
    ForgetsCorrections: ("outcome-of-correction", _CORRECTION),
    KeepsTheOldReading: ("local-record", _CORRECTION),
    NeverWarnsOfLower: ("warn-lower", _LATE),
    WarnsAndSendsAllTheSame: ("warn-higher", _LATE),
    NeverWarnsOfTheSame: ("warn-same", _LATE),
    NeverWarnsOfTheFuture: ("warn-future", _LATE),
    NeverWarnsOfThePast: ("warn-past", _LATE),
    TakesAnySign: ("digits-only", _LATE),
    SendsTwice: ("sent-once", _ORDINARY),
    RoundsTheReading: ("km-as-read", _ORDINARY),
    SendsTheDayOfTheInvoice: ("date-as-read", ("late",)),
    RepeatsWhatWasRefused: ("structure", _ORDINARY),
    RefusesOldtimers: ("vin-short", ("vin",)),
    SendsLongVins: ("vin-long", ("vin",)),
    SendsZeros: ("vin-impossible", ("vin",)),
    SendsWithoutVehicle: ("vin-impossible", ("vin",)),
    SendsWhatIsExcluded: ("exclusion", ("exclusion",)),
    SendsWithTheCreditNote: ("invoice", ("ordinary", "invoice")),
    AsksForTheHistoryTwice: ("vhr-once", ("history",)),
    NeverFetchesTheHistory: ("vhr-fetched", ("history",)),
    CannotPrintTheHistory: ("vhr-shown", ("history",)),
    HidesTheAccount: ("account-shown", ("account",)),
    ChangesThePasswordSilently: ("password-warning", ("account",)),
}
