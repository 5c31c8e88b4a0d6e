"""Looking readings up."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any, Final

from odopass.garage.book.entries import Event, News, Reading, Report, State, Vehicle
from odopass.garage.book.rows import READING, read_event, read_reading
from odopass.garage.book.storage import Storage

#: Problems in the order in which they are shown: what needs an answer first, then errors (G6).
_URGENCY: Final = (State.ISSUE, State.REFUSED, State.LAPSED, State.CHECK, State.ERROR)
#: The highest number that SQLite gives.
_HIGHEST: Final = 2**63 - 1
#: Shorter than what SQLite can hold as a number.
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_NOT_IN_PLATES: Final = re.compile(r"[-\s.]+")


class Readings:
    """The readings of the book, as they stand."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage

    def one(self, number: int) -> Reading | None:
        """The reading with this number, or None."""
        if number > _HIGHEST:
            return None
        row = self._storage.row(f"SELECT {READING} WHERE number = ?", (number,))
        return None if row is None else read_reading(row)

    def by_source_key(self, key: str) -> Reading | None:
        """The reading that came with this key, or None."""
        row = self._storage.row(f"SELECT {READING} WHERE source_key = ?", (key,))
        return None if row is None else read_reading(row)

    def find(
        self,
        *,
        states: Collection[State] | None = None,
        search: str = "",
        limit: int = 100,
        before: int | None = None,
    ) -> list[Reading]:
        """The readings that were entered last, the newest first.

        Args:
            states: only in these.
            search: part of a VIN or plate, in any case, with blanks and dashes or without; or a whole work order's
                number, GUID or number of the book.
            limit: how many at most.
            before: only those with a smaller number, for the next page.
        """
        conditions, values = ["TRUE"], list[Any]()
        if states is not None:
            conditions.append(f"state IN ({_marks(states)})")
            values += [state.value for state in states]
        if before is not None:
            conditions.append("number < ?")
            values.append(before)
        if search.strip():
            condition, sought = _search(search)
            conditions.append(condition)
            values += sought
        rows = self._storage.rows(
            f"SELECT {READING} WHERE {' AND '.join(conditions)} ORDER BY number DESC LIMIT ?",
            (*values, limit),
        )
        return [read_reading(row) for row in rows]

    def of_vehicle(self, vehicle: Vehicle) -> list[Reading]:
        """A vehicle's readings in whatever state, by day; see `readings_of` for which vehicle is the same."""
        return readings_of(self._storage, vehicle)

    def of_order(self, number: str) -> list[Reading]:
        """The readings of a work order, the newest first."""
        rows = self._storage.rows(
            f"SELECT {READING} WHERE work_order = ? AND work_order <> '' ORDER BY number DESC", (number,)
        )
        return [read_reading(row) for row in rows]

    def problems(self, *, solved: bool = False) -> list[Reading]:
        """What needs an answer, then errors; each group's oldest first. Or what once was a problem and is solved (G6).

        Args:
            solved: only the solved ones, the newest first.
        """
        if solved:
            rows = self._storage.rows(
                f"SELECT {READING} WHERE had_problem AND (closed_by_person OR state IN (?, ?, ?, ?)) "
                "ORDER BY changed_at DESC LIMIT 500",
                (State.PROCESSED, State.WITHDRAWN, State.ALREADY_THERE, State.EXCLUDED),
            )
            return [read_reading(row) for row in rows]
        rows = self._storage.rows(
            f"SELECT {READING} WHERE state IN ({_marks(_URGENCY)}) AND NOT closed_by_person ORDER BY number",
            [state.value for state in _URGENCY],
        )
        return sorted((read_reading(row) for row in rows), key=lambda each: _URGENCY.index(each.state))

    def under_way(self) -> list[Reading]:
        """Those with a problem behind them whose answer is still to come, the oldest first."""
        rows = self._storage.rows(
            f"SELECT {READING} WHERE had_problem AND state IN (?, ?, ?) ORDER BY number",
            (State.TO_SEND, State.ONGOING, State.REVIEWING),
        )
        return [read_reading(row) for row in rows]

    def events(self, number: int) -> list[Event]:
        """A reading's story, from its beginning."""
        rows = self._storage.rows("SELECT * FROM event WHERE reading = ? ORDER BY id", (number,))
        return [read_event(row) for row in rows]

    def news(self, after: int = 0, *, limit: int = 500) -> list[News]:
        """What has happened to all readings, the oldest first.

        Args:
            after: only what came after the line with this id; 0: from the beginning.
            limit: how many lines at most.
        """
        rows = self._storage.rows("SELECT * FROM event WHERE id > ? ORDER BY id LIMIT ?", (after, limit))
        return [News(row["id"], row["reading"], read_event(row)) for row in rows]

    def received(self, number: int) -> list[str]:
        """What the registry answered about a reading, word for word: JSON, the oldest first."""
        rows = self._storage.rows(
            "SELECT received FROM event WHERE reading = ? AND received IS NOT NULL ORDER BY id", (number,)
        )
        return [row["received"] for row in rows]

    def report(self, number: int) -> Report | None:
        """The vehicle history report of a reading, or None."""
        row = self._storage.row("SELECT public_url, language, pdf FROM report WHERE reading = ?", (number,))
        return None if row is None else Report(row["public_url"], row["pdf"], row["language"])


def readings_of(storage: Storage, vehicle: Vehicle) -> list[Reading]:
    """A vehicle's readings in whatever state, by day.

    It is the same vehicle if the VINs are the same and no two unifiers differ; or if the plates are and not both have
    a VIN.
    """
    rows = storage.rows(
        f"SELECT {READING} WHERE vin = :vin AND (unifier IS NULL OR :unifier IS NULL OR unifier = :unifier) "
        "OR plate = :plate AND (vin IS NULL OR :vin IS NULL) ORDER BY reading_date, number",
        {"vin": vehicle.vin, "plate": vehicle.plate, "unifier": vehicle.unifier},
    )
    return [read_reading(row) for row in rows]


def _marks(values: Collection[object] | Sequence[object]) -> str:
    return ", ".join("?" * len(values))


def _search(text: str) -> tuple[str, list[Any]]:
    sought = text.strip()
    bare = _NOT_IN_PLATES.sub("", sought).upper()
    condition = "work_order = ? OR request_guid = ? OR number = ?"
    values: list[Any] = [sought, sought.lower(), int(sought) if _NUMBER.fullmatch(sought) else -1]
    if bare:
        condition += " OR instr(vin, ?) OR instr(plate, ?)"
        values += [bare, bare]
    return f"({condition})", values
