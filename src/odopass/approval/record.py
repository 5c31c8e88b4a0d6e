"""What a run has seen: the steps that were played, what the tester answered, and the traffic. Kept in a file."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from odopass.approval.traffic import Exchange, read_exchange

_FILE: Final = "record.json"
#: The member that holds it all; another name when what it holds changes.
_FORM: Final = "record-1"


class UnusableRecordError(Exception):
    """A run's file cannot be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Played:
    """A step that was played.

    Attributes:
        step: its name, such as ``outage.enter``.
        asked: what the tester was asked to do: ``vin``, ``km``, ``date`` as on the wire, and so on.
        after: the number of the last exchange before it.
        upto: the number of the last exchange when it ended.
        came: whether what was waited for came; True if nothing was.
        answer: what the tester said: ``answer`` is yes, no or not offered; ``note``; ``evidence``.
        skipped: why it was not played; "" if it was.
        fault: why the kit could not play it; "" if it could.
    """

    step: str
    asked: dict[str, Any] = field(default_factory=dict)
    after: int = 0
    upto: int = 0
    came: bool = True
    answer: dict[str, Any] = field(default_factory=dict)
    skipped: str = ""
    fault: str = ""

    @property
    def said(self) -> str:
        """The tester's answer: yes, no, not offered, or "" for none."""
        return str(self.answer.get("answer", ""))


@dataclass(slots=True)
class Record:
    """All that a run has seen.

    Attributes:
        began: when it began, ISO 8601.
        garage: the user name of the garage that the DMS sends for.
        software: what the DMS calls itself in its headers.
        vehicles: by the scenarios' names for them: ``vin``, ``plate``, ``km``, ``date``.
        played: the steps so far, in order.
        exchanges: the garage's traffic, in order.
        ended: when it ended; "" as long as it has not.
        today: the day on which it began, as on the wire.
    """

    began: str
    garage: str
    today: str
    software: str = ""
    vehicles: dict[str, dict[str, Any]] = field(default_factory=dict)
    played: list[Played] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    ended: str = ""

    def step(self, name: str) -> Played | None:
        """A step that was really played; None if it was not, or was skipped."""
        return next((each for each in self.played if each.step == name and not each.skipped), None)

    def of_vehicle(self, vin: str) -> list[Exchange]:
        """The exchanges that a vehicle's identification stands in."""
        return [each for each in self.exchanges if each.vehicle == vin]

    def last_number(self) -> int:
        """The number of the newest exchange; 0 if there is none."""
        return self.exchanges[-1].number if self.exchanges else 0


def write_record(folder: Path, record: Record) -> None:
    """Keep a record, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    content = {
        "began": record.began,
        "ended": record.ended,
        "garage": record.garage,
        "today": record.today,
        "software": record.software,
        "vehicles": record.vehicles,
        "played": [asdict(each) for each in record.played],
        "exchanges": [each.as_json() for each in record.exchanges],
    }
    unfinished = folder / f".{_FILE}.{os.getpid()}"
    with unfinished.open("w", encoding="utf-8") as file:
        json.dump({_FORM: content}, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / _FILE)


def read_record(folder: Path) -> Record:
    """The record of a folder.

    Raises:
        UnusableRecordError: there is none that can be read.
    """
    path = folder / _FILE
    try:
        content = json.loads(path.read_text("utf-8"))[_FORM]
        return Record(
            began=content["began"],
            ended=content["ended"],
            garage=content["garage"],
            today=content["today"],
            software=content["software"],
            vehicles=content["vehicles"],
            played=[Played(**each) for each in content["played"]],
            exchanges=[read_exchange(each) for each in content["exchanges"]],
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnusableRecordError(
            f"The record {path} cannot be read: {error}. Begin anew with --new; the old run stays where it is."
        ) from error


def runs_in(data: Path) -> Sequence[Path]:
    """The folders of the runs in a data folder, oldest first."""
    return sorted(each.parent for each in data.glob(f"runs/*/{_FILE}"))
