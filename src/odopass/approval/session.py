"""A run in its folder: begun, gone on with, finished."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from odopass.approval.control import Control, Ready, SandboxError
from odopass.approval.record import Record, UnusableRecordError, read_record, runs_in, write_record
from odopass.approval.report.signing import SigningKey
from odopass.approval.report.writing import findings_of, verdicts_before, write_report
from odopass.approval.vehicles import choose_vehicles, reported_in, used_in
from odopass.approval.verdicts import Finding, Verdict
from odopass.clock import Clock, belgian_day
from odopass.wire.dates import format_wire_date


@dataclass(frozen=True, slots=True)
class Session:
    """A run that is under way.

    Attributes:
        data: the folder of all runs.
        folder: of this run.
        record: what it has seen.
        resumed: whether it was begun before.
    """

    data: Path
    folder: Path
    record: Record
    resumed: bool


def open_session(data: Path, ready: Ready, control: Control, clock: Clock, *, garage: str | None, new: bool) -> Session:
    """Go on with the last run if it has not ended, or begin one.

    Args:
        data: the folder of the runs.
        ready: the sandbox.
        control: its control port, which knows what was reported before.
        clock: the machine's.
        garage: the user name of the garage; None for that of the run, or the sandbox's first.
        new: begin one in any case.

    Raises:
        SandboxError: the sandbox is away, has no such garage, or too few vehicles.
        UnusableRecordError: the last run cannot be read.
    """
    folders = runs_in(data)
    now = clock.now()
    if folders and not new:
        record = read_record(folders[-1])
        same = garage in {None, record.garage} and _belongs(record, ready)
        if not record.ended and same and record.today == format_wire_date(belgian_day(now)):
            return Session(data, folders[-1], record, resumed=True)
    names = [each["username"] for each in ready.garages]
    chosen = garage or names[0]
    if chosen not in names:
        raise SandboxError(f"The sandbox has no garage {chosen}. There are: {', '.join(names)}.")
    used = used_in(record.vehicles for record in _readable(folders)) | reported_in(control.traffic(0)[0], ready)
    record = Record(
        began=now.isoformat(),
        garage=chosen,
        today=format_wire_date(belgian_day(now)),
        vehicles=choose_vehicles(ready, used, now),
    )
    folder = data / "runs" / f"{now:%Y-%m-%dT%H-%M-%S}"
    folder.mkdir(parents=True, exist_ok=False)
    write_record(folder, record)
    return Session(data, folder, record, resumed=False)


def finish(session: Session, scenarios: Collection[str], key: SigningKey) -> tuple[Verdict, dict[str, Finding]]:
    """Judge the run, and write its report."""
    findings = findings_of(session.record, scenarios)
    before = verdicts_before(session.data, session.folder)
    return write_report(session.folder, session.record, findings, key, before=before), findings


def _belongs(record: Record, ready: Ready) -> bool:
    """Whether a run's vehicles are this sandbox's."""
    known = {vehicle["vin"] for vehicle in ready.vehicles}
    return any(vehicle["vin"] in known for vehicle in record.vehicles.values())


def _readable(folders: Collection[Path]) -> list[Record]:
    records = []
    for folder in folders:
        try:
            records.append(read_record(folder))
        except UnusableRecordError:
            continue  # what cannot be read is left alone; its vehicles may be met again
    return records
