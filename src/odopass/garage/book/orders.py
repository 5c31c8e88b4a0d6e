"""Work orders, which cannot be closed while nothing was reported (G2)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from odopass.garage.book.entries import Reading, State, WorkOrder
from odopass.garage.book.readings import Readings
from odopass.garage.book.rows import day_text, read_order
from odopass.garage.book.writing import Writing


class OrderExists(Exception):  # noqa: N818 - it names what happened
    """There is a work order with this number already."""


class Blocker(StrEnum):
    """Why a work order cannot be closed."""

    NO_READING = "no_reading"  # nothing was read
    WAITING = "waiting"  # its reading waits for the registry
    NEEDS_PERSON = "needs_person"  # its reading waits for somebody in the garage


class OrderBlocked(Exception):  # noqa: N818 - it names what happened
    """A work order cannot be closed.

    Attributes:
        blocker: why.
        reading: which reading keeps it open, if there is one.
    """

    def __init__(self, blocker: Blocker, reading: Reading | None) -> None:
        super().__init__(blocker.value)
        self.blocker = blocker
        self.reading = reading


class Orders:
    """The garage's work orders. Every change raises `BookFault` if it cannot be written."""

    def __init__(self, writing: Writing, readings: Readings) -> None:
        self._writing = writing
        self._storage = writing.storage
        self._readings = readings

    def open(self, order: WorkOrder) -> WorkOrder:
        """Open a work order.

        Raises:
            OrderExists: one has this number.
        """
        columns = _columns(order) | {
            "number": order.number,
            "opened_on": order.opened_on.isoformat(),
            "excluded_why": order.excluded_why,
        }
        with self._storage.transaction():
            if self.one(order.number) is not None:
                raise OrderExists(order.number)
            columns["opened_at"] = self._writing.now()
            self._storage.change(
                f"INSERT INTO work_order ({', '.join(columns)}) VALUES (:{', :'.join(columns)})",  # noqa: S608 - own names
                columns,
            )
        return order

    def one(self, number: str) -> WorkOrder | None:
        """The work order with this number, or None."""
        row = self._storage.row("SELECT * FROM work_order WHERE number = ?", (number,))
        return None if row is None else read_order(row)

    def find(self, *, open_only: bool = True, search: str = "", limit: int = 200) -> list[WorkOrder]:
        """Work orders, the newest first.

        Args:
            open_only: leave the closed ones out.
            search: part of a number, plate or VIN, in any case, with blanks and dashes or without.
            limit: how many at most.
        """
        bare = search.replace("-", "").replace(" ", "").upper()
        rows = self._storage.rows(
            "SELECT * FROM work_order WHERE (NOT :open_only OR closed_at IS NULL) AND (:bare = '' "
            "OR instr(replace(replace(upper(number), '-', ''), ' ', ''), :bare) OR instr(vin, :bare) "
            "OR instr(plate, :bare)) ORDER BY opened_at DESC, number DESC LIMIT :limit",
            {"open_only": int(open_only), "bare": bare, "limit": limit},
        )
        return [read_order(row) for row in rows]

    def change(self, order: WorkOrder) -> None:
        """Change what vehicle and what work an open order is about."""
        with self._storage.transaction():
            columns = _columns(order)
            self._storage.change(
                f"UPDATE work_order SET {', '.join(f'{name} = :{name}' for name in columns)} "  # noqa: S608 - own names
                "WHERE number = :number AND closed_at IS NULL",
                {**columns, "number": order.number},
            )

    def close(self, number: str, *, as_soon_as_sent: bool = False) -> WorkOrder:
        """Close a work order whose reading was sent, or which is excluded.

        Args:
            number: of the order.
            as_soon_as_sent: if its reading only waits for the registry, note that it is to be closed when that has it.

        Raises:
            KeyError: there is none with this number.
            OrderBlocked: it has to stay open.
        """
        with self._storage.transaction():
            order = self.one(number)
            if order is None:
                raise KeyError(number)
            blocked = self.blocked(order, self._readings.of_order(number))
            if blocked is None:
                self._storage.change(
                    "UPDATE work_order SET closed_at = coalesce(closed_at, ?), closing = 0 WHERE number = ?",
                    (self._writing.now(), number),
                )
            elif blocked.blocker is Blocker.WAITING and as_soon_as_sent:
                self._storage.change("UPDATE work_order SET closing = 1 WHERE number = ?", (number,))
            else:
                raise blocked
            closed = self.one(number)
            assert closed is not None  # noqa: S101 - it was there a moment ago
            return closed

    def blocked(self, order: WorkOrder, readings: Sequence[Reading]) -> OrderBlocked | None:
        """Why an order cannot be closed; None if it can.

        Args:
            order: which.
            readings: the order's, the newest first.
        """
        if order.excluded_why:
            return None
        live = [each for each in readings if each.state is not State.WITHDRAWN]
        if any(each.request_guid is not None or each.state is State.EXCLUDED for each in live):
            return None
        if not live:
            return OrderBlocked(Blocker.NO_READING, None)
        newest = live[0]
        return OrderBlocked(Blocker.WAITING if newest.state is State.TO_SEND else Blocker.NEEDS_PERSON, newest)

    def exclude(self, number: str, why: str, *, by: str = "") -> None:
        """Say that nothing is to be reported for an order (G10)."""
        self._set_exclusion(number, why, by)

    def include(self, number: str) -> None:
        """Undo the exclusion of an order."""
        self._set_exclusion(number, "", "")

    def excluded(self) -> list[WorkOrder]:
        """The orders for which nothing is reported, the newest first."""
        rows = self._storage.rows("SELECT * FROM work_order WHERE excluded_why <> '' ORDER BY opened_at DESC LIMIT 500")
        return [read_order(row) for row in rows]

    def _set_exclusion(self, number: str, why: str, by: str) -> None:
        with self._storage.transaction():
            self._storage.change(
                "UPDATE work_order SET excluded_why = ?, excluded_by = ? WHERE number = ?", (why, by, number)
            )


def _columns(order: WorkOrder) -> dict[str, Any]:
    vehicle = order.vehicle
    return {
        "vin": vehicle.vin,
        "plate": vehicle.plate,
        "unifier": vehicle.unifier,
        "first_use": day_text(vehicle.first_use),
        "operation": order.operation,
        "category": order.category,
    }
