"""What every change of a reading has in common: its new state, its line in the story, the step that follows."""

from __future__ import annotations

from uuid import uuid4

from odopass.clock import Clock
from odopass.garage.book.entries import Reading, ReadingDraft, State, StepKind, Vehicle
from odopass.garage.book.readings import readings_of
from odopass.garage.book.rows import READING, day_text, moment_text, read_reading
from odopass.garage.book.same_day import first_that_day
from odopass.garage.book.storage import Storage


class Stale(Exception):  # noqa: N818 - it names what happened
    """The reading is not any more in the state for which this was meant; look at it anew.

    Attributes:
        reading: as it stands.
    """

    def __init__(self, reading: Reading) -> None:
        super().__init__(f"Reading {reading.number} has moved on meanwhile: it is {reading.state.value}.")
        self.reading = reading


class SecondThatDay(Stale):
    """The registry has, or gets, another reading of this vehicle and day; that one can be corrected (G8).

    Attributes:
        reading: the other one.
    """

    def __init__(self, reading: Reading) -> None:
        super().__init__(reading)
        self.args = (f"The vehicle has reading {reading.number} of this day already: correct that one instead.",)


class Writing:
    """Changes of readings, each within a transaction of the caller's."""

    def __init__(self, storage: Storage, clock: Clock) -> None:
        self.storage = storage
        self._clock = clock

    def now(self) -> str:
        """The present moment as the tables keep it."""
        return moment_text(self._clock.now())

    def reading(self, number: int, *states: State) -> Reading:
        """The reading, which has to be in one of the states (in any, if none is named).

        Raises:
            KeyError: there is none with this number.
            Stale: it is in another state.
        """
        row = self.storage.row(f"SELECT {READING} WHERE number = ?", (number,))
        if row is None:
            raise KeyError(number)
        reading = read_reading(row)
        if states and reading.state not in states:
            raise Stale(reading)
        return reading

    def only_that_day(self, draft: ReadingDraft, *, besides: int | None = None) -> None:
        """See that this would be the only reading of its vehicle and day that is sent.

        Args:
            draft: what is to be sent.
            besides: the number that it has in the book already.

        Raises:
            SecondThatDay: it would not.
        """
        others = readings_of(self.storage, draft.vehicle)
        if (first := first_that_day(draft, (each for each in others if each.number != besides))) is not None:
            raise SecondThatDay(first)

    def set(self, number: int, **columns: str | int | None) -> None:
        """Change columns of a reading; with ``state`` among them, the time of the change too."""
        if "state" in columns:
            columns["changed_at"] = self.now()
        assignments = ", ".join(f"{name} = :{name}" for name in columns)
        self.storage.change(
            f"UPDATE reading SET {assignments} WHERE number = :number",  # noqa: S608 - names of the program
            {**columns, "number": number},
        )

    def order_follows(self, draft: ReadingDraft, vehicle: Vehicle) -> None:
        """Let a reading's work order be about the vehicle that the reading turns out to be of (G7).

        Args:
            draft: the reading as it was; an order that is about another vehicle than that is left alone.
            vehicle: which it is of.
        """
        columns = {"vin": vehicle.vin, "plate": vehicle.plate, "unifier": vehicle.unifier}
        self.storage.change(
            "UPDATE work_order SET vin = :vin, plate = :plate, unifier = :unifier, first_use = :first_use "
            "WHERE number = :number AND number <> '' AND vin IS :was_vin AND plate IS :was_plate",
            {
                **columns,
                "first_use": day_text(vehicle.first_use),
                "number": draft.work_order,
                "was_vin": draft.vehicle.vin,
                "was_plate": draft.vehicle.plate,
            },
        )

    def note(
        self,
        number: int,
        kind: str,
        *,
        guid: str | None = None,
        text: str = "",
        by: str = "",
        received: str | None = None,
    ) -> None:
        """Write a line of the reading's story."""
        self.storage.change(
            "INSERT INTO event (reading, at, kind, request_guid, text, by, received) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (number, self.now(), kind, guid, text, by, received),
        )

    def step(self, number: int, kind: StepKind, about_guid: str | None = None) -> None:
        """Note what is to be asked of the registry, with the key under which it knows repetitions."""
        self.storage.change(
            "INSERT INTO step (reading, kind, key, about_guid, made_at) VALUES (?, ?, ?, ?, ?)",
            (number, kind.value, str(uuid4()), about_guid, self.now()),
        )

    def drop_open_step(self, number: int, outcome: str) -> None:
        """End the step that is open, if there is one."""
        self.storage.change(
            "UPDATE step SET outcome = ?, settled_at = ? WHERE reading = ? AND outcome = ''",
            (outcome, self.now(), number),
        )

    def attempts(self, number: int) -> int:
        """How often the step that is open was tried; 0 without one."""
        row = self.storage.row("SELECT attempts FROM step WHERE reading = ? AND outcome = ''", (number,))
        return 0 if row is None else int(row["attempts"])
