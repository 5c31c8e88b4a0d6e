"""What the people of the garage do with readings. Each is on the disk when the method returns (G3)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from odopass.domain.observation import ObservationType
from odopass.garage.book.entries import Reading, ReadingDraft, State, StepKind
from odopass.garage.book.rows import draft_columns
from odopass.garage.book.writing import SecondThatDay, Stale, Writing

#: How a reading can begin.
_FIRST_STATES: Final = frozenset({State.TO_SEND, State.CHECK, State.EXCLUDED})


class Decisions:
    """Entering, correcting, confirming, excluding.

    Every method raises `BookFault` if it cannot be written, `KeyError` for a number that does not exist, and `Stale` if
    the reading is not in a state for which it is meant: then nothing was changed. Whatever would send a second reading
    of a vehicle and day raises `SecondThatDay`, one kind of `Stale`, with the first.
    """

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._storage = writing.storage

    def enter(
        self, draft: ReadingDraft, *, state: State = State.TO_SEND, by: str = "", excluded_why: str = ""
    ) -> Reading:
        """Write a reading into the book; what is to be sent is noted with it.

        A draft whose ``source_key`` is in the book already changes nothing: the reading that has it is returned (G15).

        Args:
            draft: what was read.
            state: TO_SEND, CHECK or EXCLUDED.
            by: who enters it.
            excluded_why: the reason of an exclusion.
        """
        if state not in _FIRST_STATES:
            raise ValueError(state)
        with self._storage.transaction():
            if draft.source_key is not None:
                known = self._storage.row("SELECT number FROM reading WHERE source_key = ?", (draft.source_key,))
                if known is not None:
                    return self._writing.reading(known["number"])
            if state is State.TO_SEND:
                self._writing.only_that_day(draft)
            now = self._writing.now()
            columns: dict[str, Any] = draft_columns(draft) | {
                "source": draft.source.value,
                "source_key": draft.source_key,
                "state": state.value,
                "entered_at": now,
                "changed_at": now,
                "excluded_why": excluded_why if state is State.EXCLUDED else "",
                "had_problem": int(state is State.CHECK),
            }
            number = self._storage.change(
                f"INSERT INTO reading ({', '.join(columns)}) VALUES (:{', :'.join(columns)})",  # noqa: S608 - own names
                columns,
            ).lastrowid
            assert number is not None  # noqa: S101 - SQLite gives one to every row
            self._writing.note(number, "entered", text=str(draft.km), by=by)
            if state is State.EXCLUDED:
                self._writing.note(number, "excluded", text=excluded_why, by=by)
            if state is State.TO_SEND:
                self._writing.step(number, StepKind.SUBMISSION)
            return self._writing.reading(number)

    def correct(self, number: int, draft: ReadingDraft, *, by: str = "") -> Reading:
        """Replace what a reading says; the book's own record is the corrected one from now on (G7).

        An ISSUE is answered with a correction. A reading that has never reached the registry is sent as corrected. A
        step whose attempt was not answered is left alone (`Stale`), for the registry may have it.
        """
        with self._storage.transaction():
            reading = self._writing.reading(number, State.ISSUE, State.REFUSED, State.CHECK, State.TO_SEND)
            if self._writing.attempts(number):
                raise Stale(reading)
            self._writing.only_that_day(draft, besides=number)
            self._writing.order_follows(reading.draft, draft.vehicle)
            kept = replace(draft, source=reading.draft.source, source_key=reading.draft.source_key)
            self._writing.set(
                number, **draft_columns(kept), state=State.TO_SEND.value, refusals="[]", closed_by_person=0
            )
            self._writing.note(number, "corrected", text=str(draft.km), guid=reading.request_guid, by=by)
            if reading.state is State.TO_SEND and not self._confirming(number):
                return self._writing.reading(number)
            self._writing.drop_open_step(number, "replaced")
            if reading.request_guid is None:
                self._writing.step(number, StepKind.SUBMISSION)
            else:
                self._writing.step(number, StepKind.CORRECTION, reading.request_guid)
            return self._writing.reading(number)

    def confirm(self, number: int, *, by: str = "") -> Reading:
        """Say that an ISSUE's data is right as it was sent; a case is confirmed once."""
        with self._storage.transaction():
            reading = self._writing.reading(number, State.ISSUE)
            if reading.confirmed:
                raise Stale(reading)
            self._writing.set(number, state=State.TO_SEND.value, refusals="[]")
            self._writing.note(number, "confirmed", guid=reading.request_guid, by=by)
            self._writing.step(number, StepKind.CONFIRMATION, reading.request_guid)
            return self._writing.reading(number)

    def release(self, number: int, *, by: str = "", confirmed_warnings: Collection[str] = ()) -> Reading:
        """Send what another program handed over and somebody has looked at (G15)."""
        with self._storage.transaction():
            reading = self._writing.reading(number, State.CHECK)
            self._writing.only_that_day(reading.draft, besides=number)
            draft = replace(reading.draft, confirmed_warnings=tuple(confirmed_warnings))
            self._writing.set(number, **draft_columns(draft), state=State.TO_SEND.value)
            self._writing.note(number, "released", by=by)
            self._writing.step(number, StepKind.SUBMISSION)
            return self._writing.reading(number)

    def exclude(self, number: int, why: str, *, by: str = "") -> Reading:
        """Keep a reading from being reported (G10); not if the registry may have it."""
        with self._storage.transaction():
            reading = self._writing.reading(number, State.CHECK, State.TO_SEND, State.REFUSED, State.LAPSED)
            if reading.request_guid is not None or (self._writing.attempts(number)):
                raise Stale(reading)
            self._writing.drop_open_step(number, "excluded")
            self._writing.set(number, state=State.EXCLUDED.value, excluded_why=why)
            self._writing.note(number, "excluded", text=why, by=by)
            return self._writing.reading(number)

    def include(self, number: int, *, by: str = "", to_be_checked: bool = False) -> Reading:
        """Undo an exclusion: the reading is sent, with the day on which it was read.

        Args:
            number: of the reading.
            by: who undoes it.
            to_be_checked: whether a person has to look at it first, for another program handed it over (G15).
        """
        with self._storage.transaction():
            reading = self._writing.reading(number, State.EXCLUDED)
            if to_be_checked:
                self._writing.set(number, state=State.CHECK.value, excluded_why="", had_problem=1)
                self._writing.note(number, "included", by=by)
                return self._writing.reading(number)
            self._writing.only_that_day(reading.draft, besides=number)
            self._writing.set(number, state=State.TO_SEND.value, excluded_why="")
            self._writing.note(number, "included", by=by)
            self._writing.step(number, StepKind.SUBMISSION)
            return self._writing.reading(number)

    def withdraw(self, number: int, *, by: str = "", superseded_by: int | None = None) -> Reading:
        """Drop a reading that never reached the registry, such as a slip that was entered twice."""
        with self._storage.transaction():
            reading = self._writing.reading(
                number, State.CHECK, State.TO_SEND, State.REFUSED, State.LAPSED, State.EXCLUDED
            )
            if reading.request_guid is not None or self._writing.attempts(number):
                raise Stale(reading)
            self._writing.drop_open_step(number, "withdrawn")
            self._writing.set(number, state=State.WITHDRAWN.value, superseded_by=superseded_by)
            self._writing.note(number, "withdrawn", by=by)
            return self._writing.reading(number)

    def take_note(self, number: int, *, by: str = "") -> Reading:
        """File an ERROR with the solved problems: somebody has read it."""
        with self._storage.transaction():
            self._writing.reading(number, State.ERROR)
            self._writing.set(number, closed_by_person=1)
            self._writing.note(number, "noted", by=by)
            return self._writing.reading(number)

    def offer_as_ordinary(self, number: int, *, by: str = "") -> Reading:
        """Send the reading of a lapsed vehicle history request as an ordinary one, with its own day (G5).

        If the vehicle has an ordinary reading of that day already, which the history was asked for after, that one
        stands for it and nothing more is sent.

        Returns:
            the ordinary reading.
        """
        with self._storage.transaction():
            lapsed = self._writing.reading(number, State.LAPSED)
            draft = replace(
                lapsed.draft,
                type=ObservationType.REPAIR_MAINTENANCE_SERVICE,
                source_key=f"lapsed:{number}",
            )
            try:
                ordinary = self.enter(draft, by=by)
            except SecondThatDay as first:
                ordinary = first.reading
            self._writing.set(number, state=State.WITHDRAWN.value, superseded_by=ordinary.number)
            self._writing.note(number, "withdrawn", text=str(ordinary.number), by=by)
            return ordinary

    def _confirming(self, number: int) -> bool:
        row = self._storage.row("SELECT kind FROM step WHERE reading = ? AND outcome = ''", (number,))
        return row is not None and row["kind"] == StepKind.CONFIRMATION
