"""The demo from its start to its end: a sandbox of its own, the story, and time to look around."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from rich.table import Table

from odopass.clock import Clock, belgian_day
from odopass.registry.postgres import ExplainedError
from odopass.registry.serving.tied import tied
from odopass.sandbox.demo import fleet_day
from odopass.sandbox.demo.screen import Screen, outcome_text
from odopass.sandbox.demo.story import Chapter, Tour
from odopass.sandbox.ready_file import Ready
from odopass.wire.dates import format_wire_date

_READY_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.05
_STOP_SECONDS: Final = 60.0


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
        with _sandbox(screen, folder, fleet.folder) as ready:
            tour = Tour(ready, screen, format_wire_date(today), data)
            chapters = _tell(tour, fleet, folder / "sandbox", today)
            _close(screen, ready, chapters, stays=stays)
            if stays:
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


def _close(screen: Screen, ready: Ready, chapters: list[Chapter], *, stays: bool) -> None:
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
    garage = ready["garages"][0]
    screen.points("Try the API", f"{ready['api']}/swagger-ui.html")
    screen.points("Start page", f"{ready['public']}/")
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
    ready_file = folder / "ready.json"
    output = folder / "sandbox.txt"
    command = [sys.executable, "-m", "odopass.cli", "sandbox", "--data", str(folder / "sandbox"), "--port", "0"]
    command += ["--ready-file", str(ready_file), "--gentle", "--fleet", str(fleet)]
    with output.open("wb") as file:
        process = subprocess.Popen(
            tied(command), stdin=subprocess.DEVNULL, stdout=file, stderr=file, start_new_session=True
        )
    try:
        with screen.waiting("starting the registry: PostgreSQL, certificates, garages, vehicles"):
            began = time.monotonic()
            while not ready_file.exists():
                if process.poll() is not None or time.monotonic() - began > _READY_SECONDS:
                    raise _not_ready(output, process)
                time.sleep(_LOOK_SECONDS)
        ready: Ready = json.loads(ready_file.read_text(encoding="utf-8"))
        seconds = time.monotonic() - began
        screen.console.print(
            f"\n  [green]●[/] The registry runs on [cyan]{ready['public']}[/] after {seconds:.1f} s.", highlight=False
        )
        yield ready
    finally:
        _stop(screen, process)


def _stop(screen: Screen, process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with screen.waiting("ending the sandbox"):
            process.terminate()
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _not_ready(output: Path, process: subprocess.Popen[bytes]) -> ExplainedError:
    said = output.read_text(encoding="utf-8", errors="replace").strip() or "nothing"
    code = process.poll()
    why = f"It says: {said}" if code is None else f"It ended with exit code {code} and says: {said}"
    return ExplainedError("The sandbox does not start.", why, "Put that right and start the demo again.")
