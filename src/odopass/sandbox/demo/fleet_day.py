"""The last part of the demo: many garages report at once, and the simulation knows what is really the matter."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from rich.table import Table

from odopass.domain.catalogue import CATALOGUE
from odopass.domain.outcome import Status
from odopass.sandbox.demo.garage import Unexpected
from odopass.sandbox.demo.screen import Screen, outcome_text
from odopass.sandbox.fleet import GARAGES_FILE, first_day_to_send
from odopass.sandbox.ready_file import Ready
from odopass.simulate.fleet import FleetPlan
from odopass.simulate.labels import Truth
from odopass.simulate.playlist import count_readings, load_accounts, readings_of
from odopass.simulate.traffic import Player, Tally
from odopass.simulate.writing import Format, write_fleet

SEED: Final = 7
_PER_SECOND: Final = 150
_SHOWN: Final = (Status.PROCESSED, Status.ISSUE, Status.ERROR)


@dataclass(frozen=True, slots=True)
class DemoFleet:
    """A simulated fleet and the folder it was written to."""

    folder: Path
    vehicles: int


def make_fleet(folder: Path, vehicles: int, until: date) -> DemoFleet:
    """Simulate the fleet of the demo; `until` is the day before the sandbox's first."""
    write_fleet(FleetPlan(SEED, vehicles, until), folder, Format.PARQUET)
    return DemoFleet(folder, vehicles)


@dataclass(frozen=True, slots=True)
class FleetDay:
    """What became of the fleet's readings."""

    tally: Tally
    garages: int

    @property
    def outcomes(self) -> Counter[str]:
        """How many ended in which state."""
        return sum(self.tally.outcomes.values(), Counter())


def play(screen: Screen, ready: Ready, fleet: DemoFleet, data: Path, today: date) -> FleetDay:
    """Send the fleet's last year of readings, with a bar, and follow each to its outcome.

    Raises:
        Unexpected: one of them was refused, or came to no outcome.
    """
    accounts = load_accounts(data / GARAGES_FILE)
    since = first_day_to_send(today)
    with screen.progress() as progress:
        task = progress.add_task("", total=count_readings(fleet.folder, since), outcomes="")

        def advance(tally: Tally) -> None:
            progress.update(task, completed=tally.settled, outcomes=_so_far(tally))

        player = Player(
            ready["api"],
            ssl.create_default_context(cafile=ready["ca"]),
            accounts,
            today=lambda: today,
            on_progress=advance,
        )
        asyncio.run(player.play(readings_of(fleet.folder, since), _PER_SECOND))
    day = FleetDay(player.tally, len(accounts))
    strangers = set(day.outcomes) - {status.value for status in _SHOWN}
    if strangers:
        raise Unexpected(f"Readings of the fleet came to {', '.join(sorted(strangers))}: {dict(day.outcomes)}.")
    return day


def show(screen: Screen, day: FleetDay) -> None:
    """Tell how well the registry told right from wrong."""
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("What was really the matter")
    for title in ("Readings", "taken", "asked about", "refused"):
        table.add_column(title, justify="right")
    for title, truths in _groups(day.tally).items():
        found: Counter[str] = sum((day.tally.outcomes[truth] for truth in truths), Counter())
        table.add_row(
            title, f"{found.total():,}", *(f"{found[status]:,}" if found[status] else "" for status in _SHOWN)
        )
    screen.table(table)
    why = sum(day.tally.issues.values(), Counter[str]())
    named = [f"{code} {CATALOGUE[code].name} ({count})" for code, count in sorted(why.items())]
    screen.console.print()
    screen.note(
        f"Why it asked or refused: {', '.join(named)}. A mistake that is taken fits everything the registry knows of "
        "the vehicle; the next reading may tell. A vehicle outside the law (104) is refused, however right its reading."
    )


def _groups(tally: Tally) -> dict[str, list[str]]:
    """The truths that occurred, in the words of a garage."""
    groups: dict[str, list[str]] = {}
    for truth in sorted(tally.outcomes, key=lambda each: list(Truth).index(Truth(each))):
        groups.setdefault(_IN_WORDS.get(Truth(truth), "an odometer wound back"), []).append(truth)
    return groups


_IN_WORDS: Final = {
    Truth.HONEST: "nothing: an honest reading",
    Truth.DIGITS_SWAPPED: "a typing mistake",
    Truth.DIGIT_MISSING: "a typing mistake",
    Truth.DIGIT_DOUBLED: "a typing mistake",
    Truth.DIGIT_WRONG: "a typing mistake",
    Truth.MILES: "read in miles",
    Truth.YEAR_WRONG: "a wrong date",
    Truth.MONTH_WRONG: "a wrong date",
    Truth.INVOICE_DATE: "the invoice's date",
    Truth.TRIP_COUNTER: "the trip counter's reading",
    Truth.OTHER_VEHICLE: "another car's reading",
    Truth.VIN_MISTYPED: "a mistyped VIN",
    Truth.ROUNDED: "a rounded reading",
}


def _so_far(tally: Tally) -> str:
    outcomes: Counter[str] = sum(tally.outcomes.values(), Counter())
    return "  ".join(
        f"{outcome_text(status).replace(status, str(outcomes[status]))}" for status in _SHOWN if outcomes[status]
    )
