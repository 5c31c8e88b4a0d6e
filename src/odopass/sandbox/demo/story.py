"""The story: what garages report, what the registry answers, and what the garages do then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from odopass.domain.outcome import Status
from odopass.sandbox.demo.buyer import open_page
from odopass.sandbox.demo.garage import GarageSoftware, Told, Unexpected
from odopass.sandbox.demo.keeping import keep
from odopass.sandbox.demo.screen import Language, Screen
from odopass.sandbox.demo.workshop import WorkshopApplication
from odopass.sandbox.ready_file import Ready, VehicleEntry

#: Where each garage of the sandbox is, and the language its owner reads, in the order of the ready file.
_ANTWERP, _GHENT, _LIEGE, EUPEN = range(4)
_WHERE: Final[tuple[tuple[str, Language], ...]] = (("Antwerp", "nl"), ("Ghent", "nl"), ("Liège", "fr"), ("Eupen", "de"))

_WINTER_TYRES_KM: Final = 1_240
_TYPING_KM: Final = 3_260
_ROLLED_BACK_KM: Final = 62_000
_TRADED_IN_KM: Final = 480


@dataclass(frozen=True, slots=True)
class Chapter:
    """How a step came out, for the table at the end."""

    heading: str
    statuses: tuple[Status, ...]
    guid: str


@dataclass(slots=True)
class Tour:
    """What the story needs, and what has happened so far.

    Attributes:
        today: the day as on the wire.
        workshop: the application of the garage in Eupen.
        folder: where the document is kept; None: the folder that one is in.
    """

    ready: Ready
    screen: Screen
    today: str
    workshop: WorkshopApplication
    folder: Path | None = None
    chapters: list[Chapter] = field(default_factory=list)

    def tell(self) -> None:
        """Tell all of it.

        Raises:
            Unexpected: the registry did not answer as the story goes.
        """
        cars = (vehicle for vehicle in self.ready["vehicles"] if vehicle["case"].startswith("ordinary"))
        for chapter in (
            self._as_always,
            self._typing_mistake,
            self._long_rest,
            self._twice,
            self._rolled_back,
            self._history,
            self._application,
        ):
            chapter(cars)

    def _as_always(self, cars: Iterator[VehicleEntry]) -> None:
        car = next(cars)
        km = _last_km(car) + _WINTER_TYRES_KM
        heading = "A reading like any other"
        self._step(
            heading,
            f"The car {_plate(car)} gets its winter tyres in Antwerp. The mechanic reads the odometer and types it "
            "into the work order. The garage's software sends it at once.",
        )
        with self._garage(_ANTWERP) as garage:
            self._types(_ANTWERP, car, km)
            guid = garage.submit(car, km)
            told = self._hears(garage, guid, _ANTWERP, Status.PROCESSED)
        self._ends(heading, guid, told)

    def _typing_mistake(self, cars: Iterator[VehicleEntry]) -> None:
        car, km, typed = _mistyped(cars)
        heading = "A typing mistake, corrected"
        self._step(
            heading,
            f"Also in Antwerp: the car {_plate(car)} is in for its service. Two digits get swapped, so the reading is "
            "lower than the car's earlier ones. The garage hears of it while the car is still there.",
        )
        with self._garage(_ANTWERP) as garage:
            self._types(_ANTWERP, car, typed)
            guid = garage.submit(car, typed)
            first = self._hears(garage, guid, _ANTWERP, Status.ISSUE, "001")
            self.screen.says("Antwerp", f"looks again, and corrects it to {self.screen.km(km)}", style="bold")
            guid = garage.correct(guid, car, km)
            told = self._hears(garage, guid, _ANTWERP, Status.PROCESSED)
        self._ends(heading, guid, first, told)

    def _long_rest(self, _: Iterator[VehicleEntry]) -> None:
        car = next(each for each in self.ready["vehicles"] if each["case"] == "last read two years ago")
        km = _last_km(car)
        heading = "An unusual reading, confirmed"
        self._step(
            heading,
            f"The car {_plate(car)} has stood in a barn near Eupen for two years. Its odometer shows what it showed "
            "then. The registry wonders whether somebody has copied an old invoice. The garage knows better.",
        )
        with self._garage(EUPEN) as garage:
            self._types(EUPEN, car, km)
            guid = garage.submit(car, km)
            first = self._hears(garage, guid, EUPEN, Status.ISSUE, "211")
            self.screen.says("Eupen", "confirms: the reading is right as it was sent", style="bold")
            guid = garage.confirm(guid)
            told = self._hears(garage, guid, EUPEN, Status.PROCESSED)
        self._ends(heading, guid, first, told)

    def _twice(self, cars: Iterator[VehicleEntry]) -> None:
        car = next(cars)
        km = _last_km(car) + _WINTER_TYRES_KM
        heading = "The same day twice"
        self._step(
            heading,
            f"In Ghent the car {_plate(car)} is reported when it comes in, and, by mistake, once more when its "
            "invoice is written. The first report counts.",
        )
        with self._garage(_GHENT) as garage:
            self._types(_GHENT, car, km)
            first = self._hears(garage, garage.submit(car, km), _GHENT, Status.PROCESSED)
            self._types(_GHENT, car, km + 3)
            guid = garage.submit(car, km + 3)
            told = self._hears(garage, guid, _GHENT, Status.ERROR, "150")
        self._ends(heading, guid, first, told)

    def _rolled_back(self, cars: Iterator[VehicleEntry]) -> None:
        car = next(car for car in cars if _last_km(car) > 2 * _ROLLED_BACK_KM)
        km = _last_km(car) - _ROLLED_BACK_KM
        heading = "A reading that cannot be"
        self._step(
            heading,
            f"A new owner brings the car {_plate(car)} to Liège. It shows {self.screen.km(_ROLLED_BACK_KM, 'fr')} less "
            "than at its last service. The garage looks twice: that is what the display says. What now? Not for the "
            "garage to decide.",
        )
        with self._garage(_LIEGE) as garage:
            self._types(_LIEGE, car, km)
            guid = garage.submit(car, km)
            first = self._hears(garage, guid, _LIEGE, Status.ISSUE, "001")
            self.screen.says("Liège", "confirms: this is what the odometer shows", style="bold")
            guid = garage.confirm(guid)
            told = self._hears(garage, guid, _LIEGE, Status.REVIEWING)
        self._ends(heading, guid, first, told)

    def _history(self, _: Iterator[VehicleEntry]) -> None:
        van = next(each for each in self.ready["vehicles"] if each["case"].startswith("contradictory"))
        km = _last_km(van) + _TRADED_IN_KM
        heading = "A history for the buyer"
        self._step(
            heading,
            f"A dealer in Ghent takes the van {_plate(van)} in part exchange and asks for its history. The registry "
            "asks the authorities and the manufacturer what they know, for a minute at most, puts it together with its "
            "own readings, and signs it. This van came from abroad. It had a life there.",
        )
        with self._garage(_GHENT) as garage:
            self.screen.says("Ghent", f"asks for a report: {self.screen.km(km)}, {van['vin']}", style="bold")
            guid = garage.request_report(van, km)
            told = self._hears(garage, guid, _GHENT, Status.PROCESSED)
            language = _WHERE[_GHENT][1]
            report = garage.report(guid, language)
        self.screen.points("Signed PDF", str(keep(report.pdf, self.folder)))
        self.screen.points("Public page", report.public_url)
        seen = open_page(self.ready, report.public_url, language)
        self.screen.says("Buyer", f"opens it without an account: {seen.status}, and reads")
        self.screen.says("", seen.verdict, style="italic")
        self._ends(heading, guid, told)

    def _application(self, cars: Iterator[VehicleEntry]) -> None:
        right = next(cars)
        wrong, _, typed = _mistyped(cars)
        heading = "A garage without software of its own"
        self._step(
            heading,
            f"The garage in Eupen works with the workshop's application, in a browser. It enters {_plate(right)}, and "
            f"later {_plate(wrong)}, with two digits swapped. The application keeps each reading in its book before "
            "it says so, sends it, and fetches what the registry says. The second one is left for you to correct.",
        )
        told = [
            self._enters(right, _last_km(right) + _WINTER_TYRES_KM, Status.PROCESSED),
            self._enters(wrong, typed, Status.ISSUE),
        ]
        self.screen.points("Open it", self.workshop.address)
        self._ends(heading, "", *told)

    def _enters(self, car: VehicleEntry, km: int, expected: Status) -> Told:
        where, language = _WHERE[EUPEN]
        self.screen.says(where, f"enters {self.screen.km(km, language)} for {car['vin']}", style="bold")
        number = self.workshop.enter(car, km)
        with self.screen.waiting("the application has it on the disk, sends it, and asks after a second"):
            told = self.workshop.outcome(number)
        self.screen.answers(told, language)
        if told.status is not expected:
            raise Unexpected(f"Reading {number} was to come to {expected}, but came to {told.status} {told.types}.")
        return told

    def _step(self, heading: str, story: str) -> None:
        self.screen.step(len(self.chapters) + 1, heading, story)

    def _garage(self, number: int) -> GarageSoftware:
        return GarageSoftware(self.ready, self.ready["garages"][number], today=self.today)

    def _types(self, garage: int, car: VehicleEntry, km: int) -> None:
        where, language = _WHERE[garage]
        self.screen.says(where, f"types {self.screen.km(km, language)} for {car['vin']}", style="bold")

    def _hears(self, garage: GarageSoftware, guid: str, number: int, status: Status, issue: str | None = None) -> Told:
        """Ask for the outcome, show it, and see whether it is the one that the story tells."""
        with self.screen.waiting("the registry has stored it and judges it; the garage asks after a second"):
            told = garage.outcome(guid)
        self.screen.answers(told, _WHERE[number][1])
        if told.status is not status or (issue is not None and issue not in told.types):
            expected = status.value if issue is None else f"{status.value} {issue}"
            raise Unexpected(f"Request {guid} was to come to {expected}, but came to {told.status} {told.types}.")
        return told

    def _ends(self, heading: str, guid: str, *told: Told) -> None:
        self.chapters.append(Chapter(heading, tuple(each.status for each in told), guid))


def _plate(car: VehicleEntry) -> str:
    return car["licensePlate"] or car["vin"]


def _last_km(car: VehicleEntry) -> int:
    last = car["lastReading"]
    if last is None:
        raise ValueError(f"{car['vin']} has no reading")
    return last["km"]


def _mistyped(cars: Iterator[VehicleEntry]) -> tuple[VehicleEntry, int, int]:
    """A car, its reading, and that reading with two neighbouring digits swapped so that it is clearly lower."""
    for car in cars:
        km = _last_km(car) + _TYPING_KM
        digits = str(km)
        for at in range(len(digits) - 1):
            swapped = int(digits[:at] + digits[at + 1] + digits[at] + digits[at + 2 :])
            if len(str(swapped)) == len(digits) and _last_km(car) - swapped > _TYPING_KM:
                return car, km, swapped
    raise ValueError("no car's reading gets lower when two of its digits are swapped")
