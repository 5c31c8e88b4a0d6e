"""What the sender reads and writes: steps before they are asked, GUIDs before anything is done with them (G3)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.garage.book.entries import NEEDS_PERSON, Pulse, Reading, State, Step, StepKind, Vehicle
from odopass.garage.book.rows import draft_columns, issues_text, moment, moment_text, read_step
from odopass.garage.book.same_day import SECOND_THAT_DAY
from odopass.garage.book.writing import Stale, Writing
from odopass.wire.observation import parse_observation
from odopass.wire.status import IssueItem

_STATES: Final = {
    Status.PROCESSED: State.PROCESSED,
    Status.ISSUE: State.ISSUE,
    Status.ERROR: State.ERROR,
    Status.ONGOING: State.ONGOING,
    Status.REVIEWING: State.REVIEWING,
}
_WITH_THE_REGISTRY: Final = frozenset({State.ONGOING, State.REVIEWING})
_HISTORY: Final = ObservationType.VEHICLE_HISTORY_DOCUMENT.value


@dataclass(frozen=True, slots=True)
class Awaited:
    """Something the registry is to be asked about.

    Attributes:
        reading: number of the reading.
        guid: of the newest request of the case.
        state: ONGOING, REVIEWING, or PROCESSED if its report is to be fetched.
    """

    reading: int
    guid: str
    state: State


class Outbox:
    """The steps to be done and the answers to be fetched. Every method raises `BookFault` if it cannot be written."""

    def __init__(self, writing: Writing) -> None:
        self._writing = writing
        self._storage = writing.storage

    def steps(self) -> list[Step]:
        """What is to be asked of the registry, the oldest first (G5)."""
        return [read_step(row) for row in self._storage.rows("SELECT * FROM step WHERE outcome = '' ORDER BY id")]

    def next_step(self, waiting: Collection[int]) -> Step | None:
        """The oldest step that may be tried now, or None.

        Args:
            waiting: ids of steps that are left for later; what was made after one of them about the same vehicle waits
                too, since the registry judges a vehicle's readings in the order in which they come.
        """
        marks = ", ".join("?" * len(waiting))
        # The plus keeps SQLite at the index of the few open steps, instead of reading all of them in order.
        row = self._storage.row(
            "SELECT step.* FROM step JOIN reading ON reading.number = step.reading "  # noqa: S608 - no values
            f"WHERE step.outcome = '' AND step.id NOT IN ({marks}) AND NOT EXISTS ("
            "SELECT 1 FROM step AS held JOIN reading AS about ON about.number = held.reading "
            f"WHERE held.outcome = '' AND held.id IN ({marks}) AND held.id < step.id "
            "AND (about.vin = reading.vin OR about.plate = reading.plate)) ORDER BY +step.id LIMIT 1",
            (*waiting, *waiting),
        )
        return None if row is None else read_step(row)

    def at_once(self) -> AbstractContextManager[None]:
        """See `Book.at_once`."""
        return self._storage.transaction()

    def reading(self, number: int) -> Reading:
        """The reading of a step."""
        return self._writing.reading(number)

    def awaited(self) -> list[Awaited]:
        """The requests whose outcome or report is still to come, the oldest first."""
        rows = self._storage.rows(
            "SELECT number, request_guid, state FROM reading "  # noqa: S608 - no values
            "WHERE request_guid IS NOT NULL AND state IN (?, ?) "
            # The type as a word and not as a value, so that the index of these few readings is used.
            f"UNION ALL SELECT number, request_guid, state FROM reading WHERE type = '{_HISTORY}' "
            "AND request_guid IS NOT NULL AND state = ? AND NOT no_report "
            "AND NOT EXISTS (SELECT 1 FROM report WHERE report.reading = number) ORDER BY number",
            (State.ONGOING, State.REVIEWING, State.PROCESSED),
        )
        return [Awaited(row["number"], row["request_guid"], State(row["state"])) for row in rows]

    def begin(self, step: Step, body: bytes | None) -> Step:
        """Write down that a step is tried now, and what is sent: what was once tried is repeated word for word.

        Args:
            step: which.
            body: what would be sent if this is the first attempt; None for confirmations.

        Raises:
            Stale: somebody has replaced or dropped it meanwhile; it must not be sent any more.
        """
        with self._storage.transaction():
            begun = self._storage.change(
                "UPDATE step SET attempts = attempts + 1, body = coalesce(body, ?) WHERE id = ? AND outcome = ''",
                (body, step.id),
            )
            if not begun.rowcount:
                raise Stale(self._writing.reading(step.reading))
            if step.attempts == 0:
                self._writing.note(step.reading, "sent", guid=step.about_guid, text=step.kind.value)
            row = self._storage.row("SELECT * FROM step WHERE id = ?", (step.id,))
            assert row is not None  # noqa: S101 - steps are never deleted
            return read_step(row)

    def not_sent(self, step: Step) -> None:
        """An attempt never reached anybody: the step is again as it was before, and can be corrected or dropped.

        Args:
            step: as `begin` gave it.
        """
        with self._storage.transaction():
            self._storage.change(
                "UPDATE step SET attempts = attempts - 1, body = CASE WHEN attempts > 1 THEN body END "
                "WHERE id = ? AND outcome = ''",
                (step.id,),
            )
            if step.attempts == 1:
                self._storage.change(
                    "DELETE FROM event WHERE id = (SELECT max(id) FROM event WHERE reading = ? AND kind = 'sent')",
                    (step.reading,),
                )

    def answered(self, step: Step, guid: str) -> None:
        """Keep the GUID of a request before anything else happens with it.

        A GUID that another reading has got already says nothing about this one: a person looks at it.
        """
        with self._storage.transaction():
            other = self._storage.row(
                "SELECT number FROM reading WHERE request_guid = ? AND number <> ?", (guid, step.reading)
            )
            if other is not None:
                self.refused(step, [f"The registry answered with the GUID of reading {other['number']}: {guid}."])
                return
            self._settle(step, "answered", guid)
            reading = self._writing.reading(step.reading)
            confirmed = int(reading.confirmed or step.kind is StepKind.CONFIRMATION)
            self._writing.set(
                step.reading,
                state=State.ONGOING.value,
                request_guid=guid,
                told="",
                issues="[]",
                refusals="[]",
                confirmed=confirmed,
            )
            self._writing.note(step.reading, "answered", guid=guid, text=step.kind.value)
            self._close_order_that_waited(reading.draft.work_order)

    def refused(self, step: Step, messages: Sequence[str]) -> None:
        """A step is structurally wrong: a person looks at it; the same is never sent again (G1)."""
        with self._storage.transaction():
            self._settle(step, "refused")
            state = State.REFUSED if step.about_guid is None else State.ISSUE
            self._writing.set(
                step.reading, state=state.value, refusals=json.dumps(list(messages), ensure_ascii=False), had_problem=1
            )
            self._writing.note(step.reading, "refused", guid=step.about_guid, text="; ".join(messages))

    def overtaken(self, step: Step, why: str) -> None:
        """The case has moved on at the registry: its status tells how it stands.

        A correction that never counted is taken back, so that the book says what the registry has (G7). One that was
        tried before without an answer may have counted: it stays.
        """
        with self._storage.transaction():
            self._settle(step, "overtaken")
            if step.kind is StepKind.CORRECTION and step.attempts == 1:
                self._take_back(step.reading)
            self._writing.set(step.reading, state=State.ONGOING.value)
            self._writing.note(step.reading, "overtaken", guid=step.about_guid, text=why)

    def told(
        self, awaited: Awaited, status: str, known: Status | None, issues: Sequence[IssueItem], raw: Mapping[str, Any]
    ) -> Reading:
        """Keep a status with its issues, as received; only if the request is still the newest of its case.

        Args:
            awaited: what was asked about.
            status: as it was written.
            known: the same as one of the wire's, or None: then it stays ONGOING, its text kept.
            issues: with every language.
            raw: the whole answer.
        """
        with self._storage.transaction():
            reading = self._writing.reading(awaited.reading)
            if reading.request_guid != awaited.guid or reading.state not in _WITH_THE_REGISTRY:
                return reading
            state = State.ONGOING if known is None else _STATES[known]
            if state is State.ERROR and self._is_already_there(awaited.reading, issues):
                state = State.ALREADY_THERE
            if status == reading.told and issues_text(issues) == issues_text(reading.issues) and state is reading.state:
                self._writing.set(reading.number, told_at=self._writing.now())
                return reading
            columns: dict[str, Any] = {"told": status, "told_at": self._writing.now(), "issues": issues_text(issues)}
            if state is not reading.state:
                columns["state"] = state.value
            if state in {State.ISSUE, State.ERROR}:
                columns["had_problem"] = 1
            self._writing.set(reading.number, **columns)
            self._writing.note(
                reading.number,
                "told",
                guid=awaited.guid,
                text=" ".join([status, *(issue.type for issue in issues)]),
                received=json.dumps(dict(raw), ensure_ascii=False),
            )
            return self._writing.reading(reading.number)

    def unknown(self, awaited: Awaited, why: str) -> None:
        """The registry says that it does not know a GUID which it gave: a line in the story, once, for the helpdesk."""
        with self._storage.transaction():
            if not self._storage.row(
                "SELECT 1 FROM event WHERE reading = ? AND kind = 'unknown' AND request_guid = ?",
                (awaited.reading, awaited.guid),
            ):
                self._writing.note(awaited.reading, "unknown", guid=awaited.guid, text=why)

    def report_received(self, awaited: Awaited, pdf: bytes, public_url: str, language: str) -> None:
        """Keep a vehicle history report."""
        with self._storage.transaction():
            self._storage.change(
                "INSERT OR REPLACE INTO report (reading, received_at, public_url, language, pdf) "
                "VALUES (?, ?, ?, ?, ?)",
                (awaited.reading, self._writing.now(), public_url, language, pdf),
            )
            self._writing.set(awaited.reading, report_url=public_url)
            self._writing.note(awaited.reading, "report", guid=awaited.guid, text=public_url)

    def no_report(self, awaited: Awaited, why: str) -> None:
        """The registry gives no report for the request; it is not asked for again."""
        with self._storage.transaction():
            self._writing.set(awaited.reading, no_report=1)
            self._writing.note(awaited.reading, "no_report", guid=awaited.guid, text=why)

    def lapse(self, today: date) -> list[int]:
        """Give up the vehicle history requests of days gone by, which are never sent late (G5).

        Args:
            today: in Europe/Brussels.

        Returns:
            the numbers of their readings.
        """
        # Looked for first without a transaction: the sender does so every second, and there are none nearly always.
        if not self._of_days_gone_by(today):
            return []
        with self._storage.transaction():
            rows = self._of_days_gone_by(today)
            for row in rows:
                self._writing.drop_open_step(row["number"], "lapsed")
                self._writing.set(row["number"], state=State.LAPSED.value, had_problem=1)
                self._writing.note(row["number"], "lapsed")
            return [row["number"] for row in rows]

    def _of_days_gone_by(self, today: date) -> list[sqlite3.Row]:
        return self._storage.rows(
            "SELECT number FROM reading WHERE type = ? AND reading_date < ? AND request_guid IS NULL "
            "AND state = ? ORDER BY number",
            (_HISTORY, today.isoformat(), State.TO_SEND),
        )

    def reached(self) -> None:
        """Note that the registry answered properly just now."""
        with self._storage.transaction():
            self._storage.change(
                "UPDATE connection SET reached_at = ?, trouble = '', detail = '', retry_at = NULL",
                (self._writing.now(),),
            )

    def in_trouble(self, trouble: str, detail: str, retry_at: datetime | None) -> None:
        """Note why the registry does not answer; see `Pulse` for the words."""
        with self._storage.transaction():
            self._storage.change(
                "UPDATE connection SET trouble = ?, detail = ?, retry_at = ?",
                (trouble, detail, None if retry_at is None else moment_text(retry_at)),
            )

    def pulse(self) -> Pulse:
        """How the connection is, and what waits."""
        needing = ", ".join("?" * len(NEEDS_PERSON))
        row = self._storage.row(
            "SELECT connection.*, (SELECT count(*) FROM step WHERE outcome = '') AS waiting, "  # noqa: S608 - no values
            "(SELECT min(made_at) FROM step WHERE outcome = '') AS oldest, "
            f"(SELECT count(*) FROM reading WHERE state IN ({needing}) AND NOT closed_by_person) AS needs_person "
            "FROM connection",
            tuple(NEEDS_PERSON),
        )
        assert row is not None  # noqa: S101 - the schema puts it there
        return Pulse(
            waiting=row["waiting"],
            overdue_since=moment(row["oldest"]) if row["trouble"] else None,
            reached_at=moment(row["reached_at"]),
            trouble=row["trouble"],
            detail=row["detail"],
            needs_person=row["needs_person"],
            retry_at=moment(row["retry_at"]),
        )

    def _settle(self, step: Step, outcome: str, guid: str | None = None) -> None:
        self._storage.change(
            "UPDATE step SET outcome = ?, settled_at = ?, request_guid = ? WHERE id = ?",
            (outcome, self._writing.now(), guid, step.id),
        )

    def _take_back(self, number: int) -> None:
        """Let a reading say again what the registry last took of it."""
        row = self._storage.row(
            "SELECT body FROM step WHERE reading = ? AND outcome = 'answered' AND body IS NOT NULL "
            "ORDER BY id DESC LIMIT 1",
            (number,),
        )
        if row is None:
            return
        draft, was = self._writing.reading(number).draft, parse_observation(row["body"], strict_members=False)
        plate = draft.vehicle.plate if was.vin is not None else was.license_plate
        vehicle = Vehicle(was.vin, plate, was.unifier, was.first_use_date)
        self._writing.order_follows(draft, vehicle)
        taken = replace(draft, vehicle=vehicle, reading_date=was.reading_date, km=was.km, type=was.type)
        self._writing.set(number, **draft_columns(taken))

    def _is_already_there(self, number: int, issues: Sequence[IssueItem]) -> bool:
        """Whether "a second that day" only says that an attempt which was never answered had arrived."""
        if not any(issue.type == SECOND_THAT_DAY for issue in issues):
            return False
        return (
            self._storage.row(
                "SELECT 1 FROM step JOIN reading ON reading.number = step.reading "
                "WHERE reading.number = ? AND step.attempts > 1 OR reading.superseded_by = ? AND step.attempts > 0",
                (number, number),
            )
            is not None
        )

    def _close_order_that_waited(self, number: str) -> None:
        if number:
            self._storage.change(
                "UPDATE work_order SET closed_at = ?, closing = 0 WHERE number = ? AND closing AND closed_at IS NULL",
                (self._writing.now(), number),
            )
