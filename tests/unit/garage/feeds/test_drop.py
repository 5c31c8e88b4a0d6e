"""The drop folder: what stands still is taken in, once, and put aside."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.registry.running import OwnClock

from odopass.garage.book import Book
from odopass.garage.book.entries import State
from odopass.garage.checks import Finding
from odopass.garage.feeds import DropFolder, FileOutcome, FolderFault
from odopass.garage.feeds.drop import SETTLED_S, UNFINISHED_S

pytestmark = pytest.mark.requirement("G15")

HEADER = "plate;day;km;read_by;colour"


class Killed(BaseException):
    """The program is gone at this point."""


class Dropped:
    """A drop folder with a clock of its own."""

    def __init__(self, path: Path, book: Book, clock: OwnClock) -> None:
        self.path, self.book, self.clock = path, book, clock
        self.seconds = 0.0
        path.mkdir()
        self.start()

    def start(self) -> None:
        """What a new start of the program begins with."""
        self.folder = DropFolder(self.path, self.book, self.clock, self.explain, monotonic=lambda: self.seconds)

    @staticmethod
    def explain(finding: Finding) -> str:
        return finding.code

    def drop(self, content: str, name: str = "orders.csv", *, at: int = 1_795_000_000) -> Path:
        file = self.path / name
        file.write_text(content, encoding="utf-8")
        os.utime(file, (at, at))
        return file

    def look(self, after: float = 0, between: Callable[[], None] = lambda: None) -> list[FileOutcome]:
        self.seconds += after
        return self.folder.look(between)

    def settle(self, between: Callable[[], None] = lambda: None) -> list[FileOutcome]:
        return self.look() + self.look(SETTLED_S, between)

    def names(self, below: str) -> list[str]:
        return sorted(each.name for each in (self.path / below).iterdir())

    def rejected(self) -> list[list[str]]:
        [file] = (self.path / "rejected").iterdir()
        with file.open(encoding="utf-8-sig", newline="") as opened:
            return list(csv.reader(opened, delimiter=";"))


@pytest.fixture
def dropped(tmp_path: Path, book: Book, clock: OwnClock) -> Dropped:
    return Dropped(tmp_path / "drop", book, clock)


def row(number: int, km: str = "120000", day: str = "24/11/2026") -> str:
    return f"1-ABC-{number:03};{day};{km};Bench 1;red"


def content(*rows: str) -> str:
    return "\n".join((HEADER, *rows)) + "\n"


def test_good_lines_are_taken_and_bad_ones_come_back_with_their_line_and_reason(dropped: Dropped, book: Book) -> None:
    dropped.drop(content(row(1), row(2, km="12.000"), row(3, day="23/11/2026"), row(1, km="120001"), row(4)))
    [outcome] = dropped.settle()
    assert (outcome.taken, outcome.check, outcome.rejected, outcome.ignored) == (2, 1, 2, ("colour",))
    assert dropped.rejected() == [
        ["line", "reason", *HEADER.split(";")],
        ["3", "km: km_digits", *row(2, km="12.000").split(";")],
        ["5", "day: second_that_day", *row(1, km="120001").split(";")],
    ]
    assert dropped.names("done") == dropped.names("rejected") == ["orders-20261118-120640.csv"]
    assert not (dropped.path / "orders.csv").exists()
    assert [each.state for each in book.readings.find()] == [State.TO_SEND, State.CHECK, State.TO_SEND]
    assert book.readings.events(1)[0].by == "orders.csv:2"


def test_a_file_without_bad_lines_leaves_no_rejects(dropped: Dropped) -> None:
    dropped.drop(content(row(1)))
    dropped.settle()
    assert dropped.names("rejected") == []


@pytest.mark.requirement("G11")
def test_the_same_file_dropped_twice_and_the_same_line_in_it_twice_are_once(dropped: Dropped, book: Book) -> None:
    dropped.drop(content(row(1), row(1), row(2)))
    [first] = dropped.settle()
    dropped.drop(content(row(1), row(1), row(2)))
    [second] = dropped.settle()
    assert (first.taken, first.known, second.taken, second.known) == (2, 1, 0, 3)
    assert len(book.readings.find()) == 2
    assert dropped.names("done") == ["orders-20261118-120640-2.csv", "orders-20261118-120640.csv"]


def test_corrected_rejects_may_be_dropped_again_as_they_are(dropped: Dropped, book: Book) -> None:
    dropped.drop(content(row(1, km="12.000")))
    dropped.settle()
    [rejects] = (dropped.path / "rejected").iterdir()
    dropped.drop(rejects.read_text("utf-8").replace("12.000", "12000"), "again.csv")
    [outcome] = dropped.settle()
    assert (outcome.taken, outcome.rejected) == (1, 0)
    assert [each.draft.km for each in book.readings.find()] == [12_000]


def test_a_file_that_is_still_being_written_is_waited_for(dropped: Dropped) -> None:
    dropped.drop(content(row(1)))
    assert dropped.look() == []
    dropped.drop(content(row(1), row(2)), at=1_795_000_001)
    assert dropped.look(SETTLED_S) == []
    assert dropped.look(SETTLED_S / 2) == []
    [outcome] = dropped.look(SETTLED_S)
    assert outcome.taken == 2


def test_half_a_last_line_is_given_more_time_before_its_km_are_believed(dropped: Dropped) -> None:
    dropped.drop(f"{HEADER.removesuffix(';colour')}\n1-ABC-001;24/11/2026;120000;Ben")
    assert dropped.settle() == []
    [outcome] = dropped.look(UNFINISHED_S)
    assert outcome.taken == 1


def test_what_was_written_on_while_it_was_read_is_read_again(dropped: Dropped, book: Book) -> None:
    file = dropped.drop(content(row(1)))
    assert dropped.settle(lambda: file.write_text(content(row(1), row(2)))) is not None
    assert dropped.names("done") == []
    dropped.folder.look()
    [outcome] = dropped.settle()
    assert (outcome.known, outcome.taken, len(book.readings.find())) == (1, 1, 2)


def test_temporary_hidden_and_foreign_files_are_left_alone(dropped: Dropped) -> None:
    for name in ("a.csv.tmp", ".b.csv", "c.csv.part", "~d.csv", "e.xlsx"):
        dropped.drop(content(row(1)), name)
    (dropped.path / "link.csv").symlink_to(dropped.path / "e.xlsx")
    assert dropped.settle() == []
    assert dropped.folder.strangers == ("e.xlsx",)
    (dropped.path / "a.csv.tmp").rename(dropped.path / "a.csv")
    [outcome] = dropped.settle()
    assert outcome.name == "a.csv"


@pytest.mark.parametrize(
    ("text", "code"), [("", "file_empty"), ("km;day\n1;2\n", "columns_missing"), (row(1), "columns_missing")]
)
def test_a_file_that_cannot_be_taken_at_all_says_why(dropped: Dropped, text: str, code: str) -> None:
    dropped.drop(text)
    [outcome] = dropped.look() + dropped.look(UNFINISHED_S)
    assert (outcome.refused_whole, outcome.taken) == (True, 0)
    assert dropped.rejected() == [["line", "reason"], ["1", code]]
    assert len(dropped.names("done")) == 1


@pytest.mark.parametrize("point", ["lines", "rejects", "remembered"])
def test_killed_in_the_middle_it_goes_on_after_a_new_start_and_doubles_nothing(
    dropped: Dropped, book: Book, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    rows = [row(each) for each in range(120)]
    dropped.drop(content(*rows, row(120, km="x")))

    def die(*_args: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        if point == "rejects":
            patched.setattr(dropped.folder._outcomes, "add", die)
        if point == "remembered":
            patched.setattr(Path, "rename", die)
        with pytest.raises(Killed):
            dropped.settle(die if point == "lines" else lambda: None)
    assert (dropped.path / "orders.csv").exists()
    dropped.start()
    [outcome] = dropped.settle()
    assert outcome.taken + outcome.known == 120
    assert outcome.rejected == 1
    readings = book.readings.find(limit=500)
    assert len(readings) == len({each.draft.vehicle.plate for each in readings}) == 120
    assert dropped.names("done") == dropped.names("rejected") == ["orders-20261118-120640.csv"]
    assert [each.kept_as for each in dropped.folder._outcomes.latest()] == ["orders-20261118-120640.csv"]
    assert dropped.rejected()[1:] == [["122", "km: km_digits", *row(120, km="x").split(";")]]


def test_a_file_that_cannot_be_put_aside_is_told_and_not_read_again(
    dropped: Dropped, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object) -> None:
        raise PermissionError("held by another program")

    dropped.drop(content(row(1)))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refuse)
        for _ in range(2):
            with pytest.raises(FolderFault) as caught:
                dropped.settle()
            assert (caught.value.kind, caught.value.detail) == ("aside", "held by another program")
    [outcome] = dropped.settle()
    assert (outcome.taken, outcome.known) == (1, 0)


def test_a_file_that_cannot_be_opened_keeps_no_other_one_waiting(
    dropped: Dropped, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: Path) -> bytes:
        if file.name == "a.csv":
            raise PermissionError("held by another program")
        return read(file)

    read = Path.read_bytes
    dropped.drop(content(row(1)), "a.csv")
    dropped.drop(content(row(2)), "b.csv")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", refuse)
        with pytest.raises(FolderFault) as caught:
            dropped.settle()
    assert caught.value.kind == "file"
    assert [each.draft.vehicle.plate for each in book.readings.find()] == ["1ABC002"]
    [outcome] = dropped.settle()
    assert outcome.name == "a.csv"


def test_a_folder_that_is_gone_is_told_and_worked_with_when_it_is_back(dropped: Dropped) -> None:
    away = dropped.path.rename(dropped.path.with_name("away"))
    with pytest.raises(FolderFault) as caught:
        dropped.look()
    assert caught.value.kind == "folder"
    away.rename(dropped.path)
    dropped.drop(content(row(1)))
    [outcome] = dropped.settle()
    assert outcome.taken == 1


def test_files_are_taken_in_the_order_in_which_they_were_written(dropped: Dropped) -> None:
    dropped.drop(content(row(1, km="2")), "a.csv", at=1_795_000_002)
    dropped.drop(content(row(2, km="1")), "b.csv", at=1_795_000_001)
    assert [each.name for each in dropped.settle()] == ["b.csv", "a.csv"]
