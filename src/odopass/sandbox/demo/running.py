"""The demo from its start to its end: a sandbox of its own, the story, and time to look around."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import cast

from rich.table import Table

from odopass.browsing import open_in_browser
from odopass.clock import Clock, belgian_day
from odopass.registry.postgres import ExplainedError
from odopass.sandbox.demo import fleet_day
from odopass.sandbox.demo.beside import program_beside
from odopass.sandbox.demo.screen import Screen, outcome_text
from odopass.sandbox.demo.story import EUPEN, Chapter, Tour
from odopass.sandbox.demo.workshop import workshop_beside
from odopass.sandbox.ready_file import Ready
from odopass.wire.dates import format_wire_date


def run_demo(screen: Screen, clock: Clock, *, data: Path | None, vehicles: int, stays: bool) -> None:
    """Run the demo.

    Args:
        screen: to tell it on.
        clock: the time of day.
        data: a folder for the sandbox, which is kept; None for one that is removed at the end.
        vehicles: how many the simulated fleet has.
        stays: whether the sandbox goes on after the tour, until Ctrl-C.

    Raises:
        ExplainedError: the sandbox cannot run.
        Unexpected: a step did not come out as told.
        KeyboardInterrupt: somebody has had enough before the tour was done.
    """
    today = belgian_day(clock.now())
    screen.title()
    with _folder(data) as folder:
        with screen.waiting(f"inventing a fleet of {vehicles:,} vehicles with their past"):
            fleet = fleet_day.make_fleet(folder / "fleet", vehicles, today - timedelta(days=1))
        with (
            _sandbox(screen, folder, fleet.folder) as ready,
            workshop_beside(screen, folder, ready, ready["garages"][EUPEN], clock) as workshop,
        ):
            tour = Tour(ready, screen, format_wire_date(today), workshop, data)
            chapters = _tell(tour, fleet, folder / "sandbox", today)
            _close(screen, ready, chapters, workshop.address, stays=stays)
            if stays:
                open_in_browser(workshop.address)
                with suppress(KeyboardInterrupt):
                    signal.pause()
        if stays:
            screen.console.print("\n  The demo has ended; nothing of it is left running.")


def _tell(tour: Tour, fleet: fleet_day.DemoFleet, data: Path, today: date) -> list[Chapter]:
    screen = tour.screen
    tour.tell()
    screen.step(
        len(tour.chapters) + 1,
        "And now everybody at once",
        f"The garages of a small invented country report what {fleet.vehicles:,} vehicles showed in the past year. "
        "Now and then somebody mistypes, takes the trip counter for the odometer, or winds one back. The simulation "
        "knows which reading is right; the registry has to find out.",
    )
    day = fleet_day.play(screen, tour.ready, fleet, data, today)
    screen.console.print()
    fleet_day.show(screen, day)
    return tour.chapters


def _close(screen: Screen, ready: Ready, chapters: list[Chapter], workshop: str, *, stays: bool) -> None:
    screen.console.print()
    screen.console.rule("[bold]What happened[/]", align="left", style="dim")
    screen.console.print()
    table = Table(box=None, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("")
    table.add_column("Step")
    table.add_column("Outcome", no_wrap=True)
    for number, chapter in enumerate(chapters, 1):
        table.add_row(str(number), chapter.heading, " → ".join(outcome_text(status) for status in chapter.statuses))
    screen.table(table)
    screen.console.print()
    if not stays:
        screen.console.print("  [green]Every step came out as told.[/] The sandbox ends with the demo.")
        screen.console.print("  To look around: [bold]odopass sandbox --data DIR[/]", highlight=False)
        return
    screen.console.print("  [green]Every step came out as told.[/] The sandbox goes on; look around:")
    screen.console.print()
    screen.points("Workshop", workshop)
    garage = ready["garages"][0]
    screen.points("Try the API", f"{ready['api']}/swagger-ui.html")
    screen.points("Start page", f"{ready['public']}/")
    screen.points("Traffic", f"{ready['control']}/")
    screen.points("Log in as", f"{garage['username']}  password  {garage['password']}")
    screen.points("Trust", ready["ca"])
    screen.console.print()
    screen.console.print("  Browsers warn once: they do not know the sandbox's own authority.")
    screen.console.print("  [bold]Ctrl-C ends all.[/]")


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is None:
        with tempfile.TemporaryDirectory(prefix="odopass-demo-", ignore_cleanup_errors=True) as name:
            yield Path(name)
        return
    if data.exists() and any(data.iterdir()):
        raise ExplainedError(
            f"The demo cannot use the folder {data}.",
            "It is not empty, and the story begins with a new registry.",
            "Name a folder that is empty or does not exist. To go on with an old one: odopass sandbox --data "
            f"{data / 'sandbox'}",
        )
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield data


@contextmanager
def _sandbox(screen: Screen, folder: Path, fleet: Path) -> Iterator[Ready]:
    """The sandbox, as the program a person would start, on a free port."""
    arguments = ["sandbox", "--data", str(folder / "sandbox"), "--port", "0", "--gentle", "--fleet", str(fleet)]
    waiting = "starting the registry: PostgreSQL, certificates, garages, vehicles"
    with program_beside(screen, arguments, folder, name="sandbox", waiting=waiting) as (content, seconds):
        ready = cast("Ready", content)
        screen.console.print(
            f"\n  [green]●[/] The registry runs on [cyan]{ready['public']}[/] after {seconds:.1f} s.", highlight=False
        )
        yield ready
