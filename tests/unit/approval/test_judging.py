"""Verdicts on written traffic: the edges of each rule."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.approval.traffic import VIN, Traffic

from odopass.approval.criteria import CRITERIA
from odopass.approval.judging import judge
from odopass.approval.judging.following import (
    confirm_on_purpose,
    correction,
    outcome_fetched,
    outcome_of_correction,
    vhr_fetched,
)
from odopass.approval.judging.pace import first_status, status_interval, status_lasting
from odopass.approval.judging.sending import guid_kept, invoice, sent_after_outage, sent_once, structure
from odopass.approval.record import Played
from odopass.approval.verdicts import Finding, Verdict, overall

pytestmark = pytest.mark.requirement("K4")

PASSED, FAILED, NOT_SHOWN = Verdict.PASSED, Verdict.FAILED, Verdict.NOT_SHOWN


def test_nothing_at_all_shows_nothing() -> None:
    findings = judge(Traffic().record)
    assert list(findings) == list(CRITERIA)
    assert {finding.verdict for finding in findings.values()} == {NOT_SHOWN}
    assert overall(findings) is NOT_SHOWN


@pytest.mark.parametrize(("seconds", "verdict"), [(0.0, FAILED), (0.89, FAILED), (0.92, PASSED), (5, PASSED)])
def test_the_first_question_has_a_second_less_its_tolerance(seconds: float, verdict: Verdict) -> None:
    traffic = Traffic()
    traffic.submit(0)
    traffic.ask(0.01 + seconds)
    finding = first_status(traffic.record)
    assert finding.verdict is verdict
    assert finding.exchanges == ((2, 1) if verdict is FAILED else (1, 2))


@pytest.mark.parametrize(("seconds", "verdict"), [(9.4, FAILED), (9.6, PASSED), (300, PASSED)])
def test_questions_are_ten_seconds_apart_while_the_answer_is_ongoing(seconds: float, verdict: Verdict) -> None:
    traffic = Traffic()
    traffic.submit(0)
    traffic.ask(2, 1, "ONGOING")
    traffic.ask(2 + seconds, 1, "ISSUE", "001")
    traffic.ask(2 + seconds + 1, 1, "ISSUE", "001")  # no longer ONGOING: asked as often as one likes
    assert status_interval(traffic.record).verdict is verdict


def test_a_program_that_was_restarted_may_ask_at_once() -> None:
    traffic = Traffic()
    traffic.submit(0)
    traffic.ask(2, 1, "ONGOING")
    traffic.step("restart.restart", after=2, upto=2)
    traffic.ask(5, 1, "ONGOING")
    traffic.ask(15, 1, "PROCESSED")
    assert status_interval(traffic.record).verdict is PASSED


@pytest.mark.parametrize(
    ("last", "state", "verdict"),
    [(88, "ONGOING", FAILED), (95, "ONGOING", FAILED), (95, "PROCESSED", PASSED), (40, "PROCESSED", NOT_SHOWN)],
)
def test_a_request_is_asked_about_for_ninety_seconds_and_until_it_is_settled(
    last: float, state: str, verdict: Verdict
) -> None:
    traffic = Traffic()
    traffic.step("long-wait.enter", km=120_000)
    traffic.submit(0)
    traffic.ask(2, 1, "ONGOING")
    traffic.ask(last, 1, state)
    traffic.step("long-wait.outcome")
    assert status_lasting(traffic.record).verdict is verdict


def test_a_guid_that_is_asked_about_after_the_restart_was_kept() -> None:
    traffic = Traffic()
    traffic.step("restart.enter", km=120_000)
    traffic.submit(0)
    traffic.step("restart.restart", after=1, upto=1)
    traffic.step("restart.asked", after=1)
    assert guid_kept(traffic.record).verdict is FAILED
    traffic.ask(20, 1, "ONGOING")
    assert guid_kept(traffic.record).verdict is PASSED


def test_what_was_cut_or_refused_with_503_may_be_sent_again_and_what_was_taken_may_not() -> None:
    traffic = Traffic()
    traffic.step("outage.enter", km=120_000, date="25/11/2026")
    traffic.submit(0, None, status=None)
    traffic.submit(10, None, status=503)
    traffic.step("outage.sent")
    assert sent_after_outage(traffic.record).verdict is FAILED
    traffic.submit(20, 1)
    assert sent_after_outage(traffic.record).verdict is PASSED
    assert sent_once(traffic.record).verdict is PASSED
    traffic.submit(30, 2)
    assert sent_once(traffic.record).verdict is FAILED
    assert sent_once(traffic.record).exchanges == (4, 3)


def test_the_history_of_a_vehicle_may_be_asked_for_beside_its_ordinary_reading() -> None:
    traffic = Traffic()
    traffic.submit(0, 1)
    traffic.submit(5, 2, kind="VEHICLE_HISTORY_DOCUMENT")
    assert sent_once(traffic.record).verdict is PASSED


def test_a_repeated_400_is_told_as_such_and_impossible_vins_are_judged_elsewhere() -> None:
    traffic = Traffic()
    traffic.step("vin.long", vin=VIN + "9")
    traffic.submit(0, None, vin=VIN + "9", status=400)
    assert structure(traffic.record).verdict is PASSED
    traffic.submit(1, None, km="120000", status=400)
    assert "structurally wrong" in structure(traffic.record).reason
    traffic.submit(2, None, km="120000", status=400)
    assert structure(traffic.record).exchanges == (3, 2)
    assert "sent again" in structure(traffic.record).reason


def test_only_what_is_sent_in_the_step_of_the_invoice_counts_against_it() -> None:
    traffic = Traffic()
    traffic.submit(0, 1)
    traffic.step("invoice.invoice", after=1, upto=1)
    assert invoice(traffic.record).verdict is PASSED
    traffic.submit(9, 2)
    traffic.record.played[-1] = Played("invoice.invoice", {"vin": VIN}, after=1, upto=2)
    assert invoice(traffic.record).verdict is FAILED
    assert sent_once(traffic.record).verdict is PASSED


def _with_issue() -> Traffic:
    traffic = Traffic()
    traffic.step("correction.enter", km=1, date="25/11/2026", upto=0)
    traffic.submit(0, 1)
    traffic.ask(2, 1, "ISSUE", "001")
    traffic.step("correction.outcome", after=1, upto=2)
    return traffic


def test_a_second_correction_goes_to_the_guid_of_the_first() -> None:
    traffic = _with_issue()
    kind = "REPAIR_MAINTENANCE_SERVICE"
    traffic.step("correction.correct", after=2, km=120_000)
    traffic.follow(10, 1, "correction", 2, km=5, kind=kind)
    traffic.follow(20, 2, "correction", 3, km=6, kind=kind)
    assert correction(traffic.record).verdict is PASSED
    traffic.follow(30, 1, "correction", 4, km=7, kind=kind)
    assert "older GUID" in correction(traffic.record).reason


def test_the_outcome_of_a_correction_is_that_of_its_own_guid() -> None:
    traffic = _with_issue()
    traffic.step("correction.correct", after=2, km=120_000)
    traffic.follow(10, 1, "correction", 2, kind="REPAIR_MAINTENANCE_SERVICE")
    traffic.step("correction.after")
    traffic.ask(12, 1)
    assert outcome_of_correction(traffic.record).verdict is FAILED
    traffic.ask(14, 2)
    assert outcome_of_correction(traffic.record).verdict is PASSED


def test_a_confirmation_nobody_asked_for_is_found_whenever_it_comes() -> None:
    traffic = _with_issue()
    assert confirm_on_purpose(traffic.record).verdict is PASSED
    traffic.follow(4, 1, "confirm", 2)
    assert confirm_on_purpose(traffic.record).verdict is FAILED
    traffic.record.played.append(Played("confirmation.confirm", {"vin": VIN}, after=2, upto=3))
    assert confirm_on_purpose(traffic.record).verdict is PASSED


def test_a_registry_that_finds_no_issue_is_an_error_of_the_kit_and_not_of_the_dms() -> None:
    traffic = Traffic()
    traffic.step("correction.enter", km=120_000, date="25/11/2026", upto=0)
    traffic.submit(0, 1)
    traffic.ask(2, 1, "PROCESSED")
    traffic.step("correction.outcome", after=1, upto=2)
    assert correction(traffic.record).verdict is Verdict.ERROR
    traffic.record.played[0].asked["km"] = 119_000  # the DMS sent another reading: its own fault, found elsewhere
    assert correction(traffic.record).verdict is NOT_SHOWN


def test_a_driver_that_fails_is_an_error_of_what_it_would_have_shown_and_of_nothing_else() -> None:
    traffic = Traffic()
    traffic.record.played.append(Played("account.shown", fault="the driver ended with 1"))
    findings = judge(traffic.record)
    assert {name for name, each in findings.items() if each.verdict is Verdict.ERROR} == {
        "account-shown",
        "password-warning",
    }
    assert overall(findings) is Verdict.ERROR


def test_what_a_failing_driver_kept_from_coming_is_not_held_against_the_dms() -> None:
    traffic = Traffic()
    failing = Played("ordinary.enter", {"vin": VIN, "km": 120_000, "date": "25/11/2026"}, upto=0, fault="no such file")
    traffic.record.played.append(failing)
    traffic.step("ordinary.close", after=0, upto=0)
    finding = judge(traffic.record)["sent-in-workshop"]
    assert (finding.verdict, finding.step, finding.values["why"]) == (Verdict.ERROR, "ordinary.enter", "no such file")
    # What the DMS sent nevertheless is judged as ever.
    traffic.submit(0, 1, km=119_000)
    traffic.record.played[0] = replace(failing, upto=1)
    assert judge(traffic.record)["km-as-read"].verdict is FAILED


@pytest.mark.parametrize(("rule", "verdict"), [(None, Verdict.ERROR), ("unavailable", FAILED)])
def test_a_sandbox_that_fails_by_no_rule_is_an_error_of_the_kit(rule: str | None, verdict: Verdict) -> None:
    traffic = Traffic()
    traffic.step("ordinary.enter", km=120_000, date="25/11/2026", upto=1)
    refused = traffic.submit(0, None, status=503)
    traffic.record.exchanges[0] = replace(refused, fault=rule, body="")  # the sandbox had no time to read it
    traffic.step("ordinary.close", after=1, upto=1)
    finding = judge(traffic.record)["sent-in-workshop"]
    assert finding.verdict is verdict
    assert finding.exchanges == ((1,) if rule is None else ())


@pytest.mark.parametrize(
    ("asked_at", "rule", "verdict"),
    [(95, None, Verdict.ERROR), (95, "ongoing", FAILED), (30, None, FAILED)],
)
def test_a_sandbox_that_never_settles_is_an_error_unless_the_dms_gave_up_early(
    asked_at: float, rule: str | None, verdict: Verdict
) -> None:
    traffic = Traffic()
    traffic.step("ordinary.enter", km=120_000, date="25/11/2026")
    traffic.submit(0)
    traffic.ask(2, 1, "ONGOING")
    traffic.record.exchanges.append(replace(traffic.ask(asked_at, 1, "ONGOING"), number=3, fault=rule))
    del traffic.record.exchanges[2]
    traffic.step("ordinary.outcome", after=1)
    assert outcome_fetched(traffic.record).verdict is verdict


def test_a_dms_without_vehicle_histories_does_not_fail() -> None:
    traffic = Traffic()
    traffic.step("history.offered", answer="not offered")
    assert vhr_fetched(traffic.record).verdict is Verdict.NOT_OFFERED
    others = {name: Finding(PASSED) for name, each in CRITERIA.items() if not each.optional}
    assert overall(others | {"vhr-fetched": Finding(Verdict.NOT_OFFERED)}) is PASSED
    assert overall(others | {"vhr-fetched": Finding(FAILED)}) is FAILED
