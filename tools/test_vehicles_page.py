"""Write docs/reference/test-vehicles.md from the sandbox's test world: `python -m tools.test_vehicles_page`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Final

from odopass.sandbox.vehicle_table import Group, groups
from odopass.sandbox.world import make_world

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "test-vehicles.md"

#: Any day: what the vehicles are for does not depend on it.
_DAY: Final = date(2026, 9, 14)

_INTRODUCTION: Final = """\
# Test vehicles

<!-- Written by `python -m tools.test_vehicles_page` from src/odopass/sandbox. Change it there. -->

What the vehicles of a [sandbox](../how-to/run-a-sandbox.md) show, and what to report so that they do. Their VINs,
plates and readings depend on the day of the sandbox's first start and on `--seed`. They stand in the ready file and,
with the figures to report today, on the sandbox's page `/sandbox`: https://127.0.0.1:8443/sandbox.

In the ready file a `case` is what stands here; where there is something to do, it is "shows", what it shows, and
what to do. Reports are judged as any others; what is played is how long it takes, and who reviews. [Issue
types](issue-types.md) tells what the codes mean.
"""


def page() -> str:
    """The whole page, in Markdown."""
    lines = [_INTRODUCTION]
    for group in groups(make_world(_DAY)):
        lines += _section(group)
    return "\n".join([*lines, *_ORDINARY, ""])


_ORDINARY: Final = (
    "## Ordinary vehicles",
    "",
    "All others: report a reading a little above the last one, and it is `PROCESSED`.",
)


def _section(group: Group) -> Iterator[str]:
    yield f"## {group.heading}"
    yield ""
    if group.about:
        yield group.about
        yield ""
    reports = any(line.report for line in group.lines)
    yield "| what it shows | what to do | outcome |" if reports else "| `case` |"
    yield "| --- | --- | --- |" if reports else "| --- |"
    for line in group.lines:
        yield f"| {line.purpose} | {line.report} | {line.outcome} |" if reports else f"| {line.purpose} |"
    yield ""


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
