"""Judge one vehicle's waiting requests, one after another. Pure: a file in, settlements out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from odopass.clock import belgian_day
from odopass.domain.catalogue import CATALOGUE, Severity
from odopass.domain.finding import Finding
from odopass.domain.history import Reading, SourceKind
from odopass.domain.identification import Identification
from odopass.domain.observation import Observation, ObservationType
from odopass.domain.outcome import Outcome, Status, accepted, outcome_of, outcome_of_delivered
from odopass.domain.rules import SameGarage, judge, judge_unidentified
from odopass.registry.judging.files import Case, OwnReport, Request, VehicleFile

_ORDINARY = frozenset({ObservationType.REPAIR_MAINTENANCE_SERVICE, ObservationType.ROAD_SIDE_ASSISTANCE})


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one judged request makes of its case.

    Attributes:
        request: the request that was judged.
        opens: whether the case begins with this request; else its row is changed.
        vehicle_id: what the standing observation is about; None if no vehicle was identified.
        vin: that vehicle's, where a reading may join its history.
        observation: the one that stands now.
        standing: the request it came with.
        status: the case's state.
        findings: what the garage is shown.
        confirmed: whether the case has been confirmed.
        reading: what joins the history, if anything does.
        remarks: codes of what was confirmed, for reports.
    """

    request: Request
    opens: bool
    vehicle_id: int | None
    vin: str | None
    observation: Observation
    standing: UUID
    status: Status
    findings: tuple[Finding, ...]
    confirmed: bool
    reading: Reading | None
    remarks: tuple[str, ...]

    @property
    def received_at(self) -> datetime:
        """When the request arrived, in UTC."""
        return self.request.received_at


def decide(file: VehicleFile) -> Iterator[Settlement]:
    """Judge the file's requests in order of arrival; each sees what the ones before it came to."""
    for request in file.requests:
        if request.kind == "submission":
            yield _submission(file, request)
            continue
        case = file.cases.get(request.case_guid)
        if case is None or case.status is not Status.ONGOING or case.head != request.guid:
            # Judged already, by a worker that settled and could not say so.
            continue
        yield _correction(file, request, case) if request.kind == "correction" else _confirmation(file, request, case)


def _submission(file: VehicleFile, request: Request) -> Settlement:
    observation = _said(request)
    outcome = _outcome(file, request, observation)
    return _settled(file, request, observation, outcome, opens=True, standing=request.guid, confirmed=False)


def _correction(file: VehicleFile, request: Request, case: Case) -> Settlement:
    observation = _said(request)
    outcome = _outcome(file, request, observation)
    if outcome.status is not Status.ERROR:
        return _settled(
            file, request, observation, outcome, opens=False, standing=request.guid, confirmed=case.confirmed
        )
    # The correction is refused; what it was to correct stands as it was, and still needs the garage.
    open_issues = [each for each in case.findings if CATALOGUE[each.code].severity is Severity.ISSUE]
    return Settlement(
        request=request,
        opens=False,
        vehicle_id=case.vehicle_id,
        vin=None,
        observation=case.observation,
        standing=case.standing,
        status=Status.ISSUE,
        findings=(*open_issues, *outcome.findings),
        confirmed=case.confirmed,
        reading=None,
        remarks=(),
    )


def _confirmation(file: VehicleFile, request: Request, case: Case) -> Settlement:
    # Judged anew: the history may have changed since, and what fits by now needs no mark.
    outcome = _outcome(file, request, case.observation, confirmed=True)
    return _settled(file, request, case.observation, outcome, opens=False, standing=case.standing, confirmed=True)


def accept(file: VehicleFile, request: Request, case: Case, *, marked: bool) -> Settlement:
    """Let the standing observation of a case count because an employee says so (R7).

    Judged anew, like a confirmation: what fits by now needs no mark.

    Args:
        file: of the vehicle that the observation is about.
        request: the head of the case.
        case: as it stands.
        marked: whether reports are to tell what was found.

    Raises:
        CannotCount: there is an error about it that nobody can overrule, or no vehicle.
    """
    found = _findings(file, request, case.observation)
    errors = tuple(finding for finding in found if CATALOGUE[finding.code].severity is Severity.ERROR)
    if errors or file.vehicle is None or request.identification is not Identification.IDENTIFIED:
        raise CannotCount(errors or tuple(found))
    outcome = accepted(found, observation_type=case.observation.type, marked=marked)
    return _settled(file, request, case.observation, outcome, opens=False, standing=case.standing, confirmed=True)


class CannotCount(Exception):  # noqa: N818 - an answer, not a fault
    """An observation cannot count, whoever says so.

    Attributes:
        findings: why.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(", ".join(finding.code for finding in findings))
        self.findings = tuple(findings)


def _outcome(file: VehicleFile, request: Request, observation: Observation, *, confirmed: bool = False) -> Outcome:
    findings = _findings(file, request, observation)
    if request.delivered:
        return outcome_of_delivered(findings, observation_type=observation.type, source=request.source)
    return outcome_of(findings, observation_type=observation.type, confirmed=confirmed)


def _findings(file: VehicleFile, request: Request, observation: Observation) -> list[Finding]:
    today = belgian_day(request.received_at)
    if file.vehicle is None or request.identification is not Identification.IDENTIFIED:
        return judge_unidentified(observation, request.identification, request.identifier, today=today)
    return judge(
        observation,
        vehicle=file.vehicle,
        history=file.history,
        same_garage=[report.said for report in _rivals(file, request, observation)],
        today=today,
    )


def _others(file: VehicleFile, request: Request) -> list[OwnReport]:
    """What the same garage has reported of this vehicle in other cases."""
    return [
        report
        for report in file.reports
        if report.account_id == request.account_id and report.case_guid != request.case_guid
    ]


def _rivals(file: VehicleFile, request: Request, observation: Observation) -> list[OwnReport]:
    """Which of them may be the first of two, where this observation is the second (W13).

    A report that was asked for on the day of an ordinary observation is second to it, and stays so while that one is
    corrected or confirmed on its day.
    """
    others = _others(file, request)
    case = file.cases.get(request.case_guid)
    if case is None or file.vehicle is None or case.vehicle_id != file.vehicle.id:
        return others
    was, now = case.observation, observation
    if was.reading_date != now.reading_date or was.type not in _ORDINARY or now.type not in _ORDINARY:
        return others
    return [report for report in others if report.said.type is not ObservationType.VEHICLE_HISTORY_DOCUMENT]


def _settled(
    file: VehicleFile,
    request: Request,
    observation: Observation,
    outcome: Outcome,
    *,
    opens: bool,
    standing: UUID,
    confirmed: bool,
) -> Settlement:
    reading = None
    if outcome.status is Status.PROCESSED and not _repeats_own_reading(file, request, observation):
        reading = _reading(file, request, observation, outcome)
        file.history.add(reading)
    file.reports = [report for report in file.reports if report.case_guid != request.case_guid]
    if outcome.status is not Status.ERROR:
        said = SameGarage(observation.reading_date, observation.km, observation.type)
        file.reports.append(OwnReport(request.account_id, request.case_guid, said, counts=reading is not None))
    return Settlement(
        request=request,
        opens=opens,
        vehicle_id=None if file.vehicle is None else file.vehicle.id,
        vin=file.vin,
        observation=observation,
        standing=standing,
        status=outcome.status,
        findings=outcome.findings,
        confirmed=confirmed,
        reading=reading,
        remarks=outcome.remarks,
    )


def _repeats_own_reading(file: VehicleFile, request: Request, observation: Observation) -> bool:
    """Whether a report and an observation of one day by one garage have the same reading, which counts once (W13).

    Only if the other one counts already: one that waits in ISSUE may never come to count. A report may show the reading
    of a new odometer; an ordinary observation of the same km is one of its own.
    """
    replaced = ObservationType.ODOMETER_REPLACED
    if observation.type is replaced:
        return False
    said = (observation.reading_date, observation.km)
    report = observation.type is ObservationType.VEHICLE_HISTORY_DOCUMENT
    return any(
        other.counts
        and (other.said.reading_date, other.said.km) == said
        and (report or other.said.type is not replaced)
        for other in _others(file, request)
    )


def _reading(file: VehicleFile, request: Request, observation: Observation, outcome: Outcome) -> Reading:
    roadside = request.source is SourceKind.GARAGE and observation.type is ObservationType.ROAD_SIDE_ASSISTANCE
    return Reading(
        date=observation.reading_date,
        arrival=1 + max((reading.arrival for reading in file.history), default=0),
        km=observation.km,
        starts_segment=outcome.starts_segment,
        source=SourceKind.ROADSIDE if roadside else request.source,
    )


def _said(request: Request) -> Observation:
    if request.observation is None:
        raise ValueError(f"request {request.guid} of kind {request.kind} has no observation")
    return request.observation
