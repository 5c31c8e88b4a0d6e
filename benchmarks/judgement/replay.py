"""Readings in the order of their arrival through the registry's own judging, in memory instead of a database.

What is judged, by which code and in which order is the registry's: identification, `decide` on a vehicle's file, the
garage's correction or confirmation as a further request of the same case. Only reading and writing are left out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from benchmarks.judgement.garages import Garages, Reaction
from odopass.domain.finding import Finding
from odopass.domain.history import Reading, SourceKind
from odopass.domain.identification import Candidate, Identification, identify_by_plate, identify_by_vin
from odopass.domain.observation import Observation, ObservationType
from odopass.domain.outcome import Status, accepted
from odopass.domain.vehicle import Vehicle
from odopass.registry.judging.deciding import Settlement, decide
from odopass.registry.judging.files import Case, Request, VehicleFile
from odopass.simulate import Truth

Row = Mapping[str, Any]

_TYPES = {kind.value: kind for kind in ObservationType}
_TRUTHS = {truth.value: truth for truth in Truth}


@dataclass(frozen=True, slots=True)
class Judged:
    """A reading and what became of it.

    Attributes:
        row: the reading as simulated; see `odopass.simulate.tables`.
        truth: what is really the matter with it.
        status: the outcome at its first judgement.
        findings: what was found then.
        misled: whether a reading that stands in the vehicle's history was false when this one was judged.
        reaction: what the garage did about an issue; None if there was none.
        stands: whether it, or its correction, came to count in the end.
    """

    row: Row
    truth: Truth
    status: Status
    findings: tuple[Finding, ...]
    misled: bool
    reaction: Reaction | None
    stands: bool

    @property
    def codes(self) -> tuple[str, ...]:
        """The issue types of the findings."""
        return tuple(finding.code for finding in self.findings)


class Replay:
    """One chunk of the fleet: its vehicles, their files, and the readings that are judged one by one."""

    def __init__(self, vehicles: list[Row], plates: list[Row], garages: Garages) -> None:
        self._garages = garages
        self._files = {row["vehicle"]: VehicleFile(_vehicle(row)) for row in vehicles}
        self._vehicles = {row["vehicle"]: row for row in vehicles}
        self._misled: set[int] = set()
        self._guids = 0
        self._by_vin: dict[str, list[Candidate]] = defaultdict(list)
        for row in vehicles:
            self._by_vin[row["vin"]].append(Candidate(row["vehicle"], row["unifier"], row["first_use"]))
        self._by_plate: dict[str, list[Row]] = defaultdict(list)
        for row in plates:
            self._by_plate[_plain(row["plate"])].append(row)

    def judge(self, readings: list[Row]) -> Iterator[Judged]:
        """Judge the readings of the chunk, in the order in which they arrived."""
        for row in readings:
            truth = _TRUTHS[row["truth"]]
            identification, number = self._identify(row)
            observation = Observation(row["reading_date"], row["km"], _TYPES[row["observation_type"]])
            misled = number is not None and number in self._misled
            first = self._submit(row, identification, number, observation)
            reaction = None
            last = first
            if first.status is Status.ISSUE:
                reaction = self._garages.react(truth, names_wrongly=number is None)
                last = self._react(row, reaction, first)
            if last.status is Status.REVIEWING and self._garages.accept_after_review(truth):
                self._accept(last)
                stands = True
            else:
                stands = last.status is Status.PROCESSED
            if stands and last.vehicle_id is not None and not self._is_true(row, last):
                self._misled.add(last.vehicle_id)
            yield Judged(row, truth, first.status, first.findings, misled, reaction, stands)

    def _is_true(self, row: Row, last: Settlement) -> bool:
        if row["rollback"] is not None:
            return False
        said = last.observation
        if last.vehicle_id == row["vehicle"] and said.reading_date == row["read_on"]:
            return bool(said.km == row["display_km"])
        return bool(row["truth"] == Truth.HONEST)

    def _submit(
        self, row: Row, identification: Identification, number: int | None, observation: Observation
    ) -> Settlement:
        request = self._request(row, "submission", number, identification=identification, observation=observation)
        return self._decide(self._file(number), request, {})

    def _react(self, row: Row, reaction: Reaction, first: Settlement) -> Settlement:
        case = _case(first)
        if reaction is Reaction.NOTHING:
            return first
        if reaction is Reaction.CONFIRMS:
            number = first.vehicle_id
            identification = first.request.identification
            request = self._request(
                row, "confirmation", number, identification=identification, observation=None, case=case
            )
        else:
            number = row["vehicle"]
            day = row["read_on"]
            if first.observation.type is ObservationType.VEHICLE_HISTORY_DOCUMENT:
                day = first.observation.reading_date
            right = Observation(day, row["display_km"], first.observation.type)
            identification = Identification.IDENTIFIED
            request = self._request(
                row, "correction", number, identification=identification, observation=right, case=case
            )
            if first.vehicle_id is not None and first.vehicle_id != number:
                old = self._files[first.vehicle_id]
                old.reports = [report for report in old.reports if report.case_guid != case.guid]
        case = replace(case, head=request.guid, status=Status.ONGOING)
        return self._decide(self._file(number), request, {case.guid: case})

    def _decide(self, file: VehicleFile, request: Request, cases: dict[UUID, Case]) -> Settlement:
        file.requests, file.cases = [request], cases
        (settlement,) = decide(file)
        return settlement

    def _accept(self, last: Settlement) -> None:
        """What an employee's decision will do: the reading counts in spite of what was found."""
        if last.vehicle_id is None:
            return
        outcome = accepted(last.findings, observation_type=last.observation.type)
        history = self._files[last.vehicle_id].history
        history.add(
            Reading(
                date=last.observation.reading_date,
                arrival=1 + max((reading.arrival for reading in history), default=0),
                km=last.observation.km,
                starts_segment=outcome.starts_segment,
                source=SourceKind.GARAGE,
            )
        )

    def _file(self, number: int | None) -> VehicleFile:
        return VehicleFile(None) if number is None else self._files[number]

    def _identify(self, row: Row) -> tuple[Identification, int | None]:
        if row["vin"] is not None:
            return identify_by_vin(
                row["vin"],
                self._by_vin.get(row["vin"], ()),
                unifier=row["unifier"],
                first_use=row["first_use_date"],
            )
        day = row["reading_date"]
        return identify_by_plate(
            [
                Candidate(each["vehicle"], None, None)
                for each in self._by_plate.get(_plain(row["license_plate"]), ())
                if each["valid_from"] <= day and (each["valid_until"] is None or day <= each["valid_until"])
            ]
        )

    def _request(
        self,
        row: Row,
        kind: str,
        number: int | None,
        *,
        identification: Identification,
        observation: Observation | None,
        case: Case | None = None,
    ) -> Request:
        self._guids += 1
        guid = UUID(int=self._guids)
        subject = -1 if number is None else number + 1
        received_at: datetime = row["received_at"]
        return Request(
            guid=guid,
            subject=subject,
            kind=kind,
            case_guid=guid if case is None else case.guid,
            case_subject=subject if case is None else case.subject,
            account_id=row["garage"],
            received_at=received_at,
            identification=identification,
            identifier=row["vin"] or _plain(row["license_plate"]),
            observation=observation,
        )


def _vehicle(row: Row) -> Vehicle:
    return Vehicle(row["vehicle"], row["category"], row["max_mass_kg"], row["first_use"])


def _case(settled: Settlement) -> Case:
    request = settled.request
    return Case(
        guid=request.case_guid,
        subject=request.case_subject,
        vehicle_id=settled.vehicle_id,
        observation=settled.observation,
        status=settled.status,
        head=request.guid,
        standing=settled.standing,
        confirmed=settled.confirmed,
        findings=settled.findings,
    )


def _plain(plate: str) -> str:
    return plate.replace("-", "").replace(" ", "").upper()
