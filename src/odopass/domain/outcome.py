"""From findings to an outcome: what becomes of an observation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from odopass.domain.catalogue import CATALOGUE, Confirmed, Severity, strictest
from odopass.domain.finding import Finding
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


def outcome_of(findings: Sequence[Finding], *, observation_type: ObservationType, confirmed: bool = False) -> Outcome:
    """Decide by the catalogue.

    Args:
        findings: all that was found about the observation.
        observation_type: a replaced odometer starts a segment by itself (R6).
        confirmed: whether the garage has confirmed the observation as it stands.
    """
    replaced = observation_type is ObservationType.ODOMETER_REPLACED
    errors = tuple(finding for finding in findings if CATALOGUE[finding.code].severity is Severity.ERROR)
    if errors:
        return Outcome(Status.ERROR, errors)
    if not findings:
        return Outcome(Status.PROCESSED, starts_segment=replaced)
    if not confirmed:
        return Outcome(Status.ISSUE, tuple(findings))
    led_to = strictest([CATALOGUE[finding.code].on_confirmation(finding) for finding in findings])
    if led_to is Confirmed.REVIEWED:
        return Outcome(Status.REVIEWING, tuple(findings))
    return accepted(findings, observation_type=observation_type, marked=led_to is Confirmed.MARKED)


def accepted(findings: Sequence[Finding], *, observation_type: ObservationType, marked: bool = True) -> Outcome:
    """An observation that counts in spite of what was found: confirmed by the garage, or accepted by an employee."""
    return Outcome(
        Status.PROCESSED,
        remarks=tuple(finding.code for finding in findings) if marked else (),
        starts_segment=observation_type is ObservationType.ODOMETER_REPLACED
        or any(CATALOGUE[finding.code].breaks for finding in findings),
    )
