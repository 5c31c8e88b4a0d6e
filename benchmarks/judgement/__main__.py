"""``python -m benchmarks.judgement``: how many errors and roll-backs the rules catch, and whom they bother."""

from __future__ import annotations

import json
import random
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown
from rich.progress import track

from benchmarks import documents
from benchmarks.judgement.garages import Garages
from benchmarks.judgement.replay import Replay
from benchmarks.judgement.report import sections
from benchmarks.judgement.tally import Tally, as_json
from odopass.simulate.fleet import FleetPlan

_UNTIL = date(2026, 6, 30)


def main(
    *,
    vehicles: Annotated[int, typer.Option(help="Vehicles of the simulated fleet, about 12 readings each.")] = 200_000,
    seed: Annotated[int, typer.Option(help="Another seed, another fleet.")] = 1,
    as_json_: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    write: Annotated[Path | None, typer.Option(help="Put the figures between the markers of this document.")] = None,
) -> None:
    """Judge a simulated fleet and tell what was caught."""
    if write is not None:
        documents.ensure_markers(write)
    plan = FleetPlan(seed, vehicles, _UNTIL)
    garages = Garages(random.Random(seed))
    tally = Tally()
    for tables in track(
        plan.chunk_tables(), "judging", total=plan.chunks, console=Console(stderr=True), transient=True
    ):
        tally.add_sales(tables["sales"].to_pylist())
        replay = Replay(tables["vehicles"].to_pylist(), tables["plates"].to_pylist(), garages)
        for judged in replay.judge(tables["readings"].to_pylist()):
            tally.add(judged)
    if as_json_:
        json.dump({"vehicles": vehicles, "seed": seed, **as_json(tally)}, sys.stdout, indent=2)
        print()
    text = sections(tally, vehicles=vehicles, seed=seed, until=_UNTIL)
    if not as_json_:
        Console().print(Markdown(text))
    if write is not None:
        documents.put(text, write)


if __name__ == "__main__":
    typer.run(main)
