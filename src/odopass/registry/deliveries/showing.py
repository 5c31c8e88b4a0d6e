"""What the person at the terminal sees while files are taken in."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

from odopass.registry.deliveries.chunks import DeliveredFile
from odopass.registry.deliveries.ledger import Delivery


class Shown:
    """A bar for each file, with the rate of this run and the time left."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[bytes, tuple[TaskID, float, int]] = {}

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._progress.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def looking(self, path: Path) -> Callable[[int], None]:
        """A bar for the first look at a file; it goes when the file has been read to its end."""
        size = path.stat().st_size
        task = self._progress.add_task(f"looking through {path.name}", total=size, lines="", rate="")

        def read(more: int) -> None:
            self._progress.advance(task, more)
            if self._progress.tasks[self._progress.task_ids.index(task)].finished:
                self._progress.remove_task(task)

        return read

    def update(self, file: DeliveredFile, delivery: Delivery) -> None:
        """Show how far a file is."""
        now = time.monotonic()
        if file.sha256 not in self._tasks:
            task = self._progress.add_task(file.path.name, total=file.end, lines="", rate="")
            self._tasks[file.sha256] = task, now, delivery.line
        task, begun, first = self._tasks[file.sha256]
        rate = f"{(delivery.line - first) / (now - begun):,.0f} a second" if delivery.line > first else ""
        self._progress.update(task, completed=delivery.position, lines=f"{delivery.line:,} lines", rate=rate)


@contextmanager
def shown(*, visible: bool) -> Iterator[Shown]:
    """Bars on standard error, if it is a terminal and somebody reads them."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[lines]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not (visible and console.is_terminal)) as progress:
        yield Shown(progress)
