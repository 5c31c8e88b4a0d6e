"""What has become of the files that were dropped: kept with the garage's settings, and shown on the feeds' page."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Final

from odopass.garage.book.settings import Settings

_SETTING: Final = "feed_files"
#: How many are remembered.
_REMEMBERED: Final = 30


@dataclass(slots=True)
class FileOutcome:
    """A dropped file and what has become of it.

    Attributes:
        name: as it was dropped.
        kept_as: its name in ``done/``, which its rejects file has in ``rejected/``.
        size: in bytes.
        changed_ns: when it was last written, in ns since 1970.
        finished_at: when it was read to its end, ISO 8601, UTC.
        taken: readings that are sent by themselves.
        check: readings whose warnings wait for a person.
        excluded: readings that are not reported.
        known: lines whose reading was in the book already.
        rejected: lines that were not taken.
        refused_whole: whether the file as a whole was not taken.
        ignored: columns that mean nothing here.
        put_aside: whether it lies in ``done/``.
    """

    name: str
    kept_as: str
    size: int
    changed_ns: int
    finished_at: str = ""
    taken: int = 0
    check: int = 0
    excluded: int = 0
    known: int = 0
    rejected: int = 0
    refused_whole: bool = False
    ignored: tuple[str, ...] = ()
    put_aside: bool = False

    @property
    def lines(self) -> int:
        """How many lines were looked at."""
        return self.taken + self.check + self.excluded + self.known + self.rejected

    def is_of(self, name: str, size: int, changed_ns: int) -> bool:
        """Whether this is about that very file."""
        return (self.name, self.size, self.changed_ns) == (name, size, changed_ns)


class FileOutcomes:
    """The outcomes of the files that were dropped last."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def latest(self) -> list[FileOutcome]:
        """The newest first."""
        stored = self._settings.setting(_SETTING)
        return [] if stored is None else [_outcome(each) for each in json.loads(stored)]

    def add(self, outcome: FileOutcome) -> None:
        """Remember an outcome, in the place of what is remembered about the same file.

        Raises:
            BookFault: it cannot be written.
        """
        others = [each for each in self.latest() if each.kept_as != outcome.kept_as]
        kept = [outcome, *others][:_REMEMBERED]
        self._settings.set_setting(_SETTING, json.dumps([asdict(each) for each in kept], ensure_ascii=False))


def _outcome(stored: dict[str, Any]) -> FileOutcome:
    return FileOutcome(**(stored | {"ignored": tuple(stored["ignored"])}))
