"""How the story looks: on a terminal of 80 columns or more, and as plain text where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal, TypeAlias

from rich import box
from rich.console import Console, Group
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from odopass.domain.outcome import Status
from odopass.sandbox.demo.garage import Told

Language: TypeAlias = Literal["nl", "fr", "de"]

_WIDEST: Final = 100
_LABEL_WIDTH: Final = 14
_LOOKS: Final = {
    Status.PROCESSED: ("green", "✔", "taken into the vehicle's history"),
    Status.ISSUE: ("yellow", "!", "something does not fit: the garage corrects it or confirms it"),
    Status.ERROR: ("red", "✘", "refused, nothing is stored"),
    Status.REVIEWING: ("magenta", "◷", "an employee of the registry looks into it"),
    Status.ONGOING: ("blue", "…", "not judged yet"),
}
#: What separates thousands where the garage is.
_THOUSANDS: Final = {"nl": ".", "fr": "\u202f", "de": "."}


class Screen:
    """Prints the story."""

    def __init__(self, console: Console) -> None:
        """Take a console; wide ones are not used to their full width, long lines are hard to read."""
        console.width = min(console.width, _WIDEST)
        self.console = console

    def title(self) -> None:
        """Say what is going to be shown."""
        text = (
            "A registry of odometer readings starts on this machine, with four invented garages. They report what "
            "they read, over HTTPS, as their software would. Nothing leaves this machine."
        )
        self.console.print()
        self.console.print(Panel(text, title="[bold]odopass[/] – the demo", box=box.ROUNDED, padding=(1, 2)))

    def step(self, number: int, heading: str, story: str) -> None:
        """Begin a step."""
        self.console.print()
        self.console.rule(f"[bold]{number}  {escape(heading)}[/]", align="left", style="dim")
        self.console.print()
        self.console.print(Padding(escape(story), (0, 2)), highlight=False)
        self.console.print()

    def says(self, label: str, content: str, *, style: str = "") -> None:
        """A line: who, and what."""
        self._line(Text(label, style="dim"), Text(content, style=style))

    def points(self, label: str, target: str) -> None:
        """A line with something to copy, which is never broken."""
        line = Text.assemble("  ", (f"{label:{_LABEL_WIDTH}} ", "dim"), (target, "cyan"))
        self.console.print(line, soft_wrap=True)

    def answers(self, told: Told, language: Language) -> None:
        """What the registry answered, with the issues in the owner's language."""
        colour, mark, meaning = _LOOKS[told.status]
        parts: list[Text] = [Text.assemble((f"{mark} {told.status}", f"bold {colour}"), f"  {meaning}")]
        parts += [
            Text.assemble((f"{issue.type} ", f"bold {colour}"), (issue.description[language], "italic"))
            for issue in told.issues
        ]
        self._line(Text("Registry", style="dim"), Group(*parts))

    @contextmanager
    def waiting(self, what: str) -> Iterator[None]:
        """Show that something goes on; nothing where there is no terminal."""
        if not self.console.is_terminal:
            yield
            return
        with self.console.status(f"[dim]{escape(what)}[/]", spinner="dots", spinner_style="dim"):
            yield

    def progress(self) -> Progress:
        """A bar for many readings, with what became of them so far."""
        return Progress(
            SpinnerColumn(style="dim"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[outcomes]}"),
            TimeElapsedColumn(),
            console=self.console,
            expand=True,
        )

    def note(self, text: str) -> None:
        """Something said in passing."""
        self.console.print(Padding(Text(text, style="dim"), (0, 2)))

    def table(self, table: Table) -> None:
        """A table, set off from the text."""
        self.console.print(Padding(table, (0, 2)))

    def km(self, km: int, language: Language = "nl") -> str:
        """A reading as it is written where the garage is."""
        return f"{km:,} km".replace(",", _THOUSANDS[language])

    def _line(self, label: Text, content: Text | Group) -> None:
        grid = Table.grid(padding=(0, 1))
        grid.add_column(width=_LABEL_WIDTH)
        grid.add_column()
        grid.add_row(label, content)
        self.console.print(Padding(grid, (0, 2)))


def outcome_text(status: Status) -> str:
    """A status in its colour, as markup."""
    colour, mark, _ = _LOOKS[status]
    return f"[{colour}]{mark} {status}[/]"
