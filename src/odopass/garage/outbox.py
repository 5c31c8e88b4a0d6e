"""A durable outbox for any garage software: give it readings, and they reach the registry (G1, G3 to G5, G7, G8).

It is the book and the sender of the workshop's application without its pages, and needs nothing beyond what every
installation of odopass has. `docs/how-to/keep-an-outbox.md` shows its use.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from odopass.clock import Clock, SystemClock, belgian_day
from odopass.garage.book import Book, BookFault, SecondThatDay, Stale
from odopass.garage.book.entries import News, Pulse, Reading, ReadingDraft, Report, State, Vehicle
from odopass.garage.checks import Finding, Severity, check_reading, typed_km, typed_plate, typed_unifier, typed_vin
from odopass.garage.checks.texts import TEXTS
from odopass.garage.client import Endpoint, RegistryClient
from odopass.garage.sending import Connection, Sender, sending
from odopass.wire.kbo import enterprise_problem, establishment_problem

__all__ = [
    "BookFault",
    "Finding",
    "News",
    "NotTaken",
    "Outbox",
    "Pulse",
    "Reading",
    "ReadingDraft",
    "Report",
    "SecondThatDay",
    "Severity",
    "Stale",
    "State",
    "Vehicle",
]

#: States of which news will come without anybody's doing.
_MOVING: Final = frozenset({State.TO_SEND, State.ONGOING, State.REVIEWING})
_LOOK_S: Final = 0.2


class NotTaken(Exception):  # noqa: N818 - it names what happened
    """The checks have something to say about a reading, and nothing was saved (G8, G9).

    Attributes:
        findings: errors, with which it cannot be sent; and warnings, which a person may confirm by their codes.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(" ".join(TEXTS[each.code].format(**each.values) for each in findings))

    @property
    def may_be_confirmed(self) -> bool:
        """Whether it can be sent after a person has confirmed the warnings."""
        return all(each.severity is Severity.WARNING for each in self.findings)


class Outbox:
    """Readings on their way to the registry, in a folder: each is on the disk when `submit` returns.

    It sends while it is used in a with statement. Several programs may have the same folder open; one of them sends.

    Args:
        folder: of the book; it is made if it is not there.
        endpoint: which registry, and who asks.
        enterprise: KBO number, 10 digits.
        establishment: KBO number where the odometers are read, 10 digits.
        report_language: of vehicle histories: nl, fr, de or en.
        clock: the time; None for the machine's.

    Raises:
        ValueError: a number is none of the KBO's, or no registry could read the credentials.
        BookFault: the book cannot be opened; the message says what to do.
        OSError: the folder cannot be made, or the authority's file not be read.
    """

    def __init__(
        self,
        folder: Path,
        endpoint: Endpoint,
        *,
        enterprise: str,
        establishment: str,
        report_language: str = "nl",
        clock: Clock | None = None,
    ) -> None:
        if problem := enterprise_problem(enterprise) or establishment_problem(establishment):
            raise ValueError(problem)
        self._clock = clock or SystemClock()
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with ExitStack() as opened:
            client = opened.enter_context(RegistryClient(endpoint, attempts=1))
            self._book = opened.enter_context(Book.open(folder / "book.sqlite3", self._clock))
            self._opened = opened.pop_all()
        connection = Connection(client, enterprise, establishment, report_language)
        self._sender = Sender(self._book.outbox, lambda: connection, self._clock)

    @classmethod
    def open(
        cls, folder: Path, endpoint: Endpoint, *, enterprise: str, establishment: str, report_language: str = "nl"
    ) -> Self:
        """The outbox of a folder; see the class."""
        return cls(
            folder, endpoint, enterprise=enterprise, establishment=establishment, report_language=report_language
        )

    def __enter__(self) -> Self:
        self._opened.enter_context(sending(self._sender, self._folder))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop sending and close the book. What is not sent is sent the next time."""
        self._opened.close()

    def check(self, draft: ReadingDraft, *, corrected: int | None = None) -> tuple[Finding, ...]:
        """What is unusual or wrong about a reading, before it is sent (G8, G9).

        Args:
            draft: what was read.
            corrected: the number of the reading that it is to correct, if it is to correct one.

        Raises:
            KeyError: there is none with this number.
        """
        was = None if corrected is None else self.standing(corrected)
        vehicle = draft.vehicle
        typed = [
            *typed_vin(vehicle.vin or "").findings,
            *typed_plate(vehicle.plate or "").findings,
            *typed_unifier("" if vehicle.unifier is None else str(vehicle.unifier)).findings,
            *typed_km(str(draft.km)).findings,
        ]
        if any(each.severity is Severity.ERROR for each in typed):
            return tuple(typed)
        neat = _neat(draft)
        others = [each for each in self._book.readings.of_vehicle(neat.vehicle) if each.number != corrected]
        at_entry = was is None or was.draft.reading_date != draft.reading_date
        return *typed, *check_reading(neat, others, belgian_day(self._clock.now()), at_entry=at_entry)

    def submit(self, draft: ReadingDraft, *, confirmed: Collection[str] = (), by: str = "") -> int:
        """Save a reading, which is sent from then on by itself.

        Args:
            draft: what was read. With a ``source_key`` it is saved once, however often it is submitted.
            confirmed: codes of the warnings that a person has confirmed.
            by: who enters it.

        Returns:
            its number in the book.

        Raises:
            NotTaken: the checks have something to say; nothing was saved.
            BookFault: it cannot be written; nothing was saved.
        """
        with self._book.at_once():
            if draft.source_key is not None:
                known = self._book.readings.by_source_key(draft.source_key)
                if known is not None:
                    return known.number
            self._see(self.check(draft), confirmed)
            reading = self._book.decisions.enter(replace(_neat(draft), confirmed_warnings=tuple(confirmed)), by=by)
        self._sender.wake()
        return reading.number

    def correct(self, number: int, draft: ReadingDraft, *, confirmed: Collection[str] = (), by: str = "") -> None:
        """Replace what a reading says, and tell the registry if it has an issue with it (G7).

        Args:
            number: of the reading.
            draft: all of it, as it is right.
            confirmed: codes of the warnings that a person has confirmed.
            by: who corrects it.

        Raises:
            NotTaken: the checks have something to say; nothing was changed.
            Stale: the registry is at it or has taken it, so that it cannot be corrected now.
            KeyError: there is none with this number.
            BookFault: it cannot be written; nothing was changed.
        """
        with self._book.at_once():
            self._see(self.check(draft, corrected=number), confirmed)
            neat = replace(_neat(draft), confirmed_warnings=tuple(confirmed))
            self._book.decisions.correct(number, neat, by=by)
        self._sender.wake()

    def confirm(self, number: int, *, by: str = "") -> None:
        """Tell the registry that a reading with an issue is right as it was sent; once for each.

        Raises:
            Stale: it has no issue, or was confirmed before.
            KeyError: there is none with this number.
            BookFault: it cannot be written; nothing was changed.
        """
        self._book.decisions.confirm(number, by=by)
        self._sender.wake()

    def withdraw(self, number: int, *, by: str = "") -> None:
        """Drop a reading that never reached the registry.

        Raises:
            Stale: it may have.
            KeyError: there is none with this number.
            BookFault: it cannot be written; nothing was changed.
        """
        self._book.decisions.withdraw(number, by=by)

    def send_lapsed(self, number: int, *, by: str = "") -> int:
        """Send the reading of a vehicle history request that lapsed with its day as an ordinary one (G5).

        Returns:
            the number of the ordinary reading.

        Raises:
            Stale: it has not lapsed.
            KeyError: there is none with this number.
            BookFault: it cannot be written; nothing was changed.
        """
        ordinary = self._book.decisions.offer_as_ordinary(number, by=by)
        self._sender.wake()
        return ordinary.number

    def standing(self, number: int) -> Reading:
        """How a reading stands: its state, GUID, issues, and what it says by now.

        Raises:
            KeyError: there is none with this number.
            BookFault: the book cannot be read.
        """
        reading = self._book.readings.one(number)
        if reading is None:
            raise KeyError(number)
        return reading

    def settled(self, number: int, seconds: float) -> Reading:
        """Wait until nothing more becomes of a reading by itself, its report included, or the time is over.

        Args:
            number: of the reading.
            seconds: how long to wait at most.

        Returns:
            how it stands then.

        Raises:
            KeyError: there is none with this number.
            BookFault: the book cannot be read.
        """
        end = time.monotonic() + seconds
        while self._moves(reading := self.standing(number)) and time.monotonic() < end:
            time.sleep(_LOOK_S)
        return reading

    def report(self, number: int) -> Report | None:
        """The vehicle history that a reading asked for; None as long as it has not come."""
        return self._book.readings.report(number)

    def problems(self) -> list[Reading]:
        """What needs an answer first, then what was rejected (G6)."""
        return self._book.readings.problems()

    def news(self, after: int = 0) -> Iterator[News]:
        """Everything that has happened since; keep the last one's id for the next time.

        Args:
            after: id of the last news that were read; 0: from the beginning.
        """
        while lines := self._book.readings.news(after):
            yield from lines
            after = lines[-1].id

    def pulse(self) -> Pulse:
        """How the connection is, and since when something waits: people are to be warned (G5)."""
        return self._book.outbox.pulse()

    @property
    def fault(self) -> str:
        """Why this program cannot send at present, such as a full disk; "" if it can."""
        return "" if self._sender.fault is None else str(self._sender.fault)

    def _moves(self, reading: Reading) -> bool:
        awaited = (each.reading for each in self._book.outbox.awaited())
        return reading.state in _MOVING or (reading.state is State.PROCESSED and reading.number in awaited)

    @staticmethod
    def _see(findings: Sequence[Finding], confirmed: Collection[str]) -> None:
        standing = [each for each in findings if each.severity is Severity.ERROR or each.code not in confirmed]
        if standing:
            raise NotTaken(standing)


def _neat(draft: ReadingDraft) -> ReadingDraft:
    """The same with VIN and plate as the book writes them."""
    vehicle = draft.vehicle
    neat = replace(vehicle, vin=typed_vin(vehicle.vin or "").value, plate=typed_plate(vehicle.plate or "").value)
    return replace(draft, vehicle=neat)
