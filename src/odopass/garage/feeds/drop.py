"""One drop folder: files that stand still are taken in, line by line, and put aside with what was rejected (G15)."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from odopass.clock import BRUSSELS, Clock, belgian_day
from odopass.garage.book import Book
from odopass.garage.book.entries import Source
from odopass.garage.checks import Finding
from odopass.garage.feeds.files import FileOutcome, FileOutcomes
from odopass.garage.feeds.handing_over import Outcome, hand_over
from odopass.garage.feeds.table import LINE, REASON, Line, TableFault, read_table

#: A file is taken when it has stood still for so long; one whose last line has no end, for so much longer, in seconds.
SETTLED_S: Final = 3.0
UNFINISHED_S: Final = 30.0
#: Lines in one transaction: few enough that a person who saves meanwhile does not notice.
_AT_ONCE: Final = 50
_ENDINGS: Final = frozenset({".csv", ".txt", ".tsv"})
_TEMPORARY: Final = frozenset({".tmp", ".part", ".partial", ".crdownload", ".filepart"})


class FolderFault(Exception):  # noqa: N818 - it names what happened
    """The folder cannot be worked with at the moment; nothing is lost, it is tried again.

    Attributes:
        kind: ``folder``, ``file`` (it cannot be opened) or ``aside`` (it cannot be put aside).
        detail: in English, with the path.
    """

    def __init__(self, kind: str, error: OSError) -> None:
        super().__init__(str(error))
        self.kind = kind
        self.detail = str(error)


class Explain(Protocol):
    """Says in the garage's language what is wrong with a line."""

    def __call__(self, finding: Finding) -> str:
        """A sentence."""
        ...


@dataclass(slots=True)
class _Seen:
    """A file as it was seen, and since when it has been so, in seconds of the clock that only runs forward."""

    size: int
    changed_ns: int
    since: float


class DropFolder:
    """A folder with ``done`` and ``rejected`` in it.

    Attributes:
        strangers: names of files that are left alone, for they are no CSV files.
        under_way: the file that is being read and its lines so far, or None.

    Args:
        path: of the folder.
        book: takes the readings.
        clock: for days and for what people read.
        explain: says what is wrong with a line.
        monotonic: seconds that only run forward.
    """

    def __init__(
        self, path: Path, book: Book, clock: Clock, explain: Explain, *, monotonic: Callable[[], float]
    ) -> None:
        self.path = path
        self.strangers: tuple[str, ...] = ()
        self.under_way: tuple[str, int] | None = None
        self._book = book
        self._outcomes = FileOutcomes(book.settings)
        self._clock = clock
        self._explain = explain
        self._monotonic = monotonic
        self._seen: dict[str, _Seen] = {}

    def look(self, between: Callable[[], None] = lambda: None) -> list[FileOutcome]:
        """Take in every file that has stood still, the oldest first.

        Args:
            between: called between one group of lines and the next; an exception of it ends the work, which is done
                anew at the next look and doubles nothing.

        Raises:
            FolderFault: the folder or a file cannot be worked with; the other files were taken in.
            BookFault: the book cannot be written.
        """
        outcomes, faults = [], []
        for file, seen in self._files():
            try:
                outcome = self._take_in(file, seen, between) if self._stands_still(file, seen) else None
            except FolderFault as fault:
                faults.append(fault)
            else:
                outcomes += [] if outcome is None else [outcome]
        if faults:
            raise faults[0]
        return outcomes

    def _files(self) -> list[tuple[Path, _Seen]]:
        now, found, strangers = self._monotonic(), dict[str, _Seen](), []
        with _fault("folder"):
            for name in ("done", "rejected"):
                (self.path / name).mkdir(exist_ok=True)
            files = [each for each in self.path.iterdir() if not each.name.startswith((".", "~"))]
            for file in files:
                if file.is_symlink() or not file.is_file() or file.suffix.lower() in _TEMPORARY:
                    continue
                if file.suffix.lower() not in _ENDINGS:
                    strangers.append(file.name)
                    continue
                with suppress(FileNotFoundError):
                    stat = file.stat()
                    seen = self._seen.get(file.name)
                    same = seen is not None and (seen.size, seen.changed_ns) == (stat.st_size, stat.st_mtime_ns)
                    found[file.name] = seen if same and seen is not None else _Seen(stat.st_size, stat.st_mtime_ns, now)
        self._seen, self.strangers = found, tuple(sorted(strangers))
        return sorted(
            ((self.path / name, seen) for name, seen in found.items()), key=lambda each: (each[1].changed_ns, each[0])
        )

    def _stands_still(self, file: Path, seen: _Seen) -> bool:
        still = self._monotonic() - seen.since
        if still < SETTLED_S or still >= UNFINISHED_S:
            return still >= SETTLED_S
        # Half a last line could be half a reading: it is given more time.
        with _fault("file"), file.open("rb") as opened:
            opened.seek(max(0, seen.size - 1))
            return opened.read(1) in {b"\n", b"\r", b"\0"}

    def _take_in(self, file: Path, seen: _Seen, between: Callable[[], None]) -> FileOutcome | None:
        for recorded in self._outcomes.latest():
            if recorded.is_of(file.name, seen.size, seen.changed_ns) and not recorded.put_aside:
                # It was read to its end, but could not be put aside, or the program ended before.
                return self._put_aside(file, recorded)
        kept_as = self._free_name(file, seen)
        with _fault("file"):
            content = file.read_bytes()
        outcome = FileOutcome(file.name, kept_as, seen.size, seen.changed_ns)
        try:
            self._read(content, outcome, between)
        finally:
            self.under_way = None
        with _fault("file"):
            stat = file.stat()
        if (stat.st_size, stat.st_mtime_ns) != (seen.size, seen.changed_ns):
            # Somebody has written on: what was read is in the book, the whole file is read once more later.
            return None
        outcome = replace(outcome, finished_at=self._clock.now().isoformat())
        self._outcomes.add(outcome)
        return self._put_aside(file, outcome)

    def _read(self, content: bytes, outcome: FileOutcome, between: Callable[[], None]) -> None:
        rejects = self.path / "rejected" / outcome.kept_as
        try:
            table = read_table(content)
        except TableFault as fault:
            outcome.rejected, outcome.refused_whole = 1, True
            with _rejects(rejects, (), ";") as write:
                write((1, self._explain(fault.finding)))
            return
        outcome.ignored = table.ignored
        lines = table.lines()
        with _rejects(rejects, table.header, table.separator) as write:
            while group := list(islice(lines, _AT_ONCE)):
                for line, reasons in self._take(group, outcome):
                    write((line.number, reasons, *line.cells))
                self.under_way = (outcome.name, outcome.lines)
                between()

    def _take(self, group: list[Line], outcome: FileOutcome) -> list[tuple[Line, str]]:
        """Take some lines in at once, and return those that were rejected, with why."""
        today, rejected, counts = belgian_day(self._clock.now()), [], dict.fromkeys(Outcome, 0)
        with self._book.at_once():
            for line in group:
                if line.fault is not None:
                    counts[Outcome.REFUSED] += 1
                    rejected.append((line, self._explain(line.fault)))
                    continue
                by = f"{outcome.name}:{line.number}"
                handed = hand_over(self._book, today, line.fields, source=Source.CSV, by=by)
                counts[handed.outcome] += 1
                if handed.outcome is Outcome.REFUSED:
                    rejected.append((line, " ".join(map(self._reason, handed.findings))))
        outcome.taken += counts[Outcome.TAKEN]
        outcome.check += counts[Outcome.CHECK]
        outcome.excluded += counts[Outcome.EXCLUDED]
        outcome.known += counts[Outcome.KNOWN]
        outcome.rejected += counts[Outcome.REFUSED]
        return rejected

    def _reason(self, finding: Finding) -> str:
        column = "day" if finding.field == "reading_date" else finding.field
        return f"{column}: {self._explain(finding)}"

    def _put_aside(self, file: Path, outcome: FileOutcome) -> FileOutcome:
        with _fault("aside"):
            file.rename(self.path / "done" / outcome.kept_as)
        self._seen.pop(file.name, None)
        aside = replace(outcome, put_aside=True)
        self._outcomes.add(aside)
        return aside

    def _free_name(self, file: Path, seen: _Seen) -> str:
        """The file's name with the moment it was written; the same one as long as nothing is put aside under it."""
        written = datetime.fromtimestamp(seen.changed_ns / 1e9, BRUSSELS)
        stem = f"{file.stem}-{written:%Y%m%d-%H%M%S}"
        number, name = 1, f"{stem}{file.suffix}"
        while (self.path / "done" / name).exists():
            number += 1
            name = f"{stem}-{number}{file.suffix}"
        return name


@contextmanager
def _rejects(file: Path, header: tuple[str, ...], separator: str) -> Iterator[Callable[[tuple[object, ...]], None]]:
    """Write a rejects file, which is there whole or not at all; none if nothing is rejected."""
    part = file.with_name(f".{file.name}.part")
    rows = 0
    with _fault("folder"), part.open("w", encoding="utf-8-sig", newline="") as opened:
        writer = csv.writer(opened, delimiter=separator)
        writer.writerow((LINE, REASON, *header))

        def write(row: tuple[object, ...]) -> None:
            nonlocal rows
            rows += 1
            writer.writerow(row)

        yield write
        opened.flush()
        os.fsync(opened.fileno())
    with _fault("folder"):
        if rows:
            part.replace(file)
        else:
            # An earlier attempt, which was broken off, may have left one.
            part.unlink()
            file.unlink(missing_ok=True)


@contextmanager
def _fault(kind: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise FolderFault(kind, error) from error
