"""From findings to an outcome: what becomes of an observation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from odopass.domain.catalogue import CATALOGUE, Confirmed, Severity, strictest
from odopass.domain.finding import LONG_AGO, UNIDENTIFIED, Finding
from odopass.domain.history import SourceKind
from odopass.domain.observation import ObservationType


class Status(StrEnum):
    """What a garage is told about a request (W8). Each says who acts next."""

    ONGOING = "ONGOING"  # the registry
    PROCESSED = "PROCESSED"  # nobody
    ISSUE = "ISSUE"  # the garage: correct or confirm
    ERROR = "ERROR"  # nobody: refused
    REVIEWING = "REVIEWING"  # an employee of the registry


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of an observation.

    Attributes:
        status: PROCESSED, ISSUE, ERROR or REVIEWING.
        findings: what the garage is shown.
        remarks: codes of what was confirmed and is to be told on reports.
        starts_segment: whether later readings are compared with this one and no longer with those before it.
    """

    status: Status
    findings: tuple[Finding, ...] = ()
    remarks: tuple[str, ...] = ()
    starts_segment: bool = False


#: Nearly every observation has one of these two outcomes.
_PROCESSED = Outcome(Status.PROCESSED)
_PROCESSED_ANEW = Outcome(Status.PROCESSED, starts_segment=True)


def outcome_of(findings: Sequence[Finding], *, observation_type: ObservationType, confirmed: bool = False) -> Outcome:
    """Decide by the catalogue.

    Args:
        findings: all that was found about the observation.
        observation_type: a replaced odometer starts a segment by itself (R6).
        confirmed: whether the garage has confirmed the observation as it stands.
    """
    if not findings:
        return _PROCESSED_ANEW if observation_type is ObservationType.ODOMETER_REPLACED else _PROCESSED
    errors = tuple(finding for finding in findings if CATALOGUE[finding.code].severity is Severity.ERROR)
    if errors:
        return Outcome(Status.ERROR, errors)
    if not confirmed:
        return Outcome(Status.ISSUE, tuple(findings))
    led_to = strictest([CATALOGUE[finding.code].on_confirmation(finding) for finding in findings])
    if led_to is Confirmed.REVIEWED:
        return Outcome(Status.REVIEWING, tuple(findings))
    return accepted(findings, observation_type=observation_type)


def outcome_of_delivered(
    findings: Sequence[Finding], *, observation_type: ObservationType, source: SourceKind
) -> Outcome:
    """Decide about a reading that came in a file, so that nobody will correct or confirm it.

    What a garage may confirm without anybody's judgement counts, but is no new baseline: nobody has vouched for it.
    What would need an employee's judgement waits for one if a person read the odometer, and is refused if a car did:
    nobody can ask it, and cars send thousands of readings a day. Nor can a vehicle that was not found be named better.

    Args:
        findings: all that was found about the observation. That its date is long ago is no finding here: whoever
            delivers years at once does so late.
        observation_type: a replaced odometer starts a segment by itself (R6).
        source: who read the odometer.
    """
    findings = [finding for finding in findings if finding.code != LONG_AGO]
    if not findings or any(CATALOGUE[finding.code].severity is Severity.ERROR for finding in findings):
        return outcome_of(findings, observation_type=observation_type)
    if any(finding.code in UNIDENTIFIED for finding in findings):
        return Outcome(Status.ERROR, tuple(findings))
    led_to = strictest([CATALOGUE[finding.code].on_confirmation(finding) for finding in findings])
    if led_to is not Confirmed.REVIEWED:
        starts = observation_type is ObservationType.ODOMETER_REPLACED
        return Outcome(Status.PROCESSED, tuple(findings), starts_segment=starts)
    return Outcome(Status.ERROR if source is SourceKind.CONNECTED else Status.REVIEWING, tuple(findings))


def accepted(findings: Sequence[Finding], *, observation_type: ObservationType, marked: bool = True) -> Outcome:
    """An observation that counts in spite of what was found: confirmed by the garage, or accepted by an employee.

    Args:
        findings: what was found about it.
        observation_type: a replaced odometer starts a segment by itself (R6).
        marked: whether reports are to tell what was found; what the catalogue takes without a mark they never tell.
    """
    types = [CATALOGUE[finding.code] for finding in findings]
    return Outcome(
        Status.PROCESSED,
        remarks=tuple(type_.code for type_ in types if marked and type_.confirmed is not Confirmed.TAKEN),
        starts_segment=observation_type is ObservationType.ODOMETER_REPLACED or any(type_.breaks for type_ in types),
    )
