"""A workshop whose book has a reading in each state, so that every page can be looked at; nothing is sent from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from tests.registry.running import OwnClock

from odopass.domain.observation import ObservationType
from odopass.domain.outcome import Status
from odopass.garage.account import Account, AccountStore, Environment, Workplaces
from odopass.garage.account.secrets import FileSecrets
from odopass.garage.app.connections import Connections
from odopass.garage.app.workshop import Workshop
from odopass.garage.book import Book
from odopass.garage.book.entries import Reading, ReadingDraft, Source, State, Vehicle, WorkOrder
from odopass.garage.book.outbox import Awaited
from odopass.garage.feeds import DropWatch, FeedSettings
from odopass.garage.sending import Sender
from odopass.wire.status import IssueItem

NOW: Final = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
TODAY: Final = date(2026, 11, 24)
LOWER: Final = IssueItem(
    "001",
    {
        "nl": "De kilometerstand is lager dan een vorige kilometerstand van dit voertuig.",
        "fr": "Le kilométrage est inférieur à un kilométrage antérieur de ce véhicule.",
        "de": "Der Kilometerstand ist niedriger als ein früherer Kilometerstand dieses Fahrzeugs.",
    },
)
#: The vehicle with a long story.
KNOWN: Final = Vehicle("WVWZZZ1KZ8W000017", "1ABC234")
PDF: Final = b"%PDF-1.7\n%%EOF\n"


class Stage:
    """The book's readings by their states, and the workshop.

    Attributes:
        workshop: to show; its sender does not run.
        clock: of the workshop.
        numbers: of a reading in each state.
    """

    def __init__(self, workshop: Workshop, clock: OwnClock) -> None:
        self.workshop = workshop
        self.clock = clock
        self.numbers: dict[str, int] = {}
        self._guids = iter(range(1, 1_000))
        self._vehicles = iter(range(100, 1_000))

    def vehicle(self) -> Vehicle:
        number = next(self._vehicles)
        return Vehicle(f"VF1ZZZ1KZ8W000{number}", f"2XYZ{number}")

    def enter(self, vehicle: Vehicle, km: int, day: date = TODAY, **more: object) -> Reading:
        draft = ReadingDraft(vehicle=vehicle, reading_date=day, km=km, read_by="Bench 1")
        return self.workshop.book.decisions.enter(replace(draft, **more))  # type: ignore[arg-type]

    def answered(self, reading: Reading) -> str:
        """The registry has taken the reading's step."""
        outbox = self.workshop.book.outbox
        guid = str(UUID(int=0x1234_5678_9ABC_4DEF_8000_0000_0000_0000 + next(self._guids)))
        step = next(each for each in outbox.steps() if each.reading == reading.number)
        outbox.answered(outbox.begin(step, b"{}"), guid)
        return guid

    def told(self, reading: Reading, status: Status, *issues: IssueItem) -> str:
        """The registry has taken the reading's step and told the outcome."""
        guid = self.answered(reading)
        awaited = Awaited(reading.number, guid, State.ONGOING)
        self.workshop.book.outbox.told(awaited, status.value, status, issues, {"status": status.value})
        return guid

    def told_before(self, vehicle: Vehicle, km: int) -> None:
        """A reading of a week ago that the registry has."""
        self.told(self.enter(vehicle, km, TODAY - timedelta(days=7)), Status.PROCESSED)

    def fill(self) -> None:
        """Put a reading of each state into the book, work orders in each of theirs, and a vehicle's long story."""
        book, numbers = self.workshop.book, self.numbers
        for months in range(30, 0, -3):
            day = TODAY - timedelta(days=30 * months)
            self.told(self.enter(KNOWN, 150_000 - months * 1_400, day), Status.PROCESSED)
        replaced = self.enter(KNOWN, 12, TODAY - timedelta(days=20), type=ObservationType.ODOMETER_REPLACED)
        self.told(replaced, Status.PROCESSED)
        left_out = self.enter(KNOWN, 1_200, TODAY - timedelta(days=2))
        book.decisions.exclude(left_out.number, "twice: typed at both desks")
        numbers["excluded"] = left_out.number
        self.orders()
        processed = self.enter(self.vehicle(), 88_123, for_sale=True)
        self.told(processed, Status.PROCESSED)
        issue = self.enter(KNOWN, 900)
        self.told(issue, Status.ISSUE, LOWER)
        reviewing, error = self.enter(self.vehicle(), 240_500), self.enter(self.vehicle(), 1_234_567)
        self.told(reviewing, Status.REVIEWING)
        self.told(error, Status.ERROR, replace(LOWER, type="150"))
        ongoing, refused = self.enter(self.vehicle(), 61_002), self.enter(self.vehicle(), 70)
        self.answered(ongoing)
        step = next(each for each in book.outbox.steps() if each.reading == refused.number)
        book.outbox.refused(book.outbox.begin(step, b"{}"), ["vin: must be 17 characters long"])
        lapsed = self.enter(
            self.vehicle(), 45_600, TODAY - timedelta(days=1), type=ObservationType.VEHICLE_HISTORY_DOCUMENT
        )
        book.outbox.lapse(TODAY)
        check = book.decisions.enter(
            ReadingDraft(KNOWN, TODAY - timedelta(days=1), 700, read_by="Till", source=Source.CSV), state=State.CHECK
        )
        asked = self.enter(self.vehicle(), 51_200, type=ObservationType.VEHICLE_HISTORY_DOCUMENT, for_sale=True)
        self.told(asked, Status.PROCESSED)
        report = self.enter(self.vehicle(), 99_200, type=ObservationType.VEHICLE_HISTORY_DOCUMENT, for_sale=True)
        guid = self.told(report, Status.PROCESSED)
        address = "https://registry.example/vhr/4f1c2ab9d34e4f0e9c57b2f8c1d0a6e3"
        book.outbox.report_received(Awaited(report.number, guid, State.PROCESSED), PDF, address, "nl")
        withdrawn = self.enter(self.vehicle(), 5)
        book.decisions.withdraw(withdrawn.number)
        to_send = self.enter(self.vehicle(), 33_400)
        numbers |= {
            "processed": processed.number,
            "issue": issue.number,
            "reviewing": reviewing.number,
            "error": error.number,
            "ongoing": ongoing.number,
            "refused": refused.number,
            "lapsed": lapsed.number,
            "check": check.number,
            "asked": asked.number,
            "report": report.number,
            "withdrawn": withdrawn.number,
            "to_send": to_send.number,
        }
        book.outbox.reached()

    def orders(self) -> None:
        """W-1 has no reading yet, W-2 a sent one, W-3 waits, W-4 is not reported."""
        orders = self.workshop.book.orders
        for number, operation, category, why in (
            ("W-1", "service", "car", ""),
            ("W-2", "repair", "van", ""),
            ("W-3", "tyres", "car", ""),
            ("W-4", "service", "truck", "rule:category:truck"),
        ):
            vehicle = self.vehicle()
            orders.open(WorkOrder(number, vehicle, operation, category, TODAY, excluded_why=why))
            if number in {"W-2", "W-3"}:
                reading = self.enter(vehicle, 20_000, work_order=number)
                if number == "W-2":
                    self.told(reading, Status.PROCESSED)

    def away(self, since: timedelta = timedelta(hours=3)) -> None:
        """The registry has not been reached for a while."""
        self.workshop.book.outbox.in_trouble("unreachable", "connection refused", self.clock.now() + since)

    def back(self) -> None:
        """The registry answers again."""
        self.workshop.book.outbox.reached()

    def pages(self, *, every_state: bool = True) -> dict[str, str]:
        """Every page by a name for it; a reading's in each of its states, or in those that look most different."""
        states = {
            name: f"readings/{number}"
            for name, number in self.numbers.items()
            if every_state or name in {"issue", "check", "to_send"}
        }
        issue, report, asked = (self.numbers[name] for name in ("issue", "report", "asked"))
        return states | {
            "home": "",
            "order-new": "orders/new",
            "order": "orders/W-1",
            "order-sent": "orders/W-2",
            "order-waiting": "orders/W-3",
            "order-excluded": "orders/W-4",
            "order-edit": "orders/W-1/edit",
            "reading-new": "readings/new",
            "correct": f"readings/{issue}/correct",
            "confirm": f"readings/{issue}/confirm",
            "problems": "problems",
            "problems-under-way": "problems?which=under_way",
            "problems-solved": "problems?which=solved",
            "history": "history",
            "history-found": f"history?search={KNOWN.plate}",
            "vehicle": f"history/vehicle?vin={KNOWN.vin}&plate={KNOWN.plate}",
            "histories": "vehicle-history",
            "history-asked": f"vehicle-history/{asked}",
            "history-report": f"vehicle-history/{report}",
            "exclusions": "exclusions",
            "account": "account",
            "feeds": "account/feeds",
            "missing": "nothing-here",
        }


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """A filled stage in a folder."""
    clock = OwnClock(NOW)
    data = folder / "data"
    data.mkdir()
    with Book.open(data / "book.sqlite3", clock) as book:
        account = AccountStore(book.settings, FileSecrets(data / "password", folder / "key"))
        numbers = {"establishment": "2000000141", "enterprise": "0400000185"}
        address = "https://registry.example/api"
        account.write(Account(environment=Environment.OWN, own_address=address, **numbers), "pässword")
        connections = Connections(account, lambda: "nl")
        sender = Sender(book.outbox, connections, clock)
        feeds = FeedSettings(book.settings, data, clock)
        (data / "drop").mkdir()
        drop = DropWatch(book, feeds, clock, lambda finding: finding.code, sender.wake)
        workshop = Workshop(book, account, Workplaces(book.settings, clock), connections, sender, clock, feeds, drop)
        made = Stage(workshop, clock)
        made.fill()
        yield made
